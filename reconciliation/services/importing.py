"""The import of the core system's files (core-feed.md): whole, or not at all, and each once."""

from __future__ import annotations

import logging
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone

from declarations.models import PaymentWatermark
from portal.attempts import given_back_if_cut_off
from portal.claims import Work, claim, wait_for
from portal.hints import hint
from portal.models import AuditEntry
from reconciliation import inbox, selectors
from reconciliation.feed import (
    FeedKind,
    FeedName,
    FeedReader,
    FileRefusal,
    QuarantinedLine,
    Reason,
    RefusalCode,
    Refused,
    RowCode,
    parse_marker,
    parse_name,
)
from reconciliation.models import FeedDay, FeedFile, QuarantinedRow
from reconciliation.services import quarantine, registrations
from reconciliation.services.payments import Staging

logger = logging.getLogger(__name__)

MOST_ATTEMPTS = 3


@dataclass
class ImportReport:
    """What one run of the import did; `as_json` is what the command prints (design.md)."""

    imported: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    repeated: list[str] = field(default_factory=list)
    files: set[int] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)
    """imported, unchanged, stale, not_ours, and the codes of the quarantine, each a row once."""

    def as_json(self) -> dict[str, object]:
        watermark = selectors.watermark()
        return {
            "imported": self.imported,
            "refused": self.refused,
            "repeated": self.repeated,
            "rows": {
                **{
                    outcome: self.outcomes[outcome]
                    for outcome in ("imported", "unchanged", "stale", "not_ours")
                },
                "quarantined": {
                    code: self.outcomes[code]
                    for code in QuarantinedRow.Code.values
                    if self.outcomes[code]
                },
            },
            "watermark": watermark.isoformat() if watermark else None,
            "gaps": [day.isoformat() for day in selectors.gaps()],
        }


def import_feed(folder: Path) -> ImportReport:
    """Import every complete file of a folder, oldest first, then try the quarantine again.

    Waits for an import that is under way. Running it again changes nothing.
    """
    with wait_for(Work.IMPORT):
        return _import_feed(folder)


def import_feed_unless_busy(folder: Path) -> ImportReport | None:
    """Do the same for a worker: return none, and count nothing, while another is importing."""
    with claim(Work.IMPORT, [0]) as claimed:
        return _import_feed(folder) if claimed else None


def _import_feed(folder: Path) -> ImportReport:
    report = ImportReport()
    _finish_moves(folder)
    names = sorted(inbox.complete_files(folder), key=_order)
    first_day = min(
        (
            parsed.business_date
            for name in names
            if (parsed := _parsed(name)) and parsed.kind is FeedKind.PAYMENTS
        ),
        default=None,
    )
    for name in names:
        _import_one(folder, name, first_day, report)
    quarantine.release(report.files, report.outcomes)
    if report.files:
        hint("reconciliation.sweep")
    return report


def _parsed(name: str) -> FeedName | None:
    try:
        return parse_name(name)
    except Refused:
        return None


def _order(name: str) -> tuple[object, ...]:
    """Sort by business date, registrations before payments, number; unreadable names first."""
    parsed = _parsed(name)
    return (True, *parsed.import_order) if parsed else (False, name)


def _import_one(folder: Path, name: str, first_day: date | None, report: ImportReport) -> None:
    file = _begin_attempt(name)
    if file is None:
        return
    attempt = FeedFile.objects.filter(pk=file.pk)
    try:
        with (
            inbox.open_delivery(folder, name) as delivery,
            given_back_if_cut_off(attempt),
        ):
            outcomes = _load(file, delivery, first_day)
    except FileNotFoundError:
        # Taken away or replaced since the folder was read: nothing of it was done.
        attempt.filter(state=FeedFile.State.RECEIVED).delete()
        return
    except Refused as refusal:
        _refuse(folder, file, refusal)
        report.refused[name] = refusal.refusal.code
    else:
        report.files.add(file.pk)
        report.outcomes.update(outcomes)
        if file.state == FeedFile.State.REPEATED:
            report.repeated.append(name)
        else:
            report.imported.append(name)
    _move(folder, file)


