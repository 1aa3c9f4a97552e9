"""One pass over a file: rows in batches, then the verdict (section 4 of the agreement)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reconciliation.feed.lines import LINE_LIMIT, TOO_LONG, LineReader, Stream
from reconciliation.feed.naming import FeedKind, FeedName, Marker
from reconciliation.feed.payments import (
    NotOurs,
    PaymentRow,
    parse_good_payment,
    parse_payment,
)
from reconciliation.feed.refusals import FileRefusal, Reason, RefusalCode, Refused
from reconciliation.feed.registrations import RegistrationRow, parse_registration
from reconciliation.feed.rows import QuarantinedLine, Tally

_HEADER = re.compile(r"H\|(SWDJ|JKRK)\|1\.0\|([0-9]{8})\|([0-9]{3})\|([1-9][0-9]{0,2})")
_TRAILER = {
    FeedKind.PAYMENTS: re.compile(r"T\|([0-9]+)\|([0-9]{1,18}\.[0-9]{2})"),
    FeedKind.REGISTRATIONS: re.compile(r"T\|([0-9]+)\|()"),
}


@dataclass
class Batch:
    """Some rows of a file, in its order. Only rows of the file's kind are in it."""

    payments: list[PaymentRow] = field(default_factory=list)
    registrations: list[RegistrationRow] = field(default_factory=list)
    quarantined: list[QuarantinedLine] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True)
class Summary:
    """A file in order. `tally` says what became of its rows and fen; `count` is its COUNT."""

    rows: int
    total_fen: int
    count: int
    tally: Tally
    sha256: str
    size: int


