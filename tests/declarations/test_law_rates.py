"""The rate tables against what is printed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarations.taxlaw.rates import NO_LEVEL, RateTable, rate_table
from tests.declarations.law_cases import (
    ANNUAL,
    LABOUR,
    NINE_LEVELS,
    SEVEN_LEVELS_2011,
    SEVEN_LEVELS_2018,
    Printed,
    fen,
    quick,
)

CENT = Decimal("0.01")
PRINTED = [
    ("rates_monthly", date(2006, 1, 1), NINE_LEVELS),
    ("rates_monthly", date(2011, 8, 31), NINE_LEVELS),
    ("rates_monthly", date(2011, 9, 1), SEVEN_LEVELS_2011),
    ("rates_monthly", date(2018, 9, 30), SEVEN_LEVELS_2011),
    ("rates_monthly", date(2018, 10, 1), SEVEN_LEVELS_2018),
    ("rates_monthly", date(2026, 11, 1), SEVEN_LEVELS_2018),
    ("rates_annual", date(2019, 1, 1), ANNUAL),
    ("rates_annual", date(2026, 11, 1), ANNUAL),
    ("rates_labour", date(2006, 1, 1), LABOUR),
    ("rates_labour", date(2011, 9, 1), LABOUR),
    ("rates_labour", date(2019, 1, 1), LABOUR),
]
every_table = pytest.mark.parametrize(
    ("name", "day", "printed"), PRINTED, ids=[f"{name}-{day}" for name, day, _ in PRINTED]
)
tables = st.sampled_from(PRINTED).map(lambda it: (rate_table(it[0], it[1]), it[2]))


def tax_from_the_ground_up(printed: Printed, taxable: Decimal) -> Decimal:
    """Add what each level takes of its own slice: no quick deduction."""
    tax, below = Decimal(0), Decimal(0)
    for up_to, percent, _ in printed:
        top = taxable if up_to is None else min(taxable, Decimal(up_to))
        tax += max(top - below, Decimal(0)) * percent / 100
        below = max(below, top)
    return tax


@every_table
def test_the_computed_quick_deductions_are_the_printed_ones(
    name: str, day: date, printed: Printed
) -> None:
    levels = rate_table(name, day).levels

    assert [(level.rate * 100, level.quick_deduction) for level in levels] == [
        (Decimal(percent), Decimal(deduction)) for _, percent, deduction in printed
    ]


@every_table
def test_a_bound_belongs_to_the_level_below_and_both_levels_tax_it_alike(
    name: str, day: date, printed: Printed
) -> None:
    rates = rate_table(name, day)

    for at, (up_to, _, _) in enumerate(printed[:-1]):
        assert up_to is not None
        bound = Decimal(up_to)
        below, above = rates.levels[at], rates.levels[at + 1]
        assert rates.level(bound - CENT) == rates.level(bound) == below
        assert rates.level(bound + CENT) == above
        assert bound * below.rate - below.quick_deduction == (
            bound * above.rate - above.quick_deduction
        )


@every_table
def test_of_nothing_there_is_no_tax(name: str, day: date, printed: Printed) -> None:
    rates = rate_table(name, day)

    assert rates.level(Decimal(0)) == rates.level(Decimal(-1)) == NO_LEVEL
    assert rates.tax(Decimal(0)) == rates.tax(Decimal(-5000)) == 0
    assert rates.tax(CENT) == CENT * printed[0][1] / 100


@quick
@given(table=tables, taxable=fen())
def test_the_quick_deduction_gives_what_the_levels_add_up_to(
    table: tuple[RateTable, Printed], taxable: Decimal
) -> None:
    rates, printed = table

    assert rates.tax(taxable) == tax_from_the_ground_up(printed, taxable)


@quick
@given(table=tables, taxable=fen(), more=fen())
def test_more_is_taxed_more_but_never_by_more_than_the_top_rate(
    table: tuple[RateTable, Printed], taxable: Decimal, more: Decimal
) -> None:
    rates, printed = table
    lowest, top = (Decimal(printed[at][1]) / 100 for at in (0, -1))

    growth = rates.tax(taxable + more) - rates.tax(taxable)

    assert more * lowest <= growth <= more * top
