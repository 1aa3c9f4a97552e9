"""Which method computes an income item in a month: the table of the law in force, and its use.

A new method is a new function and a new row; the row before it gets its end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from declarations.taxlaw import bonus, lump_sums, property_income, remuneration, wages, winnings
from declarations.taxlaw.case import Case, WrongFact
from declarations.taxlaw.inputs import (
    CUMULATIVE_LABOUR,
    CUMULATIVE_WAGE,
    DONATIONS,
    JOINED,
    Input,
    amount,
    choice,
    count,
    flag,
    rate,
    unit_price,
)
from declarations.taxlaw.parameters import NotInForce
from declarations.taxlaw.tax_month import CUMULATIVE_FROM, EARLIEST, is_covered
from declarations.taxlaw.working import Assessment, Step, Working

RESIDENTS, NON_RESIDENTS = True, False


@dataclass(frozen=True)
class Method:
    """One way to compute the tax of some items, in the months from `start` to before `end`.

    `who` is none for everybody, else whether residents. A method that is `chosen` is used only for
    a case whose `method` names it; the others may be `called` by such a word, too. `inputs` are
    what it reads of a case.
    """

    name: str
    items: tuple[str, ...]
    compute: Callable[[Case, Working], Assessment]
    inputs: tuple[Input, ...]
    parameters: tuple[str, ...]
    start: date = EARLIEST
    end: date | None = None
    who: bool | None = None
    chosen: str = ""
    called: tuple[str, ...] = ()

    def holds(self, tax_month: date, resident: bool) -> bool:
        """Tell whether this is law in a month for a resident, or for a non-resident."""
        return (
            self.start <= tax_month
            and (self.end is None or tax_month < self.end)
            and (self.who is None or self.who == resident)
        )


_JOINED_ITEMS = ("0104", "0108", "0110", "0111")
_JOINED_CALLED = ("merge", "allocate")
_BY_THE_MONTH = ("basic_deduction", "rates_monthly", "donation_share")
_BY_THE_YEAR = ("basic_deduction", "rates_annual", "donation_share")
_BY_THE_TIME = ("cost_deduction", "donation_share")
_RECEIPT = (amount("income"), amount("deductible_tax"))
_ASSESSED = (amount("base"), rate("assessed_rate", needed=True))
_SEVERANCE = (
    amount("lump"),
    amount("exempt"),
    amount("local_avg_annual_wage", needed=True),
    count("years", needed=True),
)
_OPTIONS = (
    unit_price("market"),
    unit_price("strike"),
    count("shares"),
    amount("option_income"),
)

METHODS: tuple[Method, ...] = (
    Method(
        "monthly_wage",
        ("0101",),
        wages.monthly_wage,
        JOINED,
        _BY_THE_MONTH,
        end=CUMULATIVE_FROM,
    ),
    Method(
        "monthly_wage",
        ("0101", "0105"),
        wages.monthly_wage,
        JOINED,
        _BY_THE_MONTH,
        start=CUMULATIVE_FROM,
        who=NON_RESIDENTS,
    ),
    Method(
        "cumulative_wage",
        ("0101",),
        wages.cumulative_wage,
        CUMULATIVE_WAGE,
        (*_BY_THE_YEAR, "first_wage", "deduction_at_once", "special_additional"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
        called=("cumulative",),
    ),
    Method(
        "joined_to_monthly_wage",
        _JOINED_ITEMS,
        wages.monthly_wage,
        JOINED,
        _BY_THE_MONTH,
        end=CUMULATIVE_FROM,
        called=_JOINED_CALLED,
    ),
    Method(
        "joined_to_monthly_wage",
        _JOINED_ITEMS,
        wages.monthly_wage,
        JOINED,
        _BY_THE_MONTH,
        start=CUMULATIVE_FROM,
        who=NON_RESIDENTS,
        called=_JOINED_CALLED,
    ),
    Method(
        "joined_to_cumulative_wage",
        _JOINED_ITEMS,
        wages.cumulative_wage,
        (*CUMULATIVE_WAGE, amount("month_tax_already")),
        (*_BY_THE_YEAR, "first_wage", "deduction_at_once", "special_additional"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
        called=("cumulative", *_JOINED_CALLED),
    ),
    Method(
        "annual_bonus_less_shortfall",
        ("0102",),
        bonus.annual_bonus_less_shortfall,
        (amount("bonus"), amount("salary"), amount("salary_exempt"), *DONATIONS),
        ("bonus_relief", *_BY_THE_MONTH),
        end=CUMULATIVE_FROM,
    ),
    Method(
        "annual_bonus",
        ("0102",),
        bonus.annual_bonus,
        (amount("bonus"), *DONATIONS),
        ("bonus_relief", "rates_monthly", "donation_share"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
    ),
    Method(
        "several_month_bonus_as_a_month",
        ("0103",),
        bonus.several_month_bonus_as_a_month,
        (amount("bonus"),),
        ("rates_monthly",),
        end=CUMULATIVE_FROM,
    ),
    Method(
        "several_month_bonus_spread",
        ("0103",),
        bonus.several_month_bonus_spread,
        (amount("bonus"),),
        ("months_bonus", "rates_monthly"),
        start=CUMULATIVE_FROM,
        who=NON_RESIDENTS,
    ),
    Method(
        "special_trades",
        ("0105",),
        wages.special_trades,
        (
            amount("year_income", needed=True),
            amount("year_exempt"),
            amount("prepaid"),
            flag("seafarer"),
        ),
        ("special_trades", "seafarer_deduction", "basic_deduction", "rates_monthly"),
        end=CUMULATIVE_FROM,
    ),
    Method(
        "seafarers_cumulative_wage",
        ("0105",),
        wages.seafarers_cumulative_wage,
        (*CUMULATIVE_WAGE, flag("seafarer")),
        (*_BY_THE_YEAR, "seafarer_share"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
        called=("cumulative",),
    ),
    Method(
        "early_retirement",
        ("0106",),
        lump_sums.early_retirement,
        (amount("lump"), count("months", needed=True), amount("salary")),
        ("basic_deduction", "rates_monthly"),
    ),
    Method(
        "severance_over_years",
        ("0107",),
        lump_sums.severance_over_years,
        _SEVERANCE,
        ("severance_base", "severance_years", "basic_deduction", "rates_monthly"),
        end=CUMULATIVE_FROM,
    ),
    Method(
        "severance",
        ("0107",),
        lump_sums.severance,
        _SEVERANCE[:3],
        ("severance_base", "rates_annual"),
        start=CUMULATIVE_FROM,
    ),
    Method(
        "options_over_months",
        ("0109",),
        lump_sums.options_over_months,
        (*_OPTIONS, count("months", needed=True)),
        ("option_months", "rates_monthly"),
        end=CUMULATIVE_FROM,
    ),
    Method(
        "options",
        ("0109",),
        lump_sums.options,
        (*_OPTIONS, amount("cum_withheld")),
        ("option_relief", "rates_annual"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
    ),
    Method(
        "options_of_non_residents",
        ("0109",),
        lump_sums.options_of_non_residents,
        _OPTIONS,
        ("months_bonus", "rates_monthly"),
        start=CUMULATIVE_FROM,
        who=NON_RESIDENTS,
    ),
    Method(
        "labour",
        ("02",),
        remuneration.labour,
        (*_RECEIPT, *DONATIONS),
        (*_BY_THE_TIME, "rates_labour"),
        end=CUMULATIVE_FROM,
    ),
    Method(
        "labour",
        ("02",),
        remuneration.labour,
        _RECEIPT,
        ("cost_deduction", "rates_labour"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
    ),
    Method(
        "brokers_cumulative",
        ("02",),
        remuneration.brokers_cumulative,
        (*CUMULATIVE_LABOUR, amount("cum_surtax")),
        ("cost_share", "broker_cost", "basic_deduction", "rates_annual"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
        chosen="broker_cumulative",
    ),
    Method(
        "students_cumulative",
        ("02",),
        remuneration.students_cumulative,
        CUMULATIVE_LABOUR,
        ("cost_share", "student_withholding", "basic_deduction", "rates_annual"),
        start=date(2020, 7, 1),
        who=RESIDENTS,
        chosen="student_cumulative",
    ),
    Method(
        "platform_workers_cumulative",
        ("02",),
        remuneration.platform_workers_cumulative,
        CUMULATIVE_LABOUR,
        ("cost_share", "platform_withholding", "basic_deduction", "rates_annual"),
        start=date(2025, 10, 1),
        who=RESIDENTS,
        chosen="platform_cumulative",
    ),
    Method(
        "author",
        ("03",),
        remuneration.author,
        (amount("income"), *DONATIONS),
        (*_BY_THE_TIME, "author_share", "rate_flat"),
        end=CUMULATIVE_FROM,
    ),
    Method(
        "author",
        ("03",),
        remuneration.author,
        (amount("income"),),
        ("cost_deduction", "author_share", "rate_flat"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
    ),
    Method(
        "royalties",
        ("04",),
        remuneration.royalties,
        (*_RECEIPT, *DONATIONS),
        (*_BY_THE_TIME, "rate_flat"),
        end=CUMULATIVE_FROM,
    ),
    Method(
        "royalties",
        ("04",),
        remuneration.royalties,
        _RECEIPT,
        ("cost_deduction", "rate_flat"),
        start=CUMULATIVE_FROM,
        who=RESIDENTS,
    ),
    Method(
        "non_residents_pay",
        ("02", "03", "04"),
        remuneration.non_residents_pay,
        (*_RECEIPT, *DONATIONS),
        ("cost_share", "author_share", "rates_monthly", "donation_share"),
        start=CUMULATIVE_FROM,
        who=NON_RESIDENTS,
    ),
    Method(
        "interest_and_dividends",
        ("05",),
        property_income.interest_and_dividends,
        (
            amount("income"),
            choice("kind", property_income.DIVIDENDS),
            choice("holding", property_income.HOLDINGS),
            Input("accrued", "accrued"),
            *DONATIONS,
        ),
        ("rate_flat", "dividend_share", "savings_interest", "exempt_dividends", "donation_share"),
    ),
    Method(
        "leasing",
        ("0601",),
        property_income.leasing,
        (
            choice("use", property_income.USES),
            amount("rent"),
            amount("taxes"),
            amount("sublease_rent"),
            amount("repair_balance"),
            *DONATIONS,
        ),
        ("cost_deduction", "repairs_a_month", "rate_flat", "rate_dwelling", "donation_share"),
    ),
    Method(
        "assessed",
        ("0602", "0702"),
        property_income.assessed,
        _ASSESSED,
        (),
    ),
    Method(
        "transfer",
        ("0701",),
        property_income.transfer,
        (amount("proceeds"), amount("cost"), amount("fees"), *DONATIONS),
        ("rate_flat", "donation_share"),
    ),
    Method(
        "incidental",
        ("08",),
        winnings.incidental,
        (amount("income"), choice("kind", winnings.WINNINGS), *DONATIONS),
        ("rate_flat", "exempt_winnings", "donation_share"),
    ),
    Method(
        "other_income",
        ("09",),
        winnings.other_income,
        (amount("income"), *DONATIONS),
        ("rate_flat", "donation_share"),
        end=CUMULATIVE_FROM,
    ),
)


@cache
def methods_of(tax_month: date, income_item: str, resident: bool) -> tuple[Method, ...]:
    """Return the methods in force for an item, the ordinary one first, then those to be chosen.

    Before 2019 `resident` does not matter. None where the law has no rule: an item that ended, a
    month before 2006.
    """
    if not is_covered(tax_month):
        return ()
    found = [
        method
        for method in METHODS
        if income_item in method.items and method.holds(tax_month, resident)
    ]
    return tuple(sorted(found, key=lambda method: bool(method.chosen)))


def method_of(case: Case) -> Method:
    """Return the method of a case.

    NotInForce where the law has none, or not the named one; WrongFact for a name that no method
    ever had.
    """
    methods = methods_of(case.tax_month, case.income_item, case.resident)
    named = str(case.inputs.get("method", ""))
    if not named:
        if methods:
            return methods[0]
        raise NotInForce(case.income_item, case.tax_month)
    if not any(named in _names(method) for method in METHODS):
        raise WrongFact("method", named)
    for method in methods:
        if named in _names(method):
            return method
    raise NotInForce(named if methods else case.income_item, case.tax_month)


def _names(method: Method) -> tuple[str, ...]:
    return (*method.called, method.chosen)


@dataclass(frozen=True)
class Result:
    """What the law makes of a case, and how it got there."""

    method: Method
    assessment: Assessment
    steps: tuple[Step, ...]


def compute(case: Case) -> Result:
    """Compute the tax of a case, and its explanation.

    NotInForce where the month's law has no rule, FactsMissing where it has to know more, WrongFact
    for an input that cannot be.
    """
    method = method_of(case)
    working = Working(case.tax_month)
    assessment = method.compute(case, working)
    return Result(method, assessment, tuple(working.steps))


def displayed_rate(rate: Decimal) -> str:
    """Return a rate as a fraction without idle zeros: `0.1`, `0`."""
    return f"{rate.normalize():f}"
