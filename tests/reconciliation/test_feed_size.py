"""Files and lines of any size: batches, limits, memory."""

import hashlib
import io
import tracemalloc

import pytest

from reconciliation.feed import (
    LINE_LIMIT,
    FeedReader,
    Marker,
    Reason,
    RefusalCode,
    parse_name,
)
from reconciliation.feed.lines import TOO_LONG, LineReader
from tests.reconciliation.feed_files import (
    HEADER,
    PAYMENTS,
    Trickle,
    fault_of,
    file_of,
    marker_of,
    payment,
    read,
)


def large(rows=6000, **odd):
    """Return a file of several blocks, with odd lines, by line number, in places."""
    lines = [HEADER, *(payment(f"{at}.00") for at in range(1, rows + 1))]
    lines.append(f"T|{rows}|{rows * (rows + 1) // 2}.00")
    for line, text in odd.items():
        lines[int(line[1:]) - 1] = text
    return file_of(*lines)


def test_a_large_file_comes_in_batches_with_its_line_numbers():
    reader, batches = read(large())

    assert len(batches) > 2
    assert max(len(batch.payments) for batch in batches) < 4000
    rows = [row for batch in batches for row in batch.payments]
    assert [(row.line, row.amount) for row in rows] == [
        (at + 1, f"{at}.00") for at in range(1, 6001)
    ]
    assert reader.summary.tally.fen == sum(batch.tally.fen for batch in batches)


def test_no_batch_comes_after_the_first_fault_but_reading_goes_on():
    content = large(_2500=payment("x"), _6002="T|6000|")

    reader, batches = read(content)

    assert max(row.line for batch in batches for row in batch.payments) < 2500
    assert reader.refusal.code == RefusalCode.TRAILER
    assert reader.sha256 == hashlib.sha256(content).hexdigest()


def test_bytes_late_in_the_file_name_their_line():
    content = large(_5000=payment(bank="#")).replace(b"#", b"\xff")

    assert fault_of(content) == (RefusalCode.ENCODING, Reason.NOT_GB18030, 5000)


def test_the_verdict_waits_for_the_end_and_a_file_is_read_once():
    content = large()
    reader = FeedReader(parse_name(PAYMENTS), marker_of(content), io.BytesIO(content))
    batches = reader.batches()
    next(batches)

    for ask in ("refusal", "summary", "sha256", "size"):
        with pytest.raises(RuntimeError):
            getattr(reader, ask)
    assert list(batches)
    assert reader.summary
    with pytest.raises(RuntimeError):
        next(reader.batches())


@pytest.mark.parametrize("excess", [0, 1])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_row_may_be_as_long_as_the_limit_and_no_longer(excess, end):
    room = LINE_LIMIT - len(payment(bank="").encode()) - len(end) + 1
    row = payment(bank="x" * (room + excess))
    content = file_of(HEADER, row, payment(), "T|2|20.00", end=end)

    too_long = (RefusalCode.ROWS, Reason.LINE_TOO_LONG, 2)

    assert fault_of(content) == (too_long if excess else None)


MEBIBYTES = 64


class Endless:
    """Some bytes, a great many more of one kind, and some bytes; never in memory at once."""

    def __init__(self, before, filling, after, *, mebibytes):
        filled = filling * ((1 << 20) // len(filling))
        self._parts = [part for part in (before, *[filled] * mebibytes, after) if part]

    def read(self, size=-1):
        if not self._parts:
            return b""
        part = self._parts.pop(0)
        if len(part) > size:
            self._parts.insert(0, part[size:])
        return part[:size]


def fault_and_peak(*parts, mebibytes):
    digest = hashlib.sha256()
    size = 0
    stream = Endless(*parts, mebibytes=mebibytes)
    while chunk := stream.read(1 << 20):
        digest.update(chunk)
        size += len(chunk)
    marker = Marker(digest.hexdigest(), size)
    reader = FeedReader(parse_name(PAYMENTS), marker, Endless(*parts, mebibytes=mebibytes))
    tracemalloc.start()
    try:
        for _ in reader.batches():
            pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    refusal = reader.refusal
    return refusal and (refusal.code, refusal.reason, refusal.line), peak


ROW = payment("0.00").encode("gb18030") + b"\n"
START = HEADER.encode() + b"\n"


@pytest.mark.parametrize(
    ("before", "filling", "after", "fault"),
    [
        (b"", b"x", b"", (RefusalCode.HEADER, Reason.HEADER_UNREADABLE, 1)),
        (b"", b"x", b"\nT|0|0.00\n", (RefusalCode.HEADER, Reason.HEADER_UNREADABLE, 1)),
        (
            START + b"D|",
            b"x",
            b"\nT|1|0.00\n",
            (RefusalCode.ROWS, Reason.LINE_TOO_LONG, 2),
        ),
        (
            START + ROW + b"D|",
            b"x",
            b"",
            (RefusalCode.TRAILER, Reason.TRAILER_MISSING, 3),
        ),
        (
            START + ROW + b"T|",
            b"1",
            b"",
            (RefusalCode.TRAILER, Reason.TRAILER_MISSING, 3),
        ),
        (
            START,
            b"\xb9\xa4",
            b"\nT|0|0.00",
            (RefusalCode.ROWS, Reason.LINE_TOO_LONG, 2),
        ),
        (
            START + b"x",
            b"\xb9\xa4",
            b"\nT|0|0.00",
            (RefusalCode.ROWS, Reason.LINE_TOO_LONG, 2),
        ),
        (START, b"\xb9\xa4", b"\xb9", (RefusalCode.ENCODING, Reason.NOT_GB18030, 2)),
        (START, b"\xb9\xa4", b"\xb9\nT", (RefusalCode.ENCODING, Reason.NOT_GB18030, 2)),
        (START, b"x", b"\0", (RefusalCode.ENCODING, Reason.NUL, 2)),
        (
            START,
            b"x",
            b"\nT|0|0.00\n\xff",
            (RefusalCode.ENCODING, Reason.NOT_GB18030, 4),
        ),
        (b"\xff", b"\n", b"", (RefusalCode.ENCODING, Reason.NOT_GB18030, 1)),
    ],
)
def test_an_endless_line_costs_no_memory(before, filling, after, fault):
    found, peak = fault_and_peak(before, filling, after, mebibytes=64)

    assert found == fault
    assert peak < 8 << 20


def test_many_rows_cost_no_memory():
    rows = (1 << 20) // len(ROW) * 6
    trailer = f"T|{rows}|0.00".encode()

    found, peak = fault_and_peak(START, ROW, trailer, mebibytes=6)

    assert found is None
    assert peak < 8 << 20


@pytest.mark.parametrize("step", [1000, LINE_LIMIT - 1, LINE_LIMIT, LINE_LIMIT + 1, 1 << 30])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\nT", b"\n\xff"])
def test_the_limit_is_the_same_in_whatever_pieces_a_line_comes(step, end):
    def lines_of(length):
        content = b"a\n" + b"x" * (length - end.count(b"\r")) + end
        reader = LineReader(Trickle(content, step), chunk=1 << 30)
        lines = [line for block in reader.blocks() for line in block]
        return [line if len(line) < 9 else "long" for line in lines], reader.fault

    within, within_fault = lines_of(LINE_LIMIT)
    beyond, beyond_fault = lines_of(LINE_LIMIT + 1)

    assert within_fault == beyond_fault
    if not within_fault:
        last = ["T"] if end == b"\nT" else []
        assert within == ["a", "long", *last]
        assert beyond == ["a", TOO_LONG, *last]
    else:
        assert within_fault.line == 3
