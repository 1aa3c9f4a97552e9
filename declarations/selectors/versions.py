"""What changed: between two versions, and between two sums by income item."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from declarations.declaration import ItemTotal
from declarations.lines import ZERO
from declarations.models import Declaration, DeclaredTotal
from declarations.selectors.listing import grand_total, versions_of


class Sums(NamedTuple):
    """One side of a comparison: person-times, and yuan."""

    line_count: int
    income: Decimal
    tax_withheld: Decimal


@dataclass(frozen=True)
class ItemChange:
    """An income item's sums before and after; nothing on a side is zero. Yuan to the fen."""

    income_item: str
    before: Sums
    after: Sums

    @property
    def tax_difference(self) -> Decimal:
        return self.after.tax_withheld - self.before.tax_withheld


@dataclass(frozen=True)
class TotalChanges:
    """Two declarations' sums side by side: each income item of either, and all together."""

    items: list[ItemChange]
    total: ItemChange


def totals_side_by_side(
    before: Iterable[DeclaredTotal | ItemTotal], after: Iterable[DeclaredTotal | ItemTotal]
) -> TotalChanges:
    """Put two declarations' sums by income item beside each other, ordered by item."""
    sides = [list(before), list(after)]
    by_item = [{each.income_item: _sums(each) for each in side} for side in sides]
    nothing = Sums(0, ZERO, ZERO)
    items = [
        ItemChange(item, by_item[0].get(item, nothing), by_item[1].get(item, nothing))
        for item in sorted(by_item[0] | by_item[1])
    ]
    totals = [grand_total(side) for side in sides]
    total = ItemChange("", *(Sums(t.line_count, t.income, t.tax_withheld) for t in totals))
    return TotalChanges(items, total)


def _sums(total: DeclaredTotal | ItemTotal) -> Sums:
    return Sums(total.line_count, total.income, total.tax_withheld)


def version_before(declaration: Declaration) -> Declaration | None:
    """Return the version that a declaration corrected; none for a draft, and where none gave way.

    What was filed after a withdrawal corrects nothing.
    """
    if declaration.version is None:
        return None
    earlier = versions_of(declaration).filter(
        version=declaration.version - 1, status=Declaration.Status.SUPERSEDED
    )
    return earlier.select_related("agent_month__agent").first()
