"""From candidates to causes: what sums to the difference, by the least and the best supported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import combinations
from math import comb

from reconciliation.causes.books import KINDS, ZERO, Books, Cell
from reconciliation.causes.causes import MOVES, Cause, Code, Near, Piece, Test
from reconciliation.causes.digits import mistyped_lines, mistyped_payments, slip
from reconciliation.causes.lines import doubled_lines, missing_lines
from reconciliation.causes.moves import posted_elsewhere
from reconciliation.causes.payments import (
    in_quarantine,
    in_transit,
    late_fees_as_tax,
    paid_twice,
    posted_as_late_fee,
)

MOST_TOGETHER = 3
MOST_COST_TOGETHER = 2
"""Weaker candidates explain a difference alone or not at all."""
SUMS_A_CHANCE_HIT = 100
"""So many fen there must be for each sum that is tried, or sums would agree by chance."""
MOST_GROUNDS = 3
"""One cause may rest on one of so many lines or vouchers; with more it is a guess."""
MOST_NEAR = 3


@dataclass(frozen=True)
class Explanation:
    """The causes of a month, by kind, best first; they add up to the difference of each kind."""

    month: date
    causes: list[Cause]


def explain(books: Books, months: Iterable[date]) -> Iterator[Explanation]:
    """Explain the months of an agent that do not agree."""
    for month in months:
        cells = [Cell(month, kind) for kind in KINDS]
        differing = [cell for cell in cells if books.differences.get(cell)]
        causes = [cause for cell in differing for cause in _explain_cell(books, cell)]
        yield Explanation(month, causes)


def _held_back(books: Books, cell: Cell) -> list[Piece]:
    """Return what is under way to a cell, or held back, where something is declared."""
    if cell not in books.lines_of:
        return []
    pieces = [*in_transit(books, cell), *in_quarantine(books, cell)]
    return [piece for piece in pieces if piece.sure]


def _rest_of(books: Books, cell: Cell) -> Decimal:
    """Return what is left of a difference after what is under way or held back, yuan."""
    known = books.rests.get(cell)
    if known is None:
        sure = sum((piece.amount for piece in _held_back(books, cell)), ZERO)
        known = books.rests[cell] = books.differences.get(cell, ZERO) - sure
    return known


def _explain_cell(books: Books, cell: Cell) -> list[Cause]:
    certain, rest = _held_back(books, cell), _rest_of(books, cell)
    if not rest:
        return _ordered(certain)
    moves = list(posted_elsewhere(books, cell, _rest_of, _explains))
    pieces = _distinct([*_candidates(books, cell), *moves])
    found = _best(books, cell, pieces, rest)
    if found:
        return _ordered([*certain, *found])
    if certain:  # what is under way may itself be too much
        found = _best(books, cell, _distinct([*certain, *pieces]), books.differences[cell])
        if found:
            return _ordered(found)
    return _with_facts(books, cell, certain, pieces, rest)


def _candidates(books: Books, cell: Cell) -> list[Piece]:
    """Return all candidates but moves and slips of digits, which depend on what is to be told."""
    unsure = (piece for piece in in_quarantine(books, cell) if not piece.sure)
    return [
        *(unsure if cell in books.lines_of else ()),
        *doubled_lines(books, cell),
        *missing_lines(books, cell),
        *paid_twice(books, cell),
        *late_fees_as_tax(books, cell),
        *posted_as_late_fee(books, cell),
    ]


def _explains(books: Books, cell: Cell, rest: Decimal) -> bool:
    return _best(books, cell, _distinct(_candidates(books, cell)), rest) is not None


def _distinct(pieces: list[Piece]) -> list[Piece]:
    """Leave out what is the same cause on the same ground, less well supported."""
    best: dict[object, Piece] = {}
    for piece in sorted(pieces, key=lambda piece: piece.cost):
        best.setdefault((piece.cause.code, piece.amount, piece.uses), piece)
    return list(best.values())


def _best(books: Books, cell: Cell, pieces: list[Piece], rest: Decimal) -> list[Piece] | None:
    """Return the pieces that sum to the rest: the fewest, the best supported.

    None if there are none, or if two that tell different stories are as good.
    """
    slips = _slips(books, cell, rest)
    for size in range(1, MOST_TOGETHER + 1):
        ranked = sorted(
            _sums(books, cell, [*pieces, *slips], rest, size),
            key=lambda some: sum(piece.cost for piece in some),
        )
        if ranked:
            least = sum(piece.cost for piece in ranked[0])
            equal = [some for some in ranked if sum(piece.cost for piece in some) == least]
            if len({_told(some) for some in equal}) > 1 or len(equal) > MOST_GROUNDS:
                return None
            return [_one_of([some[0] for some in equal])] if size == 1 else list(ranked[0])
    return None


def _one_of(pieces: list[Piece]) -> Piece:
    """Return one piece for several that say the same and rest on different things."""
    if len(pieces) == 1:
        return pieces[0]
    evidence = tuple(
        {**entry, "one_of": len(pieces)} for piece in pieces for entry in piece.cause.evidence
    )
    return replace(pieces[0], cause=replace(pieces[0].cause, evidence=evidence), sure=False)


def _slips(books: Books, cell: Cell, rest: Decimal) -> list[Piece]:
    return _distinct([*mistyped_lines(books, cell, rest), *mistyped_payments(books, cell, rest)])


def _sums(
    books: Books, cell: Cell, pieces: list[Piece], rest: Decimal, size: int
) -> Iterator[tuple[Piece, ...]]:
    """Yield so many pieces that sum to the rest and do not rest on the same thing."""
    if size == 1:
        yield from ((piece,) for piece in pieces if piece.amount == rest)
        return
    together = [piece for piece in pieces if piece.cost <= MOST_COST_TOGETHER]
    if _hits_by_chance(together, size):
        return
    for some in combinations(together, size):
        if sum((piece.amount for piece in some), ZERO) == rest and _apart(some):
            yield some
    if size > 2:
        return
    # A slip of digits beside something else: what remains tells which amount has slipped.
    for piece in together:
        for slipped in mistyped_payments(books, cell, rest - piece.amount):
            # Exchanged digits fit by chance more often: not beside what is itself only likely.
            is_safe = slipped.cause.code == Code.DIGITS_SHIFTED or piece.cause.code in MOVES
            if is_safe and slipped.amount == rest - piece.amount and _apart((piece, slipped)):
                yield piece, slipped


def _hits_by_chance(pieces: list[Piece], size: int) -> bool:
    """Tell whether so many sums would be tried that one may agree with anything."""
    unsure = [piece for piece in pieces if not piece.sure]
    most = max((abs(piece.amount) for piece in pieces), default=ZERO)
    return comb(len(unsure), size) * SUMS_A_CHANCE_HIT > most * 200


def _told(pieces: Iterable[Piece]) -> tuple[tuple[str, Decimal], ...]:
    """Return what an explanation says, but for what it rests on."""
    return tuple(sorted((piece.cause.code.value, piece.amount) for piece in pieces))


def _apart(pieces: Iterable[Piece]) -> bool:
    """Tell whether no two pieces rest on the same thing."""
    seen: set[object] = set()
    for piece in pieces:
        if seen & piece.uses:
            return False
        seen |= piece.uses
    return True


def _with_facts(
    books: Books, cell: Cell, certain: list[Piece], pieces: list[Piece], rest: Decimal
) -> list[Cause]:
    """Name what is sure, and for what is left the fact or that nothing explains it."""
    sure: list[Piece] = []
    for piece in sorted(pieces, key=lambda piece: piece.cost):
        leaves = rest - piece.amount
        # A part of what is left, which leaves a fact to be named. A line stands twice in any case.
        is_part = abs(leaves) < abs(rest) and leaves * rest > 0
        if piece.cause.code == Code.LINE_DOUBLED and rest > 0:
            is_part = True
        if piece.sure and is_part and _apart([*sure, piece]):
            sure.append(piece)
            rest = leaves
    kind = cell.kind
    causes = _ordered([*certain, *sure])
    if not rest:
        return causes
    unusual = _unusual_lines(books, cell, rest)
    if unusual:
        return [*causes, _unexplained(kind, rest, unusual)]
    if rest > 0:
        code = Code.PARTLY_PAID if books.paid(cell) else Code.NOT_PAID
        return [*causes, Cause(code, kind, rest)]
    if cell not in books.lines_of:
        gone = frozenset[object]().union(*(piece.uses for piece in sure))
        evidence = tuple(
            payment.as_json
            for voucher in books.counted.get(cell, ())
            for payment in voucher.payments
            if ("payment", payment.voucher, payment.line) not in gone
        )
        return [*causes, Cause(Code.NOT_DECLARED, kind, rest, evidence)]
    return [*causes, _unexplained(kind, rest, _nearest(pieces, rest))]


def _unusual_lines(books: Books, cell: Cell, rest: Decimal) -> list[Near]:
    """Return the lines that differ from the person's usual tax by exactly the rest."""
    found = []
    for line in books.lines_of.get(cell, ()):
        right = line.tax - rest
        months = books.usual_taxes(line).get(right)
        if months and slip(line.tax, right) is None:
            evidence = {
                "income_item": line.income_item,
                "declared_line": line.number,
                "declared_amount": f"{line.tax:.2f}",
                "usual_tax": f"{right:.2f}",
                "usual_in": months,
            }
            found.append(Near(Code.DIGITS_TRANSPOSED, rest, Test.DIGITS, (evidence,)))
    return found


def _nearest(pieces: list[Piece], rest: Decimal) -> list[Near]:
    """Return the candidates whose amounts come nearest to what is left."""
    pieces = sorted(pieces, key=lambda piece: (abs(piece.amount - rest), piece.cost))
    return [
        Near(
            piece.cause.code,
            piece.amount,
            Test.AMBIGUOUS if piece.amount == rest else Test.AMOUNT,
            piece.cause.evidence,
        )
        for piece in pieces[:MOST_NEAR]
    ]


def _unexplained(kind: str, rest: Decimal, near: list[Near]) -> Cause:
    return Cause(Code.UNEXPLAINED, kind, rest, tuple(each.as_json() for each in near))


def _ordered(pieces: Iterable[Piece]) -> list[Cause]:
    """Return the causes, the best supported first."""
    return [piece.cause for piece in sorted(pieces, key=lambda piece: piece.cost)]
