"""Whether a figure that differs would be lawful by facts that the line does not tell.

The form of 2006 has no column for how long a share was held or for how many months somebody worked.
Where such a fact is missing, every figure that some value of it would give passes, and the finding
names it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal

from declarations.cases import CUMULATIVE_WAGES, JOINED, Setting, basic_to_date
from declarations.lines import Line
from declarations.taxlaw.case import Case, FactsMissing, Given, WrongFact
from declarations.taxlaw.methods import compute, methods_of
from declarations.taxlaw.parameters import NotInForce, parameter
from declarations.taxlaw.property_income import HOLDINGS, LISTED, USES
from declarations.taxlaw.rates import rate_table
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.taxlaw.wages import basic_deduction
from declarations.taxlaw.working import FEN
from declarations.year import LastYear

ZERO = Decimal(0)
# Working lives and office leases end before.
_MOST_MONTHS = 600

Facts = tuple[str, ...]
# What the law says instead of a tax.
UNCOMPUTED = (FactsMissing, NotInForce, WrongFact)


def missing_facts(line: Line, case: Case, setting: Setting, due: Decimal) -> Facts | None:
    """Return the facts by which a tax of `due` yuan would be lawful, or none if there are none.

    `due` is before the line's own reduction. Facts that the line tells are taken as they are.
    """
    try:
        for facts, is_lawful in _questions(line, case, setting):
            if not facts & line.facts.keys() and _fits(is_lawful, due):
                return tuple(sorted(facts))
    except UNCOMPUTED:
        pass  # what else the line tells cannot be
    return None


def _fits(is_lawful: Callable[[Decimal], bool], due: Decimal) -> bool:
    """Tell whether a figure fits an answer; not if more than the answer is missing, or wrong."""
    try:
        return is_lawful(due)
    except UNCOMPUTED:
        return False


def within(due: Decimal, tax: Decimal) -> bool:
    """Tell whether a declared tax is the law's: to the tolerance of a line."""
    tolerance: Decimal = parameter("tolerance").at(date.max)
    return abs(due - tax) <= tolerance


# Facts that are all not told, and how to tell whether a figure fits some answer.
Question = tuple[frozenset[str], Callable[[Decimal], bool]]


