"""Declarations by programs: filed once under a key, checked without filing, read back."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from declarations.models import Declaration, FilingKey
from declarations.selectors import digest_of
from declarations.services.programs import AT_ONCE_BYTES
from portal.models import AuditEntry, Job, User, WithholdingAgent
from portal.services.jobs import run_job
from portal.services.tokens import make_token
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    an_agent,
    an_office,
    filed,
    reconciled,
)
from tests.declarations.spreadsheets import LINE, lines_sheet, workbook
from tests.factories import client_of, staff

pytestmark = pytest.mark.django_db

DECLARATIONS = "/api/v1/declarations/"
CHECK = "/api/v1/declarations/check/"
LINES = "application/x-ndjson"
KEY = "5f0c1c1e-8a53-4d43-9a57-5f6f6b6a1c01"


class Program:
    """A payroll system with a token of an agent."""

    def __init__(self, agent: WithholdingAgent) -> None:
        self.agent = agent
        self.user = a_clerk(agent)
        self.token, text = make_token(self.user, "payroll")
        self.client = Client(headers={"authorization": f"Bearer {text}"})

    def post(self, path: str, body: Any, media_type: str = "application/json", **h: str) -> Any:
        if isinstance(body, dict):
            body = json.dumps(body, ensure_ascii=False)
        content = body.encode(errors="surrogatepass") if isinstance(body, str) else body
        return self.client.post(path, content, content_type=media_type, headers=h)

    def file(self, body: Any, key: str | None = None, media_type: str = "application/json") -> Any:
        headers = {"idempotency-key": key or str(uuid.uuid4())}
        return self.post(DECLARATIONS, body, media_type, **headers)

    def get(self, path: str) -> Any:
        return self.client.get(path)


@pytest.fixture
def alice() -> Program:
    return Program(an_agent())


def line(**fields: Any) -> dict[str, Any]:
    return {
        "name": "张三",
        "document_type": "01",
        "document_number": ZHANG,
        "country": "001",
        "occupation": "2010000",
        "employed_here": True,
        "income_item": "0101",
        "income": "5000.00",
        "exempt_income": "300.00",
        "tax_withheld": "340.00",
    } | fields


def declaration(*lines: dict[str, Any], **head: Any) -> dict[str, Any]:
    return {
        "computer_code": "11010001",
        "tax_month": "2006-04",
        "kind": "regular",
        "coverage": "full",
        "declarant": "王五",
        "phone": "010-60000001",
        "address": "某街1号",
        "postcode": "100000",
        "lines": list(lines) or [line()],
    } | head


def as_lines(body: dict[str, Any]) -> str:
    head = {key: value for key, value in body.items() if key != "lines"}
    return "\n".join(json.dumps(each, ensure_ascii=False) for each in (head, *body["lines"]))


def problem_of(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["code"] == code
    assert problem["status"] == status
    return problem


# Filing


def test_a_program_files_a_declaration_and_holds_its_receipt(alice: Program) -> None:
    answer = alice.file(declaration(line(), line(name="李四", document_number=LI)))

    assert answer.status_code == 201
    body = answer.json()
    stored = Declaration.objects.get()
    assert answer["Location"] == f"/api/v1/declarations/{stored.public_id}/"
    assert body["receipt"] == {
        "number": "11010001-200604-1-001",
        "version": 1,
        "digest": digest_of(stored),
        "filed_at": body["receipt"]["filed_at"],
        "filed_on": body["receipt"]["filed_at"][:10],
    }
    assert datetime.fromisoformat(body["receipt"]["filed_at"]).utcoffset() is not None
    assert (stored.channel, stored.filed_by) == ("api", alice.user)
    assert (body["status"], body["repeated"], body["line_count"]) == ("filed", False, 2)
    assert (body["own_headcount"], body["total_income"]) == (2, "10000.00")
    assert body["totals"] == [
        {
            "income_item": "0101",
            "line_count": 2,
            "income": "10000.00",
            "tax_reduction": "0.00",
            "tax_withheld": "680.00",
        }
    ]
    assert (body["findings"], body["finding_count"], body["warning_count"]) == ([], 0, 0)
    assert [(lamp["subject"], lamp["state"]) for lamp in body["lamps"]] == [
        ("upload", "done"),
        ("format", "done"),
        ("payment", "waiting"),
    ]


def test_what_is_found_is_said_and_blocks_nothing(alice: Program) -> None:
    answer = alice.file(declaration(line(tax_withheld="1.00")))

    assert answer.status_code == 201
    finding = answer.json()["findings"][0]
    assert finding["message"].startswith("已扣税额应为 340.00")
    del finding["message"]
    assert finding == {
        "code": "TAX_DIFFERS",
        "severity": "warning",
        "pointer": "/lines/0/tax_withheld",
        "found": "1.00",
        "expected": "340.00",
        "title": "已扣税额与应扣税额不符",
        "params": {},
    }


def test_the_same_key_and_body_again_give_the_same_receipt(alice: Program) -> None:
    first = alice.file(declaration(), KEY)

    second = alice.file(declaration(), KEY)

    assert (first.status_code, second.status_code) == (201, 200)
    assert second.json() == first.json() | {"repeated": True}
    assert Declaration.objects.count() == 1


def test_a_key_keeps_its_receipt_when_that_is_superseded(alice: Program) -> None:
    alice.file(declaration(), KEY)
    alice.file(declaration(line(tax_withheld="339.99")))

    again = alice.file(declaration(), KEY).json()

    assert (again["receipt"]["version"], again["status"]) == (1, "superseded")
    assert Declaration.objects.count() == 2


@pytest.mark.parametrize(
    "other",
    [
        declaration(line(tax_withheld="339.00")),
        declaration(tax_month="2006-05"),
        declaration(line(income="five")),
        "{",
    ],
)
def test_the_same_key_with_another_body_is_refused(alice: Program, other: Any) -> None:
    alice.file(declaration(), KEY)

    problem_of(alice.file(other, KEY), 409, "KEY_USED")

    assert Declaration.objects.count() == 1


def test_a_key_is_the_agents_own(alice: Program) -> None:
    bob = Program(an_agent("11010002"))
    alice.file(declaration(), KEY)

    answer = bob.file(declaration(computer_code="11010002"), KEY)

    assert answer.status_code == 201
    assert FilingKey.objects.filter(key=KEY).count() == 2


@pytest.mark.parametrize("key", ["", "1", KEY.replace("-", ""), f"{{{KEY}}}", "x" * 10_000])
def test_a_malformed_key_is_refused(alice: Program, key: str) -> None:
    answer = alice.post(DECLARATIONS, declaration(), **{"idempotency-key": key})

    problem_of(answer, 422, "IDEMPOTENCY_KEY")
    assert not Declaration.objects.exists()


def test_a_missing_key_is_refused(alice: Program) -> None:
    problem_of(alice.post(DECLARATIONS, declaration()), 422, "IDEMPOTENCY_KEY")


def test_what_is_in_force_already_is_a_repeat_under_any_key(alice: Program) -> None:
    alice.file(declaration())

    answer = alice.file(declaration())

    assert (answer.status_code, answer.json()["repeated"]) == (200, True)
    assert Declaration.objects.count() == 1


def test_head_and_lines_are_the_same_declaration(alice: Program) -> None:
    body = declaration(line(), line(name="李四", document_number=LI))
    first = alice.file(as_lines(body), KEY, LINES)

    second = alice.file(body, KEY)

    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["receipt"] == second.json()["receipt"]


def test_every_fault_has_its_code_and_pointer(alice: Program) -> None:
    body = declaration(line(), line(income="1e3", colour="red"), line(name=""), kind="yearly")

    problem = problem_of(alice.file(body), 422, "FAULTS")

    assert [(each["code"], each["pointer"]) for each in problem["errors"]] == [
        ("CODE", "/kind"),
        ("UNKNOWN_KEY", "/lines/1/colour"),
        ("AMOUNT", "/lines/1/income"),
        ("REQUIRED", "/lines/2/name"),
    ]
    assert problem["errors"][2]["message"] == (
        "收入额(人民币)应为不小于 0、最多两位小数的数字,现为“1e3”"
    )
    assert problem["errors"][2]["params"] == {"value": "1e3"}
    assert not Declaration.objects.exists()


def test_faults_of_lines_are_those_of_the_whole(alice: Program) -> None:
    body = declaration(line(), line(income="1e3", colour="red"), line(name=""), kind="yearly")

    whole = alice.file(body).json()

    assert alice.file(as_lines(body), media_type=LINES).json() == whole


def test_faults_are_said_in_the_language_that_is_asked_for(alice: Program) -> None:
    headers = {"idempotency-key": KEY, "accept-language": "en"}

    answer = alice.post(DECLARATIONS, declaration(kind="yearly"), **headers)

    assert "not in the code table" in problem_of(answer, 422, "FAULTS")["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        ("[]", "TYPE"),
        ('"x"', "TYPE"),
        ("\ufeff{}", "BOM"),
        ("[" * 200_000, "TOO_DEEP"),
        ('{"a": NaN}', "NUMBER"),
        ('{"a": ' + "1" * 5000 + "}", "NUMBER"),
        ('{"a": 1, "a": 2}', "DUPLICATE_KEY"),
        ("中文".encode("gb18030"), "ENCODING"),
    ],
)
@pytest.mark.parametrize("media_type", ["application/json", LINES])
def test_what_cannot_be_read_says_why(
    alice: Program, body: Any, code: str, media_type: str
) -> None:
    problem = problem_of(alice.file(body, media_type=media_type), 422, "FAULTS")

    assert problem["errors"][0]["code"] == code


@pytest.mark.parametrize("name", ["\ud800", "a\x00b", "\u202eabc"])
def test_a_text_that_cannot_be_stored_is_a_fault_of_its_field(alice: Program, name: str) -> None:
    body = json.dumps(declaration(line(name=name)))

    problem = problem_of(alice.file(body), 422, "FAULTS")

    assert [(each["code"], each["pointer"]) for each in problem["errors"]] == [
        ("CHARACTERS", "/lines/0/name")
    ]


def test_gaps_between_lines_are_faults_and_the_end_is_none(alice: Program) -> None:
    text = as_lines(declaration(line(), line(name="李四", document_number=LI)))
    head, first, second = text.split("\n")

    problem = problem_of(
        alice.file(f"{head}\n{first}\n\n{second}", media_type=LINES), 422, "FAULTS"
    )
    assert [each["pointer"] for each in problem["errors"]] == ["/lines/1"]
    assert alice.file(f"{text}\n\n", media_type=LINES).status_code == 201


def test_a_head_with_lines_or_without_any_is_a_fault(alice: Program) -> None:
    body = declaration()

    nothing = alice.file(as_lines(body | {"lines": []}), media_type=LINES)
    assert problem_of(nothing, 422, "FAULTS")["errors"][0]["pointer"] == "/lines"
    both = alice.file(json.dumps(body) + "\n" + json.dumps(line()), media_type=LINES)
    assert problem_of(both, 422, "FAULTS")["errors"][0]["code"] == "UNKNOWN_KEY"


def test_filed_on_is_for_the_window_alone(alice: Program) -> None:
    problem = problem_of(alice.file(declaration(filed_on="2006-05-07")), 422, "FAULTS")

    assert problem["errors"][0]["pointer"] == "/filed_on"


@pytest.mark.parametrize("code", ["11010002", "99999999"])
def test_a_program_files_for_its_own_agent(alice: Program, code: str) -> None:
    an_agent("11010002")

    problem = problem_of(alice.file(declaration(computer_code=code)), 422, "AGENT")

    assert problem["errors"][0]["pointer"] == "/computer_code"
    assert "11010001" in problem["detail"]


def test_a_closed_month_is_refused(alice: Program) -> None:
    month = filed(alice.agent).agent_month
    reconciled(month, "matched", closed_at=datetime(2006, 6, 1, tzinfo=UTC))

    problem = problem_of(alice.file(declaration()), 409, "MONTH_CLOSED")

    assert problem["errors"][0]["pointer"] == "/tax_month"


def test_staff_file_for_nobody(alice: Program) -> None:
    officer = client_of(staff(User.Role.OFFICER, an_office()))

    for path in (DECLARATIONS, CHECK, "/api/v1/uploads/"):
        answer = officer.post(path, "{}", content_type="application/json")
        problem_of(answer, 403, "PERMISSION_DENIED")


def test_a_body_of_another_type_is_refused(alice: Program) -> None:
    problem_of(alice.file("a,b", media_type="text/csv"), 415, "UNSUPPORTED_MEDIA_TYPE")
    problem_of(alice.file("a=b", media_type="multipart/form-data"), 415, "UNSUPPORTED_MEDIA_TYPE")


def test_a_body_over_the_limit_is_refused(alice: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("declarations.api.bodies.DeclarationParser.most", 10)

    problem_of(alice.file(declaration()), 413, "TOO_LARGE")


def test_more_at_once_than_the_machine_bears_is_shed(
    alice: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("declarations.api.bodies._WAIT_SECONDS", 0.01)
    monkeypatch.setattr("declarations.api.bodies._places._value", 0)

    answer = alice.file(declaration())

    problem_of(answer, 503, "BUSY")
    assert answer["Retry-After"] == "5"


# Long declarations


def long_declaration(**head: Any) -> str:
    remark = "长" * 300
    count = AT_ONCE_BYTES // 900 + 1
    return as_lines(declaration(*(line(remark=remark) for _ in range(count)), **head))


def test_a_long_declaration_is_a_job_that_files_it(alice: Program) -> None:
    text = long_declaration()

    answer = alice.file(text, KEY, LINES)

    assert answer.status_code == 202
    assert answer.json()["state"] == "waiting"
    job = Job.objects.get()
    assert answer["Location"] == f"/api/v1/jobs/{job.public_id}/"
    assert alice.file(text, KEY, LINES).json()["id"] == str(job.public_id)
    problem_of(alice.file(text + "\n", KEY, LINES), 409, "KEY_USED")

    run_job(job.pk)

    done = alice.get(answer["Location"]).json()
    stored = Declaration.objects.get()
    assert (done["kind"], done["state"], done["percent"]) == ("filing", "done", 100)
    assert done["declaration"] == f"/api/v1/declarations/{stored.public_id}/"
    assert done["message"] == f"已申报 {stored.line_count:d} 行明细。"
    again = alice.file(text, KEY, LINES)
    assert (again.status_code, again.json()["receipt"]["number"]) == (200, stored.receipt_number)
    problem_of(alice.file(text + "\n", KEY, LINES), 409, "KEY_USED")
    assert AuditEntry.objects.filter(action="filing", outcome="filed").count() == 1


def test_a_long_declaration_with_faults_says_them_and_leaves_the_key_free(alice: Program) -> None:
    answer = alice.file(long_declaration(kind="yearly"), KEY, LINES)
    run_job(Job.objects.get().pk)

    refused = alice.get(answer["Location"]).json()

    assert (refused["state"], refused["code"], refused["error_count"]) == ("refused", "FAULTS", 1)
    assert refused["errors"][0]["pointer"] == "/kind"
    assert refused["declaration"] is None
    assert not Declaration.objects.exists()

    mended = alice.file(long_declaration(), KEY, LINES)
    run_job(Job.objects.latest("pk").pk)
    assert alice.get(mended["Location"]).json()["state"] == "done"


def test_a_job_is_the_agents_own(alice: Program) -> None:
    path = alice.file(long_declaration(), KEY, LINES)["Location"]
    bob = Program(an_agent("11010002"))

    foreign, nowhere = bob.get(path), bob.get(f"/api/v1/jobs/{uuid.uuid4()}/")

    problem_of(foreign, 404, "NOT_FOUND")
    assert foreign.content == nowhere.content


def test_a_workbook_comes_into_a_draft(alice: Program) -> None:
    content = workbook(lines_sheet(LINE))
    path = "/api/v1/uploads/?month=2006-04"
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    answer = alice.post(path, content, media_type)

    assert answer.status_code == 202
    problem_of(alice.post(path, content, media_type), 409, "JOB_UNDER_WAY")
    run_job(Job.objects.get().pk)
    done = alice.get(answer["Location"]).json()
    assert (done["kind"], done["state"], done["message"]) == (
        "upload",
        "done",
        "已导入 1 行明细。",
    )
    assert Declaration.objects.get().status == "draft"


def test_a_workbook_with_faults_points_to_its_rows(alice: Program) -> None:
    media_type = "text/csv"
    answer = alice.post("/api/v1/uploads/?month=2006-04", "姓名\n张三\n", media_type)
    run_job(Job.objects.get().pk)

    refused = alice.get(answer["Location"]).json()

    assert (refused["state"], refused["code"]) == ("refused", "MISSING_HEADINGS")


# The check


def test_a_check_says_what_filing_would_and_files_nothing(alice: Program) -> None:
    body = declaration(line(), line(name="李四", document_number=LI, tax_withheld="1.00"))

    found = alice.post(CHECK, body).json()

    assert (found["can_be_filed"], found["faults"]) == (True, [])
    assert [each["pointer"] for each in found["findings"]] == ["/lines/1/tax_withheld"]
    assert found["totals"][0]["tax_withheld"] == "341.00"
    assert found["own_headcount"] == 2
    assert found["lines"][1] == {
        "pointer": "/lines/1",
        "state": "differs",
        "method": "monthly_wage",
        "deduction": "1600.00",
        "taxable": "3100.00",
        "rate": "0.15",
        "quick_deduction": "125.00",
        "tax": "340.00",
        "difference": "-339.00",
    }
    assert not Declaration.objects.exists()


def test_a_check_explains_every_step_when_asked(alice: Program) -> None:
    found = alice.post(f"{CHECK}?explain=1", declaration()).json()

    steps = found["lines"][0]["explanation"]
    assert steps[-1]["value"] == "340.00"
    assert steps[0]["references"]


def test_a_check_looks_at_the_sound_lines_beside_faulty_ones(alice: Program) -> None:
    body = declaration(line(income="x"), line(tax_withheld="1.00"), phone="")

    found = alice.post(CHECK, body).json()

    assert not found["can_be_filed"]
    assert [each["pointer"] for each in found["faults"]] == ["/phone", "/lines/0/income"]
    assert [each["pointer"] for each in found["findings"]] == ["/lines/1/tax_withheld"]
    assert [each["pointer"] for each in found["lines"]] == ["/lines/1"]


def test_a_check_sees_a_foreign_code_and_a_refund(alice: Program) -> None:
    found = alice.post(CHECK, declaration(computer_code="11010002", kind="refund")).json()

    assert [(each["code"], each["pointer"]) for each in found["faults"]] == [
        ("AGENT", "/computer_code")
    ]
    assert found["lines"] == []


def test_a_check_of_what_is_no_declaration_is_all_faults(alice: Program) -> None:
    found = alice.post(CHECK, "[]").json()

    assert (found["can_be_filed"], found["fault_count"], found["lines"]) == (False, 1, [])


def test_a_check_is_for_what_is_looked_at_at_once(alice: Program) -> None:
    problem_of(alice.post(CHECK, long_declaration(), LINES), 413, "TOO_LARGE")


# Reading


def test_filed_declarations_are_listed_newest_first(alice: Program) -> None:
    filed(alice.agent, "1.00")
    filed(alice.agent, "2.00")
    filed(alice.agent, "3.00", kind="refund")

    def listed(query: str = "") -> list[tuple[str, int, str]]:
        answer = alice.get(DECLARATIONS + query)
        assert answer.status_code == 200, answer.content
        return [
            (each["kind"], each["receipt"]["version"], each["status"])
            for each in answer.json()["results"]
        ]

    everything = [
        ("refund", 1, "filed"),
        ("regular", 2, "filed"),
        ("regular", 1, "superseded"),
    ]
    assert listed() == everything
    assert listed("?ordering=filed_at") == everything[::-1]
    assert listed("?status=superseded") == [("regular", 1, "superseded")]
    assert listed("?kind=refund&month=2006-04") == [("refund", 1, "filed")]
    assert listed("?month=2006-05") == []


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("kind=yearly", "/kind", "INVALID_CHOICE"),
        ("status=draft", "/status", "INVALID_CHOICE"),
        ("month=2006-13", "/month", "MONTH"),
        ("ordering=agent_month__agent__name", "/ordering", "INVALID_CHOICE"),
        ("agent_month__agent=1", "/agent_month__agent", "UNKNOWN_PARAMETER"),
        ("_connector=OR", "/_connector", "UNKNOWN_PARAMETER"),
        ("kind=refund&kind=regular", "/kind", "DUPLICATE_PARAMETER"),
        ("month=%00", "/month", "MONTH"),
        ("kind=%27%22", "/kind", "INVALID_CHOICE"),
    ],
)
def test_a_query_is_taken_to_the_letter(
    alice: Program, query: str, pointer: str, code: str
) -> None:
    problem = problem_of(alice.get(f"{DECLARATIONS}?{query}"), 400, "INVALID")

    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [(pointer, code)]


def test_the_list_comes_in_pages(
    alice: Program, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for month in range(1, 8):
        filed(alice.agent, tax_month=APRIL.replace(month=month))

    with django_assert_max_num_queries(16):
        first = alice.get(f"{DECLARATIONS}?page_size=5&ordering=tax_month").json()
    second = alice.get(first["next"]).json()

    assert (first["count"], len(first["results"]), len(second["results"])) == (7, 5, 2)
    assert second["next"] is None
    problem_of(alice.get(f"{DECLARATIONS}?page=9"), 404, "NOT_FOUND")


def test_a_declaration_is_read_with_its_state_of_today(alice: Program) -> None:
    stored = filed(alice.agent)
    reconciled(stored.agent_month, "matched", closed_at=datetime(2006, 6, 1, tzinfo=UTC))

    body = alice.get(f"{DECLARATIONS}{stored.public_id}/").json()

    assert body["receipt"]["number"] == stored.receipt_number
    assert body["lamps"][2]["reason"] == "matched"


def test_lines_come_back_as_they_were_sent(alice: Program) -> None:
    sent = line(facts={"months": "3"}, remark="备注")
    path = alice.file(declaration(sent))["Location"]

    (row,) = alice.get(f"{path}lines/").json()["results"]

    assert {key: row[key] for key in sent} == sent
    assert row["line_number"] == 1
    assert set(row) - set(sent) == {
        "line_number",
        "income_foreign",
        "deductible_charges",
        "donation",
        "tax_reduction",
    }
    reveal = AuditEntry.objects.get(action=AuditEntry.Action.REVEAL)
    assert (reveal.user, reveal.detail["times"]) == (alice.user, 1)


def test_an_office_sees_masked_numbers(alice: Program) -> None:
    path = alice.file(declaration())["Location"]
    officer = client_of(staff(User.Role.OFFICER, an_office()))

    (row,) = officer.get(f"{path}lines/").json()["results"]

    assert row["document_number"].endswith("002X")
    assert "*" in row["document_number"]
    assert not AuditEntry.objects.filter(action=AuditEntry.Action.REVEAL).exists()


def test_the_form_from_2019_has_its_columns(alice: Program) -> None:
    body = declaration(
        line(exempt_income="0", income="10000", pension="800.00", tax_withheld="126.00"),
        tax_month="2019-01",
    )
    path = alice.file(body)["Location"]

    (row,) = alice.get(f"{path}lines/").json()["results"]

    assert (row["resident"], row["pension"], row["cum_rent"]) == (True, "800.00", "0.00")


def test_findings_are_read_by_page(alice: Program) -> None:
    body = declaration(*(line(tax_withheld="1.00") for _ in range(3)))
    filed_as = alice.file(body)

    page = alice.get(f"{filed_as['Location']}findings/?page_size=2").json()

    assert page["count"] == filed_as.json()["finding_count"] > 3
    assert page["results"] == filed_as.json()["findings"][:2]


def test_a_foreign_declaration_has_the_bytes_of_none(alice: Program) -> None:
    stored = filed(alice.agent)
    bob = Program(an_agent("11010002"))

    for rest in ("", "lines/", "findings/"):
        foreign = bob.get(f"{DECLARATIONS}{stored.public_id}/{rest}")
        nowhere = bob.get(f"{DECLARATIONS}{uuid.uuid4()}/{rest}")
        problem_of(foreign, 404, "NOT_FOUND")
        assert foreign.content == nowhere.content
    assert bob.get(DECLARATIONS).json()["count"] == 0


def test_an_address_that_is_none_is_a_problem_too(alice: Program) -> None:
    problem_of(alice.get("/api/v1/nothing/here/"), 404, "NOT_FOUND")
    problem_of(alice.client.delete(DECLARATIONS), 405, "METHOD_NOT_ALLOWED")
    problem_of(Client().get(DECLARATIONS), 401, "NOT_AUTHENTICATED")


def test_a_fault_of_ours_is_a_problem_that_says_so(
    alice: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("declarations.api.filing.filed_declarations", fail)
    alice.client.raise_request_exception = False

    problem_of(alice.get(DECLARATIONS), 500, "OUR_FAILURE")
