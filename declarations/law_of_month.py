"""The law of a month, to read and as JSON: its values with their sources, and its methods.

Values are those of `taxlaw.parameters`; nothing is computed here but the quick deductions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from declarations.explaining import cited, percent, references_json, speaks_english
from declarations.law_words import choice_label, method_title, name_label, period_label
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.methods import METHODS, Method, methods_of
from declarations.taxlaw.parameters import (
    Block,
    NotInForce,
    Parameter,
    bureaus,
    local_parameters,
    parameters,
)
from declarations.taxlaw.rates import rate_table
from declarations.taxlaw.tax_month import (
    CUMULATIVE_FROM,
    EARLIEST,
    filing_deadline,
    format_tax_month,
    next_month,
)
from declarations.wording import code_name

Words = Mapping[str, str | Promise]

AMOUNTS = frozenset(
    {
        *("basic_deduction", "deduction_at_once", "exempt_winnings", "repairs_a_month"),
        *("seafarer_deduction", "small_tax", "special_additional", "tolerance"),
        *("average_annual_wage", "contribution_caps"),
    }
)
SHARES = frozenset(
    {
        *("author_share", "broker_cost", "cost_share", "dividend_share", "donation_share"),
        *("rate_dwelling", "rate_flat", "savings_interest", "seafarer_share"),
        *("assessed_rates", "reduction_rate"),
    }
)
COUNTS = frozenset(
    {
        *("bonus_relief", "filing_deadline", "months_bonus", "option_months", "severance_base"),
        *("severance_years", "special_trades"),
    }
)
# 1 while something is done at all.
SWITCHES = frozenset({"first_wage", "option_relief", "platform_withholding", "student_withholding"})

# The parts of a value that has several.
PARTS: Mapping[str, Words] = {
    "basic_deduction": {
        "china": gettext_lazy("中国(001)"),
        "elsewhere": gettext_lazy("其他国家和地区"),
    },
    "cost_deduction": {
        "flat": gettext_lazy("定额减除(元)"),
        "up_to": gettext_lazy("定额减除适用的收入额上限(元)"),
        "share": gettext_lazy("超过上限的减除比例"),
    },
    "special_additional": {
        "child": gettext_lazy("子女教育(每个子女每月)"),
        "infant": gettext_lazy("3 岁以下婴幼儿照护(每个婴幼儿每月)"),
        "education": gettext_lazy("学历(学位)继续教育(每月)"),
        "certificate": gettext_lazy("职业资格继续教育(取得证书当年)"),
        "mortgage": gettext_lazy("住房贷款利息(每月)"),
        "rent": gettext_lazy("住房租金(每月)"),
        "elderly": gettext_lazy("赡养老人(每月)"),
        "private_pension": gettext_lazy("个人养老金(每年)"),
    },
}
_BUREAUS: Words = {"beijing": gettext_lazy("北京市")}


@dataclass(frozen=True)
class Bracket:
    """A level of a rate table, as it is read; `up_to` is empty for the last."""

    above: str
    up_to: str
    rate: str
    quick_deduction: str


@dataclass(frozen=True)
class Rule:
    """A value of the law in a month, as it is read; without `values` and `brackets` it ended."""

    name: str
    title: str
    values: tuple[tuple[str, str], ...]  # what of it, and how much
    brackets: tuple[Bracket, ...]
    block: Block[Any]
    citations: tuple[str, ...]
    doubt: str

    @property
    def since(self) -> date | None:
        """Return the month since which it holds, none if that is before all months."""
        return self.block.start if self.block.start >= EARLIEST else None

    @property
    def has_ended(self) -> bool:
        return self.block.value is None


@dataclass(frozen=True)
class MethodInForce:
    """How an item is computed: for whom, from which inputs, by which rules of the month."""

    method: Method
    title: str
    who: str
    inputs: tuple[str, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class ItemInMonth:
    """An income item in a month; without methods it is none of the month's items."""

    code: str
    name: str
    is_checked: bool
    methods: tuple[MethodInForce, ...]


