"""How codes and lamps are written on a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template

from declarations.selectors import Lamp
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.wording import LAMP_SUBJECTS, code_label, lamp_reason

register = template.Library()


@register.filter
def income_item(code: str) -> str:
    """Write an income item: `0101 工资、薪金所得-普通月工资`."""
    return code_label(INCOME_ITEMS, code)


@register.inclusion_tag("declarations/_lamps.html")
def lamps(three: Sequence[Lamp]) -> dict[str, Any]:
    """Show the three lamps of a declaration, each with its word and its reason."""
    return {
        "lamps": [
            {
                "subject": LAMP_SUBJECTS[lamp.subject],
                "state": lamp.state.value,
                "reason": lamp_reason(lamp),
            }
            for lamp in three
        ]
    }
