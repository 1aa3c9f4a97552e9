"""Bonuses: the annual one (0102) and, without domicile, one for several months (0103)."""

from __future__ import annotations

from decimal import Decimal

from declarations.taxlaw.case import Case
from declarations.taxlaw.donation import less_donation
from declarations.taxlaw.wages import basic_deduction
from declarations.taxlaw.working import (
    Assessment,
    Working,
    divided_by,
    minus,
    of,
    times,
    to_fen,
)


def annual_bonus_less_shortfall(case: Case, working: Working) -> Assessment:
    """Compute the tax on the annual bonus to 2018-12: what the month's wage lacks comes off.

    The wage is that after 三险一金 (unconfirmed). Guoshuifa 2005 No. 9, article 2.
    """
    salary, exempt = case.amount("salary"), case.amount("salary_exempt")
    deduction = basic_deduction(case.tax_month, case.country)
    short = working.step(
        "shortfall",
        deduction - (salary - exempt),
        of("deduction", deduction),
        minus("salary", salary),
        of("salary_exempt", exempt),
        by=("gsf-2005-9 2", *working.cited("basic_deduction")),
        floor=True,
    )
    bonus = case.amount("bonus")
    before = working.step(
        "taxable_before_donation",
        bonus - short,
        of("bonus", bonus),
        minus("shortfall", short),
        by=("gsf-2005-9 2",),
        floor=True,
    )
    return _by_the_months_of_a_year(case, working, before)._replace(deduction=short)


def annual_bonus(case: Case, working: Working) -> Assessment:
    """Compute the tax on the annual bonus from 2019-01, residents, without shortfall.

    Caishui 2018 No. 164; MOF and STA Announcement 2023 No. 30, to 2027-12-31.
    """
    bonus = case.amount("bonus")
    before = working.step(
        "taxable_before_donation", bonus, of("bonus", bonus), by=working.cited("bonus_relief")
    )
    return _by_the_months_of_a_year(case, working, before)


def _by_the_months_of_a_year(case: Case, working: Working, before: Decimal) -> Assessment:
    """The rate is that of a twelfth, the quick deduction comes off once: jumps are correct."""
    taxable = less_donation(case, working, before)
    months = working.value("bonus_relief")
    share = working.step(
        "monthly_share",
        taxable / months,
        of("taxable", taxable),
        divided_by("months_of_year", months),
        by=working.cited("bonus_relief"),
    )
    level = working.level("rates_monthly", share, "monthly_share")
    tax = working.step(
        "tax",
        to_fen(taxable * level.rate - level.quick_deduction),
        of("taxable", taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        by=working.cited("bonus_relief"),
    )
    return Assessment(taxable, level.rate, level.quick_deduction, tax)


def several_month_bonus_as_a_month(case: Case, working: Working) -> Assessment:
    """Compute the tax on a several-month bonus to 2018-12: one month's income, no deduction.

    Guoshuifa 1996 No. 183, where Guoshuifa 2005 No. 9, article 6, sends it there.
    """
    bonus = case.amount("bonus")
    taxable = working.step(
        "taxable", bonus, of("bonus", bonus), by=("gsf-1996-183", "gsf-2005-9 6")
    )
    level = working.level("rates_monthly", taxable)
    tax = working.step(
        "tax",
        to_fen(taxable * level.rate - level.quick_deduction),
        of("taxable", taxable),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        by=("gsf-1996-183",),
    )
    return Assessment(taxable, level.rate, level.quick_deduction, tax)


def several_month_bonus_spread(case: Case, working: Working) -> Assessment:
    """Compute the tax on a non-resident's several-month bonus from 2019-01, spread over months.

    MOF and STA Announcement 2019 No. 35, article 3: once a calendar year, no deduction.
    """
    by = working.cited("months_bonus")
    months = working.value("months_bonus")
    return spread(working, "bonus", case.amount("bonus"), months, by=by)


def spread(
    working: Working, name: str, amount: Decimal, months: Decimal, *, by: tuple[str, ...]
) -> Assessment:
    """Compute `(amount / months × rate - quick) × months` by the month's table, all taxable."""
    share = working.step(
        "monthly_share",
        amount / months,
        of(name, amount),
        divided_by("months_spread", months),
        by=by,
    )
    level = working.level("rates_monthly", share, "monthly_share")
    tax = working.step(
        "tax",
        to_fen(amount * level.rate - level.quick_deduction * months),
        of("monthly_share", share),
        times("rate", level.rate),
        minus("quick_deduction", level.quick_deduction),
        times("months_spread", months),
        by=by,
    )
    return Assessment(amount, level.rate, level.quick_deduction, tax)
