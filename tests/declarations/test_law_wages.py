"""Wages over the months of a year: what is withheld month by month, and what the year bears."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarations.taxlaw.rates import rate_table
from declarations.taxlaw.working import to_fen
from tests.declarations.law_cases import fen, month, quick, tax_of

ZERO = Decimal(0)


class Paid(NamedTuple):
    """A month's wage, what comes off it beside the 5,000, and what is given."""

    income: Decimal
    special: Decimal = ZERO
    donation: Decimal = ZERO


payments = st.builds(Paid, fen(200_000), st.just(ZERO) | fen(30_000), st.just(ZERO) | fen(30_000))
years = st.lists(payments, min_size=1, max_size=12)
# Always above the deductions: no month's balance falls.
years_without_a_fall = st.lists(
    fen(200_000).map(lambda income: Paid(income + 5000)), min_size=1, max_size=12
)


def withheld_in(year: list[Paid]) -> list[Decimal]:
    """Return what is withheld in each month, from January on."""
    withheld: list[Decimal] = []
    for months in range(1, len(year) + 1):
        to_date = year[:months]
        inputs = {
            "method": "cumulative",
            "cum_income": sum((each.income for each in to_date), ZERO),
            "cum_basic": 5000 * months,
            "cum_special": sum((each.special for each in to_date), ZERO),
            "donation": sum((each.donation for each in to_date), ZERO),
            "cum_withheld": sum(withheld, ZERO),
        }
        withheld.append(tax_of(f"2024-{months:02}", "0101", inputs))
    return withheld


def tax_of_the_year(year: list[Paid]) -> Decimal:
    """Return the tax by the annual table on the year as a whole."""
    taxable = sum((each.income - each.special for each in year), ZERO) - 5000 * len(year)
    taxable = max(taxable, ZERO)
    taxable -= min(sum((each.donation for each in year), ZERO), taxable * Decimal("0.3"))
    return to_fen(rate_table("rates_annual", month("2024-12")).tax(taxable))


@quick
@given(year=years_without_a_fall)
def test_the_months_add_up_to_the_annual_table(year: list[Paid]) -> None:
    assert sum(withheld_in(year), ZERO) == tax_of_the_year(year)


@quick
@given(year=years)
def test_what_is_withheld_is_the_highest_that_was_due_so_far(year: list[Paid]) -> None:
    withheld = withheld_in(year)

    assert all(each >= 0 for each in withheld)
    assert all(each.as_tuple().exponent == -2 for each in withheld)
    due = [tax_of_the_year(year[:months]) for months in range(1, len(year) + 1)]
    for months in range(1, len(year) + 1):
        assert sum(withheld[:months], ZERO) == max(due[:months])


# The tax administration's example: 30,000 a month, 4,500 insurance, 2,000 additional.
def test_thirty_thousand_a_month() -> None:
    withheld = withheld_in([Paid(Decimal(30000), Decimal(6500))] * 12)

    assert withheld[:3] == [Decimal("555.00"), Decimal("625.00"), Decimal("1850.00")]
    # 12 × 18500 = 222000 × 20% - 16920.
    assert sum(withheld) == Decimal("27480.00")


@pytest.mark.parametrize("item", ["0104", "0108", "0110", "0111"])
@pytest.mark.parametrize(
    ("tax_month", "deduction"), [("2008-02", 1600), ("2008-03", 2000), ("2018-12", 5000)]
)
def test_a_joined_line_bears_what_the_months_tax_grows_by(
    item: str, tax_month: str, deduction: int
) -> None:
    wage, extra = Decimal(deduction + 900), Decimal(700)
    alone = tax_of(tax_month, "0101", {"income": wage})

    joined = tax_of(tax_month, item, {"income": wage, "extra": extra, "month_tax_already": alone})

    assert alone + joined == tax_of(tax_month, "0101", {"income": wage + extra})


@quick
@given(wage=fen(100_000), extra=fen(100_000), item=st.sampled_from(("0104", "0110")))
def test_a_cumulatively_joined_line_and_the_wage_add_up(
    wage: Decimal, extra: Decimal, item: str
) -> None:
    basic = {"cum_basic": 5000}
    alone = tax_of("2024-01", "0101", {"cum_income": wage, **basic})

    joined = tax_of("2024-01", item, {"cum_income": wage + extra, "cum_withheld": alone, **basic})

    assert alone + joined == tax_of("2024-01", "0101", {"cum_income": wage + extra, **basic})


@pytest.mark.parametrize(
    ("rate", "tax"),
    # 10.005 rounds to 10.01, and half of that to 5.01.
    [("0", "10.01"), ("0.5", "5.01"), ("1", "0.00")],
)
def test_a_reduction_takes_its_share_of_the_rounded_tax(rate: str, tax: str) -> None:
    inputs = {"income": "1800.10", "reduction_rate": rate}

    assert tax_of("2007-05", "0101", inputs) == Decimal(tax)
