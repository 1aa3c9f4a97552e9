"""The core system's files: what comes out of one in order, and of what is almost one."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciliation.feed import Marker, RefusalCode, RowCode, Share
from reconciliation.feed.lines import LineReader
from tests.reconciliation.feed_files import (
    HEADER,
    REGISTRATIONS,
    Trickle,
    file_of,
    marker_of,
    payment,
    read,
    refusal_of,
    registration,
)

# The same examples every time, and no clock.
steady = settings(derandomize=True, deadline=None, database=None)


def test_a_file_of_payments_comes_in_whole():
    not_ours = payment("5.00", tax="10101")
    short = "D|no|amount"
    spans = payment("7.01", period="20060301|20060401")
    lines = [payment("10.00"), not_ours, short, spans, payment("0.99")]
    content = file_of(HEADER, *lines, "T|5|23.00")

    reader, [batch] = read(content, expected_count=1)

    assert [(row.line, row.amount, row.raw) for row in batch.payments] == [
        (2, "10.00", lines[0]),
        (6, "0.99", lines[4]),
    ]
    assert batch.quarantined == [
        (4, RowCode.FIELDS, 0, short),
        (5, RowCode.SPAN, 701, spans),
    ]
    assert batch.registrations == []
    assert reader.refusal is None
    summary = reader.summary
    assert (summary.rows, summary.total_fen, summary.count) == (5, 2300, 1)
    assert summary.tally.good == Share(2, 1099)
    assert summary.tally.not_ours == Share(1, 500)
    assert summary.tally.quarantined == {
        RowCode.FIELDS: Share(1, 0),
        RowCode.SPAN: Share(1, 701),
    }
    assert summary.tally == batch.tally
    assert Marker(summary.sha256, summary.size) == marker_of(content)
    assert (reader.sha256, reader.size) == (summary.sha256, summary.size)


def test_a_file_of_registrations_comes_in_whole():
    content = file_of("H|SWDJ|1.0|20060402|001|2", registration(), registration(""), "D|x", "T|3|")

    reader, [batch] = read(content, REGISTRATIONS, expected_count=2)

    assert [row.line for row in batch.registrations] == [2]
    assert [(row.line, row.code) for row in batch.quarantined] == [
        (3, "FORMAT"),
        (4, "FIELDS"),
    ]
    assert batch.payments == []
    assert (reader.summary.rows, reader.summary.total_fen, reader.summary.count) == (
        3,
        0,
        2,
    )


@pytest.mark.parametrize("trailer", ["T|0|0.00", "T|000|000.00"])
def test_a_day_without_payments(trailer):
    reader, batches = read(file_of(HEADER, trailer))

    assert reader.refusal is None
    assert (reader.summary.rows, reader.summary.total_fen) == (0, 0)
    assert batches == []


@pytest.mark.parametrize(
    "content",
    [
        file_of(HEADER, payment(), "T|1|10.00", end="\r\n"),
        file_of(HEADER, payment(), "T|1|10.00").removesuffix(b"\n"),
        file_of(HEADER, payment(), "T|1|10.00").removesuffix(b"\n") + b"\r",
        file_of(HEADER, payment(), "T|1|10.00") + b"\r",
        file_of(HEADER, payment() + "\r", "T|1|10.00"),
    ],
    ids=[
        "CRLF",
        "no last LF",
        "CR at the very end",
        "CR after the last LF",
        "one CRLF",
    ],
)
def test_ends_of_lines_that_the_agreement_allows(content):
    reader, [batch] = read(content)

    assert reader.refusal is None
    assert [row.raw for row in batch.payments] == [payment()]


@pytest.mark.parametrize("character", "\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
def test_only_lf_ends_a_line(character):
    bank = f"甲{character}乙"

    reader, [batch] = read(file_of(HEADER, payment(bank=bank), "T|1|10.00"))

    assert reader.refusal is None
    assert [row.bank for row in batch.payments] == [bank]


def test_a_bar_within_a_character_separates_no_fields():
    bank = b"\x81\x7c\x84\x7c".decode("gb18030")
    content = file_of(HEADER, payment(bank=bank), "T|1|10.00")
    assert content.count(b"|") == payment().count("|") + HEADER.count("|") + 4

    _, [batch] = read(content)

    assert [row.bank for row in batch.payments] == [bank]


def test_every_character_that_gb18030_has_comes_through():
    everything = "".join(
        chr(code)
        for code in [*range(1, 0xD800), *range(0xE000, 0x110000, 7)]
        if chr(code) not in "\n|"
    )
    pieces = [everything[at : at + 50_000] for at in range(0, len(everything), 50_000)]
    content = file_of(
        HEADER,
        *(payment(bank=piece) for piece in pieces),
        f"T|{len(pieces)}|{len(pieces)}0.00",
    )

    reader, batches = read(content)

    assert reader.refusal is None
    assert "".join(row.bank for batch in batches for row in batch.payments) == everything


def test_no_bytes_become_a_lone_surrogate():
    for lead in range(0x81, 0xFF):
        for second in range(0x30, 0x3A):
            row = b"".join(
                bytes((lead, second, third, last)) + b"\n"
                for third in range(0x81, 0xFF)
                for last in range(0x30, 0x3A)
            )
            for text in row.decode("gb18030", "replace").splitlines():
                assert not any("\ud800" <= character <= "\udfff" for character in text)


NAMES = st.text(st.characters(exclude_characters="|\n\r\0", exclude_categories=["Cs"]), max_size=8)
FEN = st.integers(0, 10**16 - 1)
TAXES = st.sampled_from(["10106", "10106", "10101", ""])
ROWS = st.lists(st.tuples(FEN, TAXES, NAMES), max_size=8)


def yuan(fen):
    return f"{fen // 100}.{fen % 100:02}"


def payments_file(rows, end="\n"):
    lines = [payment(yuan(fen), tax=tax, bank=bank) for fen, tax, bank in rows]
    total = yuan(sum(fen for fen, _, _ in rows))
    return file_of(HEADER, *lines, f"T|{len(rows)}|{total}", end=end)


@steady
@given(ROWS, st.sampled_from(["\n", "\r\n"]))
def test_a_file_in_order_comes_out_as_it_went_in(rows, end):
    reader, batches = read(payments_file(rows, end))

    assert reader.refusal is None
    out = [(row.amount, row.bank) for batch in batches for row in batch.payments]
    assert out == [(yuan(fen), bank) for fen, tax, bank in rows if tax == "10106"]
    assert reader.summary.tally.fen == sum(fen for fen, _, _ in rows)
    assert reader.summary.rows == len(rows)


@steady
@given(
    ROWS,
    st.sampled_from(["\n", "\r\n"]),
    st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3)), max_size=3),
    st.integers(1, 40),
)
def test_it_does_not_matter_in_what_pieces_a_file_is_read(rows, end, changes, step):
    damaged = bytearray(payments_file(rows, end))
    for at, piece in changes:
        at %= len(damaged)
        damaged[at : at + len(piece)] = piece
    content = bytes(damaged)

    whole, batches = read(content)
    pieces, small_batches = read(content, stream=Trickle(content, step))

    assert pieces.refusal == whole.refusal
    assert pieces.summary == whole.summary
    assert pieces.sha256 == whole.sha256 == hashlib.sha256(content).hexdigest()
    if whole.summary:
        assert [row for batch in small_batches for row in batch.payments] == [
            row for batch in batches for row in batch.payments
        ]


@steady
@given(st.lists(st.binary(max_size=30), max_size=6), st.integers(1, 7))
def test_lines_are_cut_as_the_agreement_says(pieces, step):
    content = b"\n".join(pieces).replace(b"\0", b"")
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        text = None
    reader = LineReader(Trickle(content, step))

    lines = [line for block in reader.blocks() for line in block]

    assert (reader.fault is None) is (text is not None)
    if text is not None:
        # The agreement's words, one after the other: a CR before LF, one at the very end, LF.
        plain = text.replace("\r\n", "\n").removesuffix("\r")
        assert lines == plain.removesuffix("\n").split("\n") if plain else lines == []


def test_any_byte_changed_or_lost_is_caught_by_the_marker():
    content = payments_file([(1000, "10106", "工商银行"), (123, "10101", "")])
    marker = marker_of(content)

    for at in range(len(content)):
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        for other in (changed, content[:at], content[:at] + content[at + 1 :]):
            assert refusal_of(other, marker=marker).code == RefusalCode.MARKER


def test_a_byte_changed_or_lost_before_the_marker_was_made_never_breaks_the_sums():
    content = payments_file([(1000, "10106", "工商银行"), (123, "10101", "")])

    for at in range(len(content)):
        for byte in (b"", b"|", b"\n", b"\r", b"\0", b"9", b"\xff", b"\x81"):
            other = content[:at] + byte + content[at + 1 :]
            reader, batches = read(other)
            if reader.refusal:
                continue
            summary = reader.summary
            assert summary.rows == 2
            good = sum(int(row.amount.replace(".", "")) for b in batches for row in b.payments)
            held = sum(row.fen for b in batches for row in b.quarantined)
            assert good == summary.tally.good.fen
            assert good + held + summary.tally.not_ours.fen == summary.total_fen == 1123


def test_a_file_cut_anywhere_is_refused_even_with_a_marker_of_what_is_left():
    content = payments_file([(1000, "10106", "工商银行"), (123, "10101", "")])

    # The last LF may be missing.
    for length in range(len(content) - 1):
        assert refusal_of(content[:length]) is not None
    assert refusal_of(content[:-1]) is None
