"""What all rows have in common: quarantine codes, counts and sums, days and times."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

# The core system's clock is Beijing's, which has had this offset since 1991-09-15.
BEIJING_OFFSET = "+08:00"

# The first day of all whose every hour is one in UTC, too.
SECOND_DAY = "00010102"

_TIME_OF_DAY = re.compile(r"(?:[01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]")


class RowCode(StrEnum):
    """The agreement's codes for a row in quarantine, in its order: the first counts."""

    FIELDS = "FIELDS"
    FORMAT = "FORMAT"
    PERIOD = "PERIOD"
    SPAN = "SPAN"
    AGENT = "AGENT"
    CONFLICT = "CONFLICT"


class QuarantinedLine(NamedTuple):
    """A row that cannot be used, as it came. `fen` is its part of the file's total."""

    line: int
    code: RowCode
    fen: int
    raw: str

    def __repr__(self) -> str:
        # A registration names a person: its text belongs in no log and no traceback.
        return f"QuarantinedLine(line={self.line}, code={self.code})"


@dataclass
class Share:
    """So many rows with so much money, in fen."""

    rows: int = 0
    fen: int = 0

    def add(self, rows: int, fen: int) -> None:
        """Count more rows and their fen."""
        self.rows += rows
        self.fen += fen


@dataclass
class Tally:
    """What became of the rows: every row of a batch or file is in exactly one share."""

    good: Share = field(default_factory=Share)
    not_ours: Share = field(default_factory=Share)
    quarantined: dict[RowCode, Share] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Return the number of rows in all shares."""
        return sum(share.rows for share in self._shares())

    @property
    def fen(self) -> int:
        """Return the fen in all shares."""
        return sum(share.fen for share in self._shares())

    def quarantine(self, code: RowCode, rows: int, fen: int) -> None:
        """Count rows, and their fen, under a quarantine code."""
        self.quarantined.setdefault(code, Share()).add(rows, fen)

    def include(self, other: Tally) -> None:
        """Add another tally's shares to these."""
        self.good.add(other.good.rows, other.good.fen)
        self.not_ours.add(other.not_ours.rows, other.not_ours.fen)
        for code, share in other.quarantined.items():
            self.quarantine(code, share.rows, share.fen)

    def _shares(self) -> list[Share]:
        return [self.good, self.not_ours, *self.quarantined.values()]


def real_day(text: str) -> str | None:
    """Return YYYYMMDD as YYYY-MM-DD, or None if it is no day of the calendar."""
    # Only short texts may become keys of the cache below.
    return iso_day(text) if len(text) == 8 else None


@lru_cache(maxsize=20_000)
def iso_day(text: str) -> str | None:
    """Return YYYYMMDD as YYYY-MM-DD, or None; the caller vouches for the 8 characters."""
    if not (text.isascii() and text.isdecimal()):
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:])).isoformat()
    except ValueError:
        return None


def real_moment(text: str) -> str | None:
    """Return YYYYMMDDHHMMSS, Beijing time, as an ISO timestamp with its offset, or None.

    None for the first day of the year 1, too: in UTC it began before there was a calendar.
    """
    day = real_day(text[:8])
    if not day or text < SECOND_DAY or not _TIME_OF_DAY.fullmatch(text, 8):
        return None
    return f"{day} {text[8:10]}:{text[10:12]}:{text[12:14]}{BEIJING_OFFSET}"
