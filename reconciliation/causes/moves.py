"""A payment that was posted elsewhere: to the month beside, another kind, the agent next door."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from declarations.taxlaw.tax_month import format_tax_month, next_month, previous_month
from reconciliation.causes.books import KINDS, Books, Cell, Voucher
from reconciliation.causes.causes import Cause, Code, Piece
from reconciliation.causes.payments import evidence_of, used

Rest = Callable[[Books, Cell], Decimal]
"""What is left of a cell's difference after what is under way or held back, yuan."""

Explains = Callable[[Books, Cell, Decimal], bool]
"""Whether something but a move explains so much of a cell."""


@dataclass(frozen=True)
class _End:
    """Where a payment was posted, or belongs."""

    books: Books
    cell: Cell


def posted_elsewhere(
    books: Books, cell: Cell, rest_of: Rest, explains: Explains
) -> Iterator[Piece]:
    """Yield the vouchers that may have been moved out of or into a cell.

    A move is well supported when both ends come out even by it; or one of them, while something
    else explains the remainder of the other. For a month beside, the day of payment counts, too: a
    month's tax is paid in the month after.
    """
    here = _End(books, cell)
    for there, code in _beside(here):
        for source, target in ((there, here), (here, there)):
            for voucher in source.books.counted.get(source.cell, ()):
                if voucher.amount:
                    yield from _move(code, source, target, voucher, here, rest_of, explains)


def _move(
    code: Code,
    source: _End,
    target: _End,
    voucher: Voucher,
    here: _End,
    rest_of: Rest,
    explains: Explains,
) -> Iterator[Piece]:
    left = rest_of(source.books, source.cell) + voucher.amount
    lacks = rest_of(target.books, target.cell) - voucher.amount
    if left and lacks:
        return
    both = (not left or explains(source.books, source.cell, left)) and (
        not lacks or explains(target.books, target.cell, lacks)
    )
    # What is left over there is as it would be without the move: too much, or too little.
    fits = left <= 0 <= lacks
    is_declared = source.cell in source.books.lines_of
    cost, sure = 0, False
    if code == Code.NEIGHBOUR_MONTH:
        paid_for = previous_month(voucher.paid_on.replace(day=1))
        goes_back = target.cell.month < source.cell.month
        is_elsewhere = paid_for != source.cell.month
        if paid_for == target.cell.month and goes_back and fits:
            cost, sure = 1, True
        elif both and is_elsewhere and (is_declared or left):
            cost = 2 if left or lacks else 1
        elif (both and is_declared) or (is_elsewhere and not lacks and left < 0):
            cost = 2
    elif both:
        cost = 2 if left or lacks else 1
    elif code == Code.OTHER_KIND and fits and not is_declared and not left:
        cost, sure = 2, True  # nothing of that kind was to be paid
    elif (not lacks and left < 0) or (not left and target is here):
        cost = 2
    if cost:
        cause = _cause(code, source, target, voucher, arrives=target is here)
        yield Piece(cause, cost, used(voucher), sure=sure or cost == 1)


def _beside(here: _End) -> Iterator[tuple[_End, Code]]:
    books, cell = here.books, here.cell
    for month in (previous_month(cell.month), next_month(cell.month)):
        yield _End(books, Cell(month, cell.kind)), Code.NEIGHBOUR_MONTH
    for kind in KINDS:
        if kind != cell.kind:
            yield _End(books, Cell(cell.month, kind)), Code.OTHER_KIND
    for other in books.others:
        if other.differences.get(cell):
            yield _End(other, cell), Code.OTHER_AGENT


def _cause(code: Code, source: _End, target: _End, voucher: Voucher, *, arrives: bool) -> Cause:
    posted: dict[str, Any]
    belongs: dict[str, Any]
    if code == Code.NEIGHBOUR_MONTH:
        posted = {"posted_to_month": format_tax_month(source.cell.month)}
        belongs = {"belongs_to_month": format_tax_month(target.cell.month)}
    elif code == Code.OTHER_KIND:
        posted = {"posted_to_kind": source.cell.kind}
        belongs = {"belongs_to_kind": target.cell.kind}
    else:
        posted = {"posted_to_agent": source.books.computer_code}
        belongs = {"belongs_to_agent": target.books.computer_code}
    if arrives:
        return Cause(code, target.cell.kind, voucher.amount, evidence_of(voucher, **posted))
    evidence = evidence_of(voucher, **posted, **belongs)
    return Cause(code, source.cell.kind, -voucher.amount, evidence)