@dataclass(frozen=True)
class BureauRules:
    """What a bureau rules by itself; a rule of none has no value entered."""

    name: str
    rules: tuple[tuple[str, Rule | None], ...]


@dataclass(frozen=True)
class MonthLaw:
    """The law in force for a month of payment."""

    tax_month: date
    deadline: date
    tables: tuple[Rule, ...]
    rules: tuple[Rule, ...]
    items: tuple[ItemInMonth, ...]
    bureaus: tuple[BureauRules, ...]
    previous_change: date | None
    next_change: date | None


def law_of_month(tax_month: date) -> MonthLaw:
    """Return the law of a month from 2006-01 on, in the reader's language."""
    rules = {each.name: _rule(each, tax_month) for each in parameters()}
    known = {name: rule for name, rule in rules.items() if rule is not None}
    before = [change for change in changes() if change < tax_month]
    after = [change for change in changes() if change > tax_month]
    return MonthLaw(
        tax_month=tax_month,
        deadline=filing_deadline(tax_month),
        tables=tuple(rule for rule in known.values() if rule.brackets),
        rules=tuple(rule for rule in known.values() if not rule.brackets),
        items=tuple(_item(entry.code, tax_month, known) for entry in INCOME_ITEMS),
        bureaus=tuple(_bureau(each, tax_month) for each in bureaus()),
        previous_change=max(before, default=None),
        next_change=min(after, default=None),
    )


@cache
def changes() -> tuple[date, ...]:
    """Return the months from 2006-01 on since which some value or method is another."""
    everywhere = [*parameters(), *(each for name in bureaus() for each in local_parameters(name))]
    days = {block.start for each in everywhere for block in each.history}
    days |= {method.start for method in METHODS}
    months = {day if day.day == 1 else next_month(day.replace(day=1)) for day in days}
    return tuple(sorted(month for month in months if month >= EARLIEST))


def parameter_title(parameter: Parameter[Any]) -> str:
    """Return what a value of the law is called in the reader's language."""
    return parameter.description if speaks_english() else parameter.chinese


def _rule(parameter: Parameter[Any], tax_month: date) -> Rule | None:
    """Return a value as it is read; none if it is not known of yet."""
    try:
        block = parameter.block(tax_month)
    except NotInForce:
        return None
    value = block.value
    is_table = isinstance(value, Mapping) and "brackets" in value
    return Rule(
        name=parameter.name,
        title=parameter_title(parameter),
        values=() if value is None or is_table else tuple(_values(parameter.name, value)),
        brackets=tuple(_brackets(parameter.name, tax_month)) if is_table else (),
        block=block,
        citations=tuple(cited(block.references)),
        doubt=block.doubt if speaks_english() else block.chinese_doubt,
    )


