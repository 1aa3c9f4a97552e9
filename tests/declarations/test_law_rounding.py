"""The law's printed formulas in exact fractions, rounded half up once: the tax, always.

Each formula stands here a second time, as its text has it, with the printed tables; 0.1 is a tenth
and a third is a third.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declarations.taxlaw.working import to_fen
from tests.declarations.law_cases import (
    ANNUAL,
    COUNTRIES,
    LABOUR,
    MONTHS,
    Printed,
    deduction,
    fen,
    month,
    monthly_table,
    quick,
    tax_of,
)

YEAR_2019 = date(2019, 1, 1)
to_2018 = st.sampled_from([day for day in MONTHS if day < YEAR_2019])
from_2019 = st.sampled_from([day for day in MONTHS if day >= YEAR_2019])
any_month = st.sampled_from(MONTHS)
counts = st.integers(1, 40)


def half_up(exact: Fraction) -> Decimal:
    """Round yuan to the fen; a tax is never below 0."""
    return Decimal(int(max(exact, Fraction(0)) * 100 + Fraction(1, 2))) / 100


def level(printed: Printed, taxable: Fraction) -> tuple[Fraction, int]:
    """Return rate and quick deduction; of nothing neither."""
    if taxable <= 0:
        return Fraction(0), 0
    for up_to, percent, quick_deduction in printed:
        if up_to is None or taxable <= up_to:
            return Fraction(percent, 100), quick_deduction
    raise AssertionError


def by_table(printed: Printed, taxable: Fraction) -> Fraction:
    rate, quick_deduction = level(printed, taxable)
    return taxable * rate - quick_deduction


def less_costs(income: Decimal, charges: Decimal = Decimal(0)) -> Fraction:
    """800 off up to 4,000, a fifth off more; the test is on the gross amount."""
    left = Fraction(income) - Fraction(charges)
    return max(left - 800 if income <= 4000 else left * Fraction(4, 5), Fraction(0))


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [
        ("0.005", "0.01"),
        ("0.0049", "0.00"),
        ("2.675", "2.68"),
        ("1.0049999999", "1.00"),
        ("3.335", "3.34"),
    ],
)
def test_half_a_fen_is_rounded_up(exact: str, rounded: str) -> None:
    assert to_fen(Decimal(exact)) == Decimal(rounded) == half_up(Fraction(exact))


@quick
@given(fen_and_a_half=st.integers(0, 10**9), parts=st.integers(1, 300))
def test_what_comes_back_from_a_division_is_rounded_as_if_it_had_not_been_divided(
    fen_and_a_half: int, parts: int
) -> None:
    thousandths = fen_and_a_half * 10 + 5

    assert to_fen(Decimal(thousandths) / 1000 / parts * parts) == half_up(
        Fraction(thousandths, 1000)
    )


@quick
@given(day=to_2018, country=COUNTRIES, income=fen(), exempt=fen())
def test_a_months_wage(day: date, country: str, income: Decimal, exempt: Decimal) -> None:
    tax = tax_of(day, "0101", {"income": income, "exempt": exempt}, country=country)

    taxable = Fraction(income) - Fraction(exempt) - deduction(day, country)
    assert tax == half_up(by_table(monthly_table(day), taxable))


@quick
@given(day=any_month, income=fen(), gift=fen(), in_full=fen())
def test_a_months_wage_less_donations(
    day: date, income: Decimal, gift: Decimal, in_full: Decimal
) -> None:
    inputs = {"income": income, "donation": gift, "donation_full": in_full}

    tax = tax_of(day, "0101", inputs, resident=False)

    taxable = max(Fraction(income) - deduction(day, "001"), Fraction(0))
    taxable -= min(Fraction(gift), taxable * Fraction(3, 10)) + Fraction(in_full)
    assert tax == half_up(by_table(monthly_table(day), taxable))


@quick
@given(day=to_2018, country=COUNTRIES, bonus=fen(), salary=fen(9_000), exempt=fen(1_000))
def test_the_annual_bonus_to_2018(
    day: date, country: str, bonus: Decimal, salary: Decimal, exempt: Decimal
) -> None:
    inputs = {"bonus": bonus, "salary": salary, "salary_exempt": exempt}

    tax = tax_of(day, "0102", inputs, country=country)

    short = max(deduction(day, country) - (Fraction(salary) - Fraction(exempt)), Fraction(0))
    taxable = Fraction(bonus) - short
    rate, quick_deduction = level(monthly_table(day), taxable / 12)
    assert tax == half_up(taxable * rate - quick_deduction)


@quick
@given(day=from_2019, bonus=fen())
def test_the_annual_bonus_from_2019(day: date, bonus: Decimal) -> None:
    rate, quick_deduction = level(monthly_table(day), Fraction(bonus) / 12)

    assert tax_of(day, "0102", {"bonus": bonus}) == half_up(
        Fraction(bonus) * rate - quick_deduction
    )


@quick
@given(day=any_month, bonus=fen())
def test_a_several_month_bonus(day: date, bonus: Decimal) -> None:
    tax = tax_of(day, "0103", {"bonus": bonus}, resident=False)

    months = 1 if day < YEAR_2019 else 6
    assert tax == half_up(by_table(monthly_table(day), Fraction(bonus) / months) * months)


@quick
@given(day=to_2018, income=fen(), exempt=fen(), prepaid=fen(20_000), seafarer=st.booleans())
def test_special_trades(
    day: date, income: Decimal, exempt: Decimal, prepaid: Decimal, seafarer: bool
) -> None:
    inputs = {
        "year_income": income,
        "year_exempt": exempt,
        "prepaid": prepaid,
        "seafarer": seafarer,
    }

    tax = tax_of(day, "0105", inputs)

    monthly = deduction(day, "003" if seafarer else "001")
    share = (Fraction(income) - Fraction(exempt)) / 12 - monthly
    year = by_table(monthly_table(day), share) * 12
    assert tax == half_up(year - Fraction(prepaid))


@quick
@given(day=any_month, lump=fen(), months=st.integers(1, 240), salary=fen(9_000))
def test_early_retirement(day: date, lump: Decimal, months: int, salary: Decimal) -> None:
    tax = tax_of(day, "0106", {"lump": lump, "months": months, "salary": salary})

    others = Fraction(salary) - deduction(day, "001")
    whole = Fraction(lump) + others
    # A share of nothing has the lowest rate.
    share = max(Fraction(lump) / months + others, Fraction(1, 100))
    rate, quick_deduction = level(monthly_table(day), share)
    assert tax == half_up(whole * rate - quick_deduction)


@quick
@given(day=any_month, lump=fen(), exempt=fen(20_000), wage=fen(90_000), years=counts)
def test_severance(day: date, lump: Decimal, exempt: Decimal, wage: Decimal, years: int) -> None:
    inputs = {"lump": lump, "exempt": exempt, "local_avg_annual_wage": wage, "years": years}

    tax = tax_of(day, "0107", inputs)

    excess = max(Fraction(lump) - 3 * Fraction(wage) - Fraction(exempt), Fraction(0))
    if day >= YEAR_2019:
        assert tax == half_up(by_table(ANNUAL, excess))
    else:
        n = min(years, 12)
        share = excess / n - deduction(day, "001")
        assert tax == half_up(by_table(monthly_table(day), share) * n)


@quick
@given(
    day=any_month,
    market=fen(500),
    strike=fen(400),
    shares=st.integers(0, 20_000),
    months=counts,
    resident=st.booleans(),
)
def test_options(
    day: date, market: Decimal, strike: Decimal, shares: int, months: int, resident: bool
) -> None:
    inputs = {"market": market, "strike": strike, "shares": shares, "months": months}

    tax = tax_of(day, "0109", inputs, resident=resident)

    gain = max((Fraction(market) - Fraction(strike)) * shares, Fraction(0))
    if day >= YEAR_2019 and resident:
        assert tax == half_up(by_table(ANNUAL, gain))
    else:
        n = 6 if day >= YEAR_2019 else min(months, 12)
        assert tax == half_up(by_table(monthly_table(day), gain / n) * n)


@pytest.mark.parametrize("item", ["02", "03", "04"])
@given(
    day=any_month,
    # Every fen counts here, and the test at 4,000 is on the gross amount.
    income=st.one_of(
        fen(9_000), st.integers(400_000, 700_000).map(lambda each: Decimal(each) / 100)
    ),
    charges=fen(3_000),
)
@settings(quick, max_examples=200)
def test_labour_service_authors_pay_and_royalties(
    day: date, item: str, income: Decimal, charges: Decimal
) -> None:
    tax = tax_of(day, item, {"income": income, "deductible_tax": charges})

    if item == "02":
        assert tax == half_up(by_table(LABOUR, less_costs(income, charges)))
    elif item == "03":
        assert tax == half_up(less_costs(income) * Fraction(1, 5) * Fraction(7, 10))
    else:
        assert tax == half_up(less_costs(income, charges) * Fraction(1, 5))


@quick
@given(day=from_2019, item=st.sampled_from(("02", "03", "04")), income=fen())
def test_the_same_of_non_residents_from_2019(day: date, item: str, income: Decimal) -> None:
    tax = tax_of(day, item, {"income": income}, resident=False)

    share = Fraction(56 if item == "03" else 80, 100)
    assert tax == half_up(by_table(monthly_table(day), Fraction(income) * share))


@quick
@given(
    day=any_month,
    use=st.sampled_from(("residential_housing", "commercial", "movable")),
    rent=fen(60_000),
    taxes=fen(500),
    repairs=fen(1_500),
)
def test_leasing(day: date, use: str, rent: Decimal, taxes: Decimal, repairs: Decimal) -> None:
    inputs = {"use": use, "rent": rent, "taxes": taxes, "repair_balance": repairs}

    tax = tax_of(day, "0601", inputs)

    rate = Fraction(1 if use == "residential_housing" else 2, 10)
    assert tax == half_up(less_costs(rent, taxes + min(repairs, Decimal(800))) * rate)


@quick
@given(day=any_month, proceeds=fen(), cost=fen(), fees=fen(20_000))
def test_transfers(day: date, proceeds: Decimal, cost: Decimal, fees: Decimal) -> None:
    tax = tax_of(day, "0701", {"proceeds": proceeds, "cost": cost, "fees": fees})

    assert tax == half_up((Fraction(proceeds) - Fraction(cost) - Fraction(fees)) / 5)


@quick
@given(base=fen(), rate=st.integers(1, 400))
def test_assessed_income(base: Decimal, rate: int) -> None:
    inputs = {"base": base, "assessed_rate": Decimal(rate) / 10_000}

    assert tax_of("2015-05", "0702", inputs) == half_up(Fraction(base) * rate / 10_000)


@quick
@given(old=fen(), new=fen())
def test_savings_interest_is_rounded_once_over_its_periods(old: Decimal, new: Decimal) -> None:
    accrued = {"1999-11-01..2007-08-14": old, "2007-08-15..2008-10-08": new, "2008-10-09..": old}

    tax = tax_of("2010-01", "05", {"kind": "savings_interest", "accrued": accrued})

    assert tax == half_up(Fraction(old) / 5 + Fraction(new) / 20)


@quick
@given(day=any_month, income=fen(), item=st.sampled_from(("05", "08")))
def test_dividends_and_wins_as_a_whole(day: date, income: Decimal, item: str) -> None:
    assert tax_of(day, item, {"income": income}) == half_up(Fraction(income) / 5)


@quick
@given(day=from_2019, income=fen(), basic=fen(60_000), special=fen(50_000), withheld=fen(50_000))
def test_the_cumulative_method(
    day: date, income: Decimal, basic: Decimal, special: Decimal, withheld: Decimal
) -> None:
    inputs = {
        "cum_income": income,
        "cum_basic": basic,
        "cum_special": special,
        "cum_withheld": withheld,
    }

    tax = tax_of(day, "0101", inputs)

    taxable = Fraction(income) - Fraction(basic) - Fraction(special)
    assert tax == half_up(by_table(ANNUAL, taxable) - Fraction(withheld))


@quick
@given(income=fen(), basic=fen(60_000), surtax=fen(500))
def test_the_cumulative_methods_of_labour_service(
    income: Decimal, basic: Decimal, surtax: Decimal
) -> None:
    inputs = {"cum_income": income, "cum_basic": basic, "cum_surtax": surtax}
    shares = {
        "broker_cumulative": (Fraction(60, 100), Fraction(surtax)),
        "student_cumulative": (Fraction(80, 100), Fraction(0)),
        "platform_cumulative": (Fraction(80, 100), Fraction(0)),
    }

    for method, (share, surtaxes) in shares.items():
        tax = tax_of(month("2025-10"), "02", inputs | {"method": method})
        taxable = Fraction(income) * share - surtaxes - Fraction(basic)
        assert tax == half_up(by_table(ANNUAL, taxable))
