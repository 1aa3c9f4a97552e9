"""The law for programs: its values for a month, and the tax of one income."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from declarations.taxlaw.examples import read_examples
from tests.declarations.builders import a_clerk, an_agent
from tests.factories import client_of

pytestmark = pytest.mark.django_db

COMPUTE = "/api/v1/law/compute/"
EXAMPLES = Path(__file__).parent.parent / "samples" / "iit-examples.jsonl"


@pytest.fixture
def program() -> Client:
    return client_of(a_clerk(an_agent()))


def ask(client: Client, body: Any, **headers: str) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return client.post(COMPUTE, text, content_type="application/json", headers=headers)


def wage(**fields: Any) -> dict[str, Any]:
    return {"tax_month": "2006-04", "income_item": "0101", "inputs": {"income": "5000"}} | fields


def problem_of(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert problem["code"] == code
    return problem


def test_a_program_computes_a_tax_with_its_explanation(program: Client) -> None:
    answer = ask(program, wage()).json()

    steps = answer.pop("explanation")
    assert answer == {
        "method": "monthly_wage",
        "taxable": "3400.00",
        "rate": "0.15",
        "quick_deduction": "125.00",
        "tax": "385.00",
        "deduction": "1600.00",
    }
    assert [step["name"] for step in steps] == ["taxable_before_donation", "level", "tax_due"]
    assert steps[0]["formula"] == "收入额 5,000.00 - 费用扣除标准 1,600.00 = 3,400.00"
    assert steps[0]["references"][0]["citation"] == "gsf-2005-196"


def test_the_words_are_in_the_language_that_is_asked_for(program: Client) -> None:
    answer = ask(program, wage(), accept_language="en").json()

    assert answer["explanation"][0]["references"][0]["text"] == "Guoshuifa 2005 No. 196"


def test_the_worked_examples_come_to_what_they_say(
    program: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("declarations.api.law.CALCULATIONS", 1000)
    for line in EXAMPLES.read_text(encoding="utf-8").splitlines():
        example = json.loads(line)
        body = {
            "tax_month": example["tax_month"],
            "income_item": example["item_code"],
            "country": example["country_code"],
            "resident": example["resident"],
            "inputs": example["inputs"],
        }
        answer = ask(program, body)
        assert answer.status_code == 200, (example["id"], answer.content)
        found = {key: float(answer.json()[key]) for key in example["expected"]}
        assert found == {k: float(v) for k, v in example["expected"].items()}, example["id"]


def test_all_the_worked_examples_were_read() -> None:
    with EXAMPLES.open(encoding="utf-8") as lines:
        assert len(list(read_examples(lines))) > 100


def test_a_number_is_read_to_its_last_digit(program: Client) -> None:
    body = json.dumps(wage()).replace('"5000"', "9007199254740993.01")

    first = ask(program, body).json()["explanation"][0]

    assert first["terms"][0]["value"] == "9007199254740993.01"


def test_a_month_without_a_rule_is_a_problem(program: Client) -> None:
    answer = ask(program, wage(tax_month="2019-01", income_item="09"))

    problem = problem_of(answer, 422, "NOT_IN_FORCE")
    assert "按偶然所得(08)填报" in problem["detail"]


@pytest.mark.parametrize(
    ("month", "method", "said"),
    [
        ("2019-01", "platform_cumulative", "自 2025-10 起执行"),
        ("2019-01", "student_cumulative", "自 2020-07 起执行"),
        ("2019-01", "merge", "没有这种计税方法"),
    ],
)
def test_a_method_that_is_no_law_yet_says_since_when(
    program: Client, month: str, method: str, said: str
) -> None:
    body = {"tax_month": month, "income_item": "02", "inputs": {"method": method}}

    assert said in problem_of(ask(program, body), 422, "NOT_IN_FORCE")["detail"]


def test_the_whole_years_deduction_is_no_law_before_2021(program: Client) -> None:
    inputs = {"cum_income": "1", "variant": "annual_60000"}

    answer = ask(program, wage(tax_month="2020-12", inputs=inputs))

    assert "自 2021-01 起执行" in problem_of(answer, 422, "NOT_IN_FORCE")["detail"]


def test_a_missing_fact_is_pointed_to(program: Client) -> None:
    answer = ask(program, wage(income_item="0107", inputs={"lump": "1", "years": 3}))

    problem = problem_of(answer, 422, "FACTS_MISSING")
    assert problem["errors"] == [
        {
            "code": "FACTS_MISSING",
            "pointer": "/inputs/local_avg_annual_wage",
            "message": "请填写当地上年职工平均工资",
            "params": {},
        }
    ]


@pytest.mark.parametrize(
    ("item", "inputs", "fact"),
    [
        ("0101", {"income": "-1"}, "income"),
        ("0101", {"income": True}, "income"),
        ("0101", {"income": None}, "income"),
        ("0101", {"income": {"a": [1]}}, "income"),
        ("0101", {"income": "1e400"}, "income"),
        ("0101", {"income": "五千"}, "income"),
        ("08", {"income": "1", "kind": "raffle"}, "kind"),
        ("08", {"income": "1", "kind": ["lottery"]}, "kind"),
        ("05", {"kind": "savings_interest", "accrued": {"2008-10-09..": "1"}}, "accrued"),
        ("02", {"income": "1", "method": "magic"}, "method"),
        ("02", {"income": "1", "method": {}}, "method"),
    ],
)
def test_a_wrong_fact_is_pointed_to(
    program: Client, item: str, inputs: dict[str, Any], fact: str
) -> None:
    answer = ask(program, wage(income_item=item, inputs=inputs))

    problem = problem_of(answer, 422, "WRONG_FACT")
    assert [fault["pointer"] for fault in problem["errors"]] == [f"/inputs/{fact}"]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"tax_month": "2006-4"}, "/tax_month"),
        ({"tax_month": "2005-12"}, "/tax_month"),
        ({"tax_month": 200604}, "/tax_month"),
        ({"income_item": "0112"}, "/income_item"),
        ({"country": "999"}, "/country"),
        ({"resident": "perhaps"}, "/resident"),
        ({"inputs": []}, "/inputs"),
        ({"inputs": {"salery": "1"}}, "/inputs/salery"),
    ],
)
def test_what_has_the_wrong_shape_is_pointed_to(
    program: Client, fields: dict[str, Any], pointer: str
) -> None:
    problem = problem_of(ask(program, wage(**fields)), 400, "INVALID")

    assert [fault["pointer"] for fault in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "NaN", '{"inputs": NaN}', "[" * 100_000, "1" * 5000, "\ud800"]
)
def test_what_is_no_question_is_a_problem(program: Client, body: str) -> None:
    answer = program.post(
        COMPUTE, body.encode(errors="surrogatepass"), content_type="application/json"
    )

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_too_many_questions_wait(program: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("declarations.api.law.CALCULATIONS", 1)
    assert ask(program, wage()).status_code == 200

    answer = ask(program, wage())

    problem_of(answer, 429, "THROTTLED")
    assert 0 < int(answer["Retry-After"]) <= 61


def test_the_law_of_a_month_has_its_values_with_their_sources(program: Client) -> None:
    law = program.get("/api/v1/law/2006-04/").json()

    assert (law["tax_month"], law["filing_deadline"]) == ("2006-04", "2006-05-07")
    assert (law["previous_change"], law["next_change"]) == ("2006-01", "2007-03")
    values = {each["name"]: each for each in law["parameters"]}
    assert values["basic_deduction"]["value"] == {"china": "1600", "elsewhere": "4800"}
    assert values["basic_deduction"]["since"] == "2006-01"
    assert values["basic_deduction"]["last_confirmed"] == "2026-11-21"
    assert values["basic_deduction"]["doubt"].startswith("2008年3月以前")
    assert values["basic_deduction"]["references"][0]["citation"] == "gsf-2005-196"
    assert values["rates_monthly"]["value"][2] == {
        "above": "2000",
        "up_to": "5000",
        "rate": "0.15",
        "quick_deduction": "125.00",
    }
    assert values["rates_monthly"]["value"][-1]["up_to"] is None
    items = {each["code"]: each for each in law["income_items"]}
    assert items["0101"]["checked"]
    assert items["0101"]["methods"][0]["name"] == "monthly_wage"
    assert {
        "key": "income",
        "label": "收入额",
        "kind": "amount",
        "needed": False,
        "choices": [],
    } in (items["0101"]["methods"][0]["inputs"])
    assert law["bureaus"][0]["parameters"][0]["rule"] is None


def test_what_ended_has_no_value(program: Client) -> None:
    law = program.get("/api/v1/law/2028-01/").json()

    values = {each["name"]: each["value"] for each in law["parameters"]}
    assert values["bonus_relief"] is None


def test_the_law_speaks_the_language_that_is_asked_for(program: Client) -> None:
    law = program.get("/api/v1/law/2006-04/", headers={"accept-language": "en"}).json()

    values = {each["name"]: each for each in law["parameters"]}
    assert values["rate_flat"]["title"].startswith("Rate of author's pay")
    assert law["income_items"][0]["name"] == "Wages - ordinary monthly wage"


def test_a_month_before_the_first_is_missing(program: Client) -> None:
    problem_of(program.get("/api/v1/law/2005-12/"), 404, "NOT_FOUND")
