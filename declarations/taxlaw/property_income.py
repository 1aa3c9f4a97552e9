"""Income from property: interest and dividends (05), leasing (06), transfers (07)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from declarations.taxlaw.case import Case, FactsMissing, WrongFact, amount_of
from declarations.taxlaw.donation import less_donation
from declarations.taxlaw.parameters import NotInForce, local_parameter
from declarations.taxlaw.rates import ZERO
from declarations.taxlaw.remuneration import less_costs
from declarations.taxlaw.working import (
    Assessment,
    Working,
    at_most,
    minus,
    of,
    plus,
    times,
    to_fen,
)

SAVINGS, LISTED = "savings_interest", "listed_dividend"
DIVIDENDS = (LISTED, "unlisted_dividend", SAVINGS, "fie_dividend_foreigner", "treasury_bond")
HOLDINGS = ("<=1m", "1m-1y", ">1y")
DWELLING = "residential_housing"
USES = (DWELLING, "commercial", "movable")


def interest_and_dividends(case: Case, working: Working) -> Assessment:
    """Compute the tax on interest and dividends (05): 20% of what their kind leaves taxable.

    Savings interest bears the rates of the days on which it accrued, a listed company's dividend
    counts by how long the share was held. Caishui 2005 No. 102, 2012 No. 85, 2015 No. 101.
    """
    kind = case.choice("kind", DIVIDENDS)
    if kind == SAVINGS:
        return _savings_interest(case, working)
    income = case.amount("income")
    exempt = kind in working.values("exempt_dividends")
    if exempt:
        share, by = ZERO, working.cited("exempt_dividends")
    elif kind == LISTED:
        share, by = _listed_share(case, working), working.cited("dividend_share")
    else:
        share, by = Decimal(1), working.cited("rate_flat")
    before = working.step(
        "taxable_before_donation",
        income * share,
        of("income", income),
        times("taxed_share", share),
        by=by,
        note="exempt" if exempt else "",
    )
    return at_flat_rate(case, working, less_donation(case, working, before))


def _listed_share(case: Case, working: Working) -> Decimal:
    """Return the taxed share; who pays out without knowing how long a share was held, takes all.

    The broker collects by the holding time when the share is sold: Caishui 2012 No. 85.
    """
    holding = case.choice("holding", HOLDINGS) or HOLDINGS[0]
    share: Decimal = working.values("dividend_share")[holding]
    return share


def _savings_interest(case: Case, working: Working) -> Assessment:
    """Regulations on savings interest, article 14, and Caishui 2008 No. 132."""
    accrued = case.inputs.get("accrued")
    if not isinstance(accrued, Mapping) or not accrued:
        raise FactsMissing("accrued")
    rates = working.values("savings_interest")
    by = working.cited("savings_interest")
    total = due = rate = ZERO
    parts = []
    for period in sorted(accrued):
        if period not in rates:  # no such period, or one that this month lies before
            raise WrongFact("accrued", period)
        interest, rate = amount_of("accrued", accrued[period]), rates[period]
        part = working.step(
            "interest_tax",
            interest * rate,
            of("interest", interest),
            times("rate", rate),
            by=by,
            note=f"accrued {period}",
        )
        total, due = total + interest, due + part
        parts.append(plus("interest_tax", part))
    tax = working.step("tax", to_fen(due), *parts, by=by)
    return Assessment(total, rate, ZERO, tax)


def leasing(case: Case, working: Working) -> Assessment:
    """Compute the tax on a month's rent (0601): 20%, of dwellings at market rent 10%.

    Off the rent come the taxes, what a sublessor pays himself, and repairs of at most 800 a month:
    what is left of them waits for the next month. The test at 4,000 is on the gross rent.
    Guoshuifa 1994 No. 89, article 6; Guoshuihan 2009 No. 639; Caishui 2000 No. 125.
    """
    rent, taxes = case.amount("rent"), case.amount("taxes")
    sublease, balance = case.amount("sublease_rent"), case.amount("repair_balance")
    cap = working.value("repairs_a_month")
    repairs = min(balance, cap)
    if balance:
        working.step(
            "repairs",
            repairs,
            of("repair_balance", balance),
            at_most("repairs_a_month", cap),
            by=working.cited("repairs_a_month"),
        )
    before = less_costs(
        working,
        rent,
        rent - taxes - sublease - repairs,
        of("rent", rent),
        minus("taxes", taxes),
        minus("sublease_rent", sublease),
        minus("repairs", repairs),
    )
    taxable = less_donation(case, working, before)
    rate = "rate_dwelling" if case.choice("use", USES) == DWELLING else "rate_flat"
    return at_flat_rate(case, working, taxable, rate=rate)


def assessed(case: Case, working: Working) -> Assessment:
    """Compute the tax on assessed letting and transfers (0602, 0702): a local rate of the base.

    Guoshuifa 2006 No. 108 for house prices, 1% to 3%.
    """
    base = case.amount("base")
    rate = _assessed_rate(case)
    # Both are assessed by article 35 of the levy law; of house prices a circular says how.
    by = ("levy-law 35",) if case.income_item == "0602" else ("levy-law 35", "gsf-2006-108")
    tax = working.step(
        "tax", to_fen(base * rate), of("base", base), times("assessed_rate", rate), by=by
    )
    return Assessment(base, rate, ZERO, tax)


def _assessed_rate(case: Case) -> Decimal:
    """Return the assessed rate as told, else the bureau's own."""
    if case.has("assessed_rate"):
        return case.amount("assessed_rate")
    local = local_parameter(case.bureau, "assessed_rates") if case.bureau else None
    try:
        if local is not None:
            rates: Mapping[str, Decimal] = local.at(case.tax_month)
            return rates[case.income_item]
    except (NotInForce, KeyError):
        pass
    raise FactsMissing("assessed_rate")


def transfer(case: Case, working: Working) -> Assessment:
    """Compute the tax on a transfer of property (0701): 20% of the gain. IIT Law, article 6(5)."""
    proceeds, cost, fees = case.amount("proceeds"), case.amount("cost"), case.amount("fees")
    before = working.step(
        "taxable_before_donation",
        proceeds - cost - fees,
        of("proceeds", proceeds),
        minus("cost", cost),
        minus("fees", fees),
        by=("law-2018 6(5)",) if case.tax_month.year >= 2019 else ("law-2005 6(5)",),
        floor=True,
    )
    return at_flat_rate(case, working, less_donation(case, working, before))


def at_flat_rate(
    case: Case, working: Working, taxable: Decimal, *, rate: str = "rate_flat"
) -> Assessment:
    """Finish a computation whose rate is one number, whatever the amount."""
    value = working.value(rate)
    tax = working.step(
        "tax",
        to_fen(taxable * value),
        of("taxable", taxable),
        times("rate", value),
        by=working.cited(rate),
    )
    return Assessment(taxable, value, ZERO, tax)
