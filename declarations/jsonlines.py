"""Reads a file of declarations brought to the window (介质申报): JSON Lines, a declaration a line.

UTF-8, at most 32 MB a file, 16 MB a line, eight levels deep. Only LF ends a line (a CR before it
is white space to JSON); the last LF may be missing. Empty lines after the last declaration are
ignored; one between declarations is a fault: something may be missing there. A byte order mark is
a fault too, with its cure. What is wrong with one line says nothing about the next: each is read
by itself, and nothing in a line can end the reading of the file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any, BinaryIO

from declarations.cells import shown
from declarations.declaration import (
    MAX_LINES,
    Declaration,
    Parts,
    Watch,
    check_declaration,
    check_head,
    check_parts,
    too_many_lines,
    unwatched,
)
from declarations.faults import Fault, FaultCode, FileCode, FileRefused

MAX_FILE_BYTES = 32 * 1024 * 1024
MAX_LINE_BYTES = 16 * 1024 * 1024
MAX_DEPTH = 8
MAX_DIGITS = 30

_BOM = b"\xef\xbb\xbf"
_CHUNK = 1024 * 1024
# A text, closed or not, is one match, so the search takes one step through the line and no more.
_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class _Unusable(ValueError):
    def __init__(self, code: FaultCode, **params: str) -> None:
        super().__init__(code)
        self.fault = Fault(params.get("key", ""), code, params)


def read_declarations(
    file: BinaryIO, *, born_by: date | None = None, max_bytes: int | None = MAX_FILE_BYTES
) -> Iterator[tuple[int, Declaration | list[Fault]]]:
    """Read a file line by line: its line number, from 1, and the declaration or all its faults.

    Keeps one line in memory at a time. FileRefused (TOO_LARGE) as soon as more than `max_bytes`
    were read (none: no limit); the lines before it have been given out by then, so who must not
    act on part of a file looks at its size first.
    """
    read = 0
    number = 0
    blank: list[int] = []
    while line := file.readline(MAX_LINE_BYTES + 1):
        number += 1
        read += len(line)
        too_long = len(line) > MAX_LINE_BYTES and not line.endswith(b"\n")
        if too_long:
            read += _skip_to_line_end(file)
        if max_bytes is not None and read > max_bytes:
            raise FileRefused(FileCode.TOO_LARGE, max=str(max_bytes))
        if not line.strip():
            blank.append(number)
            continue
        for empty in blank:
            yield empty, [Fault("", FaultCode.BLANK_LINE)]
        blank.clear()
        if too_long:
            yield number, [Fault("", FaultCode.LINE_TOO_LONG, {"max": str(MAX_LINE_BYTES)})]
        else:
            yield number, read_declaration(line, born_by=born_by)


def read_declaration(
    line: bytes, *, filed_on_allowed: bool = True, born_by: date | None = None
) -> Declaration | list[Fault]:
    """Return the declaration that one JSON text makes, or all its faults; it raises nothing.

    It also serves the API, for which `filed_on` is an unknown key.
    """
    try:
        data = parse_json(line)
    except _Unusable as unusable:
        return [unusable.fault]
    return check_declaration(data, filed_on_allowed=filed_on_allowed, born_by=born_by)


def read_parts(text: bytes, *, born_by: date | None = None, watch: Watch = unwatched) -> Parts:
    """Return what the JSON text of one declaration comes to, part by part; it raises nothing."""
    try:
        data = parse_json(text)
    except _Unusable as unusable:
        return Parts(faults=[unusable.fault])
    return check_parts(data, filed_on_allowed=False, born_by=born_by, watch=watch)


def read_long_parts(text: bytes, *, born_by: date | None = None, watch: Watch = unwatched) -> Parts:
    """Return what a declaration comes to that was sent as a head and detail lines.

    JSON Lines: the first is the head, without `lines`; each other one is a detail line. One is
    parsed at a time, which is what makes 100,000 possible. A fault of a whole text (JSON, BOM,
    NUMBER …) has the row of its line; reading ends with the line past the most there may be.
    """
    file = BytesIO(text)
    try:
        data = parse_json(file.readline())
    except _Unusable as unusable:
        return Parts(faults=[unusable.fault])
    if not isinstance(data, dict):
        return check_parts(data)
    parts = check_head(data, filed_on_allowed=False)
    total = text.count(b"\n")
    has_gap = False
    for line in file:
        if not line.strip():
            has_gap = True
            continue
        row = parts.count
        if has_gap:
            parts.faults.append(Fault("", FaultCode.BLANK_LINE, row=row))
            has_gap = False
        if row == MAX_LINES:
            parts.faults.append(too_many_lines(row + 1))
            break
        try:
            parts.add(parse_json(line), born_by=born_by)
        except _Unusable as unusable:
            parts.faults.append(replace(unusable.fault, row=row))
            parts.count += 1
        watch(parts.count, total)
    if not parts.count:
        parts.faults.append(Fault("lines", FaultCode.REQUIRED))
    return parts


def parse_json(text: bytes) -> Any:
    """Return what a JSON text in UTF-8 says, fractions as Decimals; ValueError with a `fault`.

    Refused beyond what JSON refuses: a byte order mark, a key that stands twice in an object, NaN
    and Infinity, numbers of over 30 digits, more than eight levels. Lone surrogates and NUL come
    through: whoever reads a text refuses them, by the field's name.
    """
    if text.startswith(_BOM):
        raise _Unusable(FaultCode.BOM)
    try:
        decoded = text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _Unusable(FaultCode.ENCODING, position=str(error.start + 1)) from None
    _refuse_depth(text)
    try:
        return json.loads(
            decoded,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=_fraction,
            parse_constant=_constant,
        )
    except json.JSONDecodeError as error:
        raise _Unusable(FaultCode.JSON, position=str(error.pos + 1)) from None


def _skip_to_line_end(file: BinaryIO) -> int:
    skipped = 0
    while part := file.readline(_CHUNK):
        skipped += len(part)
        if part.endswith(b"\n"):
            break
    return skipped


def _refuse_depth(text: bytes) -> None:
    depth = 0
    for match in _BRACKETS.finditer(text):
        bracket = match.group()
        if bracket in (b"[", b"{"):
            depth += 1
            if depth > MAX_DEPTH:
                raise _Unusable(FaultCode.TOO_DEEP, max=str(MAX_DEPTH))
        elif bracket in (b"]", b"}"):
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Unusable(FaultCode.DUPLICATE_KEY, key=shown(key))
            seen.add(key)
    return found


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise _Unusable(FaultCode.NUMBER)
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > MAX_DIGITS:
        raise _Unusable(FaultCode.NUMBER)
    return Decimal(text)


def _constant(text: str) -> Any:
    raise _Unusable(FaultCode.NUMBER)