class FeedReader:
    """Reads one file once. Take every batch; then `refusal` or `summary` is the verdict.

    `expected_count` is the COUNT of the day and kind, where it is known. A batch is no promise:
    only the summary says that the file may be loaded.
    """

    def __init__(
        self,
        name: FeedName,
        marker: Marker,
        stream: Stream,
        expected_count: int | None = None,
    ) -> None:
        self._name = name
        self._marker = marker
        self._expected_count = expected_count
        self._lines = LineReader(stream)
        self._faults: dict[RefusalCode, FileRefusal] = {}
        self._tally = Tally()
        self._unreadable_amounts = 0
        self._count = 0
        self._started = False
        self._finished = False

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the whole file, in lower-case hex."""
        self._require_the_end()
        return self._lines.sha256

    @property
    def size(self) -> int:
        """Return the size of the whole file in bytes."""
        self._require_the_end()
        return self._lines.size

    @property
    def refusal(self) -> FileRefusal | None:
        """Return why the file is refused: of all that is wrong, what stands first in the table."""
        self._require_the_end()
        return next((self._faults[code] for code in RefusalCode if code in self._faults), None)

    @property
    def summary(self) -> Summary | None:
        """Return what the file holds, or None if it is refused."""
        if self.refusal:
            return None
        return Summary(
            rows=self._tally.rows,
            total_fen=self._tally.fen,
            count=self._count,
            tally=self._tally,
            sha256=self.sha256,
            size=self.size,
        )

    def batches(self) -> Iterator[Batch]:
        """Yield the rows, a bounded number at a time, and read to the end whatever comes.

        After the first fault there are no more batches, but a later fault may still outrank it.
        """
        if self._started:
            raise RuntimeError("A file is read once.")
        self._started = True
        next_line = 1
        held: list[str] = []
        for lines in self._lines.blocks():
            if next_line == 1:
                self._read_header(lines.pop(0))
                next_line = 2
            # Which line is the last shows only when no other follows.
            held += lines
            if len(held) < 2:
                continue
            lines, held = held[:-1], held[-1:]
            batch = self._read_rows(next_line, lines)
            next_line += len(lines)
            self._tally.include(batch.tally)
            if not self._faults:
                yield batch
        self._conclude(next_line, held)
        self._finished = True

    def _require_the_end(self) -> None:
        if not self._finished:
            raise RuntimeError("The verdict is known only when every batch has been taken.")

    def _refuse(
        self,
        code: RefusalCode,
        reason: Reason,
        line: int | None,
        **parameters: str | int,
    ) -> None:
        self._faults.setdefault(code, FileRefusal(code, reason, line, parameters))

    def _read_header(self, text: str) -> None:
        found = _HEADER.fullmatch(text)
        if not found:
            self._refuse(RefusalCode.HEADER, Reason.HEADER_UNREADABLE, 1)
            return
        kind, day, number, count = found.groups()
        self._count = int(count)
        name, expected = self._name, self._expected_count
        if (kind, day, int(number)) != (name.kind, name.day, name.number):
            self._refuse(RefusalCode.HEADER, Reason.HEADER_OF_ANOTHER_FILE, 1)
        elif name.number > self._count:
            self._refuse(
                RefusalCode.HEADER,
                Reason.NUMBER_ABOVE_COUNT,
                1,
                number=name.number,
                count=self._count,
            )
        elif expected is not None and expected != self._count:
            self._refuse(
                RefusalCode.HEADER,
                Reason.COUNT_DIFFERS,
                1,
                stated=self._count,
                expected=expected,
            )

    def _read_rows(self, first_line: int, lines: list[str]) -> Batch:
        batch = Batch()
        if RefusalCode.HEADER in self._faults or RefusalCode.ROWS in self._faults:
            # What rows can still show, AMOUNT and TOTAL, stands further down in the table.
            return batch
        if self._name.kind is FeedKind.PAYMENTS:
            self._read_payments(first_line, lines, batch)
        else:
            self._read_registrations(first_line, lines, batch)
        for row in batch.quarantined:
            batch.tally.quarantine(row.code, 1, row.fen)
        return batch

    def _read_payments(self, first_line: int, lines: list[str], batch: Batch) -> None:
        good = batch.payments
        total = 0
        for line, text in enumerate(lines, first_line):
            quick = parse_good_payment(line, text)
            if quick:
                good.append(quick[0])
                total += quick[1]
                continue
            if not self._is_row(line, text):
                continue
            try:
                row = parse_payment(line, text)
            except Refused as refused:
                self._faults.setdefault(refused.refusal.code, refused.refusal)
                self._unreadable_amounts += 1
                continue
            if isinstance(row, NotOurs):
                batch.tally.not_ours.add(1, row.fen)
            elif isinstance(row, QuarantinedLine):
                batch.quarantined.append(row)
            else:
                good.append(row)
                total += int(row.amount.replace(".", ""))
        batch.tally.good.add(len(good), total)

    def _read_registrations(self, first_line: int, lines: list[str], batch: Batch) -> None:
        for line, text in enumerate(lines, first_line):
            if not self._is_row(line, text):
                continue
            row = parse_registration(line, text)
            if isinstance(row, QuarantinedLine):
                batch.quarantined.append(row)
            else:
                batch.registrations.append(row)
        batch.tally.good.add(len(batch.registrations), 0)

    def _is_row(self, line: int, text: str) -> bool:
        if text.startswith("D|"):
            return True
        if text == TOO_LONG:
            self._refuse(RefusalCode.ROWS, Reason.LINE_TOO_LONG, line, limit=LINE_LIMIT)
        else:
            self._refuse(RefusalCode.ROWS, Reason.LINE_UNREADABLE, line)
        return False

    def _conclude(self, line: int, last: list[str]) -> None:
        """Check the whole against marker and trailer; `line` is the last line's number."""
        size, sha256 = self._lines.size, self._lines.sha256
        if size != self._marker.size:
            self._refuse(
                RefusalCode.MARKER,
                Reason.SIZE_DIFFERS,
                None,
                stated=self._marker.size,
                found=size,
            )
        elif sha256 != self._marker.sha256:
            self._refuse(
                RefusalCode.MARKER,
                Reason.DIGEST_DIFFERS,
                None,
                stated=self._marker.sha256,
                found=sha256,
            )
        if self._lines.fault:
            self._faults.setdefault(RefusalCode.ENCODING, self._lines.fault)
        elif line == 1:
            self._refuse(RefusalCode.HEADER, Reason.FILE_EMPTY, None)
        elif not last or not last[0].startswith("T|"):
            self._refuse(RefusalCode.TRAILER, Reason.TRAILER_MISSING, line if last else 1)
        else:
            self._read_trailer(line, last[0])

    def _read_trailer(self, line: int, text: str) -> None:
        found = _TRAILER[self._name.kind].fullmatch(text)
        if not found:
            self._refuse(RefusalCode.TRAILER, Reason.TRAILER_UNREADABLE, line)
            return
        # Compared as text: a number may have more digits than int() reads.
        stated = found[1].lstrip("0") or "0"
        rows = self._tally.rows + self._unreadable_amounts
        if stated != str(rows):
            self._refuse(
                RefusalCode.ROWS,
                Reason.ROWS_DIFFER,
                line,
                stated=stated[:40],
                found=rows,
            )
        fen = int(found[2].replace(".", "") or 0)
        if fen != self._tally.fen:
            self._refuse(
                RefusalCode.TOTAL,
                Reason.TOTAL_DIFFERS,
                line,
                stated=found[2],
                found=f"{self._tally.fen // 100}.{self._tally.fen % 100:02}",
            )
