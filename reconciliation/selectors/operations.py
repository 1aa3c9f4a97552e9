"""What operators look at: files, days, rows in quarantine, months that stopped."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, QuerySet
from django.shortcuts import get_object_or_404

from declarations.models import AgentMonth, PaymentWatermark
from portal.sealing import Sealed
from reconciliation.models import FeedDay, FeedFile, FeedKind, QuarantinedRow
from reconciliation.selectors.feed import gaps, watermark
from reconciliation.selectors.months import stopped_months

MOST_GAPS = 60
"""So many gaps are listed, the oldest first; their number is always shown."""

SHOW_A_ROW = "show a row in quarantine"


@dataclass(frozen=True)
class Gap:
    """A day whose payment files are not complete: those that are there, and how many there are.

    `count` is none while no file of the day has been imported.
    """

    day: date
    count: int | None
    numbers: list[int]


@dataclass(frozen=True)
class FeedState:
    """How far payment data are complete, and what is in the way."""

    first_day: date | None
    complete_to: date | None
    gaps: list[Gap]
    gap_count: int


def feed_state() -> FeedState:
    """Return the watermark and the gaps. Seven queries."""
    first_day = PaymentWatermark.objects.values_list("first_day", flat=True).first()
    days = gaps()
    listed = days[:MOST_GAPS]
    counts = dict(
        FeedDay.objects.filter(kind=FeedKind.JKRK, business_date__in=listed).values_list(
            "business_date", "count"
        )
    )
    numbers: dict[date | None, list[int]] = {}
    for day, number in (
        FeedFile.objects.filter(
            kind=FeedKind.JKRK, state=FeedFile.State.IMPORTED, business_date__in=listed
        )
        .order_by("number")
        .values_list("business_date", "number")
    ):
        numbers.setdefault(day, []).append(number or 0)
    return FeedState(
        first_day=first_day,
        complete_to=watermark(),
        gaps=[Gap(day, counts.get(day), numbers.get(day, [])) for day in listed],
        gap_count=len(days),
    )


def files(state: str = "") -> QuerySet[FeedFile]:
    """Return every delivery, or those in one state, the latest first."""
    found = FeedFile.objects.order_by("-received_at", "-pk")
    return found.filter(state=state) if state else found


def access_file(public_id: UUID) -> FeedFile:
    """Return a delivery; else Http404. Operators see them all."""
    return get_object_or_404(FeedFile, public_id=public_id)


def deliveries_of_that_name(file: FeedFile) -> QuerySet[FeedFile]:
    """Return the other deliveries under a file's name, the latest first."""
    return FeedFile.objects.filter(name=file.name).exclude(pk=file.pk).order_by("-received_at")


def day_count(kind: str, business_date: date) -> int | None:
    """Return how many files a business date has, if that is known."""
    days = FeedDay.objects.filter(kind=kind, business_date=business_date)
    return days.values_list("count", flat=True).first()


def quarantine(code: str = "", file: FeedFile | None = None) -> QuerySet[QuarantinedRow]:
    """Return the rows in quarantine, of one code or file if one is named."""
    rows = (
        QuarantinedRow.objects.filter(left_at=None)
        .select_related("feed_file")
        .prefetch_related("corrections")
    )
    if code:
        rows = rows.filter(code=code)
    if file is not None:
        rows = rows.filter(feed_file=file)
    return rows.order_by("code", "-feed_file__business_date", "feed_file", "line_number")


def quarantine_counts() -> dict[str, int]:
    """Return how many rows are in quarantine by code, each code named."""
    counts = dict(
        QuarantinedRow.objects.filter(left_at=None)
        .values_list("code")
        .annotate(rows=Count("pk"))
        .order_by()
    )
    return {code: counts.get(code, 0) for code in QuarantinedRow.Code.values}


def access_quarantined_row(public_id: UUID) -> QuarantinedRow:
    """Return a row that is or was in quarantine; else Http404. Operators see them all."""
    rows = QuarantinedRow.objects.select_related("feed_file").prefetch_related("corrections__by")
    return get_object_or_404(rows, public_id=public_id)


def months_that_stopped() -> QuerySet[AgentMonth]:
    """Return the months that failed too often, with their agents."""
    return stopped_months().select_related("agent").order_by("agent__computer_code", "tax_month")


def access_stopped_month(public_id: UUID) -> AgentMonth:
    """Return a month that failed too often; else Http404. Operators see no other months."""
    return get_object_or_404(months_that_stopped(), public_id=public_id)


# --- The texts of rows ---

_COMPUTER_CODE = re.compile(r"[0-9A-Z]{8}")
# In a row whose fields are out of place, a number may stand where the name belongs.
_NUMBER = re.compile(r"[0-9０-９Xx]{6}")


def row_as_shown(row: QuarantinedRow) -> str:
    """Return a row's text, by its newest correction, as it may be seen.

    A payment row names no person and is shown whole. A registration holds a person's document
    number: its computer code and its name are shown, where they can be told, and of every other
    field only how long it is.
    """
    return _as_shown(row, row.text)


def texts_as_shown(row: QuarantinedRow) -> list[str]:
    """Return a row's text as it came, and that of each correction, as they may be seen."""
    return [
        _as_shown(row, text)
        for text in [row.raw, *(correction.text for correction in row.corrections.all())]
    ]


def _as_shown(row: QuarantinedRow, sealed: Sealed) -> str:
    text = sealed.reveal(SHOW_A_ROW)
    if row.kind == FeedKind.JKRK:
        return text
    fields = text.split("|")
    shown = []
    for place, value in enumerate(fields):
        is_code = place == 1 and _COMPUTER_CODE.fullmatch(value)
        is_name = place == 4 and len(fields) == 16 and not _NUMBER.search(value)
        if (place == 0 and value == "D") or is_code or is_name or not value:
            shown.append(value)
        else:
            shown.append(f"***({len(value)})")
    return "|".join(shown)
