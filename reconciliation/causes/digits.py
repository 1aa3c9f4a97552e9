"""An amount of which two digits were exchanged, or the point moved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from reconciliation.causes.books import ZERO, Books, Cell
from reconciliation.causes.causes import Cause, Code, Piece


def slip(typed: Decimal, right: Decimal) -> Code | None:
    """Tell by which slip of digits one amount, in yuan, became another; none if by neither."""
    if typed == right or typed <= 0 or right <= 0:
        return None
    if typed == right * 10 or typed * 10 == right:
        return Code.DIGITS_SHIFTED
    one, other = f"{typed:.2f}".replace(".", ""), f"{right:.2f}".replace(".", "")
    one, other = one.lstrip("0"), other.lstrip("0")
    if len(one) != len(other):
        return None
    places = [at for at, (mine, its) in enumerate(zip(one, other, strict=True)) if mine != its]
    if len(places) != 2 or places[1] != places[0] + 1:
        return None
    first, second = places
    if one[first] == other[second] and one[second] == other[first]:
        return Code.DIGITS_TRANSPOSED
    return None


def mistyped_lines(books: Books, cell: Cell, rest: Decimal) -> Iterator[Piece]:
    """Yield the lines that are a slip away from the person's usual tax, or from the difference."""
    for line in books.lines_of.get(cell, ()):
        usual = books.usual_taxes(line)
        for right in {*usual, line.tax - rest}:
            code = slip(line.tax, right)
            if code is None:
                continue
            months = usual.get(right, [])
            evidence = {
                "income_item": line.income_item,
                "declared_line": line.number,
                "declared_amount": f"{line.tax:.2f}",
                "right_amount": f"{right:.2f}",
                "usual_in": months,
            }
            cause = Cause(code, cell.kind, line.tax - right, (evidence,))
            cost = 1 if months else 3 if not usual else 5
            yield Piece(cause, cost, frozenset({("line", line.number)}), sure=len(months) > 1)


def mistyped_payments(books: Books, cell: Cell, rest: Decimal) -> Iterator[Piece]:
    """Yield the payments that are a slip away from letting their item, or the cell, agree."""
    by_item: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in books.lines_of.get(cell, ()):
        by_item[line.income_item[:2]] += line.tax
    vouchers = books.counted.get(cell, ())
    for voucher in vouchers:
        for payment in voucher.payments:
            by_item[payment.item] -= payment.amount
    for voucher in vouchers:
        for payment in voucher.payments:
            item = by_item[payment.item]
            for difference in {item, rest}:
                code = slip(payment.amount, payment.amount + difference)
                if code is None:
                    continue
                evidence = {
                    **payment.as_json,
                    "paid_amount": f"{payment.amount:.2f}",
                    "right_amount": f"{payment.amount + difference:.2f}",
                }
                cause = Cause(code, cell.kind, difference, (evidence,))
                uses = frozenset({("payment", payment.voucher, payment.line)})
                yield Piece(cause, 2 if difference == item else 4, uses)
