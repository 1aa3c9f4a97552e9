"""A whole declaration: its head, its lines, its totals, and the digest that a receipt names."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from declarations.cells import LENIENT, STRICT, Cell, Reader, Wrong, json_type, shown
from declarations.faults import Fault, FaultCode
from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019, ZERO, Line, check_json_line
from declarations.taxlaw.tax_month import format_tax_month, is_covered, parse_tax_month

KINDS = ("regular", "additional", "refund")
COVERAGES = ("full", "partial")
MAX_LINES = 100_000

DECLARANT_LIMIT = 200
PHONE_LIMIT = 50
ADDRESS_LIMIT = 200
POSTCODE_LIMIT = 20

_COUNTED = ("own_headcount", "other_headcount", "total_income")
_KEYS = frozenset(
    {
        "computer_code",
        "tax_month",
        "kind",
        "coverage",
        "declarant",
        "phone",
        "address",
        "postcode",
        "filed_on",
        *_COUNTED,
    }
)


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a declaration. The three figures at the end are counted under `full`."""

    computer_code: str
    tax_month: date
    kind: str
    coverage: str
    declarant: str
    phone: str
    address: str
    postcode: str
    own_headcount: int | None = None
    other_headcount: int | None = None
    total_income: Decimal | None = None
    filed_on: date | None = None


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration without faults of form; under `full` its head has been counted."""

    header: Header
    lines: tuple[Line, ...]


Watch = Callable[[int, int], None]
"""Told how many lines of how many have been read."""


def unwatched(done: int, total: int) -> None:
    """Tell nobody."""


@dataclass
class Parts:
    """What was sent comes to: its head, its lines without faults, and all faults of both.

    `rows` are the sound lines' places among the `count` lines that were sent, from 0. Without a
    month that can be read the lines are not looked at: their rules depend on it.
    """

    header: Header | None = None
    tax_month: date | None = None
    lines: list[Line] = dataclass_field(default_factory=list)
    rows: list[int] = dataclass_field(default_factory=list)
    count: int = 0
    faults: list[Fault] = dataclass_field(default_factory=list)

    def add(self, entry: object, *, born_by: date | None = None) -> None:
        """Check the next line, parsed from JSON."""
        row, self.count = self.count, self.count + 1
        if self.tax_month is None:
            return
        line = check_json_line(entry, self.tax_month, row, born_by=born_by)
        if isinstance(line, Line):
            self.lines.append(line)
            self.rows.append(row)
        else:
            self.faults.extend(line)


class HeadCount(NamedTuple):
    """Persons here, persons elsewhere, and what all of them were paid, in yuan."""

    own_headcount: int
    other_headcount: int
    total_income: Decimal


class ItemTotal(NamedTuple):
    """A declaration's sums for one income item, in yuan. `income` is that of both columns."""

    income_item: str
    line_count: int
    income: Decimal
    tax_reduction: Decimal
    tax_withheld: Decimal


def check_header(
    cells: Mapping[str, Cell], *, filed_on_allowed: bool = False
) -> Header | list[Fault]:
    """Return the head that the texts of a page make, or all its faults.

    Required: everything but the three counted figures; these under `partial`, while under `full`
    they must be blank. COMPUTER_CODE, MONTH, CODE (kind, coverage), and for a month before 2006-01
    NOT_IN_FORCE.
    """
    return _check_header(cells, LENIENT, filed_on_allowed=filed_on_allowed)


def check_declaration(
    data: object, *, filed_on_allowed: bool = True, born_by: date | None = None
) -> Declaration | list[Fault]:
    """Return the declaration that parsed JSON makes, or all faults of head and lines.

    The JSON must have been read with every fraction as a Decimal.
    """
    parts = check_parts(data, filed_on_allowed=filed_on_allowed, born_by=born_by)
    if parts.faults or parts.header is None:
        return parts.faults
    return Declaration(counted(parts.header, parts.lines), tuple(parts.lines))


