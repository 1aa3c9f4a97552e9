"""Many rows at once: a declaration has up to 100,000 lines, and row by row takes several times."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import islice

from django.db import connection

_BATCH = 5_000
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows by COPY; each value as `copied` or `copied_bytes` returns it."""
    copy = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    rows = iter(rows)
    with connection.cursor() as cursor:
        while batch := list(islice(rows, _BATCH)):
            text = "".join("\t".join(row) + "\n" for row in batch)
            cursor.cursor.copy_expert(copy, io.StringIO(text))


def copied(value: str | bool | int | Decimal | None) -> str:
    """Return a value as COPY's text format has it."""
    if value is None:
        return r"\N"
    return str(value).translate(_ESCAPES) if isinstance(value, str) else str(value)


def copied_bytes(value: bytes) -> str:
    """Return bytes as COPY's text format has them."""
    return rf"\\x{value.hex()}"
