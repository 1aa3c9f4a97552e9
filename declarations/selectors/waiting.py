"""A workbook that waits to come into a draft, and what it would change there."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from django.utils import timezone

from declarations.cells import LENIENT, Wrong
from declarations.column_check import DOCUMENT_NUMBER_LIMIT
from declarations.faults import Fault, FaultCode
from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019, COLUMNS
from declarations.models import (
    AgentHeading,
    Declaration,
    DraftLine,
    ImportedFile,
    WaitingImport,
    person_index,
)
from declarations.selectors.grid import opened_lines
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from portal.models import WithholdingAgent

WAITS_FOR: Final = timedelta(days=1)
_WHY: Final = "compare a workbook with a draft"

_AMOUNTS = frozenset({*AMOUNTS, *AMOUNTS_FROM_2019})
_TABLES = {
    "document_type": DOCUMENT_TYPES,
    "country": COUNTRIES,
    "occupation": OCCUPATIONS,
    "income_item": INCOME_ITEMS,
}

# What makes a line one of a draft: its person's blind index and its income item.
_Key = tuple[bytes, str]
Mode = WaitingImport.Mode


@dataclass(frozen=True)
class WaitingSheet:
    """What waits: the sheet's headings by column, its rows as texts, and all their faults."""

    headings: Mapping[str, str]
    rows: Sequence[tuple[int, Mapping[str, str]]]
    faults: Sequence[Fault]

    @property
    def faulty(self) -> set[int]:
        """Return the numbers of the rows with faults."""
        return {fault.row or 0 for fault in self.faults}


class LineChange(NamedTuple):
    """A row for a line that the draft has: where that stands, and its cells before and after."""

    row: int
    position: int
    columns: Sequence[str]
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class ImportPlan:
    """What the right rows of a workbook would do to a draft in one of the modes.

    `twice` are the numbers of the rows that an update cannot tell apart: their person and income
    item stand twice, in the file or in the draft. `lines` are the draft's as they would be after an
    update: row, cells.
    """

    mode: Mode
    rows: int
    added: Sequence[tuple[int, Mapping[str, str]]]
    changed: Sequence[LineChange]
    unchanged: int
    removed: int
    faulty_rows: int
    twice: Sequence[int]
    lines: Sequence[tuple[int | None, Mapping[str, Any]]]


def digest_of_file(content: bytes) -> bytes:
    """Return what a file is known by: the SHA-256 of its bytes."""
    return hashlib.sha256(content).digest()


def imported_before(draft: Declaration, digest: bytes) -> datetime | None:
    """Return when the same bytes last came into a draft; none if never. One query."""
    files = ImportedFile.objects.filter(declaration=draft, digest=digest)
    return files.values_list("imported_at", flat=True).first()


def headings_of_agent(agent: WithholdingAgent) -> dict[str, str]:
    """Return the headings of an agent's own workbooks, each with its column. One query."""
    rows = AgentHeading.objects.filter(agent=agent).order_by("heading")
    return dict(rows.values_list("heading", "column"))


def waiting_import_of(draft: Declaration) -> WaitingImport | None:
    """Return what waits to come into a draft, if anything does. One query."""
    since = timezone.now() - WAITS_FOR
    waiting = WaitingImport.objects.filter(declaration=draft, created_at__gt=since)
    return waiting.select_related("declaration").first()


def waiting_sheet(waiting: WaitingImport) -> WaitingSheet:
    """Return what waits, opened."""
    content = waiting.content.reveal_json(_WHY)
    return WaitingSheet(
        content["headings"],
        [(row, texts) for row, texts in content["rows"]],
        [
            Fault(field, FaultCode(code), params, row)
            for row, field, code, params in content["faults"]
        ],
    )


def import_plan(draft: Declaration, sheet: WaitingSheet, mode: Mode) -> ImportPlan:
    """Return what the right rows of a sheet would do to a draft. One query."""
    faulty = sheet.faulty
    right = [(row, texts) for row, texts in sheet.rows if row not in faulty]
    if mode != Mode.UPDATE:
        removed = DraftLine.objects.filter(declaration=draft).count() if mode == Mode.REPLACE else 0
        return ImportPlan(mode, len(sheet.rows), right, [], 0, removed, len(faulty), [], [])
    return _update(draft, sheet, right)


def _update(
    draft: Declaration, sheet: WaitingSheet, right: Sequence[tuple[int, Mapping[str, str]]]
) -> ImportPlan:
    keys = [_key(texts) for _row, texts in right]
    lines = opened_lines(draft)
    line_keys = [_key(cells) for _line, cells in lines]
    in_file, in_draft = Counter(keys), Counter(line_keys)
    twice = [
        row
        for (row, _texts), key in zip(right, keys, strict=True)
        if key is not None and (in_file[key] > 1 or in_draft[key] > 1)
    ]
    rows = {key: pair for key, pair in zip(keys, right, strict=True) if key is not None}
    after: list[tuple[int | None, Mapping[str, Any]]] = []
    changed = []
    unchanged = 0
    for (line, before), key in zip(lines, line_keys, strict=True):
        found = rows.pop(key, None) if key is not None and not twice else None
        if found is None:
            after.append((line.source_row, before))
            continue
        row, texts = found
        cells = _merged(before, texts, sheet.headings)
        columns = _differing(before, cells)
        if columns:
            changed.append(LineChange(row, line.position, columns, before, cells))
            after.append((row, cells))
        else:
            unchanged += 1
            after.append((line.source_row, before))
    added = [] if twice else list(rows.values())
    return ImportPlan(
        mode=Mode.UPDATE,
        rows=len(sheet.rows),
        added=added,
        changed=changed,
        unchanged=unchanged,
        removed=0,
        faulty_rows=len(sheet.faulty),
        twice=twice,
        lines=[*after, *added],
    )


def _key(cells: Mapping[str, Any]) -> _Key | None:
    """Return what a line is known by; none while its cells do not say it."""
    try:
        document_type = LENIENT.code(cells.get("document_type"), DOCUMENT_TYPES)
        number = LENIENT.document_number(cells.get("document_number"), limit=DOCUMENT_NUMBER_LIMIT)
        item = LENIENT.code(cells.get("income_item"), INCOME_ITEMS)
    except Wrong:
        return None
    return (person_index(document_type, number), item) if number else None


def _merged(
    before: Mapping[str, Any], texts: Mapping[str, str], headings: Mapping[str, str]
) -> dict[str, Any]:
    """Return a line's cells with those of a row over them; a column that the file lacks stays."""
    cells = {column: value for column, value in before.items() if column not in headings}
    cells |= texts
    # The same person: only the 15 and the 18 digits of one card differ in length.
    if len(str(before["document_number"])) > len(cells["document_number"]):
        cells["document_number"] = before["document_number"]
    return cells


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the columns in which two lines say something else, whichever way it is typed."""
    return [
        column
        for column in COLUMNS
        if _said(column, before.get(column)) != _said(column, after.get(column))
    ]


def _said(column: str, value: Any) -> Any:
    """Return what a cell says; what cannot be read, as typed."""
    text = value.strip() if isinstance(value, str) else value or ""
    try:
        if column in _AMOUNTS:
            return LENIENT.amount(text or "0")
        if column in _TABLES and text:
            return LENIENT.code(text, _TABLES[column])
        if column == "document_number":
            return LENIENT.document_number(text, limit=DOCUMENT_NUMBER_LIMIT)
    except Wrong:
        pass
    return text
