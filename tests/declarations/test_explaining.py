"""Explanations: every figure has its formula, which holds, and every name has its word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils.translation import override

from declarations.explaining import Row, explain, explained_json
from declarations.law_words import (
    CHOICES,
    METHODS,
    NAMES,
    choice_label,
    method_title,
    name_label,
    note_sentence,
)
from declarations.taxlaw import methods
from declarations.taxlaw.case import Case
from declarations.taxlaw.examples import read_case, read_examples
from declarations.taxlaw.facts import ACCRUAL_PERIODS, FACTS
from declarations.taxlaw.methods import METHODS as ALL_METHODS
from declarations.taxlaw.methods import Method, Result, compute
from declarations.taxlaw.parameters import bureaus, local_parameters, parameters
from declarations.taxlaw.working import Step, to_fen

EXAMPLES = Path(__file__).parent.parent / "samples" / "iit-examples.jsonl"
NOTES = ("below_zero", "exempt", "nothing_refunded")
# Enough for each kind of input to take part: what is not above 0 leaves its step out.
VALUES: dict[str, Any] = {
    "amount": Decimal("12345.67"),
    "price": Decimal("12.345"),
    "count": 7,
    "rate": Decimal("0.5"),
    "flag": True,
}


def examples() -> Iterator[tuple[str, Case]]:
    with EXAMPLES.open(encoding="utf-8") as lines:
        for _number, example in read_examples(lines):
            yield example["id"], read_case(example)


def cases(method: Method) -> Iterator[Case]:
    """Yield cases of a method in its first month, and today: with all inputs, and each choice."""
    for month in {method.start, date(2018, 12, 1) if method.end else date(2026, 10, 1)}:
        periods = sorted(ACCRUAL_PERIODS)[: 3 if month > date(2008, 10, 1) else 1]
        inputs: dict[str, Any] = {"method": method.chosen} if method.chosen else {}
        for each in method.inputs:
            if each.kind == "choice":
                inputs[each.key] = each.choices[0]
            elif each.kind == "accrued":
                inputs[each.key] = dict.fromkeys(periods, "100.05")
            else:
                inputs[each.key] = VALUES[each.kind]
        for item in method.items:
            case = Case(month, item, resident=method.who is not False, inputs=inputs)
            yield case
            yield replace(case, inputs={k: v for k, v in inputs.items() if k != "option_income"})
            yield replace(case, inputs={**inputs, "cum_income": "99999999", "income": "100"})
            for each in method.inputs:
                for choice in each.choices:
                    yield replace(case, inputs={**inputs, each.key: choice})


def all_results() -> Iterator[tuple[str, Result]]:
    for name, case in examples():
        yield name, compute(case)
    for method in ALL_METHODS:
        for case in cases(method):
            result = compute(case)
            assert result.method is method
            yield f"{method.name} {case.income_item} {case.tax_month} {case.inputs}", result


def row_of(result: Result, name: str) -> Row:
    return next(row for row in explain(result).rows if row.name == name)


def wage(income: str, **inputs: Any) -> Result:
    return compute(Case(date(2006, 6, 1), "0101", inputs={"income": income, **inputs}))


def test_a_wage_is_explained_from_the_income_to_the_tax() -> None:
    explanation = explain(wage("5000"))

    assert explanation.title == "工资、薪金所得按月计税"
    assert [(row.label, row.formula, row.value) for row in explanation.rows] == [
        ("应纳税所得额", "收入额 5,000.00 - 费用扣除标准 1,600.00 = 3,400.00", "3,400.00"),
        ("适用税率", "应纳税所得额 3,400.00 对应税率 15%,速算扣除数 125.00", "15%"),
        ("应扣税额", "应纳税所得额 3,400.00 × 税率 15% - 速算扣除数 125.00 = 385.00", "385.00"),
    ]
    assert "国税发[2005]196号" in explanation.rows[0].citations


def test_the_explanation_is_in_the_readers_language() -> None:
    with override("en"):
        row = explain(wage("5000")).rows[0]

    assert "Guoshuifa 2005 No. 196" in row.citations


def test_less_than_nothing_is_not_said_to_equal_nothing() -> None:
    row = explain(wage("1000")).rows[0]

    assert row.formula == "收入额 1,000.00 - 费用扣除标准 1,600.00 < 0"
    assert (row.value, row.note) == ("0.00", "不足 0 的按 0 计算。")


def test_what_is_taxed_at_no_rate_says_so() -> None:
    assert row_of(wage("1000"), "level").formula == "应纳税所得额 0.00,不适用税率"


def test_a_donation_has_its_ceiling_and_what_stood_before_it() -> None:
    rows = explain(wage("5000", donation="2000")).rows

    assert [row.label for row in rows[:4]] == [
        "扣除捐赠前的应纳税所得额",
        "捐赠扣除限额",
        "准予扣除的捐赠额",
        "应纳税所得额",
    ]
    assert rows[2].formula == "公益捐赠额 2,000.00 与 捐赠扣除限额 1,020.00 中较小的 = 1,020.00"


def test_a_sum_that_is_multiplied_stands_in_brackets() -> None:
    case = Case(date(2010, 1, 1), "02", inputs={"income": "5000", "deductible_tax": "100"})

    assert explain(compute(case)).rows[0].formula == (
        "(收入额 5,000.00 - 允许扣除的税费 100.00) × 减除费用后的比例 80% = 3,920.00"
    )


def test_a_quotient_that_does_not_end_is_nearly_equal() -> None:
    case = Case(date(2020, 1, 1), "0102", inputs={"bonus": "10000"})

    row = row_of(compute(case), "monthly_share")

    assert row.formula == "应纳税所得额 10,000.00 ÷ 全年月数 12 ≈ 833.33"


def test_an_exempt_prize_is_held_against_its_bound() -> None:
    case = Case(date(2010, 1, 1), "08", inputs={"income": "800", "kind": "lottery"})

    exempt, taxable, _tax = explain(compute(case)).rows

    assert exempt.formula == "收入额 800.00 与 免税限额 10,000.00 中较小的 = 800.00"
    assert taxable.formula == "收入额 800.00 - 免税所得额 800.00 = 0.00"
    assert taxable.note == "依法免税。"


def test_what_was_withheld_too_much_is_not_refunded_here() -> None:
    inputs = {"cum_income": "10000", "cum_basic": "10000", "cum_withheld": "30"}
    row = row_of(compute(Case(date(2020, 2, 1), "0101", inputs=inputs)), "tax")

    assert row.formula == "累计应预扣预缴税额 0.00 - 累计已预扣预缴税额 30.00 < 0"
    assert "汇算清缴" in row.note


def test_interest_names_the_days_on_which_it_accrued() -> None:
    accrued = {"2007-08-15..2008-10-08": "100", "2008-10-09..": "50"}
    case = Case(
        date(2009, 1, 1), "05", inputs={"kind": "savings_interest", "accrued": dict(accrued)}
    )

    notes = [row.note for row in explain(compute(case)).rows]

    assert notes == ["2007-08-15 至 2008-10-08 孳生的利息", "2008-10-09 及以后孳生的利息", ""]


def test_every_step_of_every_method_has_its_words() -> None:
    for name, result in all_results():
        rows = explain(result).rows
        assert len(rows) == len(result.steps), name
        assert all(row.label and row.formula and row.value for row in rows), name
        assert rows[-1].label == "应扣税额", name


def test_every_formula_holds() -> None:
    """What is written as equal is equal, and what is nearly so is right before it is rounded."""
    for name, result in all_results():
        for step in result.steps:
            if step.name == "level":
                continue
            value = exactly(step)
            if step.note in ("below_zero", "nothing_refunded"):
                assert value < 0, (name, step)
                assert step.value == 0, (name, step)
            else:
                assert to_fen(value) == to_fen(step.value), (name, step)


def exactly(step: Step) -> Decimal:
    """Work a step's terms off from left to right, unrounded."""
    value = Decimal(0)
    for term in step.terms:
        match term.operator:
            case "+":
                value += term.value
            case "-":
                value -= term.value
            case "×":
                value *= term.value
            case "÷":
                value /= term.value
            case _:
                value = min(value, term.value)
    return value


