"""Labour service (02), author's pay (03) and royalties (04): by the time (次), or cumulatively.

IIT Law (2007), articles 3 and 6; STA Announcement 2018 No. 61, article 8, from 2019-01.
"""

from __future__ import annotations

from decimal import Decimal

from declarations.taxlaw.case import Case
from declarations.taxlaw.cumulative import cumulative_tax
from declarations.taxlaw.donation import less_donation
from declarations.taxlaw.rates import Level
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.taxlaw.working import (
    Assessment,
    Term,
    Working,
    minus,
    of,
    times,
    to_fen,
)

ONE = Decimal(1)


def less_costs(working: Working, gross: Decimal, net: Decimal, *terms: Term) -> Decimal:
    """Take the costs off a payment: a flat 800 of up to 4,000, a fifth of more. Never below 0.

    The test is on the gross payment; the costs come off what is left of it (`net`, which the terms
    make). IIT Law (2007), article 6(1)(4).
    """
    rule, by = working.values("cost_deduction"), working.cited("cost_deduction")
    if gross <= rule["up_to"]:
        return working.step(
            "taxable_before_donation",
            net - rule["flat"],
            *terms,
            minus("cost_flat", rule["flat"]),
            by=by,
            floor=True,
        )
    return working.step(
        "taxable_before_donation",
        net * (ONE - rule["share"]),
        *terms,
        times("cost_share_left", ONE - rule["share"]),
        by=by,
        floor=True,
    )


def labour(case: Case, working: Working) -> Assessment:
    """Compute the tax on labour service: one receipt, or a month of continuing work."""
    taxable = _before_the_rate(case, working)
    level = working.level("rates_labour", taxable)
    return _taxed(working, taxable, level, by=working.cited("rates_labour"))


def author(case: Case, working: Working) -> Assessment:
    """Compute the tax on author's pay: 20%, of which 30% is spared.

    `taxable` is before the cut to 2018-12, and after it (70%) from 2019-01.
    """
    taxable = _before_the_rate(case, working)
    share, rate = working.value("author_share"), working.value("rate_flat")
    cited = working.cited("author_share", "rate_flat")
    tax = working.step(
        "tax",
        to_fen(taxable * share * rate),
        of("taxable", taxable),
        times("author_share", share),
        times("rate", rate),
        by=cited,
    )
    shown = taxable * share if case.tax_month >= CUMULATIVE_FROM else taxable
    return Assessment(shown, rate, Decimal(0), tax)


def royalties(case: Case, working: Working) -> Assessment:
    """Compute the tax on royalties: one grant of one right."""
    taxable = _before_the_rate(case, working)
    level = Level(working.value("rate_flat"), Decimal(0))
    return _taxed(working, taxable, level, by=working.cited("rate_flat"))


def _before_the_rate(case: Case, working: Working) -> Decimal:
    income, charges = case.amount("income"), _charges(case)
    before = less_costs(
        working, income, income - charges, of("income", income), minus("deductible_tax", charges)
    )
    if case.tax_month >= CUMULATIVE_FROM:
        return before  # residents deduct donations at the settlement: 2019 No. 99, article 5
    return less_donation(case, working, before)


def _charges(case: Case) -> Decimal:
    """Return 允许扣除的税费, which author's pay has none of: the manual of 2006, section 5 G(i)."""
    return Decimal(0) if case.income_item == "03" else case.amount("deductible_tax")


def non_residents_pay(case: Case, working: Working) -> Assessment:
    """Compute a non-resident's final tax on items 02 to 04 from 2019-01, by the month's table.

    A fifth comes off, never 800; of author's pay 70% of the rest counts. IIT Law (2018), article 6.
    """
    income, charges = case.amount("income"), _charges(case)
    left = ONE - working.value("cost_share")
    terms = [
        of("income", income),
        minus("deductible_tax", charges),
        times("cost_share_left", left),
    ]
    before = (income - charges) * left
    by = working.cited("cost_share")
    if case.income_item == "03":
        share = working.value("author_share")
        before *= share
        terms.append(times("author_share", share))
        by += working.cited("author_share")
    before = working.step("taxable_before_donation", before, *terms, by=by, floor=True)
    taxable = less_donation(case, working, before)
    level = working.level("rates_monthly", taxable)
    return _taxed(working, taxable, level, by=working.cited("rates_monthly"))


def _taxed(working: Working, taxable: Decimal, level: Level, *, by: tuple[str, ...]) -> Assessment:
    tax = working.step(
        "tax",
        to_fen(taxable * level.rate - level.quick_deduction),
        of("taxable", taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        by=by,
    )
    return Assessment(taxable, level.rate, level.quick_deduction, tax)


def brokers_cumulative(case: Case, working: Working) -> Assessment:
    """Compute the month's tax of insurance agents and securities brokers, from 2019-01.

    Caishui 2018 No. 164, article 3.
    """
    kept = ONE - working.value("broker_cost")
    surtax = minus("cum_surtax", case.amount("cum_surtax"))
    return _cumulative(case, working, kept, surtax, by=("cs-2018-164 3",))


def students_cumulative(case: Case, working: Working) -> Assessment:
    """Compute the month's tax of interns who are still students, from 2020-07 (unconfirmed).

    STA Announcement 2020 No. 13, article 2.
    """
    working.value("student_withholding")
    return _cumulative(case, working, ONE, by=working.cited("student_withholding"))


def platform_workers_cumulative(case: Case, working: Working) -> Assessment:
    """Compute the month's tax of platform workers, from 2025-10. STA Announcement 2025 No. 16."""
    working.value("platform_withholding")
    return _cumulative(case, working, ONE, by=working.cited("platform_withholding"))


def _cumulative(
    case: Case, working: Working, kept: Decimal, *less: Term, by: tuple[str, ...]
) -> Assessment:
    income, left = case.amount("cum_income"), ONE - working.value("cost_share")
    counted = working.step(
        "counted_income",
        income * left * kept,
        of("cum_income", income),
        times("cost_share_left", left),
        times("broker_cost_left", kept),
        by=by,
    )
    terms = (of("counted_income", counted), *less)
    return cumulative_tax(case, working, *terms, by=by, donations=False)