def check_parts(
    data: object,
    *,
    filed_on_allowed: bool = True,
    born_by: date | None = None,
    watch: Watch = unwatched,
) -> Parts:
    """Return what parsed JSON comes to, the head and each line by itself."""
    if not isinstance(data, dict):
        params = {"expected": "object", "found": json_type(data)}
        return Parts(faults=[Fault("", FaultCode.TYPE, params)])
    head = {key: value for key, value in data.items() if key != "lines"}
    parts = check_head(head, filed_on_allowed=filed_on_allowed)
    entries = data.get("lines")
    if "lines" not in data or entries == []:
        parts.faults.append(Fault("lines", FaultCode.REQUIRED))
    elif not isinstance(entries, list):
        params = {"expected": "array", "found": json_type(entries)}
        parts.faults.append(Fault("lines", FaultCode.TYPE, params))
    elif len(entries) > MAX_LINES:
        parts.faults.append(too_many_lines(len(entries)))
    else:
        for entry in entries:
            parts.add(entry, born_by=born_by)
            watch(parts.count, len(entries))
    return parts


def check_head(head: Mapping[str, object], *, filed_on_allowed: bool = True) -> Parts:
    """Return what the head of a declaration comes to, for its lines to be added."""
    header = _check_header(head, STRICT, filed_on_allowed=filed_on_allowed)
    if isinstance(header, Header):
        return Parts(header=header, tax_month=header.tax_month)
    if any(fault.field == "tax_month" for fault in header):
        return Parts(faults=header)
    return Parts(tax_month=parse_tax_month(str(head["tax_month"])), faults=header)


def too_many_lines(found: int) -> Fault:
    params = {"max": str(MAX_LINES), "found": str(found)}
    return Fault("lines", FaultCode.TOO_MANY, params)


def _check_header(
    cells: Mapping[str, Any], reader: Reader, *, filed_on_allowed: bool
) -> Header | list[Fault]:
    present = {key: value for key, value in cells.items() if not reader.is_blank(value)}
    faults: list[Fault] = []
    values: dict[str, Any] = {}

    def take(field: str, read: Any, *, required: bool = True) -> None:
        if field not in present:
            if required:
                faults.append(Fault(field, FaultCode.REQUIRED))
            return
        try:
            value = read(present[field])
        except Wrong as wrong:
            faults.append(Fault(field, wrong.code, wrong.params))
            return
        if value == "":
            faults.append(Fault(field, FaultCode.REQUIRED))
            return
        values[field] = value

    for key in present:
        if key not in _KEYS or (key == "filed_on" and not filed_on_allowed):
            name = shown(key)
            faults.append(Fault(name, FaultCode.UNKNOWN_KEY, {"key": name}))
    take("computer_code", lambda value: _computer_code(reader.word(value)))
    take("tax_month", lambda value: _tax_month(reader.word(value)))
    take("kind", lambda value: _choice("kind", reader.word(value), KINDS))
    take("coverage", lambda value: _choice("coverage", reader.word(value), COVERAGES))
    take("declarant", lambda value: reader.text(value, limit=DECLARANT_LIMIT))
    take("phone", lambda value: reader.text(value, limit=PHONE_LIMIT))
    take("address", lambda value: reader.text(value, limit=ADDRESS_LIMIT))
    take("postcode", lambda value: reader.text(value, limit=POSTCODE_LIMIT))
    if filed_on_allowed:
        take("filed_on", lambda value: _day(reader.word(value)), required=False)
    # null says of a figure that the system counts it.
    for field in _COUNTED:
        if present.get(field, ...) is None:
            del present[field]
    if values.get("coverage") == "partial":
        take("own_headcount", reader.count)
        take("other_headcount", reader.count)
        take("total_income", reader.amount)
    elif values.get("coverage") == "full":
        faults.extend(
            Fault(field, FaultCode.NOT_APPLICABLE, {"coverage": "full"})
            for field in _COUNTED
            if field in present
        )
    return faults or Header(**values)


def _computer_code(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Z]{8}", text):
        raise Wrong(FaultCode.COMPUTER_CODE if text else FaultCode.REQUIRED, value=shown(text))
    return text


