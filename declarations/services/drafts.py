"""Drafts: what a clerk types is kept as typed, right or wrong, until it is filed or deleted."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from declarations.cells import LENIENT, Wrong
from declarations.column_check import DOCUMENT_NUMBER_LIMIT
from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019, Line
from declarations.models import Declaration, DraftLine, person_index
from declarations.refusals import (
    DraftExists,
    MonthIsClosed,
    MonthIsNotDeclarable,
    NotADraft,
    TooManyLines,
)
from declarations.selectors import (
    DraftCheck,
    check_draft,
    detail_lines_of,
    draft_beside,
    is_declarable,
    latest_declarable_month,
    read_line,
)
from declarations.services.months import lock_month
from declarations.taxlaw.codes import DOCUMENT_TYPES
from declarations.taxlaw.tax_month import EARLIEST, format_tax_month
from portal.models import WithholdingAgent

# More than a page edits; the window and the interface take up to 100,000.
MAX_DRAFT_LINES = 20_000
HEADER_FIELDS = (
    "coverage",
    "declarant",
    "phone",
    "address",
    "postcode",
    "own_headcount",
    "other_headcount",
    "total_income",
)
_BATCH = 2_000
_COPY = "copy into a draft"


@transaction.atomic
def create_draft(
    agent: WithholdingAgent,
    tax_month: date,
    kind: str,
    *,
    coverage: str = Declaration.Coverage.FULL,
    source: Declaration | None = None,
) -> Declaration:
    """Begin a declaration of a month and kind; with a `source` its head and lines are copied.

    A correction starts with a copy of the declaration in force. MonthIsNotDeclarable,
    MonthIsClosed, DraftExists, TooManyLines.
    """
    if not is_declarable(tax_month):
        raise MonthIsNotDeclarable(
            format_tax_month(EARLIEST), format_tax_month(latest_declarable_month())
        )
    month = lock_month(agent, tax_month)
    if month.closed_at is not None:
        raise MonthIsClosed(month)
    draft = Declaration(agent_month=month, kind=kind, coverage=coverage)
    existing = draft_beside(draft)
    if existing is not None:
        raise DraftExists(existing)
    if source is None:
        # 声明人:填写扣缴义务人名称 (the manual, 填表说明 H).
        draft.declarant = agent.name[:200]
        draft.phone = agent.contact_telephone or agent.telephone
        draft.address = agent.address[:200]
        draft.postcode = agent.postcode[:20]
        draft.save()
        return draft
    if source.line_count > MAX_DRAFT_LINES:
        raise TooManyLines(MAX_DRAFT_LINES)
    for field in HEADER_FIELDS:
        setattr(draft, field, getattr(source, field))
    draft.save()
    rows = detail_lines_of(source).iterator(chunk_size=_BATCH)
    _append(draft, ((None, texts_of(read_line(row, _COPY))) for row in rows), after=0)
    return draft


@transaction.atomic
def edit_header(draft: Declaration, fields: Mapping[str, Any]) -> Declaration:
    """Write some of a draft's head (HEADER_FIELDS). NotADraft."""
    draft = lock_draft(draft)
    for name, value in fields.items():
        if name not in HEADER_FIELDS:
            raise ValueError(f"{name} is no field of a draft's head.")
        setattr(draft, name, value)
    draft.fault_count = None
    draft.save(update_fields=[*fields, "fault_count"])
    return draft


@transaction.atomic
def add_line(draft: Declaration, cells: Mapping[str, Any]) -> DraftLine:
    """Add a line at the end of a draft, as typed. NotADraft, TooManyLines."""
    draft = lock_draft(draft)
    last = _last_position(draft)
    _append(draft, [(None, cells)], after=last)
    touch(draft)
    return DraftLine.objects.get(declaration=draft, position=last + 1)


@transaction.atomic
def edit_line(line: DraftLine, cells: Mapping[str, Any]) -> DraftLine:
    """Write what was typed over a line of a draft. NotADraft."""
    draft = lock_draft(line.declaration)
    line.cells = sealable(cells)
    line.document_index = person_in(cells)
    line.save(update_fields=["cells", "document_index"])
    touch(draft)
    return line


