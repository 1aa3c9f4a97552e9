"""Wages (工资、薪金所得) by the month and cumulatively, and what is joined to them.

0101, and 0104, 0108, 0110, 0111, which have no method of their own: they are joined to the wage of
the month of payment, and their line bears what the month's tax grows by. IIT regulations (2018),
article 36; STA Announcement 2018 No. 61, article 6.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import lru_cache

from declarations.taxlaw.case import CHINA, Case
from declarations.taxlaw.cumulative import cumulative_tax
from declarations.taxlaw.donation import less_donation
from declarations.taxlaw.parameters import parameter
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.taxlaw.working import (
    NOTHING,
    Assessment,
    Working,
    divided_by,
    minus,
    of,
    plus,
    times,
    to_fen,
)


@lru_cache(maxsize=4096)
def basic_deduction(tax_month: date, country: str) -> Decimal:
    """Return the deduction from a month's wage in yuan (费用扣除标准), by the country's code."""
    amounts = parameter("basic_deduction").at(tax_month)
    amount: Decimal = amounts["china" if country == CHINA else "elsewhere"]
    return amount


def monthly_wage(case: Case, working: Working) -> Assessment:
    """Compute the tax on a month's wage: everybody's to 2018-12, then non-residents'.

    The manual of 2006, section 5 G(l); IIT Law (2018), article 6(2).
    """
    income, extra, exempt = case.amount("income"), case.amount("extra"), case.amount("exempt")
    deduction = basic_deduction(case.tax_month, case.country)
    before = working.step(
        "taxable_before_donation",
        income + extra - exempt - deduction,
        of("income", income),
        plus("extra", extra),
        minus("exempt", exempt),
        minus("deduction", deduction),
        by=working.cited("basic_deduction"),
        floor=True,
    )
    taxable = less_donation(case, working, before)
    level = working.level("rates_monthly", taxable)
    due = working.step(
        "tax_due",
        to_fen(taxable * level.rate - level.quick_deduction),
        of("taxable", taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        by=working.cited("rates_monthly"),
    )
    reduced = _reduced(case, working, due)
    tax = _less_already(case, working, reduced)
    return Assessment(taxable, level.rate, level.quick_deduction, tax, deduction)


def _reduced(case: Case, working: Working, due: Decimal) -> Decimal:
    """Take the province's share off for the disabled, the lonely old and martyrs' families."""
    rate = case.amount("reduction_rate")
    if not rate:
        return due
    return working.step(
        "tax",
        to_fen(due * (1 - rate)),
        of("tax_due", due),
        times("reduction_share_left", 1 - rate),
        by=("law-2018 5",) if case.tax_month >= CUMULATIVE_FROM else ("law-2005 5",),
        floor=True,
    )


def _less_already(case: Case, working: Working, due: Decimal) -> Decimal:
    already = case.amount("month_tax_already")
    if not already:
        return due
    return working.step(
        "tax",
        to_fen(due - already),
        of(working.steps[-1].name, due),
        minus("month_tax_already", already),
        # Pay joined to the wage, or declared later, bears what the month's tax grows by.
        by=("sta-2018-61 6",) if case.tax_month >= CUMULATIVE_FROM else ("gsf-2005-196",),
        floor=True,
    )


def cumulative_wage(case: Case, working: Working) -> Assessment:
    """Compute the tax of a month by the cumulative method (累计预扣法), from 2019-01, residents.

    All sums are of the year to date in this unit, this month included but for `cum_withheld`;
    `cum_basic` has the variant already applied, `cum_income` holds what is joined to the wage.
    STA Announcement 2018 No. 61, article 6.
    """
    income = of("cum_income", case.amount("cum_income"))
    assessed = cumulative_tax(case, working, income, by=("sta-2018-61 6",))
    return assessed._replace(tax=_less_already(case, working, assessed.tax))


def seafarers_cumulative_wage(case: Case, working: Working) -> Assessment:
    """Compute the tax on pay of special trades from 2019-01: of a seafarer's a share counts.

    IIT Law (2018), article 11; MOF and STA Announcement 2019 No. 97.
    """
    income = case.amount("cum_income")
    if not case.flag("seafarer"):
        return cumulative_wage(case, working)
    share = working.value("seafarer_share")
    counted = working.step(
        "counted_income",
        income * share,
        of("cum_income", income),
        times("share", share),
        by=working.cited("seafarer_share"),
    )
    return cumulative_tax(case, working, of("counted_income", counted), by=("sta-2018-61 6",))


def special_trades(case: Case, working: Working) -> Assessment:
    """Settle a year's pay of special trades (0105) by the month's average, to 2018-12.

    IIT Law (2007), article 9: mining, ocean fishing, ocean shipping; prepaid by the month, settled
    within 30 days after the year. `taxable` is the monthly average after the deduction.
    """
    income, exempt = case.told("year_income"), case.amount("year_exempt")
    months = working.value("special_trades")
    if case.flag("seafarer"):
        deduction = working.value("seafarer_deduction")
        by = working.cited("special_trades", "seafarer_deduction")
    else:
        deduction = basic_deduction(case.tax_month, case.country)
        by = working.cited("special_trades", "basic_deduction")
    average = working.step(
        "monthly_average",
        (income - exempt) / months,
        of("year_income", income),
        minus("year_exempt", exempt),
        divided_by("months_of_year", months),
        by=by,
    )
    taxable = working.step(
        "taxable",
        average - deduction,
        of("monthly_average", average),
        minus("deduction", deduction),
        by=by,
        floor=True,
    )
    level = working.level("rates_monthly", taxable)
    due = NOTHING
    if taxable:
        # The law's formula without its division, which may not end.
        yearly = (income - exempt - deduction * months) * level.rate
        due = to_fen(yearly - level.quick_deduction * months)
    working.step(
        "tax_due",
        due,
        of("taxable", taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        times("months_of_year", months),
        by=by,
    )
    prepaid = case.amount("prepaid")
    tax = working.step(
        "tax",
        to_fen(due - prepaid),
        of("tax_due", due),
        minus("prepaid", prepaid),
        by=by,
        floor=True,
    )
    return Assessment(taxable, level.rate, level.quick_deduction, tax, deduction)
