"""A line that is missing, and one that stands twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from declarations.taxlaw.tax_month import format_tax_month
from reconciliation.causes.books import Books, Cell, Line
from reconciliation.causes.causes import Cause, Code, Piece


def doubled_lines(books: Books, cell: Cell) -> Iterator[Piece]:
    """Yield the lines that repeat an earlier one: the same person, item and tax."""
    seen: dict[tuple[bytes, str, Decimal], Line] = {}
    for line in books.lines_of.get(cell, ()):
        first = seen.setdefault((line.person, line.income_item, line.tax), line)
        if first is line or not line.tax:
            continue
        evidence = {
            "income_item": line.income_item,
            "declared_line": line.number,
            "repeats_line": first.number,
        }
        cause = Cause(Code.LINE_DOUBLED, cell.kind, line.tax, (evidence,))
        yield Piece(cause, 1, frozenset({("line", line.number)}), sure=True)


def missing_lines(books: Books, cell: Cell) -> Iterator[Piece]:
    """Yield the lines of other months whose person has none of that item in this one."""
    if cell not in books.lines_of:
        return
    for (person, kind, item), months in books.taxes_of_persons.items():
        if kind != cell.kind or cell.month in months:
            continue
        usual: dict[Decimal, list[Line]] = defaultdict(list)
        for _, lines in sorted(months.items()):
            if len(lines) == 1:
                usual[lines[0].tax].append(lines[0])
        for tax, lines in usual.items():
            if not tax:
                continue
            evidence = {
                "income_item": item,
                "usual_tax": f"{tax:.2f}",
                "usual_in": [format_tax_month(line.month) for line in lines],
                "like_line": {
                    "tax_month": format_tax_month(lines[-1].month),
                    "declared_line": lines[-1].number,
                },
            }
            cause = Cause(Code.LINE_MISSING, cell.kind, -tax, (evidence,))
            yield Piece(cause, 1 if len(lines) > 1 else 2, frozenset({("person", person, item)}))
