"""What an agent declared for the same persons earlier in the year, as the law needs it.

Counted are the declarations in force: regular + additional - refund.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Earlier:
    """One person's income of one kind in the earlier months of the year, in yuan.

    `first_month` is the first month of the year with such a line, `months` how many had one.
    """

    first_month: date
    months: int
    income: Decimal = ZERO
    exempt: Decimal = ZERO
    special: Decimal = ZERO
    other: Decimal = ZERO
    donation: Decimal = ZERO
    reduction: Decimal = ZERO
    withheld: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class LastYear:
    """One person's wages of the year before: in how many months, and how much (with bonuses)."""

    months: int
    income: Decimal


@dataclass(frozen=True)
class Year:
    """The earlier months of one declaration's year, by person.

    The keys are whatever the caller names persons by, the same for the lines of the declaration.
    `unfiled` are earlier months of the year that the agent did not declare at all. `last_year` is
    none when the year before is not wholly declared.
    """

    wages: Mapping[Hashable, Earlier] = field(default_factory=dict)
    labour: Mapping[Hashable, Earlier] = field(default_factory=dict)
    options: Mapping[Hashable, Earlier] = field(default_factory=dict)
    bonuses: Mapping[tuple[Hashable, str], tuple[date, ...]] = field(default_factory=dict)
    unfiled: tuple[date, ...] = ()
    last_year: Mapping[Hashable, LastYear] | None = None


NOTHING_EARLIER = Year()
