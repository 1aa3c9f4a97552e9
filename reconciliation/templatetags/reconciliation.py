"""What pages about payments say of codes."""

from __future__ import annotations

from django import template

from reconciliation import wording

register = template.Library()

register.filter("item_name", wording.item_name)
