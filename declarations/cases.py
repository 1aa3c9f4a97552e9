"""From a declared line to what the law has to know of it.

The columns of the form and the agent's earlier months make the inputs of the method; what the
line's `facts` say stands above both.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from declarations.lines import Line
from declarations.taxlaw.case import Case, Given, WrongFact, amount_of
from declarations.taxlaw.methods import methods_of
from declarations.taxlaw.parameters import NotInForce, parameter
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.taxlaw.wages import basic_deduction
from declarations.year import NOTHING_EARLIER, Earlier, Year

ZERO = Decimal(0)
ORDINARY_WAGE = "0101"
JOINED = ("0104", "0108", "0110", "0111")
# What the cumulative method adds up over the year. A bonus and one-off pay stand by themselves.
CUMULATIVE_WAGES = (ORDINARY_WAGE, "0105", *JOINED)

Inputs = dict[str, Given]


class Before(NamedTuple):
    """The same person's wages in the same declaration that come before a line, in yuan."""

    lines: int = 0
    income: Decimal = ZERO
    exempt: Decimal = ZERO
    special: Decimal = ZERO
    other: Decimal = ZERO
    donation: Decimal = ZERO
    additional: Decimal = ZERO
    tax: Decimal = ZERO
    reduction: Decimal = ZERO

    def with_line(self, line: Line, tax: Decimal) -> Before:
        """Return what comes before the next line; `tax` is what the law makes of this one."""
        return Before(
            self.lines + 1,
            self.income + line.total_income,
            self.exempt + line.exempt_income,
            self.special + special_of(line),
            self.other + other_of(line),
            self.donation + line.donation,
            max(self.additional, additional_of(line)),
            self.tax + tax,
            self.reduction + line.tax_reduction,
        )


NOTHING_BEFORE = Before()


@dataclass(frozen=True)
class Setting:
    """Where a line stands: its month, its person's earlier months, the wages before it."""

    tax_month: date
    person: Hashable = None
    year: Year = NOTHING_EARLIER
    before: Before = NOTHING_BEFORE
    bureau: str = ""

    @property
    def has_wage(self) -> bool:
        """Tell whether the declaration says what the person's wage of the month is."""
        return self.before.lines > 0


def special_of(line: Line) -> Decimal:
    """Return 三险一金 of a line, none before 2019."""
    if line.pension is None:
        return ZERO
    return (
        line.pension
        + (line.medical or ZERO)
        + (line.unemployment or ZERO)
        + (line.housing_fund or ZERO)
    )


def other_of(line: Line) -> Decimal:
    """Return the other deductions of a line that are this month's."""
    if line.annuity is None:
        return ZERO
    return (
        line.annuity
        + (line.health_insurance or ZERO)
        + (line.deferred_pension or ZERO)
        + (line.other_deductions or ZERO)
    )


def additional_of(line: Line) -> Decimal:
    """Return the special additional deductions of a line, which are cumulative."""
    if line.cum_children is None:
        return ZERO
    return (
        line.cum_children
        + (line.cum_education or ZERO)
        + (line.cum_mortgage or ZERO)
        + (line.cum_rent or ZERO)
        + (line.cum_elderly or ZERO)
        + (line.cum_infants or ZERO)
    )


def case_of(line: Line, setting: Setting) -> Case:
    """Return the case of a line. The tax that it comes to is before the line's own reduction.

    WrongFact for a fact that cannot be.
    """
    resident = line.resident is not False
    methods = methods_of(setting.tax_month, line.income_item, resident)
    inputs: Inputs = {}
    if methods:
        named = line.facts.get("method")
        names = {method.chosen: method.name for method in methods}
        name = names.get(str(named), methods[0].name) if named else methods[0].name
        inputs = _READERS[name](line, setting)
    inputs.update(line.facts)
    if "months" in line.facts and "cum_basic" not in line.facts and "cum_basic" in inputs:
        inputs["cum_basic"] = basic_to_date(
            line, setting, amount_of("months", line.facts["months"])
        )
    if line.facts.get("variant") == "annual_60000" and "cum_basic" not in line.facts:
        try:
            inputs["cum_basic"] = parameter("deduction_at_once").at(setting.tax_month)
        except NotInForce:
            raise WrongFact("variant", line.facts["variant"]) from None
    return Case(setting.tax_month, line.income_item, resident, line.country, inputs, setting.bureau)


def months_in_unit(setting: Setting, earlier: Earlier | None) -> int:
    """Return for how many months of the year the person has been paid here, this one included."""
    first = earlier.first_month if earlier else setting.tax_month
    return setting.tax_month.month - first.month + 1


def basic_to_date(line: Line, setting: Setting, months: Decimal) -> Decimal:
    """Return the basic deduction of so many months, in yuan."""
    return basic_deduction(setting.tax_month, line.country) * months


def _wage(line: Line, setting: Setting) -> Inputs:
    """Several lines of ordinary wage are one wage: this line bears what the tax grows by."""
    before = setting.before
    inputs: Inputs = {
        "income": line.total_income + before.income,
        "exempt": line.exempt_income + before.exempt,
        "donation": line.donation + before.donation,
    }
    if before.tax:
        inputs["month_tax_already"] = before.tax
    return inputs


def _joined(line: Line, setting: Setting) -> Inputs:
    before = setting.before
    return {
        "income": before.income,
        "extra": line.total_income,
        "exempt": line.exempt_income + before.exempt,
        "donation": line.donation + before.donation,
        "month_tax_already": before.tax,
    }


