"""计税逻辑校验: what is found about lines, and what passes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from declarations.cases import Setting, case_of
from declarations.findings import Finding, FindingCode, Severity
from declarations.lines import AMOUNTS_FROM_2019, Line
from declarations.review import assess_lines, doubt_persons, review_lines
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.facts import FACTS
from declarations.taxlaw.methods import compute
from declarations.year import Earlier, LastYear, Year
from tests.declarations.builders import LI, ZHANG, a_line

ZERO = Decimal(0)
WARNING, INFORMATION = Severity.WARNING, Severity.INFORMATION
Found = tuple[FindingCode, Severity, str | None]


def money(amount: str | None) -> Decimal | None:
    return None if amount is None else Decimal(amount)


def a_line_of(month: date, tax: str, item: str = "0101", **fields: Any) -> Line:
    """Build a line of a month's form; amounts are given as texts."""
    if month >= date(2019, 1, 1):
        fields = dict.fromkeys(AMOUNTS_FROM_2019, "0") | {"resident": True} | fields
    values = {
        name: Decimal(value) if isinstance(value, str) and _is_amount(value) else value
        for name, value in fields.items()
    }
    return a_line(tax, income_item=item, **values)


def _is_amount(text: str) -> bool:
    return text.replace(".", "", 1).isdigit() and len(text) < 12


def found(lines: Sequence[Line], month: date, **context: Any) -> list[Found]:
    return [
        (each.code, each.severity, each.params.get("facts"))
        for each in review_lines(lines, month, **context)
    ]


def test_a_line_with_the_lawful_tax_says_nothing() -> None:
    line = a_line("340.00", exempt_income=Decimal("300.00"))

    assert list(review_lines([line], date(2006, 4, 1))) == []


@pytest.mark.parametrize("tax", ["339.99", "340.00", "340.01"])
def test_a_fen_more_or_less_says_nothing(tax: str) -> None:
    line = a_line(tax, exempt_income=Decimal("300.00"))

    assert list(review_lines([line], date(2006, 4, 1))) == []


@pytest.mark.parametrize("tax", ["339.98", "340.02", "0.00"])
def test_another_tax_is_named_with_the_right_one(tax: str) -> None:
    line = a_line(tax, exempt_income=Decimal("300.00"))

    assert list(review_lines([line], date(2006, 4, 1), rows=[17])) == [
        Finding(
            17,
            "tax_withheld",
            FindingCode.TAX_DIFFERS,
            WARNING,
            Decimal(tax),
            Decimal("340.00"),
        )
    ]


def test_a_tax_that_ends_in_half_a_fen_is_right_rounded_up_and_a_fen_around_it() -> None:
    # 200.10 at 5% are 10.005: 10.01.
    month = date(2006, 5, 1)
    lawful = [a_line_of(month, tax, income="1800.10") for tax in ("10.00", "10.01", "10.02")]
    others = [a_line_of(month, tax, income="1800.10") for tax in ("9.99", "10.03")]

    assert [list(review_lines([line], month)) for line in lawful] == [[], [], []]
    assert [found([line], month)[0][0] for line in others] == [FindingCode.TAX_DIFFERS] * 2


def test_a_reduction_comes_off_the_tax() -> None:
    line = a_line_of(
        date(2006, 4, 1), "170.00", exempt_income="300", tax_reduction="170", remark="残疾人"
    )

    assert list(review_lines([line], date(2006, 4, 1))) == []


def test_a_reduction_is_at_most_the_tax() -> None:
    line = a_line_of(
        date(2006, 4, 1), "0", exempt_income="300", tax_reduction="340.01", remark="残疾人"
    )

    finding = next(review_lines([line], date(2006, 4, 1)))

    assert (finding.code, finding.field) == (FindingCode.REDUCTION_OVER_TAX, "tax_reduction")
    assert (finding.found, finding.expected) == (Decimal("340.01"), Decimal("340.00"))


def test_exempt_income_is_at_most_the_income() -> None:
    line = a_line_of(date(2006, 4, 1), "0", income="1000", exempt_income="1000.01")

    finding = next(review_lines([line], date(2006, 4, 1)))

    assert (finding.code, finding.field) == (FindingCode.EXEMPT_OVER_INCOME, "exempt_income")