def _questions(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    """Yield what may not be known of a line."""
    item, month = line.income_item, setting.tax_month
    if line.remark and line.donation:
        # The remark says which rule lets more than 30% be deducted.
        in_full = _with(case, donation=ZERO, donation_full=case.amount("donation"))
        yield _facts("donation_full"), _is_tax_of(in_full)
    if item in CUMULATIVE_WAGES and month >= CUMULATIVE_FROM and case.resident:
        yield from _cumulative(line, case, setting)
    elif item in JOINED and not setting.has_wage:
        yield from _joined(line, case, setting)
    elif item in _BY_ITEM:
        yield from _BY_ITEM[item](line, case, setting)


def _cumulative(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    month = setting.tax_month
    if setting.year.unfiled:
        most = _top_rate(month) * line.total_income
        yield _facts("cum_income", "cum_withheld"), _between(ZERO, most)

    def tax_without(months: int) -> Decimal:
        """Return the tax after the basic deduction of all months so far but these."""
        basic = basic_to_date(line, setting, Decimal(month.month - months))
        return _tax(_with(case, cum_basic=basic))

    yield _facts("months", "cum_basic"), _is_one_of(tax_without, month.month)
    at_once = _whole_year(setting)
    if at_once is not None:
        yield _facts("variant", "cum_basic"), _is_tax_of(_with(case, cum_basic=at_once))
    if line.income_item == "0105":
        yield _facts("seafarer"), _is_tax_of(_with(case, seafarer=True))


def _whole_year(setting: Setting) -> Decimal | None:
    """Return the deduction of a whole year if nothing speaks against it: STA 2020 No. 19.

    Withheld here in every month of last year, and no more income than that.
    """
    try:
        amount: Decimal = parameter("deduction_at_once").at(setting.tax_month)
    except NotInForce:
        return None
    last_year = setting.year.last_year
    if last_year is not None:
        person = last_year.get(setting.person, LastYear(0, ZERO))
        if person.months < 12 or person.income > amount:
            return None
    return amount


def _joined(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    if "income" in line.facts:
        yield _facts("month_tax_already"), _between(ZERO, _tax(case))
    else:
        # The tax on this pay alone, and at the top rate, are the least and the most.
        most = _top_rate(setting.tax_month) * line.total_income
        yield _facts("income"), _between(_tax(case), most)


def _annual_bonus(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    if setting.tax_month < CUMULATIVE_FROM and not setting.has_wage:
        most = basic_deduction(setting.tax_month, line.country)
        yield _facts("salary"), _is_attained(lambda wage: _tax(_with(case, salary=wage)), most)


def _special_trades(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    taxes = [_tax(case), _tax(_with(case, seafarer=True))]
    if "seafarer" in line.facts:
        del taxes[1]
    elif "prepaid" in line.facts:
        yield _facts("seafarer"), _is_tax_of(_with(case, seafarer=True))
    yield _facts("prepaid"), _between(ZERO, max(taxes))
    if "year_income" not in line.facts:
        # The line may show what was paid at the end of the year alone.
        yield _facts("year_income"), lambda due: due >= ZERO


def _early_retirement(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    if setting.has_wage or "salary" in line.facts:
        yield _facts("months"), _is_tax_of(*_by_months(case, _MOST_MONTHS))
    elif "months" in line.facts:
        least = _tax(case)
        yield _facts("salary"), lambda due: due >= least - FEN
    else:
        yield _facts("months", "salary"), lambda due: due >= ZERO


def _severance(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    by_years = setting.tax_month < CUMULATIVE_FROM and "years" not in line.facts
    cases = [_with(case, years=years) for years in range(1, 13)] if by_years else [case]
    if "local_avg_annual_wage" in line.facts:
        yield _facts("years"), _is_tax_of(*cases)
        return
    most = max(_tax(_with(each, local_avg_annual_wage=ZERO)) for each in cases)
    facts = ("local_avg_annual_wage", "years") if by_years else ("local_avg_annual_wage",)
    yield _facts(*facts), _between(ZERO, most)


def _options(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    if setting.tax_month < CUMULATIVE_FROM:
        yield _facts("months"), _is_tax_of(*_by_months(case, 12))


def _labour(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    """Cumulative for insurance agents and brokers, interns, platform workers: up to a top rate."""
    chosen = [m.chosen for m in methods_of(setting.tax_month, "02", case.resident) if m.chosen]
    if not chosen:
        return
    share = 1 - parameter("cost_share").at(setting.tax_month)
    if chosen == ["broker_cumulative"]:
        share *= 1 - parameter("broker_cost").at(setting.tax_month)
    most = _top_rate(setting.tax_month) * share * line.total_income
    yield _facts("method"), _between(ZERO, most)


def _interest(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    kind = line.facts.get("kind")
    if kind in (None, LISTED):
        dividends = [_with(case, kind=LISTED, holding=holding) for holding in HOLDINGS]
        facts = _facts("holding") if kind else _facts("kind", "holding")
        yield facts, _is_tax_of(*dividends)
    yield _facts("kind"), _is_tax_of(_with(case, kind="treasury_bond"))
    if kind in (None, "savings_interest"):
        rates = parameter("savings_interest").at(setting.tax_month).values()
        income = line.total_income
        lawful = _between(min(rates) * income, max(rates) * income)
        yield _facts("accrued"), lawful


def _leasing(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    yield _facts("use"), _is_tax_of(*(_with(case, use=use) for use in USES[:2]))


def _assessed(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    yield _facts("assessed_rate"), _between(ZERO, line.total_income)


def _winnings(line: Line, case: Case, setting: Setting) -> Iterator[Question]:
    kinds = parameter("exempt_winnings").at(setting.tax_month)
    yield _facts("kind"), _is_tax_of(*(_with(case, kind=kind) for kind in kinds))


_BY_ITEM: dict[str, Callable[[Line, Case, Setting], Iterator[Question]]] = {
    "0102": _annual_bonus,
    "0105": _special_trades,
    "0106": _early_retirement,
    "0107": _severance,
    "0109": _options,
    "02": _labour,
    "05": _interest,
    "0601": _leasing,
    "0602": _assessed,
    "0702": _assessed,
    "08": _winnings,
}


def _facts(*facts: str) -> frozenset[str]:
    return frozenset(facts)


def _with(case: Case, **inputs: Given) -> Case:
    return replace(case, inputs={**case.inputs, **inputs})


def _tax(case: Case) -> Decimal:
    return compute(case).assessment.tax


def _top_rate(month: date) -> Decimal:
    return rate_table("rates_monthly", month).levels[-1].rate


def _by_months(case: Case, most: int) -> Iterator[Case]:
    return (_with(case, months=months) for months in range(1, most + 1))


def _is_tax_of(*cases: Case) -> Callable[[Decimal], bool]:
    return lambda due: any(within(due, _tax(case)) for case in cases)


def _between(low: Decimal, high: Decimal) -> Callable[[Decimal], bool]:
    return lambda due: low - FEN <= due <= high + FEN


def _is_attained(tax_of: Callable[[Decimal], Decimal], most: Decimal) -> Callable[[Decimal], bool]:
    """Tell whether a tax takes a value for an amount of 0 to `most` yuan; it rises with it.

    Exact to the fen of the amount, jumps of the tax included, in some twenty steps.
    """
    return _is_one_of(lambda fen: tax_of(fen * FEN), int(most / FEN) + 1)


def _is_one_of(tax_at: Callable[[int], Decimal], count: int) -> Callable[[Decimal], bool]:
    """Tell whether a tax is one of so many, the first at 0; none is below the one before it."""

    def is_one(due: Decimal) -> bool:
        at = bisect_left(range(count - 1), due - FEN, key=tax_at)
        return within(due, tax_at(at))

    return is_one
