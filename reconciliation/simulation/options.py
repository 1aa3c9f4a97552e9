"""What a simulated world is made from: its size, its seed, and how often each thing happens."""

from __future__ import annotations

import calendar
from dataclasses import dataclass, field, fields, replace
from datetime import date, timedelta

from declarations.taxlaw.tax_month import format_tax_month, is_covered, next_month, parse_tax_month

# As many persons as made-up identity numbers suffice for (see cast.py).
MOST_AGENTS = 50_000
MOST_PERSONS = 500


class WrongOption(ValueError):
    """An option cannot be: the text says which and why."""


@dataclass(frozen=True)
class Rates:
    """How often each thing happens, as probabilities.

    Up to `unexplained` they are mistakes and facts in an agent's month that has tax, named like the
    causes of `truth.py`. Then what happens to all months alike, then what is done to files.
    """

    line_missing: float = 0.008
    line_doubled: float = 0.006
    paid_twice: float = 0.008
    neighbour_month: float = 0.008
    other_kind: float = 0.006
    digits_transposed: float = 0.008
    digits_shifted: float = 0.005
    in_transit: float = 0.006
    in_quarantine: float = 0.006
    late_fee_as_tax: float = 0.006
    other_agent: float = 0.006
    other_item: float = 0.004
    partly_paid: float = 0.008
    not_paid: float = 0.008
    not_declared: float = 0.008
    unexplained: float = 0.008

    # Of the months with one of the above: one more of another sort.
    combined: float = 0.15
    # Of all mistakes: put right some weeks later.
    corrected: float = 0.35

    late_declaration: float = 0.06
    repeated_declaration: float = 0.01
    late_payment: float = 0.06
    split_payment: float = 0.10
    reversed_payment: float = 0.01
    additional: float = 0.03
    refund: float = 0.02
    fine: float = 0.004
    # Of tax of up to one yuan, from when the law lets it go.
    small_tax_unpaid: float = 0.7
    other_tax: float = 0.05
    row_sent_again: float = 0.02
    row_out_of_order: float = 0.02
    registration_change: float = 0.02

    # Of agents.
    late_agent: float = 0.04
    partial_coverage: float = 0.05

    # Of persons: a wage that makes up to about a yuan of tax.
    small_tax: float = 0.03

    # Of the days' files: more than one part; first a bad one of that name.
    file_in_parts: float = 0.10
    file_refused: float = 0.0

    def __post_init__(self) -> None:
        for each in fields(self):
            rate = getattr(self, each.name)
            if not 0 <= rate <= 1:
                raise WrongOption(f"the rate {each.name} is from 0 to 1, not {rate}")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all rates."""
        return tuple(each.name for each in fields(cls))

    @classmethod
    def nothing(cls, **rates: float) -> Rates:
        """Return rates at which everything is in order and on time, but for those given."""
        return cls(**{**dict.fromkeys(cls.names(), 0.0), **rates})

    def changed(self, rates: dict[str, float]) -> Rates:
        """Return these rates with others of the given names. WrongOption for an unknown name."""
        unknown = sorted(set(rates) - set(self.names()))
        if unknown:
            raise WrongOption(f"there is no rate {', '.join(unknown)}")
        return replace(self, **rates)


@dataclass(frozen=True)
class Options:
    """A world: the same options give the same files, byte for byte. WrongOption if it cannot be.

    `days` counts from the first day of `first_month`; 0 stands for all days to the end of the month
    after the last one. A world of fewer days is the beginning of the one of more.
    """

    seed: int = 1
    agents: int = 10
    first_month: date = date(2006, 4, 1)
    months: int = 3
    days: int = 0
    persons: int = 6
    rows_per_file: int = 50_000
    rates: Rates = field(default_factory=Rates)

    def __post_init__(self) -> None:
        for name, most in (
            ("agents", MOST_AGENTS),
            ("months", 600),
            ("persons", 100),
            ("rows_per_file", 1_000_000),
        ):
            if not 1 <= getattr(self, name) <= most:
                raise WrongOption(f"{name} is from 1 to {most}")
        if self.first_month.day != 1 or not is_covered(self.first_month):
            raise WrongOption("the first month is a month from 2006-01 on")
        if not 0 <= self.days <= 40_000:
            raise WrongOption("days is from 1 to 40000, or 0")

    @property
    def tax_months(self) -> list[date]:
        """Return the months that are declared and paid, as their first days."""
        months = [self.first_month]
        while len(months) < self.months:
            months.append(next_month(months[-1]))
        return months

    @property
    def first_day(self) -> date:
        """Return the business date of the first files."""
        return self.first_month

    @property
    def last_day(self) -> date:
        """Return the business date of the last files: what is true is true as of its evening."""
        if self.days:
            return self.first_day + timedelta(days=self.days - 1)
        return last_day_of(next_month(self.tax_months[-1]))

    def as_json(self) -> dict[str, object]:
        """Return what the options are, as the summary says it."""
        return {
            "seed": self.seed,
            "first_month": format_tax_month(self.first_month),
            "last_month": format_tax_month(self.tax_months[-1]),
            "first_day": self.first_day.isoformat(),
            "last_day": self.last_day.isoformat(),
        }


def last_day_of(month: date) -> date:
    """Return the last day of a month."""
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def month_of(text: str) -> date:
    """Return the month that `YYYY-MM` names. WrongOption."""
    try:
        return parse_tax_month(text)
    except ValueError as error:
        raise WrongOption(str(error)) from None
