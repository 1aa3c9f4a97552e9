"""Both sides of every day on which the law changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from declarations.taxlaw.case import WrongFact
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.parameters import NotInForce, parameter
from declarations.taxlaw.tax_month import filing_deadline, parse_tax_month, small_tax
from tests.declarations.law_cases import tax_of

WAGE_OF_2019 = {
    "method": "cumulative",
    "cum_income": 30000,
    "cum_basic": 5000,
    "cum_special": 4500,
    "cum_additional": 2000,
}
OLD_INTEREST, INTEREST, EXEMPT_INTEREST = (
    "1999-11-01..2007-08-14",
    "2007-08-15..2008-10-08",
    "2008-10-09..",
)


class Change(NamedTuple):
    """What one case bears in the last month before a change, and in its first month.

    `after` are the inputs from the change on, where the form has others. A tax of none: no rule.
    """

    last: str
    first: str
    item: str
    inputs: Mapping[str, Any]
    taxes: tuple[str | None, str | None]
    resident: bool = True
    country: str = "001"
    after: Mapping[str, Any] = {}


CHANGES = {
    # The portal's law begins with 1,600.
    "1600": Change("2005-12", "2006-01", "0101", {"income": 5000}, (None, "385.00")),
    # 3000 - 1600 = 1400 × 10% - 25; 3000 - 2000 = 1000 × 10% - 25.
    "2000": Change("2008-02", "2008-03", "0101", {"income": 3000}, ("115.00", "75.00")),
    # A foreigner has 4,800 before and after: 5200 × 20% - 375.
    "2000-foreign": Change(
        "2008-02", "2008-03", "0101", {"income": 10000}, ("665.00", "665.00"), country="003"
    ),
    "2000-joined": Change(
        "2008-02", "2008-03", "0110", {"income": 3000, "extra": 1000}, ("235.00", "175.00")
    ),
    # Short of 1,600 by 600: 11400 / 12, 10% - 25; of 2,000 by 1,000: 11000 / 12.
    "2000-bonus": Change(
        "2008-02", "2008-03", "0102", {"bonus": 12000, "salary": 1000}, ("1115.00", "1075.00")
    ),
    # 7000 × 20% - 375; 5500 × 20% - 555.
    "3500": Change("2011-08", "2011-09", "0101", {"income": 9000}, ("1025.00", "545.00")),
    "3500-foreign": Change(
        "2011-08", "2011-09", "0101", {"income": 10000}, ("665.00", "485.00"), country="003"
    ),
    # 1,500 a month: 10% - 25, then 3%.
    "3500-bonus": Change(
        "2011-08", "2011-09", "0102", {"bonus": 18000, "salary": 5000}, ("1775.00", "540.00")
    ),
    "3500-months-bonus": Change(
        "2011-08", "2011-09", "0103", {"bonus": 5000}, ("625.00", "445.00")
    ),
    # (5000 - 2000) × 15% - 125 = 325; (5000 - 3500) × 3% = 45; × 12.
    "3500-special-trades": Change(
        "2011-08", "2011-09", "0105", {"year_income": 60000}, ("3900.00", "540.00")
    ),
    # 6500 × 20% - 555; 5000 × 10% - 210.
    "5000": Change("2018-09", "2018-10", "0101", {"income": 10000}, ("745.00", "290.00")),
    "5000-foreign": Change(
        "2018-09", "2018-10", "0101", {"income": 10000}, ("485.00", "290.00"), country="003"
    ),
    # A seafarer's 4,800 rise to 5,000: 5200 × 20% - 485; 5000 × 10% - 210; × 12.
    "5000-seafarer": Change(
        "2018-09",
        "2018-10",
        "0105",
        {"year_income": 120000, "seafarer": True},
        ("5820.00", "3480.00"),
    ),
    # 3000 + 5000 - 3500 = 4500: 61500 × 10% - 105; 3000 + 0: 60000 × 3%.
    "5000-early-retirement": Change(
        "2018-09",
        "2018-10",
        "0106",
        {"lump": 60000, "months": 20, "salary": 5000},
        ("6045.00", "1800.00"),
    ),
    # 20500 × 20% - 1410; 18500 × 3%.
    "cumulative": Change(
        "2018-12",
        "2019-01",
        "0101",
        {"income": 30000, "exempt": 4500},
        ("2690.00", "555.00"),
        after=WAGE_OF_2019,
    ),
    "cumulative-not-before": Change("2018-12", "2019-01", "0101", WAGE_OF_2019, (None, "555.00")),
    # Non-residents go on by the month.
    "cumulative-non-residents": Change(
        "2018-12", "2019-01", "0101", {"income": 10000}, ("290.00", "290.00"), resident=False
    ),
    # The shortfall of 2,000 no longer counts: 34000 × 3%, 36000 × 3%.
    "2019-bonus": Change(
        "2018-12", "2019-01", "0102", {"bonus": 36000, "salary": 3000}, ("1020.00", "1080.00")
    ),
    # No wage: the whole deduction is short. 31000 × 3%.
    "2019-bonus-of-non-residents": Change(
        "2018-12", "2019-01", "0102", {"bonus": 36000}, ("930.00", None), resident=False
    ),
    # 72000 × 35% - 7160; (12000 × 10% - 210) × 6.
    "2019-months-bonus": Change(
        "2018-12", "2019-01", "0103", {"bonus": 72000}, ("18040.00", "5940.00"), resident=False
    ),
    "2019-months-bonus-of-residents": Change(
        "2018-12", "2019-01", "0103", {"bonus": 72000}, ("18040.00", None)
    ),
    # 100000 over three average wages: (10000 - 5000) × 10% - 210 = 290, × 10; 10% - 2520.
    "2019-severance": Change(
        "2018-12",
        "2019-01",
        "0107",
        {"lump": 400000, "local_avg_annual_wage": 100000, "years": 10},
        ("2900.00", "7480.00"),
    ),
    # (10000 × 10% - 210) × 10; 100000 × 10% - 2520.
    "2019-options": Change(
        "2018-12",
        "2019-01",
        "0109",
        {"option_income": 100000, "months": 10},
        ("7900.00", "7480.00"),
    ),
    "2019-labour": Change("2018-12", "2019-01", "02", {"income": 5000}, ("800.00", "800.00")),
    # A resident's donation waits for the settlement: 3000 × 20%, 4000 × 20%.
    "2019-labour-donation": Change(
        "2018-12", "2019-01", "02", {"income": 5000, "donation": 1000}, ("600.00", "800.00")
    ),
    # 4000 × 20%; 4000 × 10% - 210.
    "2019-labour-non-residents": Change(
        "2018-12", "2019-01", "02", {"income": 5000}, ("800.00", "190.00"), resident=False
    ),
    # 2200 × 14%; 3000 × 56% × 3%.
    "2019-author-non-residents": Change(
        "2018-12", "2019-01", "03", {"income": 3000}, ("308.00", "50.40"), resident=False
    ),
    "2019-royalties-non-residents": Change(
        "2018-12", "2019-01", "04", {"income": 800}, ("0.00", "19.20"), resident=False
    ),
    "2019-brokers": Change(
        "2018-12",
        "2019-01",
        "02",
        {"method": "broker_cumulative", "cum_income": 10000, "cum_basic": 5000},
        (None, "30.00"),
    ),
    "2019-other-income": Change("2018-12", "2019-01", "09", {"income": 1000}, ("200.00", None)),
    "2019-leasing": Change(
        "2018-12",
        "2019-01",
        "0601",
        {"use": "residential_housing", "rent": 3000},
        ("220.00", "220.00"),
    ),
    "students": Change(
        "2020-06",
        "2020-07",
        "02",
        {"method": "student_cumulative", "cum_income": 8000, "cum_basic": 5000},
        (None, "42.00"),
    ),
    "platforms": Change(
        "2025-09",
        "2025-10",
        "02",
        {"method": "platform_cumulative", "cum_income": 10000, "cum_basic": 5000},
        (None, "90.00"),
    ),
    "end-of-bonus": Change("2027-12", "2028-01", "0102", {"bonus": 36000}, ("1080.00", None)),
    "end-of-options": Change(
        "2027-12", "2028-01", "0109", {"option_income": 100000}, ("7480.00", None)
    ),
    # Half of 20000 - 5000 × 1 × 3%.
    "end-of-seafarers-share": Change(
        "2027-12",
        "2028-01",
        "0105",
        {"seafarer": True, "cum_income": 20000, "cum_basic": 5000},
        ("150.00", None),
    ),
    "listed-dividends-2013-short": Change(
        "2012-12",
        "2013-01",
        "05",
        {"kind": "listed_dividend", "holding": "<=1m", "income": 10000},
        ("1000.00", "2000.00"),
    ),
    "listed-dividends-2013-long": Change(
        "2012-12",
        "2013-01",
        "05",
        {"kind": "listed_dividend", "holding": ">1y", "income": 10000},
        ("1000.00", "500.00"),
    ),
    "listed-dividends-2015-long": Change(
        "2015-08",
        "2015-09",
        "05",
        {"kind": "listed_dividend", "holding": ">1y", "income": 10000},
        ("500.00", "0.00"),
    ),
    "listed-dividends-2015-middle": Change(
        "2015-08",
        "2015-09",
        "05",
        {"kind": "listed_dividend", "holding": "1m-1y", "income": 10000},
        ("1000.00", "1000.00"),
    ),
    "invoice-prizes": Change(
        "2007-02", "2007-03", "08", {"kind": "invoice_prize", "income": 800}, ("160.00", "0.00")
    ),
    # What a change of the law leaves alone.
    "lotteries": Change(
        "2018-12", "2019-01", "08", {"kind": "lottery", "income": 10000}, ("0.00", "0.00")
    ),
    "transfers": Change(
        "2018-12", "2019-01", "0701", {"proceeds": 5000, "cost": 4000}, ("200.00", "200.00")
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_both_sides_of_a_change(change: Change) -> None:
    def tax(month: str, inputs: Mapping[str, Any]) -> str | None:
        try:
            found = tax_of(
                month, change.item, inputs, resident=change.resident, country=change.country
            )
        except NotInForce:
            return None
        return str(found)

    before = tax(change.last, change.inputs)
    after = tax(change.first, change.after or change.inputs)

    assert (before, after) == change.taxes


def test_every_item_but_the_assessed_ones_stands_at_a_change() -> None:
    # 0104, 0108 and 0111 go with 0110.
    covered = {change.item for change in CHANGES.values()} | {"0104", "0108", "0111"}

    assert {item.code for item in INCOME_ITEMS} - covered == {"0602", "0702"}


# 100 yuan of savings interest, by the days on which it accrued.
@pytest.mark.parametrize(
    ("month", "period", "tax"),
    [
        ("2006-01", OLD_INTEREST, "20.00"),
        ("2026-11", OLD_INTEREST, "20.00"),
        ("2007-07", INTEREST, None),
        ("2007-08", INTEREST, "5.00"),
        ("2026-11", INTEREST, "5.00"),
        ("2008-09", EXEMPT_INTEREST, None),
        ("2008-10", EXEMPT_INTEREST, "0.00"),
    ],
)
def test_savings_interest_bears_the_rate_of_the_days_on_which_it_accrued(
    month: str, period: str, tax: str | None
) -> None:
    inputs = {"kind": "savings_interest", "accrued": {period: 100}}

    if tax is None:
        with pytest.raises(WrongFact):
            tax_of(month, "05", inputs)
    else:
        assert tax_of(month, "05", inputs) == Decimal(tax)


@pytest.mark.parametrize(
    ("name", "last", "first", "values"),
    [
        ("first_wage", "2020-06-30", "2020-07-01", (None, 1)),
        ("deduction_at_once", "2020-12-31", "2021-01-01", (None, 60000)),
        ("option_months", "2018-12-31", "2019-01-01", (12, None)),
        ("severance_years", "2018-12-31", "2019-01-01", (12, None)),
        ("special_trades", "2018-12-31", "2019-01-01", (12, None)),
        ("months_bonus", "2018-12-31", "2019-01-01", (None, 6)),
        ("seafarer_share", "2027-12-31", "2028-01-01", (Decimal("0.5"), None)),
    ],
)
def test_a_value_begins_or_ends_with_a_day(
    name: str, last: str, first: str, values: tuple[object, object]
) -> None:
    def value(day: str) -> object:
        try:
            return parameter(name).at(date.fromisoformat(day))
        except NotInForce:
            return None

    assert (value(last), value(first)) == values


OF_2019 = {
    "child": 1000,
    "education": 400,
    "certificate": 3600,
    "mortgage": 1000,
    "rent": 1500,
    "elderly": 2000,
}
OF_2022 = OF_2019 | {"infant": 1000, "private_pension": 12000}
OF_2023 = OF_2022 | {"child": 2000, "infant": 2000, "elderly": 3000}


@pytest.mark.parametrize(
    ("day", "amounts"),
    [
        ("2018-12-31", None),
        ("2019-01-01", OF_2019),
        ("2021-12-31", OF_2019),
        ("2022-01-01", OF_2022),
        ("2022-12-31", OF_2022),
        ("2023-01-01", OF_2023),
    ],
)
def test_the_special_additional_deductions_grew(day: str, amounts: dict[str, int] | None) -> None:
    special = parameter("special_additional")

    if amounts is None:
        with pytest.raises(NotInForce):
            special.at(date.fromisoformat(day))
    else:
        assert special.at(date.fromisoformat(day)) == amounts


@pytest.mark.parametrize(
    ("month", "deadline"),
    [
        ("2006-01", date(2006, 2, 7)),
        ("2011-07", date(2011, 8, 7)),
        ("2011-08", date(2011, 9, 15)),
        ("2025-12", date(2026, 1, 15)),
        ("9999-12", date.max),
    ],
)
def test_the_filing_deadline_changed_with_2011_08(month: str, deadline: date) -> None:
    assert filing_deadline(parse_tax_month(month)) == deadline


@pytest.mark.parametrize(
    ("month", "amount"), [("2006-01", "0"), ("2012-07", "0"), ("2012-08", "1"), ("2026-11", "1")]
)
def test_a_yuan_goes_unpaid_from_2012_08(month: str, amount: str) -> None:
    assert small_tax(parse_tax_month(month)) == Decimal(amount)


def test_payments_of_months_before_2006_have_a_deadline_too() -> None:
    assert filing_deadline(date(2005, 12, 1)) == date(2006, 1, 7)
    assert small_tax(date(1999, 12, 1)) == 0
