"""manage.py explain_months: what it prints, in how many statements, for which months."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from declarations.models import AgentMonth
from portal.models import User, WithholdingAgent
from reconciliation.cause_words import in_words
from reconciliation.causes import Cause, Code
from reconciliation.selectors.causes import causes_of_month
from reconciliation.services.reconciling import reconcile_all
from tests.declarations.builders import LI, a_clerk, a_line, an_agent, an_office, file_lines
from tests.factories import client_of, complete_to, paid, quarantined, staff

pytestmark = pytest.mark.django_db

APRIL, MAY, JUNE = (date(2006, month, 1) for month in (4, 5, 6))
ROW = (
    "D|Q1|1|{code}|10106|01|20060401|20060430|1|{amount}|20060504|20060504|1100|ICBC|110105|I"
    "|20060504120000"
)


def explained() -> list[dict[str, Any]]:
    reconcile_all(changed_only=True)
    output = StringIO()
    call_command("explain_months", stdout=output)
    printed: list[dict[str, Any]] = json.loads(output.getvalue())
    return printed


def told() -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    return [
        (
            month["computer_code"],
            month["tax_month"],
            [(cause["code"], cause["kind"], cause["amount"]) for cause in month["causes"]],
        )
        for month in explained()
    ]


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent("11010001")


def settled() -> None:
    """Payment data are complete beyond every settling day: what is filed here is filed today."""
    complete_to("2099-12-31", first_day="2006-03-01")


def test_without_a_month_that_does_not_agree_the_array_is_empty(acme: WithholdingAgent) -> None:
    file_lines(acme, a_line("340.00"))
    paid(acme, "2006-04", "340.00")
    settled()

    assert explained() == []


def test_a_month_is_printed_as_agreed(acme: WithholdingAgent) -> None:
    file_lines(acme, a_line("340.00"))
    paid(acme, "2006-04", "340.00", voucher_number="V1")
    paid(acme, "2006-04", "340.00", voucher_number="V2", paid_on=date(2006, 5, 9))
    settled()

    assert explained() == [
        {
            "computer_code": "11010001",
            "tax_month": "2006-04",
            "causes": [
                {
                    "code": "PAID_TWICE",
                    "kind": "regular",
                    "amount": "-340.00",
                    "evidence": [{"voucher_number": "V2", "line_number": 1, "repeats": "V1"}],
                }
            ],
        }
    ]


def test_a_month_that_waits_is_not_explained(acme: WithholdingAgent) -> None:
    file_lines(acme, a_line("340.00"))
    complete_to("2006-05-02", first_day="2006-03-01")

    assert told() == []

    settled()
    assert told() == [("11010001", "2006-04", [("NOT_PAID", "regular", "340.00")])]


def test_months_come_by_computer_code_and_month() -> None:
    for code in ("11010007", "11010003"):
        agent = an_agent(code)
        for month in (MAY, APRIL):
            file_lines(agent, a_line("340.00"), month=month)
    settled()

    assert [(month["computer_code"], month["tax_month"]) for month in explained()] == [
        ("11010003", "2006-04"),
        ("11010003", "2006-05"),
        ("11010007", "2006-04"),
        ("11010007", "2006-05"),
    ]


def test_a_person_left_out_is_told_by_other_months_without_naming_anybody(
    acme: WithholdingAgent,
) -> None:
    for month in (APRIL, JUNE):
        lines = (a_line("340.00"), a_line("25.50", name="李四", document_number=LI))
        file_lines(acme, *lines, month=month)
        paid(acme, f"{month:%Y-%m}", "365.50")
    file_lines(acme, a_line("340.00"), month=MAY)
    paid(acme, "2006-05", "365.50")
    settled()

    [may] = explained()

    [cause] = may["causes"]
    assert (may["tax_month"], cause["code"], cause["amount"]) == (
        "2006-05",
        "LINE_MISSING",
        "-25.50",
    )
    assert cause["evidence"][0]["usual_in"] == ["2006-04", "2006-06"]
    assert "李四" not in json.dumps(may, ensure_ascii=False)
    assert LI not in json.dumps(may)


def test_void_payments_explain_nothing(acme: WithholdingAgent) -> None:
    file_lines(acme, a_line("340.00"))
    paid(acme, "2006-04", "340.00", is_void=True)
    settled()

    assert told() == [("11010001", "2006-04", [("NOT_PAID", "regular", "340.00")])]


@pytest.mark.parametrize(
    ("code", "row_code", "named"),
    [
        ("11010001", "FORMAT", "11010001"),
        ("1101000I", "AGENT", "1101000I"),
        ("11010001", "FIELDS", ""),
    ],
)
def test_a_row_in_quarantine_is_found_by_its_code_be_it_one_character_off(
    acme: WithholdingAgent, code: str, row_code: str, named: str
) -> None:
    file_lines(acme, a_line("340.00"))
    quarantined(ROW.format(code=code, amount="340.00"), row_code, named)
    settled()

    assert told() == [("11010001", "2006-04", [("IN_QUARANTINE", "regular", "340.00")])]


def test_a_row_in_quarantine_that_has_come_right_since_explains_nothing(
    acme: WithholdingAgent,
) -> None:
    file_lines(acme, a_line("340.00"), a_line("20.00", document_number=LI))
    quarantined(ROW.format(code="11010001", amount="20.00"), "FORMAT", "11010001")
    paid(acme, "2006-04", "20.00", voucher_number="Q1")
    settled()

    assert told() == [("11010001", "2006-04", [("PARTLY_PAID", "regular", "340.00")])]


def test_a_payment_that_went_to_the_agent_next_door_is_told_of_both(
    acme: WithholdingAgent,
) -> None:
    other = an_agent("11010009")
    file_lines(acme, a_line("340.00"))
    file_lines(other, a_line("25.50"))
    paid(other, "2006-04", "25.50")
    paid(other, "2006-04", "340.00", voucher_number="V9")
    settled()

    assert told() == [
        ("11010001", "2006-04", [("OTHER_AGENT", "regular", "340.00")]),
        ("11010009", "2006-04", [("OTHER_AGENT", "regular", "-340.00")]),
    ]


def test_a_month_of_a_page_has_the_causes_that_the_command_prints(acme: WithholdingAgent) -> None:
    file_lines(acme, a_line("340.00"))
    settled()
    reconcile_all(changed_only=True)

    [cause] = causes_of_month(acme, APRIL)

    assert (cause.code.value, cause.amount) == ("NOT_PAID", Decimal("340.00"))


def test_many_agents_take_as_many_statements_as_one(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(12):
        file_lines(an_agent(f"2201{number:04}"), a_line("340.00"))
    settled()
    reconcile_all(changed_only=True)
    assert AgentMonth.objects.count() == 12

    with django_assert_max_num_queries(9):
        call_command("explain_months", stdout=StringIO())


# --- The pages ---


def page_of(acme: WithholdingAgent) -> tuple[str, str]:
    """The April page of the agent itself, and the officer's."""
    reconcile_all(changed_only=True)
    of_agent = client_of(a_clerk(acme)).get("/months/2006-04/").content.decode()
    officer = client_of(staff(User.Role.OFFICER, an_office()))
    month = AgentMonth.objects.get(agent=acme, tax_month=APRIL)
    return of_agent, officer.get(f"/staff/months/{month.public_id}/").content.decode()


