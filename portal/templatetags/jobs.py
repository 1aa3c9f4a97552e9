"""The tray of the top bar: a user's jobs that are not over, and those that ended unseen."""

from __future__ import annotations

from typing import Any

from django import template

from portal.selectors import tray_of

register = template.Library()


@register.inclusion_tag("portal/_tray.html", takes_context=True)
def tray(context: dict[str, Any]) -> dict[str, Any]:
    """Show the tray to whoever is logged in, if there is something in it. One query."""
    site = context.get("site")  # none on a page of an error
    user = site.user if site else None
    return {"tray": tray_of(user) if user else None}
