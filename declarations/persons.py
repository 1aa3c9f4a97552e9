"""A person of the register (个人基础信息): the columns, and what is refused of them.

The columns that a line has too are read by the rules of a line, in the same words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from declarations.cells import LENIENT, Cell, Figure, Moment, Wrong, excel_number, shown
from declarations.column_check import ColumnCheck
from declarations.faults import Fault, FaultCode
from declarations.taxlaw.identity import normalise_document_number

# Of these a line of a declaration is made.
LINE_COLUMNS = (
    "name",
    "document_type",
    "document_number",
    "country",
    "occupation",
    "employed_here",
    "resident",
)
COLUMNS = (*LINE_COLUMNS, "joined_on", "left_on", "remark")
_COLUMN_SET = frozenset(COLUMNS)
_DAY = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Person:
    """A person as an agent knows one, in the columns of the register.

    `resident` is none where nobody said; of a Chinese that means a resident.
    """

    name: str
    document_type: str
    document_number: str
    country: str
    occupation: str
    employed_here: bool
    resident: bool | None = None
    joined_on: date | None = None
    left_on: date | None = None
    remark: str = ""

    @property
    def identity(self) -> tuple[str, str]:
        """Return what makes one person: the document's type and its one number."""
        return (
            self.document_type,
            normalise_document_number(self.document_type, self.document_number),
        )


def check_person(
    cells: Mapping[str, Cell], row: int | None = None, *, born_by: date | None = None
) -> Person | list[Fault]:
    """Return the person that texts of a page or a workbook make, or all faults.

    A blank text is an absent value. `row` goes into the faults, `born_by` is the last day on which
    somebody can have been born (today).
    """
    return _PersonCheck(cells, row, born_by).person()


def check_persons(
    rows: Mapping[int, Mapping[str, Cell]], *, born_by: date | None = None
) -> tuple[dict[int, Person], list[Fault]]:
    """Return the right persons by their rows' numbers, and all faults of all other rows.

    A person who stands in an earlier row as well is a fault of the later one, whatever else is
    wrong with either.
    """
    persons: dict[int, Person] = {}
    faults: list[Fault] = []
    first_rows: dict[tuple[str, str], int] = {}
    for row, cells in rows.items():
        check = _PersonCheck(cells, row, born_by)
        outcome = check.person()
        found = [] if isinstance(outcome, Person) else outcome
        if check.identity is not None:
            first = first_rows.setdefault(check.identity, row)
            if first != row:
                twin = Fault("document_number", FaultCode.SAME_PERSON, {"first": str(first)}, row)
                found = [*found, twin]
        faults.extend(found)
        if isinstance(outcome, Person) and not found:
            persons[row] = outcome
    return persons, faults


def texts_of(person: Person) -> dict[str, str]:
    """Return a person as the texts that a clerk would type; what is absent is blank."""
    return {
        "name": person.name,
        "document_type": person.document_type,
        "document_number": person.document_number,
        "country": person.country,
        "occupation": person.occupation,
        "employed_here": _yes_no(person.employed_here),
        "resident": _yes_no(person.resident),
        "joined_on": person.joined_on.isoformat() if person.joined_on else "",
        "left_on": person.left_on.isoformat() if person.left_on else "",
        "remark": person.remark,
    }


def _yes_no(value: bool | None) -> str:
    if value is None:
        return ""
    return "是" if value else "否"


class _PersonCheck(ColumnCheck):
    """The checking of one person; `identity` is known as soon as the document can be read."""

    identity: tuple[str, str] | None = None

    def __init__(self, cells: Mapping[str, Cell], row: int | None, born_by: date | None) -> None:
        super().__init__(cells, LENIENT, row, born_by)

    def person(self) -> Person | list[Fault]:
        self.refuse_unknown(_COLUMN_SET)
        self.read_person()
        self.read_resident(required=False)
        self.read("joined_on", _day, required=False)
        self.read("left_on", _day, required=False)
        self.read_remark()
        self.check_document()
        joined_on, left_on = self.values.get("joined_on"), self.values.get("left_on")
        if joined_on and left_on and left_on < joined_on:
            self.fault("left_on", FaultCode.BEFORE, joined_on=joined_on.isoformat())
        if not any(fault.field in ("document_type", "document_number") for fault in self.faults):
            document_type = self.values["document_type"]
            number = self.values["document_number"]
            self.identity = document_type, normalise_document_number(document_type, number)
        return self.faults or Person(**self.values)


def _day(value: Any) -> date:
    """Read a day: a date of a workbook, or `2006-04-01` in any of the ways to write it."""
    if isinstance(value, Moment):
        text = value.text[:10]
    elif isinstance(value, Figure):
        text = excel_number(value)
    else:
        text = LENIENT.word(value)
    written = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).removesuffix("日")
    match = _DAY.fullmatch(re.sub("[年月/.]", "-", written))
    try:
        if match is None:
            raise ValueError
        year, month, day = (int(part) for part in match.groups() if part)
        return date(year, month, day)
    except ValueError:
        raise Wrong(FaultCode.DAY, value=shown(text)) from None
