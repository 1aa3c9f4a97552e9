"""The shape of 批量提交: one declaration of truth and one password for several drafts."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from declarations.forms import FilingForm
from declarations.services.several import FilingRequest

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ENTRY = re.compile(rf"({_UUID}):({_UUID}):([0-9a-f]{{64}}):([0-9a-f]{{64}}|)")


class SeveralFilingForm(forms.Form):
    """What is declared and typed once. Each draft stands in an `entry` of the page, as shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("truth", "password"):
            self.fields[name] = deepcopy(FilingForm.base_fields[name])

    def requests(self) -> list[FilingRequest]:
        """Return what is to be filed as the page showed it; what is no entry is left out."""
        if not isinstance(self.data, MultiValueDict):
            return []
        found = [_ENTRY.fullmatch(text) for text in self.data.getlist("entry")]
        return [_request(match.groups()) for match in found if match]


def _request(parts: Sequence[str]) -> FilingRequest:
    public_id, key, seen, noted = parts
    return FilingRequest(uuid.UUID(public_id), uuid.UUID(key), seen, noted)
