"""计税事实 on a line's page: which facts the methods of a month can be told, and their fields.

The facts of an income item make a group; items with the same facts share one. What a column of the
form says already has no field here.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from declarations.cells import LENIENT, Wrong
from declarations.law_forms import facts_form, facts_of
from declarations.law_words import CHOICES, NAMES, name_label, period_label
from declarations.lines import Fact
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.facts import ACCRUAL_PERIODS, ACCRUED
from declarations.taxlaw.inputs import Input
from declarations.taxlaw.methods import Method, methods_of
from declarations.taxlaw.tax_month import CUMULATIVE_FROM

# Inputs that are columns of the form (`declarations.cases` reads them), and where they are not.
_COLUMNS = frozenset(
    {
        *("income", "extra", "exempt", "donation", "bonus", "lump", "option_income"),
        *("deductible_tax", "rent", "base", "proceeds"),
    }
)
_NO_COLUMNS = frozenset(
    {
        ("joined_to_monthly_wage", "income"),
        ("joined_to_monthly_wage", "exempt"),
        ("options", "option_income"),
    }
)

# How a program may write a box.
_YESES = (True, "true", "是")
_NOES = (False, "false", "否", "")
_FLAGS: Mapping[object, bool] = {"true": True, "是": True, "false": False, "否": False}


@dataclass(frozen=True)
class FactGroup:
    """The facts of some income items, by the methods that read them; `name` is the first item."""

    items: tuple[str, ...]
    inputs: tuple[tuple[Method, tuple[Input, ...]], ...]
    methods: tuple[Method, ...]

    @property
    def name(self) -> str:
        return self.items[0]

    def names(self, tax_month: date) -> frozenset[str]:
        """Return the names of the group's fields."""
        return _names(self, tax_month)

    def fields(self, tax_month: date) -> dict[str, forms.Field]:
        """Return the fields of the group, by the names that `facts_of` understands."""
        fields: dict[str, forms.Field] = {}
        for method, inputs in self.inputs:
            form = facts_form(inputs, tax_month=tax_month, method=method.name, methods=self.methods)
            fields |= {name: field for name, field in form.fields.items() if name not in fields}
        return fields


@cache
def _names(group: FactGroup, tax_month: date) -> frozenset[str]:
    return frozenset(group.fields(tax_month))


@cache
def fact_groups(tax_month: date) -> tuple[FactGroup, ...]:
    """Return the groups of a month in the order of the form's table of items; none is empty."""
    found: dict[tuple[object, ...], FactGroup] = {}
    for entry in INCOME_ITEMS:
        group = _group(tax_month, entry.code)
        if not group.inputs:
            continue
        alike = (tuple((m.name, inputs) for m, inputs in group.inputs), _chosen(group.methods))
        same = found.get(alike, group)
        items = (*same.items, *(item for item in group.items if item not in same.items))
        found[alike] = FactGroup(items, same.inputs, same.methods)
    return tuple(found.values())


def _group(tax_month: date, item: str) -> FactGroup:
    residents = methods_of(tax_month, item, True)
    others = methods_of(tax_month, item, False) if tax_month >= CUMULATIVE_FROM else ()
    known: set[str] = set()
    inputs = []
    for method in dict.fromkeys((*residents, *others)):
        told = tuple(
            each
            for each in method.inputs
            if each.key not in known
            and (each.key not in _COLUMNS or (method.name, each.key) in _NO_COLUMNS)
        )
        known |= {each.key for each in told}
        if told:
            inputs.append((method, told))
    return FactGroup((item,), tuple(inputs), residents)


def _chosen(methods: tuple[Method, ...]) -> tuple[str, ...]:
    return tuple(method.chosen for method in methods if method.chosen)


def item_typed(text: object) -> str:
    """Return the code of an income item as it was typed; empty for what is none."""
    try:
        return LENIENT.code(text, INCOME_ITEMS) if str(text or "").strip() else ""
    except Wrong:
        return ""


def shown_facts(facts: Mapping[str, Fact], item: str, tax_month: date) -> dict[str, Any]:
    """Return facts as the fields of their groups show them, by `GROUP-NAME`.

    A fact stands in the group of the line's own item if that has it, else in the first that has.
    """
    groups = _own_first(tax_month, item)
    shown: dict[str, Any] = {}
    for name, value in facts_form((), initial=facts).initial.items():
        group = next((group for group in groups if name in group.names(tax_month)), None)
        if group is not None:
            shown[f"{group.name}-{name}"] = _FLAGS.get(value, value)
    return shown


def told_facts(fields: Mapping[str, Any], item: str, tax_month: date) -> dict[str, Any]:
    """Return what the fields of all groups (`GROUP-NAME`) tell, by the names of one group.

    What the group of the line's own item has is said there alone; the facts of other items stay,
    and the check names them.
    """
    told: dict[str, Any] = {}
    own: frozenset[str] = frozenset()
    for group in _own_first(tax_month, item):
        for name in group.names(tax_month) - own:
            value = fields.get(f"{group.name}-{name}")
            if value:
                told.setdefault(name, value)
        if item in group.items:
            own = group.names(tax_month)
    return told


def facts_now(
    told: Mapping[str, Any], stored: Mapping[str, Fact], shown: Collection[str]
) -> dict[str, Fact]:
    """Return the facts of a line after its page said so much.

    `stored` is what they were. Those that were not `shown` (names of fields) stay, and so do those
    that are told as before, to the letter: 3000.00 is still that when its field says 3000.
    """
    before = _flat(stored)
    now = {name: value for name, value in before.items() if name not in shown}
    now |= {name: _as_before(before.get(name), value) for name, value in told.items()}
    # A box that was not ticked before cannot be left unticked now.
    noes = {
        name: stored[name]
        for name, value in before.items()
        if name in stored and name not in now and value in _NOES
    }
    return facts_of(now) | noes


def _own_first(tax_month: date, item: str) -> list[FactGroup]:
    return sorted(fact_groups(tax_month), key=lambda group: item not in group.items)


def _flat(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Return facts by the names of their fields."""
    accrued = facts.get(ACCRUED)
    if not isinstance(accrued, Mapping):
        return dict(facts)
    periods = sorted(ACCRUAL_PERIODS)
    flat: dict[str, Any] = {key: value for key, value in facts.items() if key != ACCRUED}
    return flat | {f"{ACCRUED}_{periods.index(period)}": accrued[period] for period in accrued}


def _as_before(before: Any, now: Any) -> Any:
    if isinstance(before, str) and isinstance(now, str):
        try:
            return before if Decimal(before) == Decimal(now) else now
        except InvalidOperation:
            return now
    return before if now is True and before in _YESES else now


def facts_text(facts: Mapping[str, Fact]) -> str:
    """Return facts as they are read: `持股期限: 超过 1 年; 所得种类: 上市公司股息、红利`."""
    return "; ".join(_fact_text(key, value) for key, value in facts.items())


def _fact_text(key: str, value: Fact) -> str:
    label = name_label(key) if key in NAMES else key
    if isinstance(value, Mapping):
        return "; ".join(f"{period_label(period)}: {said}" for period, said in value.items())
    if isinstance(value, bool):
        said = _("是") if value else _("否")
    else:
        said = str(CHOICES.get(key, {}).get(value, value))
    return f"{label}: {said}"
