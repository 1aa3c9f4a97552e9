"""Filed lines, and what was found about them: how they are written."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence

from declarations import findings as values
from declarations.lines import COLUMNS, Line
from declarations.models import Declaration, DetailLine, Finding, person_index
from declarations.services.copying import copied, copied_bytes, copy_rows
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
_FINDING_COLUMNS = (
    "declaration_id",
    "line_number",
    "field",
    "code",
    "severity",
    "found",
    "expected",
    "params",
)
_TABLE = DetailLine._meta.db_table


def write_lines(declaration: Declaration, lines: Sequence[Line]) -> None:
    """Write a declaration's lines, numbered from 1, document numbers sealed."""
    rows = (_row(declaration, number, line) for number, line in enumerate(lines, 1))
    copy_rows(_TABLE, _COLUMNS, rows)


def write_findings(declaration: Declaration, findings: Sequence[values.Finding]) -> None:
    """Write what was found about a declaration's lines; `row` is the number of the line."""
    rows = (_finding_row(declaration, finding) for finding in findings)
    copy_rows(Finding._meta.db_table, _FINDING_COLUMNS, rows)


def _row(declaration: Declaration, number: int, line: Line) -> list[str]:
    public_id = uuid.uuid4()
    sealed = seal(line.document_number, table=_TABLE, column="document_number", row=public_id)
    return [
        str(declaration.pk),
        str(number),
        str(public_id),
        copied_bytes(sealed),
        copied_bytes(person_index(line.document_type, line.document_number)),
        copied(json.dumps(dict(line.facts), ensure_ascii=False) if line.facts else None),
        *(copied(getattr(line, column)) for column in _PLAIN),
    ]


def _finding_row(declaration: Declaration, finding: values.Finding) -> list[str]:
    return [
        str(declaration.pk),
        str(finding.row),
        finding.field,
        finding.code.value,
        finding.severity.value,
        copied(finding.found),
        copied(finding.expected),
        copied(json.dumps(dict(finding.params), ensure_ascii=False)),
    ]