def _values(name: str, value: Any) -> Iterable[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield part_label(name, key), _number(name, key, part)
    elif isinstance(value, tuple):
        for choice in value:
            yield choice_label("kind", choice), ""
    else:
        yield "", _number(name, "", value)


def part_label(name: str, key: str) -> str:
    """Return what a part of a value is called."""
    if name == "savings_interest":
        return period_label(key)
    if name == "dividend_share":
        return choice_label("holding", key)
    if name == "exempt_winnings":
        return choice_label("kind", key)
    if name == "assessed_rates":
        return f"{key} {code_name(INCOME_ITEMS, key)}"
    return str(PARTS[name][key]) if name in PARTS else key


def _number(name: str, key: str, value: Decimal) -> str:
    if name in SHARES or key == "share":
        return percent(value)
    if name in SWITCHES:
        return _("%(number)s(适用)") % {"number": f"{value:f}"}
    if name in COUNTS:
        return f"{value:f}"
    return f"{value:,.2f}"


def _brackets(name: str, tax_month: date) -> Iterable[Bracket]:
    table = rate_table(name, tax_month)
    bounds = [f"{bound:,.2f}" for bound in table.above]
    for above, up_to, level in zip(bounds, [*bounds[1:], ""], table.levels, strict=True):
        yield Bracket(above, up_to, percent(level.rate), f"{level.quick_deduction:,.2f}")


def _item(code: str, tax_month: date, rules: Mapping[str, Rule]) -> ItemInMonth:
    entry = INCOME_ITEMS[code]
    methods = dict.fromkeys(
        method for resident in (True, False) for method in methods_of(tax_month, code, resident)
    )
    return ItemInMonth(
        code,
        code_name(INCOME_ITEMS, code),
        entry.checked,
        tuple(_method(method, tax_month, rules) for method in methods),
    )


def _method(method: Method, tax_month: date, rules: Mapping[str, Rule]) -> MethodInForce:
    return MethodInForce(
        method,
        method_title(method.name),
        _who(method, tax_month),
        tuple(name_label(each.key, method.name) for each in method.inputs),
        tuple(rules[name] for name in method.parameters if name in rules),
    )


def _who(method: Method, tax_month: date) -> str:
    if method.who is None or tax_month < CUMULATIVE_FROM:
        return _("所有个人")
    return _("居民个人") if method.who else _("非居民个人")


def _bureau(bureau: str, tax_month: date) -> BureauRules:
    return BureauRules(
        str(_BUREAUS.get(bureau, bureau)),
        tuple((parameter_title(each), _rule(each, tax_month)) for each in local_parameters(bureau)),
    )


# --- As JSON ---


def law_json(law: MonthLaw) -> dict[str, Any]:
    """Return the law of a month for programs: amounts and fractions as plain decimal text."""
    return {
        "tax_month": format_tax_month(law.tax_month),
        "filing_deadline": law.deadline.isoformat(),
        "previous_change": law.previous_change and format_tax_month(law.previous_change),
        "next_change": law.next_change and format_tax_month(law.next_change),
        "parameters": [_rule_json(rule, law.tax_month) for rule in (*law.tables, *law.rules)],
        "income_items": [
            {
                "code": item.code,
                "name": item.name,
                "checked": item.is_checked,
                "methods": [_method_json(method) for method in item.methods],
            }
            for item in law.items
        ],
        "bureaus": [
            {
                "name": bureau.name,
                "parameters": [
                    {"title": title, "rule": rule and _rule_json(rule, law.tax_month)}
                    for title, rule in bureau.rules
                ],
            }
            for bureau in law.bureaus
        ],
    }


def _rule_json(rule: Rule, tax_month: date) -> dict[str, Any]:
    confirmed = rule.block.last_confirmed
    return {
        "name": rule.name,
        "title": rule.title,
        "value": _levels_json(rule.name, tax_month) if rule.brackets else _plain(rule.block.value),
        "since": rule.since and format_tax_month(rule.since),
        "references": references_json(rule.block.references),
        "last_confirmed": confirmed and confirmed.isoformat(),
        "doubt": rule.doubt,
    }


def _method_json(in_force: MethodInForce) -> dict[str, Any]:
    method = in_force.method
    return {
        "name": method.name,
        "title": in_force.title,
        "who": in_force.who,
        "resident": method.who,
        "method": method.chosen,
        "inputs": [
            {
                "key": each.key,
                "label": label,
                "kind": each.kind,
                "needed": each.needed,
                "choices": [
                    {"value": choice, "label": choice_label(each.key, choice, method.name)}
                    for choice in each.choices
                ],
            }
            for each, label in zip(method.inputs, in_force.inputs, strict=True)
        ],
        "parameters": [rule.name for rule in in_force.rules],
    }


def _levels_json(name: str, tax_month: date) -> list[dict[str, str | None]]:
    table = rate_table(name, tax_month)
    bounds: list[str | None] = [f"{bound:f}" for bound in table.above]
    return [
        {
            "above": above,
            "up_to": up_to,
            "rate": f"{level.rate:f}",
            "quick_deduction": f"{level.quick_deduction:.2f}",
        }
        for above, up_to, level in zip(bounds, [*bounds[1:], None], table.levels, strict=True)
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return list(value)
    return None if value is None else f"{value:f}"