def _begin_attempt(name: str) -> FeedFile | None:
    """Count an attempt, committed before the work: a file that kills its worker is stopped."""
    file, _ = FeedFile.objects.get_or_create(
        name=name, state__in=[FeedFile.State.RECEIVED, FeedFile.State.STOPPED]
    )
    if file.state == FeedFile.State.STOPPED:
        return None
    if file.attempts >= MOST_ATTEMPTS:
        file.state = FeedFile.State.STOPPED
        file.save(update_fields=["state"])
        logger.error("%s was stopped after %d attempts.", name, file.attempts)
        return None
    file.attempts += 1  # the claim is ours: nobody else counts
    file.save(update_fields=["attempts"])
    return file


@transaction.atomic
def _load(file: FeedFile, delivery: inbox.Delivery, first_day: date | None) -> Counter[str]:
    """Load a file whole, in one transaction; return how many of its rows became what.

    Refused comes out, and with it nothing of the file is loaded. A repeat has no rows.
    """
    name = parse_name(file.name)
    file.kind, file.business_date, file.number = name.kind, name.business_date, name.number
    earlier = FeedFile.objects.filter(name=file.name, state=FeedFile.State.IMPORTED).first()
    day = FeedDay.objects.filter(kind=name.kind, business_date=name.business_date).first()
    reader = FeedReader(
        name,
        parse_marker(delivery.marker),
        delivery.stream,
        expected_count=day.count if day else None,
    )
    if earlier:
        _compare_with_earlier(file, reader, earlier)
        file.state = FeedFile.State.REPEATED
        outcomes: Counter[str] = Counter()
    else:
        take = _take_payments if name.kind is FeedKind.PAYMENTS else _take_registrations
        outcomes = take(file, reader)
        summary = reader.summary
        assert summary is not None  # noqa: S101  a refusal has left already
        file.state = FeedFile.State.IMPORTED
        file.rows, file.total = summary.rows, _yuan(summary.total_fen)
        outcomes["not_ours"] = summary.tally.not_ours.rows
        for outcome in ("imported", "unchanged", "stale", "not_ours"):
            setattr(file, f"rows_{outcome}", outcomes[outcome])
        file.rows_quarantined = sum(outcomes[code] for code in QuarantinedRow.Code.values)
        FeedDay.objects.get_or_create(
            kind=name.kind, business_date=name.business_date, defaults={"count": summary.count}
        )
    file.finished_at = timezone.now()
    file.save()
    if file.state == FeedFile.State.IMPORTED and name.kind is FeedKind.PAYMENTS:
        _advance_watermark(first_day or name.business_date)
    _audit(file)
    return outcomes


def _compare_with_earlier(file: FeedFile, reader: FeedReader, earlier: FeedFile) -> None:
    """Read a file whose name was imported before; Refused unless it has the same content."""
    for _batch in reader.batches():
        pass
    refusal = reader.refusal
    same = reader.sha256 == earlier.sha256
    file.sha256, file.size = reader.sha256, reader.size
    if refusal and (refusal.code == RefusalCode.MARKER or not same):
        raise Refused(refusal)
    if not same:
        raise Refused(FileRefusal(RefusalCode.CHANGED, Reason.CONTENT_CHANGED))


def _take_payments(file: FeedFile, reader: FeedReader) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    with connection.cursor() as cursor, Staging(cursor, file.pk) as staging:
        for batch in reader.batches():
            staging.add(batch.payments)
            quarantine.keep(file, batch.quarantined)
            outcomes.update(row.code.value for row in batch.quarantined)
        _raise_refusal(file, reader)
        outcomes.update(staging.merge())
        quarantine.keep(file, staging.left_over())
    return outcomes