# What differs from the law, by item: marked by the manual or not, with or without the facts.
DIFFERING: list[tuple[str, str, str, dict[str, Any], str, Found | None]] = [
    # Marked items warn, unmarked ones inform.
    ("2007-05", "03", "560", {"income": "5000"}, "", None),
    ("2007-05", "03", "561", {"income": "5000"}, "", (FindingCode.TAX_DIFFERS, WARNING, None)),
    (
        "2007-05",
        "0103",
        "925",
        {"income": "5000"},
        "",
        (FindingCode.TAX_DIFFERS, INFORMATION, None),
    ),
    # A foreigner's deduction.
    ("2007-05", "0101", "5", {"income": "4900", "country": "002"}, "", None),
    ("2007-05", "0101", "5", {"income": "4900"}, "", (FindingCode.TAX_DIFFERS, WARNING, None)),
    # Dividends: any lawful kind and holding time passes, and is asked for.
    ("2014-02", "05", "64", {"income": "320"}, "", None),
    (
        "2014-02",
        "05",
        "16",
        {"income": "320"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "holding, kind"),
    ),
    ("2014-02", "05", "16", {"income": "320"}, "kind=listed_dividend holding=>1y", None),
    (
        "2014-02",
        "05",
        "16",
        {"income": "320"},
        "kind=listed_dividend holding=1m-1y",
        (FindingCode.TAX_DIFFERS, WARNING, None),
    ),
    (
        "2014-02",
        "05",
        "16",
        {"income": "320"},
        "kind=listed_dividend",
        (FindingCode.FACTS_MISSING, INFORMATION, "holding"),
    ),
    (
        "2014-02",
        "05",
        "65",
        {"income": "320"},
        "",
        (FindingCode.TAX_DIFFERS, WARNING, None),
    ),
    # Savings interest did not bear less than 20% before 2007-08.
    ("2007-07", "05", "20", {"income": "320"}, "", (FindingCode.TAX_DIFFERS, WARNING, None)),
    (
        "2007-12",
        "05",
        "20",
        {"income": "320"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "accrued"),
    ),
    # A let dwelling bears a tenth.
    (
        "2008-11",
        "0601",
        "208",
        {"income": "3000", "deductible_charges": "120"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "use"),
    ),
    (
        "2008-11",
        "0601",
        "208",
        {"income": "3000", "deductible_charges": "120"},
        "use=residential_housing",
        None,
    ),
    (
        "2008-11",
        "0601",
        "208",
        {"income": "3000", "deductible_charges": "120"},
        "use=commercial",
        (FindingCode.TAX_DIFFERS, WARNING, None),
    ),
    # The bonus: the wage of the month is not declared here. 9,400 to 10,000 may be taxable.
    (
        "2006-12",
        "0102",
        "915",
        {"income": "10000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "salary"),
    ),
    ("2006-12", "0102", "915", {"income": "10000"}, "salary=1000", None),
    (
        "2006-12",
        "0102",
        "975.02",
        {"income": "10000"},
        "",
        (FindingCode.TAX_DIFFERS, WARNING, None),
    ),
    # 18,001 bears 1,695.10, 18,000 bears 540: nothing lawful lies between.
    (
        "2011-12",
        "0102",
        "1000",
        {"income": "19000"},
        "",
        (FindingCode.TAX_DIFFERS, WARNING, None),
    ),
    (
        "2011-12",
        "0102",
        "540",
        {"income": "19000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "salary"),
    ),
    # Labour service: cumulative for some, from 2019; never above the ordinary tax before.
    ("2018-05", "02", "640", {"income": "4000"}, "", None),
    ("2018-05", "02", "100", {"income": "4000"}, "", (FindingCode.TAX_DIFFERS, WARNING, None)),
    (
        "2019-05",
        "02",
        "100",
        {"income": "4000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "method"),
    ),
    # Severance, options, early retirement, special trades: what they need is not in the columns.
    (
        "2010-10",
        "0107",
        "1550",
        {"income": "92000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "local_avg_annual_wage, years"),
    ),
    ("2010-10", "0107", "1550", {"income": "92000"}, "local_avg_annual_wage=18000 years=10", None),
    (
        "2010-10",
        "0107",
        "1551",
        {"income": "92000"},
        "local_avg_annual_wage=18000 years=10",
        (FindingCode.TAX_DIFFERS, INFORMATION, None),
    ),
    (
        "2010-10",
        "0107",
        "1550",
        {"income": "92000"},
        "local_avg_annual_wage=18000",
        (FindingCode.FACTS_MISSING, INFORMATION, "years"),
    ),
    (
        "2007-08",
        "0109",
        "5325",
        {"income": "36000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "months"),
    ),
    ("2007-08", "0109", "5325", {"income": "36000"}, "months=5", None),
    (
        "2007-08",
        "0109",
        "1",
        {"income": "36000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "months"),
    ),
    (
        "2008-05",
        "0106",
        "2395",
        {"income": "24000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "months, salary"),
    ),
    ("2008-05", "0106", "2395", {"income": "24000"}, "months=24 salary=2200", None),
    ("2009-12", "0105", "540", {"income": "66000"}, "seafarer=true prepaid=0", None),
    (
        "2009-12",
        "0105",
        "540",
        {"income": "66000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "prepaid"),
    ),
    # Assessed rates are the bureau's: none is known.
    (
        "2007-01",
        "0602",
        "30",
        {"income": "3000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "assessed_rate"),
    ),
    ("2007-01", "0602", "30", {"income": "3000"}, "assessed_rate=0.01", None),
    # Prizes.
    ("2010-01", "08", "0", {"income": "800"}, "", (FindingCode.FACTS_MISSING, INFORMATION, "kind")),
    ("2010-01", "08", "0", {"income": "800"}, "kind=invoice_prize", None),
    ("2010-01", "08", "0", {"income": "10000.01"}, "", (FindingCode.TAX_DIFFERS, WARNING, None)),
    # Goods and the like, whose wage is not declared here.
    (
        "2007-09",
        "0110",
        "395",
        {"income": "3000"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "income"),
    ),
    ("2007-09", "0110", "395", {"income": "3000"}, "income=2500 month_tax_already=65", None),
    (
        "2007-09",
        "0110",
        "1400",
        {"income": "3000"},
        "",
        (FindingCode.TAX_DIFFERS, INFORMATION, None),
    ),
    # Transfers and royalties have all they need.
    ("2010-02", "0701", "30000", {"income": "800000", "deductible_charges": "650000"}, "", None),
    ("2012-03", "04", "440", {"income": "3000"}, "", None),
    # A donation above the ceiling is lawful by the rule that the remark names.
    (
        "2007-04",
        "0101",
        "460",
        {"income": "10000", "exempt_income": "1500", "donation": "3000", "remark": "农村义务教育"},
        "",
        (FindingCode.FACTS_MISSING, INFORMATION, "donation_full"),
    ),
    (
        "2007-04",
        "0101",
        "599.50",
        {"income": "10000", "exempt_income": "1500", "donation": "3000", "remark": "农村义务教育"},
        "",
        None,
    ),
    # Facts that nothing reads, and facts that cannot be.
    (
        "2007-05",
        "03",
        "560",
        {"income": "5000"},
        "holding=>1y",
        (FindingCode.UNUSED_FACTS, INFORMATION, "holding"),
    ),
    (
        "2014-02",
        "05",
        "64",
        {"income": "320"},
        "kind=bond",
        (FindingCode.WRONG_FACT, WARNING, None),
    ),
    # No rule: a resident has no several-month bonus since 2019, nobody a bonus rule after 2027.
    ("2020-05", "0103", "100", {"income": "5000"}, "", (FindingCode.NO_RULE, INFORMATION, None)),
    ("2028-01", "0102", "100", {"income": "5000"}, "", (FindingCode.NO_RULE, INFORMATION, None)),
]


@pytest.mark.parametrize(("month", "item", "tax", "fields", "facts", "expected"), DIFFERING)
def test_a_line_is_held_against_the_law_of_its_item_and_month(
    month: str, item: str, tax: str, fields: dict[str, Any], facts: str, expected: Found | None
) -> None:
    tax_month = date.fromisoformat(f"{month}-01")
    told: dict[str, Any] = dict(pair.split("=", 1) for pair in facts.split())
    if "seafarer" in told:
        told["seafarer"] = True
    line = a_line_of(tax_month, tax, item, **fields, facts=told)

    assert found([line], tax_month) == ([expected] if expected else [])


def test_the_wage_in_the_declaration_is_the_wage_of_the_bonus() -> None:
    month = date(2006, 12, 1)
    wage = a_line_of(month, "0", income="1000")
    lawful = a_line_of(month, "915", "0102", income="10000")
    without_shortfall = a_line_of(month, "975", "0102", income="10000")

    assert found([wage, lawful], month) == []
    assert found([lawful, wage], month) == []
    assert found([wage, without_shortfall], month) == [(FindingCode.TAX_DIFFERS, WARNING, None)]


def test_what_is_joined_to_the_wage_bears_what_the_tax_grows_by() -> None:
    month = date(2007, 9, 1)
    wage = a_line_of(month, "65", income="2500")
    goods = a_line_of(month, "395", "0110", income="3000")
    more = a_line_of(month, "150", "0111", income="1000")
    wrong = a_line_of(month, "425", "0110", income="3000")

    assert found([goods, wage, more], month) == []
    assert found([wage, wrong], month) == [(FindingCode.TAX_DIFFERS, INFORMATION, None)]


def test_two_lines_of_one_person_and_item_are_one_wage_and_are_pointed_out() -> None:
    month = date(2006, 4, 1)
    first = a_line_of(month, "65", income="2500")
    second = a_line_of(month, "320", income="2500")  # 385 together
    somebody = a_line_of(month, "320", income="2500", document_number=LI)

    findings = list(review_lines([first, somebody, second], month, rows=[3, 4, 5]))

    assert [(each.code, each.row) for each in findings] == [
        (FindingCode.TAX_DIFFERS, 4),
        (FindingCode.ITEM_TWICE, 5),
    ]
    assert findings[1].params == {"rows": "3"}


def test_15_and_18_digits_are_one_person() -> None:
    month = date(2006, 4, 1)
    lines = [
        a_line_of(month, "385", document_number="110105491231002"),
        a_line_of(month, "920", document_number=ZHANG, name="张山"),
    ]

    assert {code for code, _, _ in found(lines, month)} == {
        FindingCode.ITEM_TWICE,
        FindingCode.NAME_DIFFERS,
    }


def test_the_annual_bonus_is_used_once_a_year() -> None:
    month = date(2020, 12, 1)
    line = a_line_of(month, "3990", "0102", income="42000")
    year = Year(bonuses={("zhang", "0102"): (date(2020, 1, 1),)})

    findings = list(review_lines([line], month, persons=["zhang"], year=year))

    assert [(each.code, each.params) for each in findings] == [
        (FindingCode.ONCE_A_YEAR, {"months": "2020-01"})
    ]
    assert found([line], month, persons=["li"], year=year) == []


def january_to(month: date, **sums: str) -> Year:
    amounts = {name: Decimal(amount) for name, amount in sums.items()}
    earlier = Earlier(date(month.year, 1, 1), month.month - 1, **amounts)
    return Year(wages={"zhang": earlier})


def test_the_cumulative_method_goes_on_from_the_earlier_months() -> None:
    # The tax administration's example: 555, 625, 1,850.
    month = date(2019, 3, 1)
    year = january_to(month, income="60000", special="9000", withheld="1180")
    amounts = {"income": "30000", "pension": "4500", "cum_children": "6000"}
    lawful = a_line_of(month, "1850", **amounts)
    alone = a_line_of(month, "555", **amounts)

    assert found([lawful], month, persons=["zhang"], year=year) == []
    assert found([alone], month, persons=["zhang"], year=year) == [
        (FindingCode.TAX_DIFFERS, WARNING, None)
    ]


@pytest.mark.parametrize(
    ("month", "tax", "expected"),
    [
        # First paid in July: 5,000, or by the first wage of the year 35,000.
        ("2020-07", "150", None),
        ("2020-07", "0", (FindingCode.FACTS_MISSING, INFORMATION, "cum_basic, months")),
        ("2020-07", "149", (FindingCode.TAX_DIFFERS, WARNING, None)),
        ("2020-12", "150", None),
    ],
)
def test_a_first_wage_may_have_the_deductions_of_the_months_before(
    month: str, tax: str, expected: Found | None
) -> None:
    tax_month = date.fromisoformat(f"{month}-01")
    line = a_line_of(tax_month, tax, income="10000")

    assert found([line], tax_month) == ([expected] if expected else [])


def test_60000_at_once_passes_unless_last_year_speaks_against_it() -> None:
    month = date(2021, 8, 1)
    year = january_to(month, income="56000", withheld="0")
    line = a_line_of(month, "120", income="8000")
    told = replace(line, facts={"variant": "annual_60000"})
    asks = (FindingCode.FACTS_MISSING, INFORMATION, "cum_basic, variant")
    differs = (FindingCode.TAX_DIFFERS, WARNING, None)

    def looked_at(last_year: dict[Any, LastYear] | None) -> list[Found]:
        of_the_year = replace(year, last_year=last_year)
        return found([line], month, persons=["zhang"], year=of_the_year)

    assert looked_at(None) == [asks]
    assert looked_at({"zhang": LastYear(12, Decimal(60000))}) == [asks]
    assert looked_at({"zhang": LastYear(12, Decimal("60000.01"))}) == [differs]
    assert looked_at({"zhang": LastYear(11, Decimal(40000))}) == [differs]
    assert looked_at({}) == [differs]
    assert found([told], month, persons=["zhang"], year=year) == []


def test_months_that_were_not_declared_here_leave_the_sums_open() -> None:
    month = date(2025, 6, 1)
    line = a_line_of(month, "1000", income="10000")
    year = Year(unfiled=(date(2025, 2, 1),))

    assert found([line], month, year=year) == [
        (FindingCode.FACTS_MISSING, INFORMATION, "cum_income, cum_withheld")
    ]
    assert found([line], month) == [(FindingCode.TAX_DIFFERS, WARNING, None)]


def test_facts_stand_above_what_was_declared_here() -> None:
    month = date(2025, 6, 1)
    facts = {"cum_income": "60000", "cum_basic": "30000", "cum_withheld": "650"}
    line = a_line_of(month, "250", income="10000", facts=facts)

    assert found([line], month) == []


@pytest.mark.parametrize(
    ("column", "limit"),
    [
        ("cum_education", "6000"),
        ("cum_mortgage", "6000"),
        ("cum_rent", "9000"),
        ("cum_elderly", "18000"),
        ("cum_private_pension", "12000"),
    ],
)
def test_special_additional_deductions_have_limits(column: str, limit: str) -> None:
    month = date(2023, 6, 1)
    year = january_to(month, income="500000", withheld="0")
    persons = ["zhang"]
    at_it = a_line_of(month, "0", income="10000", **{column: limit})
    above = a_line_of(month, "0", income="10000", **{column: str(Decimal(limit) + 1)})

    codes = [each.code for each in review_lines([at_it], month, persons=persons, year=year)]
    finding = next(review_lines([above], month, persons=persons, year=year))

    assert FindingCode.DEDUCTION_OVER_LIMIT not in codes
    assert (finding.code, finding.field) == (FindingCode.DEDUCTION_OVER_LIMIT, column)
    assert finding.expected == Decimal(limit)


def test_infants_are_known_from_2022() -> None:
    before, after = date(2021, 12, 1), date(2022, 1, 1)
    lines = [a_line_of(month, "0", income="1000", cum_infants="1") for month in (before, after)]

    assert found([lines[0]], before) == [(FindingCode.DEDUCTION_OVER_LIMIT, WARNING, None)]
    assert found([lines[1]], after) == []


def test_several_gains_from_options_in_a_year_are_added_up() -> None:
    month = date(2021, 4, 1)
    earlier = Earlier(
        date(2021, 2, 1), 1, Decimal(36500), exempt=Decimal(500), withheld=Decimal(1080)
    )
    year = Year(options={"zhang": earlier})
    line = a_line_of(month, "8400", "0109", income="84000")  # 120,000 bears 9,480

    assert found([line], month, persons=["zhang"], year=year) == []
    assert found([line], month) == [(FindingCode.TAX_DIFFERS, INFORMATION, None)]


def test_brokers_cumulate_what_this_unit_paid() -> None:
    month = date(2022, 2, 1)
    earlier = Earlier(date(2022, 1, 1), 1, income=Decimal(24000), withheld=Decimal(282))
    year = Year(labour={"zhang": earlier})
    facts = {"method": "broker_cumulative"}
    line = a_line_of(month, "282", "02", income="24000", facts=facts)

    assert found([line], month, persons=["zhang"], year=year) == []


def test_non_residents_are_taxed_by_the_month() -> None:
    month = date(2019, 10, 1)
    fields: dict[str, Any] = {"income": "36290.32", "country": "200", "resident": False}

    assert found([a_line_of(month, "5162.58", **fields)], month) == []
    assert found([a_line_of(month, "938.71", **fields)], month) == [
        (FindingCode.TAX_DIFFERS, WARNING, None)
    ]


def test_the_assessment_of_a_line_shows_its_figures_and_difference() -> None:
    wage = a_line_of(date(2006, 4, 1), "300", exempt_income="300")

    (assessed,) = assess_lines([wage], date(2006, 4, 1))

    assert assessed.result is not None
    assert assessed.result.assessment[:4] == (
        Decimal("3100.00"),
        Decimal("0.15"),
        Decimal("125.00"),
        Decimal("340.00"),
    )
    assert assessed.result.assessment.deduction == 1600
    assert assessed.difference == Decimal("-40.00")


def test_a_line_that_needs_facts_is_assessed_as_missing_them() -> None:
    line = a_line_of(date(2010, 10, 1), "0", "0107", income="92000")

    (assessed,) = assess_lines([line], date(2010, 10, 1))

    assert assessed.result is None
    assert assessed.missing == ("local_avg_annual_wage",)
    assert assessed.expected is None
    assert assessed.difference is None


def test_strange_numbers_of_documents_are_found_in_every_kind_of_declaration() -> None:
    month = date(2014, 6, 1)
    lines = [a_line(), a_line(document_number="110105491231002")]

    findings = list(doubt_persons(lines, month, rows=[8, 9]))

    assert [(each.row, each.code, each.params["reason"]) for each in findings] == [
        (9, FindingCode.NUMBER_DOUBTFUL, "OLD_NUMBER")
    ]
    assert "491231" not in repr(findings)


words = st.sampled_from(
    [
        *(
            "abc",
            "",
            "0",
            "-1",
            "1",
            "0.5",
            "1e5",
            "NaN",
            "Infinity",
            "999999999999999",
            True,
            False,
        ),
        *("annual_60000", "broker_cumulative", "merge", "listed_dividend", "savings_interest"),
        *("lottery", ">1y", "residential_housing"),
    ]
)


@settings(max_examples=1500, deadline=None, database=None, derandomize=True)
@given(
    month=st.sampled_from(
        [date(2006, 1, 1), date(2011, 9, 1), date(2018, 10, 1), date(2021, 3, 1), date(2028, 1, 1)]
    ),
    item=st.sampled_from([entry.code for entry in INCOME_ITEMS]),
    facts=st.dictionaries(st.sampled_from(sorted(FACTS - {"accrued"})), words, max_size=4),
    resident=st.booleans(),
    beside_a_wage=st.booleans(),
    donation=st.sampled_from(["0", "10"]),
)
def test_whatever_the_facts_say_a_line_is_looked_at(
    month: date,
    item: str,
    facts: dict[str, Any],
    resident: bool,
    beside_a_wage: bool,
    donation: str,
) -> None:
    fields: dict[str, Any] = {"resident": resident} if month.year >= 2019 else {}
    wage = a_line_of(month, "0", **fields)
    line = a_line_of(month, "100", item, facts=facts, donation=donation, remark="x", **fields)
    lines = [wage, line] if beside_a_wage else [line]

    found(lines, month)

    for assessed in assess_lines(lines, month):
        assessed.facts_that_would_do()


@pytest.mark.parametrize(
    ("month", "item", "facts", "fact"),
    [
        ("2025-06", "0101", {"months": "many"}, "months"),
        ("2020-12", "0101", {"variant": "annual_60000"}, "variant"),
        ("2008-11", "0601", {"repair_balance": "-1"}, "repair_balance"),
    ],
)
def test_a_fact_that_cannot_be_is_named(
    month: str, item: str, facts: dict[str, str], fact: str
) -> None:
    tax_month = date.fromisoformat(f"{month}-01")
    line = a_line_of(tax_month, "100", item, facts=facts)

    (finding,) = review_lines([line], tax_month)
    (assessed,) = assess_lines([line], tax_month)

    assert (finding.code, finding.params) == (FindingCode.WRONG_FACT, {"fact": fact})
    assert assessed.wrong == fact


amounts = st.decimals(0, 200_000, places=2)
small = st.decimals(0, 3000, places=2)
months = st.sampled_from(
    [date(2006, 4, 1), date(2008, 3, 1), date(2011, 9, 1), date(2018, 10, 1), date(2025, 6, 1)]
)


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(
    month=months,
    income=amounts,
    exempt=small,
    special=small,
    elderly=small,
    country=st.sampled_from(["001", "003"]),
    resident=st.booleans(),
    earlier=st.none() | st.tuples(amounts, small, small, st.integers(1, 5)),
    off=st.sampled_from(["-0.02", "-0.015", "-0.01", "0", "0.01", "0.02", "5"]),
)
def test_the_quick_check_says_what_the_full_computation_says(
    month: date,
    income: Decimal,
    exempt: Decimal,
    special: Decimal,
    elderly: Decimal,
    country: str,
    resident: bool,
    earlier: tuple[Decimal, Decimal, Decimal, int] | None,
    off: str,
) -> None:
    fields: dict[str, Any] = {"income": income, "exempt_income": exempt, "country": country}
    year = Year()
    if month.year >= 2019:
        fields |= {"resident": resident}
        if resident:
            fields |= {"pension": special, "cum_elderly": elderly}
        if earlier is not None:
            sums = Earlier(date(2025, earlier[3], 1), 1, earlier[0], special=earlier[1])
            year = Year(wages={"zhang": replace(sums, withheld=earlier[2])})
    line = a_line_of(month, "0", **fields)
    tax = compute(case_of(line, Setting(month, "zhang", year))).assessment.tax
    declared = max(tax + Decimal(off), ZERO).quantize(Decimal("0.01"), ROUND_HALF_UP)
    line = replace(line, tax_withheld=declared)

    codes = [code for code, _, _ in found([line], month, persons=["zhang"], year=year)]

    agrees = abs(declared - tax) <= Decimal("0.01")
    assert (FindingCode.TAX_DIFFERS in codes or FindingCode.FACTS_MISSING in codes) != agrees
    assert (FindingCode.EXEMPT_OVER_INCOME in codes) == (exempt > income)


@settings(max_examples=100, deadline=None, database=None, derandomize=True)
@given(bonus=st.decimals(1, 100_000, places=2), salary=st.decimals(0, 4000, places=2))
def test_every_lawful_wage_lets_the_tax_of_a_bonus_pass(bonus: Decimal, salary: Decimal) -> None:
    month = date(2012, 1, 1)
    facts = {"salary": str(salary)}
    line = a_line_of(month, "0", "0102", income=bonus, facts=facts)
    tax = compute(case_of(line, Setting(month))).assessment.tax
    silent = replace(line, tax_withheld=tax, facts={})

    assert found([replace(silent, facts=facts)], month) == []
    assert FindingCode.TAX_DIFFERS not in {code for code, _, _ in found([silent], month)}
