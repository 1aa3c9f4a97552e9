"""Files of declarations brought to the window, the hostile ones too."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from declarations.declaration import Declaration
from declarations.faults import FileRefused
from declarations.jsonlines import (
    MAX_LINE_BYTES,
    parse_json,
    read_declaration,
    read_declarations,
)
from tests.declarations.test_lines import as_json, whole

GOOD = json.dumps(whole(), ensure_ascii=False).encode()


def read(*lines: bytes, end: bytes = b"\n") -> dict[int, list[str] | None]:
    """Read lines; of each line the pointers and codes of its faults, none for a declaration."""
    return {
        number: None
        if isinstance(result, Declaration)
        else [f"{fault.pointer} {fault.code}".strip() for fault in result]
        for number, result in read_declarations(io.BytesIO(b"\n".join(lines) + end))
    }


def test_every_line_is_a_declaration_of_its_own() -> None:
    assert read(GOOD, b"{", GOOD) == {1: None, 2: ["JSON"], 3: None}


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n", b"\n \n\t\n"])
def test_the_end_of_the_file_may_be_ragged(end: bytes) -> None:
    assert read(GOOD, GOOD, end=end) == {1: None, 2: None}


def test_a_blank_line_between_declarations_is_a_fault() -> None:
    assert read(b"", GOOD, b"", b" ", GOOD) == {
        1: ["BLANK_LINE"],
        2: None,
        3: ["BLANK_LINE"],
        4: ["BLANK_LINE"],
        5: None,
    }


def test_an_empty_file_has_no_declarations() -> None:
    assert read(end=b"") == {}


def test_a_fault_has_its_pointer_and_its_plain_field() -> None:
    line = json.dumps(whole(as_json(), as_json(document_number="110105194912310021"))).encode()

    [(number, faults)] = read_declarations(io.BytesIO(line))

    assert number == 1
    assert isinstance(faults, list)
    assert [(fault.pointer, fault.field, fault.row) for fault in faults] == [
        ("lines/1/document_number", "document_number", 1)
    ]


def test_the_day_handed_in_is_for_the_window_only() -> None:
    line = json.dumps(whole(filed_on="2006-05-04")).encode()

    at_the_window = read_declaration(line)
    by_the_api = read_declaration(line, filed_on_allowed=False)

    assert isinstance(at_the_window, Declaration)
    assert at_the_window.header.filed_on == date(2006, 5, 4)
    assert isinstance(by_the_api, list)
    assert [(fault.field, str(fault.code)) for fault in by_the_api] == [("filed_on", "UNKNOWN_KEY")]


def changed(**changes: Any) -> bytes:
    return json.dumps(whole(as_json(**changes)), ensure_ascii=True).encode()


def raw(old: bytes, new: bytes) -> Callable[[], bytes]:
    assert old in GOOD
    return lambda: GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        pytest.param(lambda: b"\xef\xbb\xbf" + GOOD, ["BOM"], id="byte-order-mark"),
        pytest.param(lambda: GOOD.decode().encode("gb18030"), ["ENCODING"], id="gb18030"),
        pytest.param(lambda: GOOD.decode().encode("utf-16"), ["ENCODING"], id="utf-16"),
        pytest.param(raw("张三".encode(), b"\xff"), ["ENCODING"], id="not-utf-8"),
        pytest.param(raw("张三".encode(), b"\xed\xa0\x80"), ["ENCODING"], id="surrogate-bytes"),
        pytest.param(raw("张三".encode(), b"\x00"), ["JSON"], id="raw-nul"),
        pytest.param(lambda: b"\x00" * 1000, ["JSON"], id="only-nul"),
        pytest.param(lambda: changed(name="\x00"), ["lines/0/name CHARACTERS"], id="nul"),
        pytest.param(
            lambda: changed(name="\ud800"), ["lines/0/name CHARACTERS"], id="lone-surrogate"
        ),
        pytest.param(
            lambda: changed(**{"\ud800": "1"}),
            ["lines/0/\\u{D800} UNKNOWN_KEY"],
            id="lone-surrogate-as-key",
        ),
        pytest.param(
            lambda: changed(name="张\u202e三"), ["lines/0/name CHARACTERS"], id="right-to-left"
        ),
        pytest.param(lambda: b"[" * 200_000, ["TOO_DEEP"], id="depth-200000"),
        pytest.param(lambda: b'{"a":' * 200_000, ["TOO_DEEP"], id="depth-200000-objects"),
        pytest.param(lambda: b"[" * 9 + b"]" * 9, ["TOO_DEEP"], id="depth-9"),
        pytest.param(lambda: b"[" * 8 + b"]" * 8, ["TYPE"], id="depth-8"),
        pytest.param(lambda: b"]" * 200_000, ["JSON"], id="closed-and-never-opened"),
        pytest.param(raw(b'"5000.00"', b"5" * 5000), ["NUMBER"], id="number-of-5000-digits"),
        pytest.param(raw(b'"5000.00"', b"NaN"), ["NUMBER"], id="nan"),
        pytest.param(raw(b'"5000.00"', b"Infinity"), ["NUMBER"], id="infinity"),
        pytest.param(raw(b'"5000.00"', b"-Infinity"), ["NUMBER"], id="minus-infinity"),
        pytest.param(raw(b'"5000.00"', b"1e400"), ["lines/0/income TYPE"], id="1e400"),
        pytest.param(raw(b'"5000.00"', b"5000.00"), ["lines/0/income TYPE"], id="bare-number"),
        pytest.param(
            raw(b'"kind"', b'"phone": "2", "kind"'), ["phone DUPLICATE_KEY"], id="duplicate-key"
        ),
        pytest.param(
            raw(b'"country"', b'"name": "x", "country"'),
            ["name DUPLICATE_KEY"],
            id="duplicate-key-in-a-line",
        ),
        pytest.param(lambda: GOOD + GOOD, ["JSON"], id="two-on-a-line"),
        pytest.param(lambda: GOOD[:-1], ["JSON"], id="cut"),
        pytest.param(lambda: b"null", ["TYPE"], id="null"),
        pytest.param(lambda: b"[]", ["TYPE"], id="array"),
        pytest.param(lambda: b'"' + b'\\"' * 2_000_000, ["JSON"], id="unclosed-text-of-quotes"),
        pytest.param(lambda: b'"' * 2_000_001, ["JSON"], id="two-million-quotes"),
        pytest.param(lambda: b"<html></html>", ["JSON"], id="html"),
    ],
)
def test_a_hostile_line_is_one_clear_fault_and_the_next_is_read(
    line: Callable[[], bytes], expected: list[str]
) -> None:
    started = time.monotonic()

    assert read(GOOD, line(), GOOD) == {1: None, 2: expected, 3: None}

    assert time.monotonic() - started < 5


def test_a_line_of_17_megabytes_is_refused_and_the_next_is_read() -> None:
    line = b'{"name": "' + b"x" * (MAX_LINE_BYTES + 1_000_000) + b'"}'

    assert read(GOOD, line, GOOD) == {1: None, 2: ["LINE_TOO_LONG"], 3: None}


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_that_ends_just_over_the_limit_swallows_nothing(end: bytes) -> None:
    line = b" " * (MAX_LINE_BYTES - len(GOOD)) + GOOD

    assert read(line, GOOD, end=end) == {1: None, 2: None}
    assert read(b" " + line, GOOD, end=end) == {1: ["LINE_TOO_LONG"], 2: None}


def test_a_file_over_its_limit_stops_the_reading() -> None:
    def results() -> Iterator[int]:
        file = io.BytesIO((GOOD + b"\n") * 3)
        for number, _ in read_declarations(file, max_bytes=2 * len(GOOD) + 2):
            yield number

    numbers = results()

    assert (next(numbers), next(numbers)) == (1, 2)
    with pytest.raises(FileRefused):
        next(numbers)


def test_reading_keeps_one_declaration_at_a_time() -> None:
    one = json.dumps(whole(*[as_json()] * 100)).encode() + b"\n"
    file = io.BytesIO(one * 100)
    tracemalloc.start()

    read_lines = sum(
        len(result.lines)
        for _, result in read_declarations(file)
        if isinstance(result, Declaration)
    )

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read_lines == 10_000
    assert peak < 5_000_000


def test_a_declaration_of_20_000_lines_is_read_in_seconds() -> None:
    line = json.dumps(whole(*[as_json()] * 20_000), ensure_ascii=False).encode()
    started = time.monotonic()

    declaration = read_declaration(line)

    assert isinstance(declaration, Declaration)
    assert len(declaration.lines) == 20_000
    assert time.monotonic() - started < 10


def test_fractions_are_decimals() -> None:
    assert str(parse_json(b'{"facts": 0.10}')["facts"]) == "0.10"