def _take_registrations(file: FeedFile, reader: FeedReader) -> Counter[str]:
    outcomes: Counter[str] = Counter()
    for batch in reader.batches():
        quarantine.keep(file, batch.quarantined)
        outcomes.update(row.code.value for row in batch.quarantined)
        became = registrations.merge([(file, row) for row in batch.registrations])
        quarantine.keep(
            file,
            (
                QuarantinedLine(row.line, RowCode.CONFLICT, 0, row.raw)
                for row, outcome in zip(batch.registrations, became, strict=True)
                if outcome == RowCode.CONFLICT
            ),
        )
        outcomes.update(became)
    _raise_refusal(file, reader)
    return outcomes


def _raise_refusal(file: FeedFile, reader: FeedReader) -> None:
    file.sha256, file.size = reader.sha256, reader.size
    if reader.refusal:
        raise Refused(reader.refusal)


def _yuan(fen: int) -> Decimal:
    return Decimal(fen).scaleb(-2)


def _advance_watermark(first_day: date) -> None:
    """Move *payment data are complete to D* on; the first day is the first run's, and stays."""
    watermark, _ = PaymentWatermark.objects.get_or_create(
        pk=PaymentWatermark.ONLY, defaults={"first_day": first_day}
    )
    watermark.complete_to = selectors.complete_to(watermark)
    watermark.save()


def _refuse(folder: Path, file: FeedFile, refused: Refused) -> None:
    refusal = refused.refusal
    # Refused by its name or marker it was not read: a move that breaks off knows it by its digest.
    file.sha256 = file.sha256 or inbox.digest_of(folder, file.name) or ""
    with suppress(Refused):
        name = parse_name(file.name)
        file.kind, file.business_date, file.number = name.kind, name.business_date, name.number
    file.state = FeedFile.State.REFUSED
    file.refusal_code, file.refusal_line = refusal.code, refusal.line
    file.refusal_reason, file.refusal_parameters = refusal.reason, dict(refusal.parameters)
    file.finished_at = timezone.now()
    with transaction.atomic():
        file.save()
        _audit(file)
    logger.error("%s was refused: %s.", file.name, refusal.code)


def _audit(file: FeedFile) -> None:
    AuditEntry.objects.create(
        action=AuditEntry.Action.IMPORT,
        outcome=file.state,
        detail={"file": file.name, "code": file.refusal_code, "rows": file.rows},
    )


def _move(folder: Path, file: FeedFile) -> None:
    """Put a finished file away. The commit came first: until it is moved, this is repeated."""
    refused = file.state == FeedFile.State.REFUSED
    inbox.move_away(folder, file.name, inbox.REJECTED if refused else inbox.DONE)
    FeedFile.objects.filter(pk=file.pk).update(moved_at=timezone.now())


def _finish_moves(folder: Path) -> None:
    """Put away what an earlier run had finished when it was cut off."""
    finished = FeedFile.objects.filter(moved_at=None, finished_at__isnull=False)
    for file in finished:
        # A file of this name with other content is a new delivery: it stays.
        if inbox.digest_of(folder, file.name) == file.sha256:
            _move(folder, file)
        else:
            FeedFile.objects.filter(pk=file.pk).update(moved_at=timezone.now())


def try_again(file: FeedFile) -> None:
    """Let a stopped file be imported by the next run, its count of attempts at zero."""
    FeedFile.objects.filter(pk=file.pk, state=FeedFile.State.STOPPED).update(
        state=FeedFile.State.RECEIVED, attempts=0
    )
    hint("reconciliation.look_into_inbox")


@transaction.atomic
def set_day_count(kind: str, business_date: date, count: int) -> None:
    """Say how many files a business date has, where the core system's COUNT was wrong."""
    FeedDay.objects.update_or_create(
        kind=kind, business_date=business_date, defaults={"count": count}
    )
    watermark = PaymentWatermark.objects.first()
    if watermark:
        _advance_watermark(watermark.first_day)
