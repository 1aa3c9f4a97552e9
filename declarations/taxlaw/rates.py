"""Rate tables: tax = taxable × rate - quick deduction (速算扣除数).

The quick deduction is no parameter: it follows from the rates, and a test holds it against the
printed tables. Bounds belong to the level below them (不超过…的).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from declarations.taxlaw.parameters import parameter

ZERO = Decimal(0)


class Level(NamedTuple):
    """One level of a table: its rate as a fraction, its quick deduction in yuan."""

    rate: Decimal
    quick_deduction: Decimal


NO_LEVEL = Level(ZERO, ZERO)


@dataclass(frozen=True)
class RateTable:
    """A progressive table: the amounts above which its levels begin, and the levels."""

    above: tuple[Decimal, ...]
    levels: tuple[Level, ...]

    def level(self, taxable: Decimal) -> Level:
        """Return the level of a taxable amount; of nothing or less rate and quick deduction 0."""
        at = bisect_left(self.above, taxable)
        return self.levels[at - 1] if at else NO_LEVEL

    def tax(self, taxable: Decimal) -> Decimal:
        """Return the tax on an amount, unrounded."""
        level = self.level(taxable)
        return taxable * level.rate - level.quick_deduction if level.rate else ZERO


def table_of(brackets: Sequence[tuple[Decimal, Decimal]]) -> RateTable:
    """Return the table of (above, rate) pairs in rising order, its quick deductions computed."""
    levels: list[Level] = []
    before = NO_LEVEL
    for above, rate in brackets:
        before = Level(rate, above * (rate - before.rate) + before.quick_deduction)
        levels.append(before)
    return RateTable(tuple(above for above, _ in brackets), tuple(levels))


@lru_cache(maxsize=4096)
def rate_table(name: str, day: date) -> RateTable:
    """Return the table that `parameters/NAME.yaml` has for a day; NotInForce without one."""
    brackets = parameter(name).at(day)["brackets"]
    return table_of([(bracket["above"], bracket["rate"]) for bracket in brackets])
