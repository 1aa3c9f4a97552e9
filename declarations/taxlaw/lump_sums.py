"""One-off pay: early internal retirement (0106), severance (0107), stock options (0109)."""

from __future__ import annotations

from decimal import Decimal

from declarations.taxlaw.bonus import spread
from declarations.taxlaw.case import Case, FactsMissing, WrongFact
from declarations.taxlaw.parameters import NotInForce, local_parameter
from declarations.taxlaw.wages import basic_deduction
from declarations.taxlaw.working import (
    NOTHING,
    Assessment,
    Working,
    at_most,
    divided_by,
    minus,
    of,
    plus,
    times,
    to_fen,
)

EARLY_RETIREMENT = ("gsf-1999-58", "cs-2018-164 5")


def early_retirement(case: Case, working: Working) -> Assessment:
    """Compute the tax on the lump sum of early internal retirement, the month's wage joined.

    The rate is that of an average month, the tax that of the whole. Guoshuifa 1999 No. 58;
    Caishui 2018 No. 164, article 5.
    """
    lump, months, salary = case.amount("lump"), case.divisor("months"), case.amount("salary")
    if months < 1:
        raise WrongFact("months", months)  # the average would be more than the whole
    deduction = basic_deduction(case.tax_month, case.country)
    by = EARLY_RETIREMENT if case.tax_month.year >= 2019 else EARLY_RETIREMENT[:1]
    share = working.step(
        "monthly_share",
        lump / months + salary - deduction,
        of("lump", lump),
        divided_by("months_to_retirement", months),
        plus("salary", salary),
        minus("deduction", deduction),
        by=by,
        floor=True,
    )
    # A share of nothing has the lowest rate: only a whole of nothing bears no tax.
    whole = lump + salary > deduction
    level = working.level("rates_monthly", share, "monthly_share", at_least_first=whole)
    taxable = working.step(
        "taxable",
        lump + salary - deduction,
        of("lump", lump),
        plus("salary", salary),
        minus("deduction", deduction),
        by=by,
        floor=True,
    )
    tax = working.step(
        "tax",
        to_fen(taxable * level.rate - level.quick_deduction),
        of("taxable", taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        by=by,
    )
    return Assessment(taxable, level.rate, level.quick_deduction, tax, deduction)


def severance_over_years(case: Case, working: Working) -> Assessment:
    """Compute the tax on severance pay to 2018-12: an average month's, times the years.

    Caishui 2001 No. 157; Guoshuifa 1999 No. 178. `taxable` is the share after the deduction.
    """
    excess = _excess(case, working)
    served = case.divisor("years")
    cap = working.value("severance_years")
    years = working.step(
        "years_counted",
        min(served, cap),
        of("years", served),
        at_most("severance_years", cap),
        by=working.cited("severance_years"),
    )
    deduction = basic_deduction(case.tax_month, case.country)
    taxable = working.step(
        "taxable",
        excess / years - deduction,
        of("excess", excess),
        divided_by("years_counted", years),
        minus("deduction", deduction),
        by=("gsf-1999-178", *working.cited("basic_deduction")),
        floor=True,
    )
    level = working.level("rates_monthly", taxable)
    due = NOTHING
    if taxable:
        # The law's formula without its division, which may not end.
        due = to_fen((excess - deduction * years) * level.rate - level.quick_deduction * years)
    tax = working.step(
        "tax",
        due,
        of("taxable", taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        times("years_counted", years),
        by=("gsf-1999-178",),
    )
    return Assessment(taxable, level.rate, level.quick_deduction, tax, deduction)


def severance(case: Case, working: Working) -> Assessment:
    """Compute the tax on severance pay from 2019-01: the excess alone, by the annual table.

    Caishui 2018 No. 164, article 5.
    """
    return _whole_by_the_annual_table(working, "excess", _excess(case, working))


def _excess(case: Case, working: Working) -> Decimal:
    """Return what severance pay is above three average wages and the contributions."""
    lump, exempt, wage = case.amount("lump"), case.amount("exempt"), _average_wage(case)
    multiple = working.value("severance_base")
    free = working.step(
        "severance_free",
        wage * multiple,
        of("local_avg_annual_wage", wage),
        times("severance_base", multiple),
        by=working.cited("severance_base"),
    )
    return working.step(
        "excess",
        lump - free - exempt,
        of("lump", lump),
        minus("severance_free", free),
        minus("exempt", exempt),
        by=working.cited("severance_base"),
        floor=True,
    )


def _average_wage(case: Case) -> Decimal:
    """Return the local average wage of last year: as told, else the bureau's own figure."""
    if case.has("local_avg_annual_wage"):
        return case.amount("local_avg_annual_wage")
    local = local_parameter(case.bureau, "average_annual_wage") if case.bureau else None
    try:
        if local is not None:
            wage: Decimal = local.at(case.tax_month)
            return wage
    except NotInForce:
        pass
    raise FactsMissing("local_avg_annual_wage")


def options_over_months(case: Case, working: Working) -> Assessment:
    """Compute the tax on the gain of stock options to 2018-12, over the months worked for it.

    Caishui 2005 No. 35, article 4; Guoshuihan 2006 No. 902 adds several in a year.
    """
    gain = _gain(case, working)
    worked, cap = case.divisor("months"), working.value("option_months")
    months = working.step(
        "months_spread",
        min(worked, cap),
        of("months_worked", worked),
        at_most("option_months", cap),
        by=working.cited("option_months"),
    )
    return spread(working, "gain", gain, months, by=working.cited("option_months"))


def options(case: Case, working: Working) -> Assessment:
    """Compute the tax on the gain of stock options from 2019-01: alone, by the annual table.

    Several in a year are added, and what was withheld for the earlier ones comes off. Caishui 2018
    No. 164, article 2; MOF and STA Announcement 2023 No. 25, to 2027-12-31.
    """
    working.value("option_relief")  # refuses what nobody has ruled yet
    assessed = _whole_by_the_annual_table(working, "gain", _gain(case, working))
    withheld = case.amount("cum_withheld")
    if not withheld:
        return assessed
    tax = working.step(
        "tax",
        to_fen(assessed.tax - withheld),
        of("tax", assessed.tax),
        minus("cum_withheld", withheld),
        by=working.cited("option_relief"),
        floor=True,
    )
    return assessed._replace(tax=tax)


def options_of_non_residents(case: Case, working: Working) -> Assessment:
    """Compute the tax on a non-resident's gain of stock options from 2019-01, spread over months.

    MOF and STA Announcement 2019 No. 35, article 3.
    """
    by = working.cited("months_bonus")
    return spread(working, "gain", _gain(case, working), working.value("months_bonus"), by=by)


def _gain(case: Case, working: Working) -> Decimal:
    if case.has("option_income"):
        gain = case.amount("option_income")
        return working.step("gain", gain, of("option_income", gain), by=("cs-2005-35 2",))
    market, strike, shares = case.amount("market"), case.amount("strike"), case.amount("shares")
    return working.step(
        "gain",
        (market - strike) * shares,
        of("market", market),
        minus("strike", strike),
        times("shares", shares),
        by=("cs-2005-35 2",),
        floor=True,
    )


def _whole_by_the_annual_table(working: Working, name: str, taxable: Decimal) -> Assessment:
    level = working.level("rates_annual", taxable, name)
    tax = working.step(
        "tax",
        to_fen(taxable * level.rate - level.quick_deduction),
        of(name, taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        by=("cs-2018-164",),
    )
    return Assessment(taxable, level.rate, level.quick_deduction, tax)