def test_both_pages_of_a_month_show_cause_arithmetic_evidence_and_cure(
    acme: WithholdingAgent,
) -> None:
    file_lines(acme, a_line("1340.00"))
    paid(acme, "2006-04", "1340.00", voucher_number="V1")
    paid(acme, "2006-04", "1340.00", voucher_number="V2", paid_on=date(2006, 5, 9))
    settled()

    for page in page_of(acme):
        assert "PAID_TWICE" in page
        assert "-1,340.00" in page
        assert "税票 V2 第 1 行:品目和金额与税票 V1 完全相同。" in page
        assert "确属重复的,向主管税务所申请退税。" in page


def test_an_agent_is_not_told_which_other_agent_it_is(acme: WithholdingAgent) -> None:
    other = an_agent("11010009")
    file_lines(acme, a_line("340.00"))
    file_lines(other, a_line("25.50"))
    paid(other, "2006-04", "25.50")
    paid(other, "2006-04", "340.00", voucher_number="V9")
    settled()

    of_agent, of_officer = page_of(acme)

    assert "OTHER_AGENT" in of_agent
    assert "11010009" not in of_agent
    assert "记入了计算机代码 11010009。" in of_officer


def test_a_month_that_agrees_shows_no_causes(acme: WithholdingAgent) -> None:
    file_lines(acme, a_line("340.00"))
    paid(acme, "2006-04", "340.00")
    settled()

    for page in page_of(acme):
        assert "差异的可能原因" not in page


ENTRY: dict[Code, dict[str, Any]] = {
    Code.IN_QUARANTINE: {"quarantine": "SPAN", "file": "F", "file_line": 7},
    Code.OTHER_KIND: {"posted_to_kind": "late_fee"},
    Code.NEIGHBOUR_MONTH: {"posted_to_month": "2006-05"},
    Code.OTHER_AGENT: {"posted_to_agent": "11010009"},
    Code.PAID_TWICE: {"repeats": "V1"},
    Code.LATE_FEE_AS_TAX: {"late_fee_of": ["V1"], "tax": "1.00", "days_late": 3},
    Code.DIGITS_SHIFTED: {"paid_amount": "10.00", "right_amount": "1.00"},
}


@pytest.mark.parametrize("code", Code)
def test_every_code_has_words(code: Code) -> None:
    entry: dict[str, Any] = {"voucher_number": "V2", "line_number": 1, **ENTRY.get(code, {})}
    if code in (Code.LINE_DOUBLED, Code.LINE_MISSING):
        entry = {
            "income_item": "0101",
            "declared_line": 2,
            "repeats_line": 1,
            "usual_tax": "1.00",
            "usual_in": ["2006-05"],
            "like_line": {"tax_month": "2006-05", "declared_line": 2},
        }

    [words] = in_words([Cause(code, "regular", Decimal("1.00"), (entry,))], to_staff=True)

    assert words.name
    assert words.advice
    assert words.evidence[0].endswith("。")