def _tax_month(text: str) -> date:
    try:
        tax_month = parse_tax_month(text)
    except ValueError:
        raise Wrong(FaultCode.MONTH, value=shown(text)) from None
    if not is_covered(tax_month):
        raise Wrong(FaultCode.NOT_IN_FORCE, tax_month=text)
    return tax_month


def _day(text: str) -> date:
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise Wrong(FaultCode.DAY, value=shown(text))


def _choice(table: str, text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise Wrong(FaultCode.CODE, table=table, value=shown(text), nearest="; ".join(choices))
    return text


def count_heads(lines: Iterable[Line]) -> HeadCount:
    """Count distinct persons and add up both income columns.

    A person with a line as employed here counts as one's own, whatever the other lines say; the 15
    and the 18 digits of a resident card are one person.
    """
    own: set[tuple[str, str]] = set()
    everyone: set[tuple[str, str]] = set()
    total = ZERO
    for line in lines:
        person = line.person
        everyone.add(person)
        if line.employed_here:
            own.add(person)
        total += line.total_income
    return HeadCount(len(own), len(everyone) - len(own), total)


def counted(header: Header, lines: Iterable[Line]) -> Header:
    """Return the head with its figures counted under `full`, and as it is under `partial`."""
    if header.coverage != "full":
        return header
    return replace(header, **count_heads(lines)._asdict())


def totals_by_item(lines: Iterable[Line]) -> list[ItemTotal]:
    """Return a declaration's sums by income item, ordered by item."""
    totals: dict[str, ItemTotal] = {}
    for line in lines:
        before = totals.get(line.income_item)
        if before is None:
            before = ItemTotal(line.income_item, 0, ZERO, ZERO, ZERO)
        totals[line.income_item] = ItemTotal(
            line.income_item,
            before.line_count + 1,
            before.income + line.total_income,
            before.tax_reduction + line.tax_reduction,
            before.tax_withheld + line.tax_withheld,
        )
    return [totals[item] for item in sorted(totals)]


def canonical(header: Header, lines: Iterable[Line]) -> dict[str, Any]:
    """Return a declaration in the one form that its receipt's digest is taken of.

    Amounts are integer fen; codes, texts and booleans as declared (texts trimmed and in NFC); the
    lines in their order. `filed_on` is left out, so a repeat is a repeat whenever it is handed in;
    an absent column equals a zero one, and the columns of the form from 2019-01 stand only in
    declarations from that month. Under `full` the three figures are those counted of the lines.
    """
    lines = list(lines)
    head = counted(header, lines)
    return {
        "version": 1,
        "computer_code": head.computer_code,
        "tax_month": format_tax_month(head.tax_month),
        "kind": head.kind,
        "coverage": head.coverage,
        "declarant": head.declarant,
        "phone": head.phone,
        "address": head.address,
        "postcode": head.postcode,
        "own_headcount": head.own_headcount,
        "other_headcount": head.other_headcount,
        "total_income": None if head.total_income is None else _fen(head.total_income),
        "lines": [_canonical_line(line) for line in lines],
    }


def _canonical_line(line: Line) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "name": line.name,
        "document_type": line.document_type,
        "document_number": line.document_number,
        "country": line.country,
        "occupation": line.occupation,
        "employed_here": line.employed_here,
        "income_item": line.income_item,
        "remark": line.remark,
    }
    for column in AMOUNTS:
        entry[column] = _fen(getattr(line, column))
    if line.resident is not None:
        entry["resident"] = line.resident
    for column in AMOUNTS_FROM_2019:
        amount = getattr(line, column)
        if amount is not None:
            entry[column] = _fen(amount)
    if line.facts:
        entry["facts"] = dict(line.facts)
    return entry


def _fen(amount: Decimal) -> int:
    fen = amount * 100
    if fen != int(fen):
        raise ValueError("an amount has more than two decimals")
    return int(fen)


def digest(form: Mapping[str, Any]) -> str:
    """Return the SHA-256, in lower-case hex, of a canonical form.

    It is taken of JSON in UTF-8 with sorted keys, no white space, and no escapes but JSON's own.
    """
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
