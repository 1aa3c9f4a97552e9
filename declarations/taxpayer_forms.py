"""The shapes of the register's pages. Unlike a draft's line, a person is kept only when right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from declarations.faults import Fault
from declarations.persons import COLUMNS, Person, texts_of
from declarations.roster import REQUIRED_COLUMNS
from declarations.wording import CODED_COLUMNS, code_label, fault_sentence, field_label

# Longer than any column may be: what is too long is named as it would be of a line.
_TYPED_LIMIT = 1000
_DAYS = ("joined_on", "left_on")


class TaxpayerForm(forms.Form):
    """A person of the register: a text for each column, read as those of a line are."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for column in COLUMNS:
            self.fields[column] = forms.CharField(
                label=field_label(column),
                required=False,
                strip=False,
                max_length=_TYPED_LIMIT,
                help_text=self._help(column),
                widget=forms.TextInput(attrs=self._attributes(column)),
            )

    def cells(self) -> dict[str, str]:
        """Return what was typed."""
        return {column: self.cleaned_data[column] for column in COLUMNS}

    def add_faults(self, faults: Sequence[Fault]) -> None:
        """Name faults at their fields."""
        for fault in faults:
            self.add_error(fault.field, fault_sentence(fault))

    @staticmethod
    def typed(person: Person) -> dict[str, str]:
        """Return a person as a clerk would type it, codes with their names."""
        texts = texts_of(person)
        codes = {
            column: code_label(table, texts[column])
            for column, table in CODED_COLUMNS.items()
            if column in texts
        }
        return texts | codes

    @staticmethod
    def _help(column: str) -> Any:
        if column == "employed_here":
            return _("必填,填“是”或“否”")
        if column == "resident":
            return _("填“是”或“否”。2019年起的申报使用,国家与地区为中国的可以不填")
        if column == "document_number":
            return _("必填。15 位和 18 位身份证号按一人计")
        if column == "left_on":
            return _("在职的不填")
        return _("必填") if column in REQUIRED_COLUMNS else ""

    @staticmethod
    def _attributes(column: str) -> dict[str, str]:
        attributes = {"autocomplete": "off", "spellcheck": "false"}
        if column in CODED_COLUMNS:
            attributes["list"] = f"codes-{column}"
        elif column in ("employed_here", "resident"):
            attributes["list"] = "codes-yes-no"
        elif column in _DAYS:
            attributes["type"] = "date"
        return attributes


class TaxpayerSearchForm(forms.Form):
    text = forms.CharField(
        label=_("姓名或完整的证照号码"),
        max_length=100,
        error_messages={"required": _("请填写要查找的内容")},
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )
    page = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)


class RosterForm(forms.Form):
    file = forms.FileField(
        label=_("人员名单"),
        help_text=_(".xlsx 或 .csv 文件,不超过 5 MB、20,000 人;标题的顺序不限"),
        error_messages={
            "required": _("请选择文件"),
            "empty": _("文件是空的,请选择填好的文件"),
            "missing": _("请选择文件"),
        },
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