def _cumulative(line: Line, setting: Setting) -> Inputs:
    earlier, before = setting.year.wages.get(setting.person), setting.before
    months = months_in_unit(setting, earlier)
    sums = earlier or Earlier(setting.tax_month, 0)
    return {
        "cum_income": sums.income + before.income + line.total_income,
        "cum_exempt": sums.exempt + before.exempt + line.exempt_income,
        "cum_basic": basic_to_date(line, setting, Decimal(months)),
        "cum_special": sums.special + before.special + special_of(line),
        "cum_additional": max(before.additional, additional_of(line)),
        "cum_other": sums.other
        + before.other
        + other_of(line)
        + (line.cum_private_pension or ZERO),
        "donation": sums.donation + before.donation + line.donation,
        "cum_reduction": sums.reduction + before.reduction,
        "cum_withheld": sums.withheld + max(before.tax - before.reduction, ZERO),
    }


def _bonus(line: Line, setting: Setting) -> Inputs:
    inputs: Inputs = {
        "bonus": line.total_income - line.exempt_income,
        "donation": line.donation,
    }
    if setting.has_wage and setting.tax_month < CUMULATIVE_FROM:
        inputs["salary"] = setting.before.income
        inputs["salary_exempt"] = setting.before.exempt
    return inputs


def _special_trades(line: Line, setting: Setting) -> Inputs:
    return {"year_income": line.total_income, "year_exempt": line.exempt_income}


def _early_retirement(line: Line, setting: Setting) -> Inputs:
    inputs: Inputs = {"lump": line.total_income - line.exempt_income}
    if setting.has_wage:
        before = setting.before
        inputs["salary"] = max(before.income - before.exempt - before.special, ZERO)
    return inputs


def _severance(line: Line, setting: Setting) -> Inputs:
    return {"lump": line.total_income, "exempt": line.exempt_income + special_of(line)}


def _options(line: Line, setting: Setting) -> Inputs:
    gain = line.total_income - line.exempt_income
    if "market" in line.facts:
        return {}
    return {"option_income": gain}


def _options_of_the_year(line: Line, setting: Setting) -> Inputs:
    """Several gains in a year are added up: this one bears what the tax grows by."""
    earlier = setting.year.options.get(setting.person)
    inputs = _options(line, setting)
    if earlier is not None and inputs:
        gain = line.total_income - line.exempt_income
        inputs["option_income"] = gain + earlier.income - earlier.exempt
        inputs["cum_withheld"] = earlier.withheld + earlier.reduction
    return inputs


def _receipt(line: Line, setting: Setting) -> Inputs:
    return {
        "income": line.total_income,
        "deductible_tax": line.deductible_charges,
        "donation": line.donation,
    }


def _cumulative_labour(line: Line, setting: Setting) -> Inputs:
    earlier = setting.year.labour.get(setting.person)
    months = months_in_unit(setting, earlier)
    sums = earlier or Earlier(setting.tax_month, 0)
    return {
        "cum_income": sums.income + line.total_income,
        "cum_basic": basic_to_date(line, setting, Decimal(months)),
        "cum_other": sums.other + line.deductible_charges,
        "cum_reduction": sums.reduction,
        "cum_withheld": sums.withheld,
    }


def _interest(line: Line, setting: Setting) -> Inputs:
    return {"income": line.total_income, "donation": line.donation}


def _leasing(line: Line, setting: Setting) -> Inputs:
    """允许扣除的税费 are taxes and this month's repairs together: the manual, section 5 G(i)."""
    charges = line.deductible_charges
    if "repair_balance" in line.facts and "taxes" not in line.facts:
        balance = amount_of("repair_balance", line.facts["repair_balance"])
        cap: Decimal = parameter("repairs_a_month").at(setting.tax_month)
        charges = max(charges - min(balance, cap), ZERO)
    return {"rent": line.total_income, "taxes": charges, "donation": line.donation}


def _assessed(line: Line, setting: Setting) -> Inputs:
    return {"base": line.total_income}


def _transfer(line: Line, setting: Setting) -> Inputs:
    charges = ZERO if {"cost", "fees"} & line.facts.keys() else line.deductible_charges
    return {"proceeds": line.total_income, "cost": charges, "donation": line.donation}


_READERS: Mapping[str, Callable[[Line, Setting], Inputs]] = {
    "monthly_wage": _wage,
    "joined_to_monthly_wage": _joined,
    "cumulative_wage": _cumulative,
    "joined_to_cumulative_wage": _cumulative,
    "seafarers_cumulative_wage": _cumulative,
    "annual_bonus_less_shortfall": _bonus,
    "annual_bonus": _bonus,
    "several_month_bonus_as_a_month": _bonus,
    "several_month_bonus_spread": _bonus,
    "special_trades": _special_trades,
    "early_retirement": _early_retirement,
    "severance_over_years": _severance,
    "severance": _severance,
    "options_over_months": _options,
    "options": _options_of_the_year,
    "options_of_non_residents": _options,
    "labour": _receipt,
    "author": _receipt,
    "royalties": _receipt,
    "non_residents_pay": _receipt,
    "brokers_cumulative": _cumulative_labour,
    "students_cumulative": _cumulative_labour,
    "platform_workers_cumulative": _cumulative_labour,
    "interest_and_dividends": _interest,
    "leasing": _leasing,
    "assessed": _assessed,
    "transfer": _transfer,
    "incidental": _interest,
    "other_income": _interest,
}
