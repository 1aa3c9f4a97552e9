"""The form of a line. It is kept as typed, right or wrong, until it is filed; so are its facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from declarations.cells import LENIENT, Wrong
from declarations.column_check import DOCUMENT_NUMBER_LIMIT
from declarations.faults import Fault
from declarations.line_facts import (
    fact_groups,
    facts_now,
    item_typed,
    shown_facts,
    told_facts,
)
from declarations.lines import (
    AMOUNTS,
    AMOUNTS_FROM_2019,
    FACT_TEXT_LIMIT,
    REQUIRED_AMOUNTS,
    Fact,
)
from declarations.taxlaw.codes import DOCUMENT_TYPES, INCOME_ITEMS
from declarations.taxlaw.identity import check_document_number
from declarations.wording import CODED_COLUMNS, code_label, fault_sentence, field_label
from declarations.workbook import headings_of

# Longer than any column may be: what is too long is kept and named, within reason.
TYPED_LIMIT = 1000
_REQUIRED = {
    "name",
    "document_type",
    "document_number",
    "country",
    "occupation",
    "employed_here",
    "income_item",
    *REQUIRED_AMOUNTS,
}
_AMOUNT_COLUMNS = frozenset({*AMOUNTS, *AMOUNTS_FROM_2019})
_FACTS = "facts"
_NUMBER = "document_number"


@dataclass(frozen=True)
class ShownGroup:
    """The facts of some income items on the page; `codes` are theirs, for the script."""

    items: list[str]
    codes: str
    fields: list[BoundField]

    @property
    def is_told(self) -> bool:
        """Tell whether a fact of the group is there, or wrong."""
        return any(field.errors or field.data for field in self.fields)


class LineForm(forms.Form):
    """A line of the form of a tax month: a text for each column, a field for each fact.

    `stored` are the facts that the line had: those that the page does not show stay as they are,
    and so do those whose field says the same as before.
    """

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        tax_month: date,
        stored: Mapping[str, Fact] | None = None,
        item: object = "",
    ) -> None:
        super().__init__(data)
        self.tax_month = tax_month
        self._stored = stored or {}
        # Where the page showed them, before another item was chosen.
        self._shown = shown_facts(self._stored, item_typed(item), tax_month)
        self._no_choices: dict[str, str] = {}
        for column in headings_of(tax_month):
            self.fields[column] = forms.CharField(
                label=field_label(column, tax_month),
                required=False,
                strip=False,
                max_length=TYPED_LIMIT,
                help_text=self._help(column),
                widget=forms.TextInput(attrs=self._attributes(column)),
            )
        for group in fact_groups(tax_month):
            for name, field in group.fields(tax_month).items():
                self._add_fact(f"{group.name}-{name}", field)

    def _add_fact(self, name: str, field: forms.Field) -> None:
        shown = self._shown.get(name)
        if shown and isinstance(field, forms.ChoiceField) and not field.valid_value(shown):
            # Sent by a program, or law no more: it is shown, named, and kept until it is changed.
            field.choices = [*field.choices, (shown, shown)]  # type: ignore[misc]  # any choices
            self._no_choices[f"{_FACTS}-{name}"] = str(shown)
        self.fields[f"{_FACTS}-{name}"] = field

    def clean(self) -> dict[str, Any]:
        for name, value in self._no_choices.items():
            if self.cleaned_data.get(name) == value:
                field = self.fields[name].label
                sentence = _("%(field)s“%(value)s”不在可选的范围内,请重新选择")
                self.add_error(name, sentence % {"field": field, "value": value})
        self._check_identity()
        return self.cleaned_data

    def _check_identity(self) -> None:
        """身份证校验: a resident number that fails keeps its line from being saved, as ever."""
        typed = {name: self.cleaned_data.get(name, "") for name in ("document_type", _NUMBER)}
        try:
            document_type = LENIENT.code(typed["document_type"], DOCUMENT_TYPES)
            number = LENIENT.document_number(typed[_NUMBER], limit=DOCUMENT_NUMBER_LIMIT)
        except Wrong:
            return  # what cannot be read is kept, and named
        fault = check_document_number(document_type, number, born_by=timezone.localdate())
        if number and fault:
            self.add_error(
                _NUMBER,
                _("%(fault)s。身份证检验不合格,无法保存和向地税机关提交。")
                % {"fault": fault_sentence(fault, self.tax_month)},
            )

    def columns(self) -> list[BoundField]:
        """Return the fields of the form's columns."""
        return [self[column] for column in headings_of(self.tax_month)]

    def groups(self) -> list[ShownGroup]:
        """Return the fields of the facts, by the items that they are for."""
        return [
            ShownGroup(
                [code_label(INCOME_ITEMS, item) for item in group.items],
                " ".join(group.items),
                [self[f"{_FACTS}-{group.name}-{name}"] for name in group.fields(self.tax_month)],
            )
            for group in fact_groups(self.tax_month)
        ]

    def can_be_kept(self) -> bool:
        """Tell whether the line can be kept as typed: facts that are wrong are kept, and named."""
        return self.is_bound and all(name in self._fact_fields() for name in self.errors)

    def cells(self) -> dict[str, Any]:
        """Return what was typed, blank columns left out."""
        cells: dict[str, Any] = {
            column: self.cleaned_data[column]
            for column in headings_of(self.tax_month)
            if self.cleaned_data.get(column, "").strip()
        }
        facts = self._facts(item_typed(cells.get("income_item")))
        return cells | {_FACTS: facts} if facts else cells

    def _facts(self, item: str) -> dict[str, Fact]:
        fields: dict[str, Any] = {}
        for field in self._fact_fields():
            name = field.removeprefix(f"{_FACTS}-")
            if field in self.errors:
                fields[name] = str(self[field].data).strip()[:FACT_TEXT_LIMIT]
            else:
                fields[name] = self.cleaned_data[field]
        told = told_facts(fields, item, self.tax_month)
        shown = {name.partition("-")[2] for name in self._shown if self._was_sent(name)}
        return facts_now(told, self._stored, shown)

    def _was_sent(self, name: str) -> bool:
        """Tell whether the page had a field for a fact: what was not on it is not cleared."""
        field = f"{_FACTS}-{name}"
        if isinstance(self.fields[field], forms.BooleanField):
            # A box that is not ticked is not sent.
            return any(sent.startswith(f"{_FACTS}-") for sent in self.data)
        return field in self.data

    def _fact_fields(self) -> Iterator[str]:
        return (name for name in self.fields if name.startswith(f"{_FACTS}-"))

    def add_faults(self, faults: Sequence[Fault]) -> None:
        """Name the faults of a line at its fields."""
        for fault in faults:
            field = fault.field if fault.field in self.fields else None
            if fault.field == _FACTS and any(name in self.errors for name in self._fact_fields()):
                continue
            self.add_error(field, fault_sentence(fault, self.tax_month))

    @staticmethod
    def _help(column: str) -> Any:
        if column == "employed_here":
            return _("必填,填“是”或“否”")
        if column == "resident":
            return _("国家与地区不是中国的必填,填“是”或“否”")
        if column in _REQUIRED:
            return _("必填")
        return ""

    @staticmethod
    def _attributes(column: str) -> dict[str, str]:
        attributes = {"autocomplete": "off", "spellcheck": "false"}
        if column in CODED_COLUMNS:
            attributes["list"] = f"codes-{column}"
        elif column in ("employed_here", "resident"):
            attributes["list"] = "codes-yes-no"
        elif column in _AMOUNT_COLUMNS:
            attributes["inputmode"] = "decimal"
        return attributes


def line_form(tax_month: date, cells: Mapping[str, Any], faults: Sequence[Fault] = ()) -> LineForm:
    """Return the form of a line as it was typed, with its faults at their fields."""
    facts, item = cells.get(_FACTS) or {}, cells.get("income_item")
    shown = shown_facts(facts, item_typed(item), tax_month)
    data = dict(cells) | {f"{_FACTS}-{name}": value for name, value in shown.items()}
    form = LineForm(data, tax_month=tax_month, stored=facts, item=item)
    form.full_clean()
    form.add_faults(faults)
    return form
