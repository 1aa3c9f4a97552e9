"""The explanation is the computation: its steps, worked off from left to right, give the tax."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given

from declarations.taxlaw.case import Case
from declarations.taxlaw.examples import read_case, read_examples
from declarations.taxlaw.methods import METHODS, Method, Result, compute
from declarations.taxlaw.texts import cite
from declarations.taxlaw.working import Step, Term, to_fen
from tests.declarations.law_cases import (
    ANNUAL,
    LABOUR,
    Printed,
    cases,
    few,
    monthly_table,
    name_of,
)

SAMPLES = Path(__file__).parent.parent / "samples"
EXAMPLES = {
    str(example["id"]): read_case(example)
    for name in ("iit-examples.jsonl", "iit-more-examples.jsonl")
    for _, example in read_examples((SAMPLES / name).read_text(encoding="utf-8").splitlines())
}
ROUNDED = frozenset({"tax", "tax_due", "cumulative_tax"})
# What a floor left of less than nothing.
FLOORED = frozenset({"below_zero", "nothing_refunded"})
WORDS = frozenset({"method", "variant", "kind", "holding", "accrued", "use", "seafarer"})
# The tables that are not the month's.
TABLES: dict[str, Printed] = {
    **dict.fromkeys(("cumulative_wage", "joined_to_cumulative_wage"), ANNUAL),
    **dict.fromkeys(("seafarers_cumulative_wage", "severance", "options"), ANNUAL),
    **dict.fromkeys(("brokers_cumulative", "students_cumulative"), ANNUAL),
    "platform_workers_cumulative": ANNUAL,
    "labour": LABOUR,
}


def worked_off(terms: tuple[Term, ...]) -> Decimal:
    """Evaluate a formula from left to right."""
    assert terms[0].operator == "+"
    value = Decimal(0)
    for term in terms:
        match term.operator:
            case "+":
                value += term.value
            case "-":
                value -= term.value
            case "×":
                value *= term.value
            case "÷":
                value /= term.value
            case "min":
                value = min(value, term.value)
            case _:
                raise AssertionError(term)
    return value


def check_value(step: Step) -> None:
    """Hold a step's value against its terms."""
    value = worked_off(step.terms)
    if value < 0 and step.note in FLOORED:
        value = Decimal(0)
    if step.name in ROUNDED:
        assert step.value == to_fen(value)
        assert step.value.as_tuple().exponent == -2
    else:
        assert abs(step.value - value) < Decimal("1e-9")


def check_level(step: Step, printed: Printed) -> None:
    """Look a step's amount up in the printed table."""
    looked_up, quick_deduction = step.terms
    assert quick_deduction.name == "quick_deduction"
    lowest = (Decimal(printed[0][1]) / 100, Decimal(0))
    found = (step.value, quick_deduction.value)
    if looked_up.value <= 0:
        # The cumulative methods show the lowest rate of nothing, too.
        assert found in {(Decimal(0), Decimal(0)), lowest}
        return
    for up_to, percent, printed_quick in printed:
        if up_to is None or looked_up.value <= up_to:
            assert found == (Decimal(percent) / 100, Decimal(printed_quick))
            return


def check_chain(case: Case, steps: tuple[Step, ...]) -> None:
    """Hold each term against what stands before it under its name: a step, a rate, an input."""
    known = {key: {case.amount(key)} for key in case.inputs if key not in WORDS}
    if case.income_item == "03":
        known["deductible_tax"] = {Decimal(0)}  # author's pay has none
    for step in steps:
        for term in step.terms:
            name = term.name.removeprefix("cumulative_")
            if name in known:
                assert term.value in known[name], (step.name, term)
            elif name == "quick_deduction" and step.name == "level":
                pass
            else:
                assert name not in ROUNDED, (step.name, term)
        name = step.name.removeprefix("cumulative_")
        if name == "level":
            known |= {"rate": {step.value}, "quick_deduction": {step.terms[1].value}}
        elif name == "interest_tax":  # one for each period, added up
            known[name] = known.get(name, set()) | {step.value}
        else:
            known[name] = {step.value}
        if name == "taxable_before_donation":
            known["taxable"] = {step.value}


def check(case: Case) -> Result:
    """Check the explanation of a case, and that its last line is the tax."""
    result = compute(case)
    printed = TABLES.get(result.method.name, monthly_table(case.tax_month))
    for step in result.steps:
        if step.name == "level":
            check_level(step, printed)
        else:
            check_value(step)
        assert step.references, f"{step.name} rests on no text"
        for reference in step.references:
            assert cite(reference)
    check_chain(case, result.steps)
    last = [step for step in result.steps if step.name in ROUNDED][-1]
    assert last is result.steps[-1]
    assert last.value == result.assessment.tax
    return result


@pytest.mark.parametrize("case", EXAMPLES.values(), ids=EXAMPLES)
def test_every_worked_example_is_explained_by_its_steps(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("method", METHODS, ids=name_of)
def test_every_case_of_a_method_is_explained_by_its_steps(method: Method) -> None:
    @few
    @given(case=cases(method))
    def run(case: Case) -> None:
        assert check(case).method is method

        told = {key: value for key, value in case.inputs.items() if key != "option_income"}
        check(replace(case, inputs=told))

    run()


def test_the_examples_use_every_method() -> None:
    used = {compute(case).method for case in EXAMPLES.values()}

    assert [name_of(method) for method in METHODS if method not in used] == []


def test_the_steps_of_a_wage_read_like_the_law() -> None:
    steps = check(EXAMPLES["0101-2006-a"]).steps

    assert [(step.name, str(step.value)) for step in steps] == [
        ("taxable_before_donation", "3400"),
        ("level", "0.15"),
        ("tax_due", "385.00"),
    ]
    assert steps[0].terms == (
        Term("+", "income", Decimal(5000)),
        Term("+", "extra", Decimal(0)),
        Term("-", "exempt", Decimal(0)),
        Term("-", "deduction", Decimal(1600)),
    )
    assert steps[0].references == ("gsf-2005-196", "cs-2005-183", "manual-2006")
    assert steps[2].references == ("law-2005",)
