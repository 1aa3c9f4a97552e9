"""Chance, seeded: the same words give the same draws on every machine."""

from __future__ import annotations

import random
from datetime import date, timedelta


class Chance(random.Random):
    """A source of draws of its own for one thing, such as an agent's month of a seed.

    Each thing has its own, so that one more draw in one place changes nothing elsewhere. No draw
    goes through the mathematical functions of the machine.
    """

    def __init__(self, *words: object) -> None:
        super().__init__(":".join(map(str, words)))

    def happens(self, rate: float) -> bool:
        """Tell whether something of this probability happens. Each call is a draw."""
        return self.random() < rate

    def days(self, first: int, last: int) -> timedelta:
        """Return a number of days."""
        return timedelta(days=self.randint(first, last))

    def time_of(self, day: date) -> str:
        """Return an *updated at* in office hours of a day."""
        seconds = 8 * 3600 + self.randrange(10 * 3600)
        return f"{compact(day)}{seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}"


def compact(day: date) -> str:
    """Return a day as the feed writes it, YYYYMMDD."""
    return day.isoformat().replace("-", "")
