"""Rows that could not be loaded: kept as they came, tried again, corrected or put aside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.db import connection, transaction
from django.utils import timezone

from portal.models import AuditEntry, User, WithholdingAgent
from portal.services.audit import record
from reconciliation.feed import (
    NotOurs,
    PaymentRow,
    QuarantinedLine,
    Refused,
    RegistrationRow,
    RowCode,
    parse_payment,
    parse_registration,
)
from reconciliation.models import FeedFile, FeedKind, QuarantineCorrection, QuarantinedRow
from reconciliation.refusals import AmountIsUnreadable, RowIsOfAnotherTax, RowIsStillFaulty
from reconciliation.services import registrations
from reconciliation.services.payments import Staging
from reconciliation.statements import statement

BATCH = 1000
REASON = "release from quarantine"
REVEAL = "correct a row in quarantine"
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
        row.amount = Decimal(parsed.amount)


@transaction.atomic
def release(files: Collection[int], outcomes: Counter[str]) -> None:
    """Try the quarantine again, in order of arrival; enter in `outcomes` what became of the rows.

    A row of one of `files`, those of this run, was counted under its code: it changes its place.
    """
    # Overtaken again: what is released may be the newer record of another row's key.
    became = _overtaken() + _registrations() + _payments() + _overtaken()
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
        .prefetch_related("corrections")
        .order_by("pk")
    )
    return _leave(rows, _merge_registrations([(row, row.text.reveal(REASON)) for row in rows]))


def _merge_registrations(rows: list[tuple[QuarantinedRow, str]]) -> list[str]:
    """Merge rows of registration with these texts; return what became of each."""
    parsed = [(row.feed_file, parse_registration(row.line_number, text)) for row, text in rows]
    return registrations.merge(
        [(file, row) for file, row in parsed if isinstance(row, RegistrationRow)]
    )


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
        .prefetch_related("corrections")
        .order_by("pk")
    )
    if not rows:
        return []
    return _leave(rows, _merge_payments([(row, row.text.reveal(REASON)) for row in rows]))


def _merge_payments(rows: list[tuple[QuarantinedRow, str]]) -> list[str]:
    """Stage rows of payment with these texts and merge them; return what became of each."""
    with connection.cursor() as cursor, Staging(cursor, rows[0][0].feed_file_id) as staging:
        staging.add_quarantined(
            (row.pk, row.feed_file_id, row.line_number, text[2:]) for row, text in rows
        )
        staging.merge()
        outcomes = staging.outcomes_of_quarantined()
    return [outcomes[row.pk] for row, _ in rows]


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
def correct(row: QuarantinedRow, text: str, *, by: User, reason: str) -> QuarantineCorrection:
    """Try a row with the text that an operator gave it. The caller has the import's claim.

    What is still AGENT or CONFLICT stays, and later runs try this text. The row as it came is
    kept, and so is every correction. RowIsStillFaulty, RowIsOfAnotherTax, AmountIsUnreadable.
    """
    _refuse_what_is_faulty(row, text)
    was = row.code
    _remember_key(row, text)
    row.save(
        update_fields=[
            "computer_code",
            "voucher_number",
            "voucher_line",
            "row_updated_at",
            "amount",
        ]
    )
    merge = _merge_payments if row.kind == FeedKind.JKRK else _merge_registrations
    _leave([row], merge([(row, text)]))
    _overtaken()
    row.refresh_from_db(fields=["code", "left_at", "left_as"])
    correction = QuarantineCorrection.objects.create(
        row=row, text=text, by=by, reason=reason, outcome=row.left_as or row.code
    )
    record(
        AuditEntry.Action.CORRECTION,
        "corrected",
        user=by,
        agent=WithholdingAgent.objects.filter(computer_code=row.computer_code).first(),
        file=row.feed_file.name,
        line=row.line_number,
        code=was,
        became=correction.outcome,
        reason=reason,
    )
    return correction


def _refuse_what_is_faulty(row: QuarantinedRow, text: str) -> None:
    parse = parse_payment if row.kind == FeedKind.JKRK else parse_registration
    try:
        parsed = parse(row.line_number, text)
    except Refused as refused:
        raise AmountIsUnreadable(str(refused.refusal.parameters["amount"])) from refused
    if isinstance(parsed, NotOurs):
        raise RowIsOfAnotherTax
    if isinstance(parsed, QuarantinedLine):
        raise RowIsStillFaulty(parsed.code)


@transaction.atomic
def reveal(row: QuarantinedRow, *, by: User, reason: str) -> list[str]:
    """Return a row's whole text as it came, and that of each correction.

    Who saw them, and why, is audited.
    """
    record(
        AuditEntry.Action.REVEAL,
        "whole row",
        user=by,
        file=row.feed_file.name,
        line=row.line_number,
        reason=reason,
    )
    corrections = [correction.text for correction in row.corrections.all()]
    return [text.reveal(REVEAL) for text in (row.raw, *corrections)]


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
