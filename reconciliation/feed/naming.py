"""File names and markers (section 1 of the agreement)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from reconciliation.feed.refusals import FileRefusal, Reason, RefusalCode, Refused
from reconciliation.feed.rows import real_day

_NAME = re.compile(r"(SWDJ|JKRK)_([0-9]{8})_([0-9]{3})\.txt")
_MARKER = re.compile(rb"([0-9a-f]{64}) ([0-9]{1,19})(?:\r?\n)?")


class FeedKind(StrEnum):
    """What a file holds: registrations (税务登记) or payments (缴款入库)."""

    REGISTRATIONS = "SWDJ"
    PAYMENTS = "JKRK"


@dataclass(frozen=True)
class FeedName:
    """A file's name: kind, business date, and number within that date and kind."""

    kind: FeedKind
    business_date: date
    number: int

    def __str__(self) -> str:
        return f"{self.kind}_{self.day}_{self.number:03}.txt"

    @property
    def day(self) -> str:
        """Return the business date as the feed writes it, YYYYMMDD."""
        # Not strftime: it leaves out the leading zeros of early years.
        return self.business_date.isoformat().replace("-", "")

    @property
    def import_order(self) -> tuple[date, bool, int]:
        """Return the key to sort a run's files by: date, SWDJ before JKRK, number."""
        return self.business_date, self.kind is FeedKind.PAYMENTS, self.number


@dataclass(frozen=True)
class Marker:
    """What a marker says of its file: SHA-256 in lower-case hex, size in bytes."""

    sha256: str
    size: int


def parse_name(name: str) -> FeedName:
    """Read a file's name. Raises Refused with NAME."""
    found = _NAME.fullmatch(name)
    day = real_day(found[2]) if found else None
    if not found or not day or found[3] == "000":
        raise Refused(FileRefusal(RefusalCode.NAME, Reason.NAME_UNREADABLE))
    return FeedName(FeedKind(found[1]), date.fromisoformat(day), int(found[3]))


def parse_marker(content: bytes) -> Marker:
    """Read a marker's content. Raises Refused with MARKER."""
    found = _MARKER.fullmatch(content)
    if not found:
        raise Refused(FileRefusal(RefusalCode.MARKER, Reason.MARKER_UNREADABLE))
    return Marker(found[1].decode("ascii"), int(found[2]))
