"""填表说明 beside the fields that it is about."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import template

from declarations import filling_rules as rules

register = template.Library()


@register.inclusion_tag("declarations/_filling_rules.html")
def filling_rules(tax_month: date) -> dict[str, Any]:
    """Show the rules of a month's form, folded."""
    return {"rules": rules.filling_rules(tax_month)}