@transaction.atomic
def delete_line(line: DraftLine) -> None:
    """Take a line out of a draft; the lines after it move up. NotADraft."""
    draft = lock_draft(line.declaration)
    # Another window may have moved it.
    current = DraftLine.objects.filter(pk=line.pk).first()
    if current is None:
        return
    current.delete()
    DraftLine.objects.filter(declaration=draft, position__gt=current.position).update(
        position=F("position") - 1
    )
    touch(draft)


@transaction.atomic
def put_lines(
    draft: Declaration, rows: Sequence[tuple[int | None, Mapping[str, Any]]], *, replace: bool
) -> int:
    """Put many lines into a draft, after its own or in their place; return how many it has.

    Each with the row of the workbook that it came from, or none. NotADraft, TooManyLines.
    """
    draft = lock_draft(draft)
    if replace:
        DraftLine.objects.filter(declaration=draft).delete()
    last = _last_position(draft)
    _append(draft, rows, after=last)
    touch(draft)
    return last + len(rows)


@transaction.atomic
def check(draft: Declaration) -> DraftCheck:
    """Check a draft (检查格式) and remember how much is wrong with it. NotADraft."""
    locked = lock_draft(draft)
    locked.agent_month = draft.agent_month
    outcome = check_draft(locked)
    locked.fault_count = len(outcome.faults)
    locked.save(update_fields=["fault_count"])
    return outcome


@transaction.atomic
def delete_draft(draft: Declaration) -> None:
    """Delete a draft and its lines; what was filed stays as it is. NotADraft."""
    lock_draft(draft).delete()


def texts_of(line: Line) -> dict[str, Any]:
    """Return a line as the texts that a clerk would type for it; what is zero or absent is blank.

    The two amounts that must be given stand even when zero.
    """
    texts: dict[str, Any] = {
        "name": line.name,
        "document_type": line.document_type,
        "document_number": line.document_number,
        "country": line.country,
        "occupation": line.occupation,
        "employed_here": _yes_no(line.employed_here),
        "income_item": line.income_item,
        "income": f"{line.income:.2f}",
        "tax_withheld": f"{line.tax_withheld:.2f}",
    }
    if line.resident is not None:
        texts["resident"] = _yes_no(line.resident)
    for column in (*AMOUNTS, *AMOUNTS_FROM_2019):
        amount: Decimal | None = getattr(line, column)
        if amount:
            texts[column] = f"{amount:.2f}"
    if line.remark:
        texts["remark"] = line.remark
    if line.facts:
        texts["facts"] = dict(line.facts)
    return texts


def _yes_no(value: bool) -> str:
    return "是" if value else "否"


def lock_draft(draft: Declaration) -> Declaration:
    """Return a draft, locked until the transaction ends: nobody else edits or files it meanwhile.

    Who needs the month as well locks it before.
    """
    locked = Declaration.objects.select_for_update().filter(pk=draft.pk).first()
    if locked is None or locked.status != Declaration.Status.DRAFT:
        raise NotADraft(draft)
    return locked


def touch(draft: Declaration) -> None:
    """Note that a draft was changed since it was last checked; it makes another revision, too."""
    draft.fault_count = None
    draft.save(update_fields=["fault_count"])


def _last_position(draft: Declaration) -> int:
    lines = DraftLine.objects.filter(declaration=draft)
    return lines.aggregate(last=Max("position"))["last"] or 0


def _append(
    draft: Declaration, rows: Iterable[tuple[int | None, Mapping[str, Any]]], *, after: int
) -> None:
    lines = [
        DraftLine(
            declaration=draft,
            position=position,
            source_row=source_row,
            cells=sealable(cells),
            document_index=person_in(cells),
        )
        for position, (source_row, cells) in enumerate(rows, after + 1)
    ]
    if after + len(lines) > MAX_DRAFT_LINES:
        raise TooManyLines(MAX_DRAFT_LINES)
    DraftLine.objects.bulk_create(lines, batch_size=_BATCH)


def person_in(cells: Mapping[str, Any]) -> bytes | None:
    """Return the blind index of the person that the cells name, or none if they cannot be read."""
    try:
        document_type = LENIENT.code(cells.get("document_type"), DOCUMENT_TYPES)
        number = LENIENT.document_number(cells.get("document_number"), limit=DOCUMENT_NUMBER_LIMIT)
    except Wrong:
        return None
    return person_index(document_type, number) if number else None


def sealable(cells: Mapping[str, Any]) -> str:
    """Return cells as the text that DraftLine.cells keeps."""
    return json.dumps(dict(cells), ensure_ascii=False)
