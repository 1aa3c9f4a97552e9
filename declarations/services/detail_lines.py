"""Filed lines: how they are written."""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Sequence
from decimal import Decimal

from django.db import connection

from declarations.lines import COLUMNS, Line
from declarations.models import Declaration, DetailLine, person_index
from portal.sealing import seal

# What a line says beside what has a form of its own in the database.
_PLAIN = tuple(column for column in COLUMNS if column not in ("document_number", "facts"))
_COLUMNS = (
    "declaration_id",
    "line_number",
    "public_id",
    "document_number",
    "document_index",
    "facts",
    *_PLAIN,
)
_TABLE = DetailLine._meta.db_table
_BATCH = 5_000
_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def write_lines(declaration: Declaration, lines: Sequence[Line]) -> None:
    """Write a declaration's lines by COPY, numbered from 1, document numbers sealed.

    A declaration has up to 100,000 lines; row by row the ORM would take several times as long.
    """
    copy = f"COPY {_TABLE} ({', '.join(_COLUMNS)}) FROM STDIN"
    with connection.cursor() as cursor:
        for start in range(0, len(lines), _BATCH):
            rows = io.StringIO()
            for number, line in enumerate(lines[start : start + _BATCH], start + 1):
                rows.write("\t".join(_row(declaration, number, line)) + "\n")
            rows.seek(0)
            cursor.cursor.copy_expert(copy, rows)


def _row(declaration: Declaration, number: int, line: Line) -> list[str]:
    public_id = uuid.uuid4()
    sealed = seal(line.document_number, table=_TABLE, column="document_number", row=public_id)
    index = person_index(line.document_type, line.document_number)
    return [
        str(declaration.pk),
        str(number),
        str(public_id),
        rf"\\x{sealed.hex()}",
        rf"\\x{index.hex()}",
        _copied(json.dumps(dict(line.facts), ensure_ascii=False) if line.facts else None),
        *(_copied(getattr(line, column)) for column in _PLAIN),
    ]


def _copied(value: str | bool | Decimal | None) -> str:
    """Return a value as COPY's text format has it."""
    if value is None:
        return r"\N"
    return str(value).translate(_ESCAPES) if isinstance(value, str) else str(value)
