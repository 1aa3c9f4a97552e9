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
    else explains the remainder of the other.
    """
    here = _End(books, cell)
    for there, code in _beside(here):
        for source, target in ((there, here), (here, there)):
            for voucher in source.books.counted.get(source.cell, ()):
                amount = voucher.amount
                if not amount:
                    continue
                left = rest_of(source.books, source.cell) + amount
                lacks = rest_of(target.books, target.cell) - amount
                cost = _cost(source, target, left, lacks, explains, arrives=target is here)
                if cost:
                    cause = _cause(code, source, target, voucher, arrives=target is here)
                    yield Piece(cause, cost, used(voucher), sure=cost == 1)


def _cost(
    source: _End,
    target: _End,
    left: Decimal,
    lacks: Decimal,
    explains: Explains,
    *,
    arrives: bool,
) -> int:
    """Return the cost of a move that leaves so much at its ends; 0: there is none."""
    if not left and not lacks:
        return 1
    if not left:  # the source comes out even
        if explains(target.books, target.cell, lacks):
            return 2
        # Its surplus is one whole voucher: so much is lacking at the other end, and more.
        return 2 if arrives else 0
    # Without the voucher the source has too much all the same, or lacks what something explains.
    if not lacks and (left < 0 or explains(source.books, source.cell, left)):
        return 2
    return 0


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