def test_every_method_input_and_choice_has_its_words() -> None:
    for method in ALL_METHODS:
        assert method_title(method.name)
        for each in method.inputs:
            assert name_label(each.key, method.name), each
            for choice in each.choices:
                assert choice_label(each.key, choice, method.name), each
            if each.choices:
                assert choice_label(each.key, "", method.name), each
        assert choice_label("method", method.chosen)
    for note in (*NOTES, *(f"accrued {period}" for period in ACCRUAL_PERIODS)):
        assert note_sentence(note)
    assert set(FACTS) <= set(NAMES)


def test_no_word_is_left_over() -> None:
    used = {"method", "variant", "kind", "holding", "use", "accrued", "seafarer"} | FACTS
    said: set[str] = set()
    for _name, result in all_results():
        for step in result.steps:
            said |= {step.name, *(term.name for term in step.terms)}
    derived = {"cumulative_taxable_before_donation"}

    assert set(METHODS) == {method.name for method in ALL_METHODS}
    assert set(NAMES) - used - said - derived == set()
    assert set(CHOICES) == {"method", "variant", "kind", "holding", "use"}


def test_a_name_without_a_word_is_a_fault_of_ours() -> None:
    with pytest.raises(KeyError):
        name_label("a new term")


def test_the_json_has_the_numbers_and_the_words() -> None:
    first, level, last = explained_json(wage("5000"))

    assert first["name"] == "taxable_before_donation"
    assert first["label"] == "应纳税所得额"
    assert first["value"] == "3400.00"
    assert first["terms"][0] == {
        "operator": "+",
        "name": "income",
        "label": "收入额",
        "value": "5000.00",
    }
    assert first["references"][0] == {"citation": "gsf-2005-196", "text": "国税发[2005]196号"}
    assert level["value"] == "0.15"
    assert (last["value"], last["note"], last["note_code"]) == ("385.00", "", "")


def test_the_fragment_shows_each_step_with_its_sources() -> None:
    page = render_to_string(
        "declarations/_explanation.html", {"explanation": explain(wage("5000"))}
    )

    assert page.count("<li>") == 3
    assert "收入额 5,000.00 - 费用扣除标准 1,600.00 = 3,400.00" in page
    assert "依据:国税发[2005]196号" in page


def test_every_method_is_computed_by_a_case_of_these_tests() -> None:
    assert {result.method for _name, result in all_results()} == set(methods.METHODS)


def test_what_is_doubted_is_doubted_in_both_languages() -> None:
    local = (each for bureau in bureaus() for each in local_parameters(bureau))
    for parameter in (*parameters(), *local):
        for block in parameter.history:
            assert bool(block.doubt) == bool(block.chinese_doubt), (parameter.name, block.start)
