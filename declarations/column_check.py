"""The reading of columns that describe a person: what is read so far, and what is wrong so far.

Those of a line (declarations.lines) and those of the register (declarations.persons) are the same,
and so is all that can be wrong with them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, TypeVar

from declarations.cells import Reader, Wrong, shown
from declarations.faults import Fault, FaultCode
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, OCCUPATIONS
from declarations.taxlaw.identity import check_document_number

T = TypeVar("T")

NAME_LIMIT = 100
DOCUMENT_NUMBER_LIMIT = 40
REMARK_LIMIT = 500

# What a yes-or-no cell may say beside 是 and 否.
HERE_WORDS = ("本单位", "非本单位")
RESIDENT_WORDS = ("居民个人", "非居民个人")


class ColumnCheck:
    """Cells, read one after the other; blank ones are absent. `values` and `faults` come of it."""

    def __init__(
        self,
        cells: Mapping[str, Any],
        reader: Reader,
        row: int | None,
        born_by: date | None,
    ) -> None:
        self.cells = {key: value for key, value in cells.items() if not reader.is_blank(value)}
        self.reader = reader
        self.row = row
        self.born_by = born_by
        self.faults: list[Fault] = []
        self.values: dict[str, Any] = {}

    def refuse_unknown(self, columns: frozenset[str]) -> None:
        """Name every cell that is in none of the columns."""
        for key in self.cells:
            if key not in columns:
                name = shown(key)
                self.fault(name, FaultCode.UNKNOWN_KEY, key=name)

    def read(self, column: str, read: Callable[[Any], T], *, required: bool = True) -> None:
        """Read a column; its value, or what is wrong with it, is kept."""
        if column not in self.cells:
            if required:
                self.fault(column, FaultCode.REQUIRED)
            return
        try:
            value = read(self.cells[column])
        except Wrong as wrong:
            self.fault(column, wrong.code, **wrong.params)
            return
        if value == "" and required:
            self.fault(column, FaultCode.REQUIRED)
            return
        self.values[column] = value

    def read_person(self) -> None:
        """Read who it is, whence, and what the person does: six columns, all of them required."""
        reader = self.reader
        self.read("name", lambda value: reader.text(value, limit=NAME_LIMIT))
        self.read("document_type", lambda value: reader.code(value, DOCUMENT_TYPES))
        self.read(
            "document_number",
            lambda value: reader.document_number(value, limit=DOCUMENT_NUMBER_LIMIT),
        )
        self.read("country", lambda value: reader.code(value, COUNTRIES))
        self.read("occupation", lambda value: reader.code(value, OCCUPATIONS))
        self.read("employed_here", lambda value: reader.yes_no(value, HERE_WORDS))

    def read_resident(self, *, required: bool) -> None:
        """Read whether the person is a resident."""
        self.read(
            "resident",
            lambda value: self.reader.yes_no(value, RESIDENT_WORDS),
            required=required,
        )

    def read_remark(self) -> None:
        """Read the remark, which may be absent."""
        self.read(
            "remark",
            lambda value: self.reader.text(value, limit=REMARK_LIMIT, remark=True),
            required=False,
        )

    def check_document(self) -> None:
        """Look at the number, if it and the document's type could be read."""
        number, document_type = self.values.get("document_number"), self.values.get("document_type")
        if number is None or document_type is None:
            return
        fault = check_document_number(document_type, number, row=self.row, born_by=self.born_by)
        if fault:
            self.faults.append(fault)

    def fault(self, column: str, code: FaultCode, /, **params: str) -> None:
        """Note what is wrong with a column."""
        self.faults.append(Fault(column, code, params, self.row))
