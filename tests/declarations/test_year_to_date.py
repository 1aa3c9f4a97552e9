"""The year before a month: what was declared for the same persons, as the law adds it up."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from declarations.cases import CUMULATIVE_WAGES
from declarations.lines import Line
from declarations.models import Declaration, person_index
from declarations.selectors import year_to_date
from declarations.services.filing import file
from declarations.year import Earlier, LastYear, Year
from portal.models import WithholdingAgent
from tests.declarations.builders import ZHANG, a_header, a_line, an_agent

pytestmark = pytest.mark.django_db
WINDOW = Declaration.Channel.WINDOW
ZHANG_OF_15 = "110105491231002"
ME = person_index("01", ZHANG)
DEDUCTIONS = (
    *("pension", "medical", "unemployment", "housing_fund"),
    *("annuity", "health_insurance", "deferred_pension", "other_deductions"),
)


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


def yuan(amount: str) -> Decimal:
    return Decimal(amount)


def line_of_2020(income: str = "10000.00", tax: str = "150.00", **fields: Any) -> Line:
    amounts = dict.fromkeys(DEDUCTIONS, Decimal(0)) | {"resident": True, "income": Decimal(income)}
    return a_line(tax, **(amounts | fields))


def declared(
    agent: WithholdingAgent, year: int, month: int, *lines: Line, kind: str = "regular"
) -> Declaration:
    header = a_header(agent, tax_month=date(year, month, 1), kind=kind)
    return file(agent, header, lines, channel=WINDOW, filed_by=None).declaration


def test_earlier_months_of_the_year_are_added_up(acme: WithholdingAgent) -> None:
    declared(acme, 2019, 12, line_of_2020("9.00"))
    declared(acme, 2020, 2, line_of_2020("10000.00", "150.00", pension=yuan("800.00")))
    declared(
        acme,
        2020,
        3,
        line_of_2020("20000.00", "300.00", annuity=yuan("70.00"), donation=yuan("5.00")),
        line_of_2020("1.00", "2.00", income_item="0108", tax_reduction=yuan("1.00")),
    )
    declared(acme, 2020, 4, line_of_2020("777.00"))

    year = year_to_date(acme, date(2020, 4, 1), {ME})

    assert year.wages == {
        ME: Earlier(
            first_month=date(2020, 2, 1),
            months=2,
            income=yuan("30001.00"),
            special=yuan("800.00"),
            other=yuan("70.00"),
            donation=yuan("5.00"),
            reduction=yuan("1.00"),
            withheld=yuan("452.00"),
        )
    }
    assert year.unfiled == (date(2020, 1, 1),)
    assert year.last_year is None


def test_additional_declarations_add_and_refunds_take_off(acme: WithholdingAgent) -> None:
    declared(acme, 2020, 1, line_of_2020("100.00", "10.00"))
    declared(acme, 2020, 1, line_of_2020("30.00", "3.00"), kind="additional")
    declared(acme, 2020, 2, line_of_2020("50.00", "5.00"))
    declared(acme, 2020, 2, line_of_2020("20.00", "2.00"), kind="refund")

    wages = year_to_date(acme, date(2020, 3, 1), {ME}).wages

    earlier = wages[ME]
    assert (earlier.income, earlier.withheld) == (yuan("160.00"), yuan("16.00"))
    assert (earlier.first_month, earlier.months) == (date(2020, 1, 1), 2)


def test_who_was_paid_in_an_additional_declaration_alone_has_its_first_month(
    acme: WithholdingAgent,
) -> None:
    declared(acme, 2020, 2, line_of_2020(), kind="additional")

    earlier = year_to_date(acme, date(2020, 3, 1), {ME}).wages[ME]

    assert (earlier.first_month, earlier.months) == (date(2020, 2, 1), 0)


def test_a_superseded_declaration_does_not_count(acme: WithholdingAgent) -> None:
    declared(acme, 2020, 1, line_of_2020("100.00"))
    declared(acme, 2020, 1, line_of_2020("70.00"))

    assert year_to_date(acme, date(2020, 2, 1), {ME}).wages[ME].income == yuan("70.00")


def test_15_and_18_digits_are_one_person(acme: WithholdingAgent) -> None:
    declared(acme, 2020, 1, line_of_2020("100.00", document_number=ZHANG_OF_15))

    assert year_to_date(acme, date(2020, 2, 1), {ME}).wages[ME].income == yuan("100.00")


def test_the_charges_of_labour_services_come_off_too(acme: WithholdingAgent) -> None:
    service = line_of_2020(income_item="02", deductible_charges=yuan("12.00"))
    declared(acme, 2020, 1, service)

    year = year_to_date(acme, date(2020, 2, 1), {ME})

    assert year.labour[ME].other == yuan("12.00")
    assert year.wages == {}


def test_another_agent_s_and_other_persons_lines_do_not_count(acme: WithholdingAgent) -> None:
    declared(an_agent("11010002"), 2020, 1, line_of_2020())
    declared(acme, 2020, 1, line_of_2020(document_type="03", document_number="P1234567"))

    assert year_to_date(acme, date(2020, 2, 1), {ME}).wages == {}


def test_before_2019_only_the_bonuses_are_asked_for(acme: WithholdingAgent) -> None:
    declared(acme, 2006, 1, a_line(), a_line(income_item="0102"), a_line(income_item="0103"))
    declared(acme, 2006, 2, a_line(income_item="0102"), kind="additional")
    declared(acme, 2006, 3, a_line(income_item="0102"))

    year = year_to_date(acme, date(2006, 4, 1), {ME})

    assert year == Year(bonuses={(ME, "0102"): (date(2006, 1, 1), date(2006, 3, 1))})


def test_last_year_counts_if_it_was_declared_whole(acme: WithholdingAgent) -> None:
    for month in range(1, 13):
        declared(acme, 2020, month, line_of_2020("4000.00", "0.00"))
    declared(acme, 2020, 12, line_of_2020("500.00", "0.00", income_item="0102"), kind="additional")

    assert year_to_date(acme, date(2020, 12, 1), {ME}).last_year is None
    year = year_to_date(acme, date(2021, 1, 1), {ME})
    assert year.last_year == {ME: LastYear(12, yuan("48500.00"))}
    assert year_to_date(acme, date(2022, 1, 1), {ME}).last_year is None


def test_last_year_does_not_count_with_one_month_undeclared(acme: WithholdingAgent) -> None:
    for month in range(2, 13):
        declared(acme, 2020, month, line_of_2020("4000.00", "0.00"))
    declared(acme, 2020, 1, line_of_2020("4000.00", "0.00"), kind="additional")

    assert year_to_date(acme, date(2021, 1, 1), {ME}).last_year is None


# --- Against the plain sum ---

PERSONS = (("01", ZHANG), ("01", ZHANG_OF_15), ("03", "P1"), ("99", "X"), ("99", "Y"))
ITEMS = ("0101", "0101", "0101", "0102", "0103", "0104", "0105", "0106", "0109", "02", "08")
Filed = dict[tuple[date, str], Sequence[Line]]


def random_lines(dice: random.Random) -> list[Line]:
    return [
        line_of_2020(
            document_type=document_type,
            document_number=number,
            income_item=dice.choice(ITEMS),
            **random_amounts(dice),
        )
        for document_type, number in dice.choices(PERSONS, k=dice.randrange(1, 6))
    ]


def random_amounts(dice: random.Random) -> dict[str, Any]:
    columns = (
        *("income", "income_foreign", "exempt_income", "donation", "tax_reduction"),
        *("deductible_charges", *DEDUCTIONS),
    )
    return {column: Decimal(dice.randrange(100_000)) / 100 for column in columns}


def filed_at_random(agent: WithholdingAgent, dice: random.Random) -> Filed:
    """File two years, most months several times; return what is in force."""
    in_force: Filed = {}
    for month in [date(year, month, 1) for year in (2020, 2021) for month in range(1, 13)]:
        kinds = dice.choices(("regular", "additional", "refund"), (6, 2, 2), k=dice.randrange(4))
        if month.year == 2020 and dice.random() < 0.99:
            kinds.append("regular")
        for kind in kinds:
            in_force[month, kind] = random_lines(dice)
            declared(agent, month.year, month.month, *in_force[month, kind], kind=kind)
    return in_force


def summed(filed: Filed, months: Iterable[date], items: Sequence[str]) -> dict[bytes, Any]:
    """Add up, one line after the other."""
    sums: dict[bytes, Any] = {}
    for (month, kind), lines in filed.items():
        for line in lines if month in months else ():
            if line.income_item not in items:
                continue
            sign = -1 if kind == "refund" else 1
            person = person_index(line.document_type, line.document_number)
            of = sums.setdefault(person, {"regular": set(), "all": set(), "sums": [Decimal(0)] * 7})
            of["all"].add(month)
            if kind == "regular":
                of["regular"].add(month)
            amounts = [
                line.total_income,
                line.exempt_income,
                sum(getattr(line, column) for column in DEDUCTIONS[:4]),
                sum(getattr(line, column) for column in DEDUCTIONS[4:]) + line.deductible_charges,
                line.donation,
                line.tax_reduction,
                line.tax_withheld,
            ]
            of["sums"] = [
                before + sign * amount for before, amount in zip(of["sums"], amounts, strict=True)
            ]
    return sums


def earlier_of(sums: dict[bytes, Any]) -> dict[bytes, Earlier]:
    return {
        person: Earlier(min(of["regular"] or of["all"]), len(of["regular"]), *of["sums"])
        for person, of in sums.items()
    }


@pytest.mark.parametrize("seed", range(3))
def test_the_statement_adds_up_what_a_plain_sum_does(acme: WithholdingAgent, seed: int) -> None:
    dice = random.Random(seed)
    filed = filed_at_random(acme, dice)
    persons = {person_index(*person) for person in PERSONS}

    for month in (date(2020, 7, 1), date(2021, 1, 1), date(2021, 6, 1), date(2021, 12, 1)):
        year = year_to_date(acme, month, persons)

        months = [date(month.year, number, 1) for number in range(1, month.month)]
        assert year.wages == earlier_of(summed(filed, months, CUMULATIVE_WAGES))
        assert year.labour == earlier_of(summed(filed, months, ["02"]))
        assert year.options == earlier_of(summed(filed, months, ["0109"]))
        assert year.bonuses == {
            (person, item): tuple(sorted(of["regular"]))
            for item in ("0102", "0103")
            for person, of in summed(filed, months, [item]).items()
            if of["regular"]
        }
        assert year.unfiled == tuple(m for m in months if (m, "regular") not in filed)
        before = [date(month.year - 1, number, 1) for number in range(1, 13)]
        if month.year == 2020 or any((m, "regular") not in filed for m in before):
            assert year.last_year is None
        else:
            assert year.last_year == {
                person: LastYear(len(of["regular"]), of["sums"][0])
                for person, of in summed(filed, before, [*CUMULATIVE_WAGES, "0102"]).items()
            }


def test_three_thousand_persons_take_as_many_queries_as_three(acme: WithholdingAgent) -> None:
    for year, month in [(2020, month) for month in range(1, 13)] + [(2021, 1)]:
        declared(acme, year, month, line_of_2020())
    persons = [person_index("99", str(number)) for number in range(2_999)]

    counts = []
    for asked in ({ME, *persons[:2]}, {ME, *persons}):
        with CaptureQueriesContext(connection) as queries:
            year_to_date(acme, date(2021, 2, 1), asked)
        counts.append(len(queries))

    assert counts == [3, 3]
