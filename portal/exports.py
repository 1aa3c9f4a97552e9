"""Texts in files that a spreadsheet program opens: none of them may begin to compute.

A text that begins like a formula gets an apostrophe before it, in whatever format it is exported;
what reads such a file again takes the apostrophe off.
"""

from __future__ import annotations

from typing import Final

_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠")
_MARK: Final = "'"


def safe_cell(text: str) -> str:
    """Return a text such that no spreadsheet program takes it for a formula."""
    return f"{_MARK}{text}" if _begins_like_a_formula(text) else text


def unguarded(text: str) -> str:
    """Return a text as it was before `safe_cell`."""
    return text.removeprefix(_MARK) if _begins_like_a_formula(text) else text


def _begins_like_a_formula(text: str) -> bool:
    # Apostrophes of its own do not count, or they would be taken off again.
    return text.lstrip(_MARK).startswith(_BEGINS)
