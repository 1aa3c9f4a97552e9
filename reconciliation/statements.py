"""The statements that the ORM cannot say, a file each in `sql/`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "sql"


@cache
def statement(name: str, **parts: str) -> str:
    """Return the text of `sql/NAME.sql`, its {parts} filled in. Values go in as parameters."""
    text = (FOLDER / f"{name}.sql").read_text(encoding="utf-8")
    for part, sql in parts.items():
        text = text.replace(f"{{{part}}}", sql)
    return text


def array_of(ids: Iterable[int]) -> str:
    """Return ids as PostgreSQL writes an array: one parameter, however many they are."""
    return "{" + ",".join(map(str, ids)) + "}"
