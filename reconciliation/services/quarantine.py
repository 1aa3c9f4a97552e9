"""Rows that could not be loaded: kept as they came, tried again, released or put aside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from portal.models import AuditEntry, User
from portal.services.audit import record
from reconciliation.feed import (
    PaymentRow,
    QuarantinedLine,
    RegistrationRow,
    RowCode,
    parse_payment,
    parse_registration,
)
from reconciliation.models import FeedFile, FeedKind, QuarantinedRow
from reconciliation.services import registrations
from reconciliation.services.payments import Staging
from reconciliation.statements import statement

BATCH = 1000
REASON = "release from quarantine"
PAYMENT_FIELDS = 17
COMPUTER_CODE = re.compile(r"[0-9A-Z]{8}")
LEFT = set(QuarantinedRow.LeftAs.values)


def keep(file: FeedFile, lines: Iterable[QuarantinedLine]) -> None:
    """Keep rows of a file in quarantine, each for itself, as they came."""
    remaining = iter(lines)
    while batch := list(islice(remaining, BATCH)):
        QuarantinedRow.objects.bulk_create(_row(file, line) for line in batch)


def _row(file: FeedFile, line: QuarantinedLine) -> QuarantinedRow:
    row = QuarantinedRow(
        feed_file=file,
        line_number=line.line,
        kind=file.kind or "",
        code=line.code,
        raw=line.raw,
        amount=Decimal(line.fen).scaleb(-2) if file.kind == FeedKind.JKRK else None,
    )
    if line.code in (RowCode.AGENT, RowCode.CONFLICT):
        _remember_key(row, line.raw)
    elif file.kind == FeedKind.JKRK:
        row.computer_code = _computer_code(line.raw)
    return row


def _computer_code(raw: str) -> str:
    """Return whom a payment row names, if its fields are in place: the tax office looks it up."""
    fields = raw.split("|")
    if len(fields) == PAYMENT_FIELDS and COMPUTER_CODE.fullmatch(fields[3]):
        return fields[3]
    return ""


def _remember_key(row: QuarantinedRow, raw: str) -> None:
    parse = parse_payment if row.kind == FeedKind.JKRK else parse_registration
    parsed = parse(row.line_number, raw)
    if not isinstance(parsed, PaymentRow | RegistrationRow):
        raise TypeError("AGENT and CONFLICT are for rows that obey every rule of their own")
    row.computer_code = parsed.computer_code
    row.row_updated_at = datetime.fromisoformat(parsed.updated_at)
    if isinstance(parsed, PaymentRow):
        row.voucher_number, row.voucher_line = parsed.voucher_number, parsed.line_number


@transaction.atomic
def release(files: Collection[int], outcomes: Counter[str]) -> None:
    """Try the quarantine again; enter in `outcomes` what became of the rows that left it.

    A row of one of `files`, those of this run, was counted under its code: it changes its place.
    """
    became = _overtaken() + _registrations() + _payments()
    for file_id, code, outcome in became:
        if file_id in files:
            outcomes[code] -= 1
            outcomes[outcome] += 1
        elif outcome in LEFT:
            outcomes[outcome] += 1


def _overtaken() -> list[tuple[int, str, str]]:
    """Let go what a newer record of the same key has overtaken: file, code, outcome of each."""
    with connection.cursor() as cursor:
        cursor.execute(statement("leave_overtaken_rows"), {"now": timezone.now()})
        return list(cursor.fetchall())


def _registrations() -> list[tuple[int, str, str]]:
    rows = list(
        QuarantinedRow.objects.filter(
            left_at=None, kind=FeedKind.SWDJ, code=QuarantinedRow.Code.CONFLICT
        )
        .select_related("feed_file")
        .order_by("feed_file__business_date", "feed_file__number", "line_number")
    )
    parsed = [parse_registration(row.line_number, row.raw.reveal(REASON)) for row in rows]
    became = registrations.merge(
        [
            (row.feed_file, registration)
            for row, registration in zip(rows, parsed, strict=True)
            if isinstance(registration, RegistrationRow)
        ]
    )
    return _leave(rows, became)


def _payments() -> list[tuple[int, str, str]]:
    """Stage the rows whose agent has been registered meanwhile, as if they came now."""
    rows = list(
        QuarantinedRow.objects.filter(left_at=None, kind=FeedKind.JKRK, code="AGENT")
        .extra(
            where=[
                "EXISTS (SELECT FROM portal_withholdingagent AS agent"
                " WHERE agent.computer_code = reconciliation_quarantinedrow.computer_code)"
            ]
        )
        .order_by("feed_file__business_date", "feed_file__number", "line_number")
    )
    if not rows:
        return []
    with connection.cursor() as cursor, Staging(cursor, rows[0].feed_file_id) as staging:
        staging.add_quarantined(
            (row.pk, row.feed_file_id, row.line_number, row.raw.reveal(REASON)[2:]) for row in rows
        )
        staging.merge()
        outcomes = staging.outcomes_of_quarantined()
    return _leave(rows, [outcomes[row.pk] for row in rows])


def _leave(rows: list[QuarantinedRow], became: list[str]) -> list[tuple[int, str, str]]:
    """Write down what became of rows; one that is still in quarantine may have a new code."""
    now = timezone.now()
    changes = []
    for row, outcome in zip(rows, became, strict=True):
        if outcome != row.code:
            changes.append((row.feed_file_id, row.code, outcome))
        if outcome in LEFT:
            row.left_at, row.left_as = now, outcome
        else:
            row.code = outcome
    QuarantinedRow.objects.bulk_update(rows, ["code", "left_at", "left_as"], batch_size=BATCH)
    return changes


@transaction.atomic
def dismiss(row: QuarantinedRow, *, by: User, reason: str) -> None:
    """Put a row aside that will not become a record. It is kept; the reason is audited."""
    QuarantinedRow.objects.filter(pk=row.pk, left_at=None).update(
        left_at=timezone.now(), left_as=QuarantinedRow.LeftAs.DISMISSED
    )
    record(
        AuditEntry.Action.CORRECTION,
        "dismissed",
        user=by,
        file=row.feed_file.name,
        line=row.line_number,
        reason=reason,
    )
