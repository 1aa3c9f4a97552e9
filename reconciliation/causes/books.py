"""What is known of an agent: its lines, its payments, and rows and months of others near it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from declarations.taxlaw.tax_month import format_tax_month

ZERO = Decimal("0.00")
KINDS = ("regular", "additional", "refund")
"""The kinds that are compared."""


class Cell(NamedTuple):
    """A kind in a month: what is compared."""

    month: date
    kind: str


class Line(NamedTuple):
    """A line of a declaration in force. `person` is equal for one person, and says no more."""

    month: date
    kind: str
    number: int
    person: bytes
    income_item: str
    tax: Decimal


class Payment(NamedTuple):
    """A payment record, not void. Yuan."""

    month: date
    kind: str
    voucher: str
    line: int
    item: str
    amount: Decimal
    paid_on: date
    in_treasury: bool

    @property
    def as_json(self) -> dict[str, Any]:
        return {"voucher_number": self.voucher, "line_number": self.line}


class HeldRow(NamedTuple):
    """A row in quarantine as far as it can be read. `months` are those that its period touches.

    One that does not name the agent has a code that is one character off.
    """

    file: str
    file_line: int
    code: str
    voucher: str
    line: int
    months: tuple[date, ...]
    kind: str
    amount: Decimal
    names_the_agent: bool = True

    @property
    def as_json(self) -> dict[str, Any]:
        return {
            "voucher_number": self.voucher,
            "line_number": self.line,
            "quarantine": self.code,
            "file": self.file,
            "file_line": self.file_line,
        }


class Voucher(NamedTuple):
    """The lines of one voucher in one cell that are counted, or all those that are not."""

    number: str
    payments: tuple[Payment, ...]

    @property
    def amount(self) -> Decimal:
        return sum((payment.amount for payment in self.payments), ZERO)

    @property
    def paid_on(self) -> date:
        return min(payment.paid_on for payment in self.payments)

    @property
    def content(self) -> tuple[tuple[str, Decimal], ...]:
        """Return items and amounts: equal for a voucher that repeats another."""
        return tuple(sorted((payment.item, payment.amount) for payment in self.payments))


def vouchers_of(payments: Iterable[Payment]) -> tuple[Voucher, ...]:
    """Group payments of one cell by voucher, in the order of their days."""
    groups: dict[str, list[Payment]] = defaultdict(list)
    for payment in payments:
        groups[payment.voucher].append(payment)
    vouchers = [
        Voucher(number, tuple(sorted(group, key=lambda payment: payment.line)))
        for number, group in groups.items()
    ]
    return tuple(sorted(vouchers, key=lambda voucher: (voucher.paid_on, voucher.number)))


@dataclass(frozen=True)
class Books:
    """An agent's lines in force and payments (void ones left out), and what lies near them.

    `others` are agents whose code is one character off and that have months that do not agree.
    """

    computer_code: str
    lines: list[Line]
    payments: list[Payment]
    held: list[HeldRow] = field(default_factory=list)
    others: list[Books] = field(default_factory=list)

    @cached_property
    def lines_of(self) -> dict[Cell, list[Line]]:
        found: dict[Cell, list[Line]] = defaultdict(list)
        for line in self.lines:
            found[Cell(line.month, line.kind)].append(line)
        return found

    @cached_property
    def payments_of(self) -> dict[Cell, list[Payment]]:
        """Return all payments by cell; late fees and fines have cells of their own."""
        found: dict[Cell, list[Payment]] = defaultdict(list)
        for payment in self.payments:
            found[Cell(payment.month, payment.kind)].append(payment)
        return found

    @cached_property
    def counted(self) -> dict[Cell, tuple[Voucher, ...]]:
        """Return the vouchers in the treasury by cell."""
        return {
            cell: vouchers_of(payment for payment in payments if payment.in_treasury)
            for cell, payments in self.payments_of.items()
        }

    @cached_property
    def differences(self) -> dict[Cell, Decimal]:
        """Return declared less paid of every cell in which anything is, yuan."""
        sums: dict[Cell, Decimal] = defaultdict(lambda: ZERO)
        for line in self.lines:
            sums[Cell(line.month, line.kind)] += line.tax
        for cell, vouchers in self.counted.items():
            if cell.kind in KINDS:
                sums[cell] -= sum((voucher.amount for voucher in vouchers), ZERO)
        return dict(sums)

    @cached_property
    def rests(self) -> dict[Cell, Decimal]:
        """Hold what is left of differences, once it has been worked out."""
        return {}

    @cached_property
    def taxes_of_persons(self) -> dict[tuple[bytes, str, str], dict[date, list[Line]]]:
        """Return the lines of each person, kind and income item by month."""
        found: dict[tuple[bytes, str, str], dict[date, list[Line]]] = {}
        for line in self.lines:
            key = (line.person, line.kind, line.income_item)
            found.setdefault(key, {}).setdefault(line.month, []).append(line)
        return found

    def declared(self, cell: Cell) -> Decimal:
        """Return the declared tax of a cell, yuan."""
        return sum((line.tax for line in self.lines_of.get(cell, ())), ZERO)

    def paid(self, cell: Cell) -> Decimal:
        """Return the counted payments of a cell, yuan."""
        return sum((voucher.amount for voucher in self.counted.get(cell, ())), ZERO)

    def usual_taxes(self, line: Line) -> dict[Decimal, list[str]]:
        """Return what is declared for a line's person and item in other months, and in which."""
        found: dict[Decimal, list[str]] = defaultdict(list)
        months = self.taxes_of_persons[line.person, line.kind, line.income_item]
        for month, lines in sorted(months.items()):
            if month != line.month and len(lines) == 1:
                found[lines[0].tax].append(format_tax_month(month))
        return found
