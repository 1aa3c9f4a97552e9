"""Which method computes what, and what each method promises of every case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from declarations.taxlaw.case import Case, FactsMissing, Given, WrongFact
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.methods import METHODS, Method, compute, method_of, methods_of
from declarations.taxlaw.parameters import NotInForce, parameter
from tests.declarations.law_cases import MONTHS, cases, fen, few, month, name_of, quick, tax_of

of_every_method = pytest.mark.parametrize("method", METHODS, ids=name_of)

# What the law leaves without a rule: item, from which month, for residents (none: for all).
WITHOUT_A_RULE: list[tuple[str, str, bool | None]] = [
    ("0102", "2019-01", False),  # a non-resident's bonus is 0103
    ("0103", "2019-01", True),  # a resident's is 0102 or joined to the wages
    ("09", "2019-01", None),  # the item ended with 2018
]


def is_without_a_rule(tax_month: date, item: str, resident: bool) -> bool:
    return any(
        item == code and tax_month >= month(start) and who in (None, resident)
        for code, start, who in WITHOUT_A_RULE
    )


@pytest.mark.parametrize("item", [entry.code for entry in INCOME_ITEMS])
def test_every_item_has_one_ordinary_method_in_every_month_or_none_that_is_known(
    item: str,
) -> None:
    for tax_month in MONTHS:
        for resident in (True, False):
            methods = methods_of(tax_month, item, resident)
            ordinary = [method for method in methods if not method.chosen]
            expected = 0 if is_without_a_rule(tax_month, item, resident) else 1
            assert len(ordinary) == expected, (tax_month, resident)
            assert list(methods[:expected]) == ordinary


def test_only_labour_service_has_methods_to_choose() -> None:
    def chosen(tax_month: str, *, resident: bool = True) -> dict[str, list[str]]:
        found = {
            entry.code: [
                method.chosen
                for method in methods_of(month(tax_month), entry.code, resident)
                if method.chosen
            ]
            for entry in INCOME_ITEMS
        }
        return {code: names for code, names in found.items() if names}

    broker, student = "broker_cumulative", "student_cumulative"
    assert chosen("2018-12") == {}
    assert chosen("2019-01") == {"02": [broker]}
    assert chosen("2020-06") == {"02": [broker]}
    assert chosen("2020-07") == {"02": [broker, student]}
    assert chosen("2025-09") == {"02": [broker, student]}
    assert chosen("2025-10") == {"02": [broker, student, "platform_cumulative"]}
    assert chosen("2025-10", resident=False) == {}


def test_before_2006_and_for_an_unknown_item_there_is_no_method() -> None:
    assert methods_of(date(2005, 12, 1), "0101", True) == ()
    assert methods_of(date(2006, 1, 1), "0199", True) == ()


@of_every_method
def test_a_methods_parameters_are_shipped_and_its_first_month_has_them_all(method: Method) -> None:
    of_their_own_time = {"first_wage", "deduction_at_once", "option_months", "months_bonus"}

    for name in method.parameters:
        history = parameter(name).history
        assert name in of_their_own_time or history[-1].start <= method.start


@pytest.mark.parametrize(
    ("tax_month", "item", "named", "resident"),
    [
        ("2018-12", "02", "broker_cumulative", True),
        ("2020-06", "02", "student_cumulative", True),
        ("2025-09", "02", "platform_cumulative", True),
        ("2026-01", "02", "platform_cumulative", False),
        ("2026-01", "04", "platform_cumulative", True),
        ("2018-12", "0101", "cumulative", True),
        ("2019-01", "0101", "cumulative", False),
        ("2019-01", "02", "cumulative", True),
        ("2010-01", "0101", "merge", True),
        ("2019-01", "09", "merge", True),
    ],
)
def test_a_named_method_that_is_not_in_force_is_none(
    tax_month: str, item: str, named: str, resident: bool
) -> None:
    with pytest.raises(NotInForce):
        tax_of(tax_month, item, {"method": named, "income": 5000}, resident=resident)


@pytest.mark.parametrize(
    ("tax_month", "item", "named", "name"),
    [
        ("2019-01", "0101", "cumulative", "cumulative_wage"),
        ("2019-01", "0105", "cumulative", "seafarers_cumulative_wage"),
        ("2018-12", "0104", "allocate", "joined_to_monthly_wage"),
        ("2018-12", "0110", "merge", "joined_to_monthly_wage"),
        ("2019-01", "0110", "merge", "joined_to_cumulative_wage"),
        ("2019-01", "0111", "cumulative", "joined_to_cumulative_wage"),
        ("2019-01", "02", "broker_cumulative", "brokers_cumulative"),
        ("2019-01", "02", "", "labour"),
    ],
)
def test_a_method_is_found_by_the_word_that_a_case_has_for_it(
    tax_month: str, item: str, named: str, name: str
) -> None:
    case = Case(month(tax_month), item, inputs={"method": named})

    assert method_of(case).name == name


@pytest.mark.parametrize("named", ["cumulativ", "labour", "CUMULATIVE", "无"])
def test_a_word_for_no_method_cannot_be(named: str) -> None:
    with pytest.raises(WrongFact, match="method"):
        tax_of("2019-01", "02", {"method": named, "income": 5000})


# What is read of a case.


class Watched(Mapping[str, Given]):
    """Inputs that remember what was asked of them."""

    def __init__(self, inputs: Mapping[str, Given]) -> None:
        self.inputs = inputs
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Given:
        self.read.add(key)
        return self.inputs[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.inputs)

    def __len__(self) -> int:
        return len(self.inputs)


@of_every_method
def test_a_method_reads_every_input_that_it_names(method: Method) -> None:
    read: set[str] = set()

    @few
    @given(case=cases(method))
    def run(case: Case) -> None:
        # An exempt kind or a told gain hides other inputs: some are left out.
        for without in ({"option_income"}, set[str]()):
            inputs = {key: value for key, value in case.inputs.items() if key not in without}
            watched = Watched(inputs)
            compute(replace(case, inputs=watched))
            read.update(watched.read)

    run()

    assert {each.key for each in method.inputs} <= read


@of_every_method
def test_without_a_needed_input_the_facts_are_missing(method: Method) -> None:
    tax_month = method.start
    inputs: dict[str, Given] = {each.key: 1 for each in method.inputs if each.needed}
    if method.chosen:
        inputs["method"] = method.chosen
    case = Case(tax_month, method.items[0], method.who is not False, inputs=inputs)

    compute(case)

    for each in method.inputs:
        if each.needed:
            rest = {key: value for key, value in inputs.items() if key != each.key}
            with pytest.raises(FactsMissing, match=each.key):
                compute(replace(case, inputs=rest))


@pytest.mark.parametrize(
    ("tax_month", "item", "inputs", "fact"),
    [
        ("2010-01", "0101", {"income": -1}, "income"),
        ("2010-01", "0101", {"income": "five"}, "income"),
        ("2010-01", "0101", {"income": "NaN"}, "income"),
        ("2010-01", "0101", {"income": "Infinity"}, "income"),
        ("2010-01", "0101", {"income": True}, "income"),
        ("2010-01", "0101", {"income": "1e18"}, "income"),
        ("2010-01", "0101", {"income": "1e999999"}, "income"),
        ("2010-01", "0106", {"lump": 1, "months": "1e-999999"}, "months"),
        ("2010-01", "0106", {"lump": 100000, "months": "0.5"}, "months"),
        ("2010-01", "0105", {"year_income": 1, "seafarer": "perhaps"}, "seafarer"),
        ("2014-01", "05", {"income": 1, "kind": "share"}, "kind"),
        ("2014-01", "05", {"income": 1, "kind": "listed_dividend", "holding": "1y"}, "holding"),
        ("2014-01", "05", {"kind": "savings_interest", "accrued": {"2008": 1}}, "accrued"),
        ("2014-01", "0601", {"rent": 1, "use": "boat"}, "use"),
    ],
)
def test_a_fact_that_cannot_be_is_refused(
    tax_month: str, item: str, inputs: dict[str, Given], fact: str
) -> None:
    with pytest.raises(WrongFact) as caught:
        tax_of(tax_month, item, inputs)

    assert caught.value.fact == fact


@pytest.mark.parametrize(
    ("tax_month", "item", "inputs", "fact"),
    [
        ("2014-01", "05", {"kind": "savings_interest", "income": 100}, "accrued"),
        ("2014-01", "05", {"kind": "savings_interest", "accrued": {}}, "accrued"),
        ("2014-01", "0106", {"lump": 100, "months": 0}, "months"),
    ],
)
def test_a_fact_without_which_the_law_has_no_answer_is_missing(
    tax_month: str, item: str, inputs: dict[str, Given], fact: str
) -> None:
    with pytest.raises(FactsMissing, match=fact):
        tax_of(tax_month, item, inputs)


def test_the_largest_amount_of_the_form_has_its_tax() -> None:
    most = Decimal("999999999999999999.99")

    assert tax_of("2010-01", "0101", {"income": most}) == (
        (most - 2000) * Decimal("0.45") - 15375
    ).quantize(Decimal("0.01"))


@pytest.mark.parametrize(
    ("tax_month", "tax"), [("2012-12", "10.00"), ("2013-01", "20.00"), ("2026-11", "20.00")]
)
def test_a_listed_dividend_without_a_holding_time_is_taken_as_the_shortest(
    tax_month: str, tax: str
) -> None:
    inputs = {"kind": "listed_dividend", "income": 100}

    assert tax_of(tax_month, "05", inputs) == Decimal(tax)


# What holds of every case.

# These make the tax grow, if anything does.
GROWING = frozenset(
    {
        *("income", "extra", "cum_income", "bonus", "salary", "year_income", "lump", "market"),
        *("shares", "option_income", "rent", "proceeds", "base", "assessed_rate"),
    }
)
# These make it smaller.
LOWERING = frozenset(
    {
        *("exempt", "salary_exempt", "year_exempt", "donation", "donation_full", "reduction_rate"),
        *("cum_exempt", "cum_basic", "cum_special", "cum_additional", "cum_other"),
        *("cum_reduction", "cum_withheld", "cum_surtax", "month_tax_already", "prepaid"),
        *("local_avg_annual_wage", "years", "months", "strike", "deductible_tax", "taxes"),
        *("sublease_rent", "repair_balance", "cost", "fees"),
    }
)
OTHERS = frozenset({"kind", "holding", "accrued", "use", "seafarer"})


def received(case: Case) -> Decimal:
    """Return all that a case says was paid, in yuan."""
    told: Mapping[str, Any] = case.inputs
    if "option_income" in told:
        return Decimal(max(told["option_income"], told["market"] * told["shares"]))
    if told.get("kind") == "savings_interest":
        return sum(told["accrued"].values(), Decimal(0))
    paid = ("income", "extra", "cum_income", "bonus", "year_income", "lump", "rent", "proceeds")
    lump = Decimal(told.get("salary", 0)) if "lump" in told else Decimal(0)
    return sum((told[key] for key in (*paid, "base") if key in told), lump)


def test_every_input_is_known_to_raise_the_tax_or_to_lower_it_or_neither() -> None:
    keys = {each.key for method in METHODS for each in method.inputs}

    assert keys == GROWING | LOWERING | OTHERS


@of_every_method
def test_the_tax_is_in_fen_never_negative_and_never_above_the_top_rate(method: Method) -> None:
    @few
    @given(case=cases(method))
    def run(case: Case) -> None:
        assessment = compute(case).assessment

        assert assessment.tax.as_tuple().exponent == -2
        assert 0 <= assessment.tax <= received(case) * Decimal("0.45") + Decimal("0.01")
        assert assessment.taxable >= 0
        assert 0 <= assessment.rate <= Decimal("0.45")
        assert assessment.quick_deduction >= 0

    run()


@of_every_method
def test_more_income_is_never_taxed_less_and_more_deducted_never_more(method: Method) -> None:
    keys = sorted(each.key for each in method.inputs if each.key not in OTHERS)

    @few
    @given(case=cases(method), key=st.sampled_from(keys), more=fen(20_000))
    def run(case: Case, key: str, more: Decimal) -> None:
        value = Decimal(str(case.inputs[key]))
        if key == "reduction_rate":
            more = min(more / 20_000, 1 - value)
        other = replace(case, inputs={**case.inputs, key: value + more})

        before, after = compute(case).assessment.tax, compute(other).assessment.tax

        assert after >= before if key in GROWING else after <= before

    run()


@quick
@given(bonus=fen(), more=fen(), tax_month=st.sampled_from(MONTHS))
def test_where_the_annual_bonus_jumps_it_jumps_up(
    bonus: Decimal, more: Decimal, tax_month: date
) -> None:
    less, greater = (
        tax_of(tax_month, "0102", {"bonus": paid, "salary": 5000}) for paid in (bonus, bonus + more)
    )

    assert greater >= less


def test_the_annual_bonus_jumps_at_its_bounds() -> None:
    at, above = ({"bonus": bonus, "salary": 5000} for bonus in (18000, 18001))

    assert tax_of("2011-09", "0102", at) == Decimal("540.00")
    assert tax_of("2011-09", "0102", above) == Decimal("1695.10")


def test_several_options_in_a_year_are_added_and_the_tax_already_withheld_comes_off() -> None:
    first = tax_of("2024-03", "0109", {"option_income": 30000})
    both = {"option_income": 100000, "cum_withheld": first}

    assert first == Decimal("900.00")
    assert tax_of("2024-09", "0109", both) == Decimal("6580.00")
    assert tax_of("2024-09", "0109", both | {"cum_withheld": 8000}) == 0
