"""What the world holds: payment records with their rows, and what an agent declared in a month.

Everything is kept with the days on which it came to be, so that any past evening can be asked for.
A record knows what it was to pay; where it says something else, a mistake is why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from declarations.taxlaw.tax_month import next_month
from reconciliation.simulation.cast import Agent
from reconciliation.simulation.chance import compact
from reconciliation.simulation.income import Line, text
from reconciliation.simulation.options import last_day_of

REGULAR, ADDITIONAL, REFUND, LATE_FEE, FINE = (
    "regular",
    "additional",
    "refund",
    "late_fee",
    "fine",
)
KINDS = (REGULAR, ADDITIONAL, REFUND)
_DIGIT = {REGULAR: 1, ADDITIONAL: 2, REFUND: 3, LATE_FEE: 4, FINE: 5}


class Code(StrEnum):
    """Why declared and paid differ; docs/simulator.md says of each what can be seen of it."""

    LINE_MISSING = "LINE_MISSING"
    LINE_DOUBLED = "LINE_DOUBLED"
    PAID_TWICE = "PAID_TWICE"
    NEIGHBOUR_MONTH = "NEIGHBOUR_MONTH"
    OTHER_KIND = "OTHER_KIND"
    DIGITS_TRANSPOSED = "DIGITS_TRANSPOSED"
    DIGITS_SHIFTED = "DIGITS_SHIFTED"
    IN_TRANSIT = "IN_TRANSIT"
    IN_QUARANTINE = "IN_QUARANTINE"
    LATE_FEE_AS_TAX = "LATE_FEE_AS_TAX"
    OTHER_AGENT = "OTHER_AGENT"
    OTHER_ITEM = "OTHER_ITEM"
    PARTLY_PAID = "PARTLY_PAID"
    NOT_PAID = "NOT_PAID"
    NOT_DECLARED = "NOT_DECLARED"
    UNEXPLAINED = "UNEXPLAINED"


# Rows that the agreement sends to quarantine, by what is wrong with them.
AGENT, FORMAT, PERIOD, SPAN, FIELDS = "AGENT", "FORMAT", "PERIOD", "SPAN", "FIELDS"


class Place(NamedTuple):
    """An agent's month and kind: where tax is owed, declared and paid."""

    agent: int
    month: date
    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of JKRK. `day` is the business date of the file that brings it; `spoilt` how it is bad.

    `agent` is the number behind the computer code; none for a code that nobody has.
    """

    day: date
    updated_at: str
    operation: str
    agent: int | None
    computer_code: str
    item: str
    month: date
    kind: str
    amount: int
    paid_on: date
    in_treasury_on: date | None
    spoilt: str = ""

    @property
    def is_void(self) -> bool:
        return self.operation == "X"

    @property
    def is_counted(self) -> bool:
        return not self.is_void and self.in_treasury_on is not None and self.kind in KINDS

    @property
    def is_in_transit(self) -> bool:
        return not self.is_void and self.in_treasury_on is None and self.kind in KINDS

    @property
    def place(self) -> Place | None:
        """Return where it counts, if it does; none for a code that nobody has."""
        return None if self.agent is None else Place(self.agent, self.month, self.kind)

    def text(self, voucher: str, line: int) -> str:
        """Return the row as the feed has it."""
        first, last = self.month, last_day_of(self.month)
        item, paid_on = self.item, compact(self.paid_on)
        bank = "|模拟银行"
        if self.spoilt == FORMAT:
            item = "1" + item[1]
        elif self.spoilt == PERIOD:
            first, last = last, first
        elif self.spoilt == SPAN:
            last = last_day_of(next_month(self.month))
        elif self.spoilt == FIELDS:
            bank = ""
        treasury_day = compact(self.in_treasury_on) if self.in_treasury_on else ""
        return (
            f"D|{voucher}|{line}|{self.computer_code}|10106|{item}|{compact(first)}|{compact(last)}"
            f"|{_DIGIT[self.kind]}|{text(self.amount)}|{paid_on}|{treasury_day}|110000{bank}"
            f"|110105|{self.operation}|{self.updated_at}"
        )


@dataclass(eq=False, slots=True)
class Mistake:
    """Something that went wrong; `facts` are what its evidence says beside the record or line."""

    code: Code
    facts: dict[str, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Record:
    """A payment record: all its rows, and what it was to pay.

    It owes `owed` at a place from a day to before another: after a reversal the next record does.
    A record that should not be owes nothing anywhere.
    """

    voucher: str
    line: int
    item: str
    place: Place | None = None
    owed: int = 0
    owes_from: date = date.min
    owes_until: date = date.max
    mistake: Mistake | None = None
    rows: list[Row] = field(default_factory=list)

    def owes(self, day: date) -> int:
        """Return what it owes at its place as of a day, in fen."""
        return self.owed if self.place and self.owes_from <= day < self.owes_until else 0

    def places(self) -> Iterator[tuple[int, date]]:
        """Yield every agent and month that it has to do with."""
        if self.place:
            yield self.place.agent, self.place.month
        for row in self.rows:
            if row.agent is not None and not row.spoilt:
                yield row.agent, row.month

    def state(self, day: date, is_registered: Callable[[int | None, date], bool]) -> State:
        """Return what is known of it on an evening."""
        newest: Row | None = None
        held: list[tuple[str, Row]] = []
        for row in self.rows:
            if row.day > day:
                continue
            if row.spoilt and row.spoilt != AGENT:
                held.append((row.spoilt, row))
            elif not is_registered(row.agent, day):
                held.append((AGENT, row))
            elif newest is None or row.updated_at > newest.updated_at:
                newest = row
        if newest and held:
            held = [
                (code, row)
                for code, row in held
                if code != AGENT or row.updated_at >= newest.updated_at
            ]
        return State(newest, held)


class State(NamedTuple):
    """A record on an evening: its newest good row, and its rows in quarantine with their codes."""

    newest: Row | None
    held: list[tuple[str, Row]]


@dataclass(eq=False, slots=True)
class Slip:
    """A mistake in a declared line. `declared` is the tax that stands there, none for no line.

    A `doubled` line stands once more. It is put right by the declaration of the day `fixed_on`.
    """

    mistake: Mistake
    kind: str
    line: int
    declared: int | None = None
    doubled: bool = False
    fixed_on: date | None = None

    def is_in(self, version: date) -> bool:
        """Tell whether the declaration filed on a day still has it."""
        return self.fixed_on is None or version < self.fixed_on


class DeclaredLine(NamedTuple):
    """A line of a declaration, its number from 1, the tax it states, and the slip in it, if any."""

    number: int
    line: Line
    tax: int
    slip: Slip | None


@dataclass(eq=False)
class Story:
    """An agent's month: what was due, what was declared when, with which slips.

    `filed_on` is none for a month that nobody declares. `heads` are the persons here and elsewhere
    and what all were paid, which a partial declaration states.
    """

    agent: Agent
    month: date
    lines: dict[str, list[Line]]
    heads: tuple[int, int, int]
    filed_on: date | None = None
    repeated_on: date | None = None
    slips: list[Slip] = field(default_factory=list)

    def due(self, kind: str) -> int:
        """Return the tax of a kind that is right, in fen."""
        return sum(line.tax for line in self.lines.get(kind, ()))

    def versions(self, kind: str, day: date) -> list[date]:
        """Return the days on which the kind was declared, amendments too, to a day."""
        if self.filed_on is None or kind not in self.lines:
            return []
        fixed = {
            slip.fixed_on for slip in self.slips if slip.kind == kind and slip.fixed_on is not None
        }
        return sorted(version for version in {self.filed_on, *fixed} if version <= day)

    def declared_lines(self, kind: str, version: date) -> list[DeclaredLine]:
        """Return the lines of the declaration filed on a day, a doubled one at the end again."""
        slips = {
            slip.line: slip for slip in self.slips if slip.kind == kind and slip.is_in(version)
        }
        declared: list[DeclaredLine] = []
        again: list[tuple[Line, Slip]] = []
        for at, line in enumerate(self.lines[kind]):
            slip = slips.get(at)
            tax = line.tax
            if slip and slip.doubled:
                again.append((line, slip))
                slip = None
            elif slip:
                if slip.declared is None:
                    continue
                tax = slip.declared
            declared.append(DeclaredLine(len(declared) + 1, line, tax, slip))
        for line, slip in again:
            declared.append(DeclaredLine(len(declared) + 1, line, line.tax, slip))
        return declared
