"""Which columns stand under the headings of an agent's own workbooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from declarations.models import AgentHeading
from declarations.services.waiting import FORGOTTEN
from declarations.workbook import headings_of


class HeadingsForm(forms.Form):
    """A choice for each heading: a column of the month's form, none, or not to know it."""

    def __init__(
        self,
        headings: Sequence[str],
        *args: Any,
        month: date,
        known: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        limit = AgentHeading.HEADING_LIMIT
        self.headings = [
            heading
            for heading in dict.fromkeys(headings)
            if 0 < len(heading) <= limit and heading.isprintable()
        ]
        choices = [
            (FORGOTTEN, _("不认识(文件不能导入)")),
            ("", _("与申报无关,不导入")),
            *headings_of(month).items(),
        ]
        for number, heading in enumerate(self.headings):
            column = (known or {}).get(heading, FORGOTTEN)
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=heading, choices=choices, required=False, initial=column
            )

    def columns(self) -> dict[str, str]:
        """Return the chosen column of each heading."""
        return {
            heading: self.cleaned_data[f"column_{number}"]
            for number, heading in enumerate(self.headings)
        }
