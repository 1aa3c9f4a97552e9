"""The tax office's desk: what does not agree in its offices, and the keys to a month."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from declarations.models import AgentMonth
from portal.guards import PROVED_AT
from portal.models import AuditEntry, Office, User, WithholdingAgent
from reconciliation.feed import QuarantinedLine, RowCode
from reconciliation.models import QuarantinedRow
from reconciliation.services import quarantine
from reconciliation.services.reconciling import reconcile_months
from tests.factories import (
    agent,
    clerk,
    client_of,
    complete_to,
    feed_file,
    filed,
    month_of,
    office,
    paid,
    quarantined,
    staff,
)

pytestmark = pytest.mark.django_db

Role = User.Role
DESK = "/staff/months/"


@pytest.fixture
def district() -> Office:
    return office("11")


@pytest.fixture
def north(district: Office) -> Office:
    """A 税务所 below the district."""
    return office("1101", district)


@pytest.fixture
def south(district: Office) -> Office:
    return office("1102", district)


@pytest.fixture
def officer(north: Office) -> Client:
    """An officer of the north, logged in."""
    return client_of(staff(Role.OFFICER, north))


def mismatched(code: str, at: Office, amount: str, tax_month: str = "2006-04") -> AgentMonth:
    """A month that was declared and never paid, reconciled."""
    found = WithholdingAgent.objects.filter(computer_code=code).first() or agent(code, at)
    filed(found, tax_month, amount)
    reconcile_months([found.pk])
    return month_of(found, tax_month)


def matched(code: str, at: Office) -> AgentMonth:
    """A month that agrees, and is closed."""
    found = agent(code, at)
    filed(found, "2006-04", "10.00")
    paid(found, "2006-04", "10.00")
    reconcile_months([found.pk])
    return month_of(found, "2006-04")


def url_of(month: AgentMonth, then: str = "") -> str:
    return f"/staff/months/{month.public_id}/{then}"


def rows_of(client: Client, url: str = DESK) -> list[str]:
    """The texts of the rows of the desk's table."""
    response = client.get(url)
    assert response.status_code == 200
    body = response.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    rows = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", row)) for row in body.split("<tr>")[1:]]
    return [row.strip() for row in rows]


# --- The list ---


@time_machine.travel("2006-06-01 10:00+08:00")
def test_the_largest_difference_comes_first(north: Office) -> None:
    complete_to("2006-05-31")
    mismatched("SMALL001", north, "10.00")
    mismatched("LARGE001", north, "9000.00")
    middle = agent("MIDDLE01", north)
    paid(middle, "2006-04", "800.00")
    filed(middle, "2006-04", "100.00", kind="additional")
    reconcile_months([middle.pk])

    rows = rows_of(client_of(staff(Role.OFFICER, north)))

    assert [row.split()[0] for row in rows] == ["LARGE001", "MIDDLE01", "SMALL001"]
    assert "2006年4月 单位LARGE001 9,000.00 22 申报:明细 9,000.00 大于入库 0.00" in rows[0]
    assert "900.00 22 申报:明细 0.00 小于入库 800.00 补税申报:明细 100.00 大于入库 0.00" in rows[1]
    assert rows[0].endswith("第1101税务所 王税官")


def test_a_month_that_agrees_or_waits_is_not_on_the_desk(officer: Client, north: Office) -> None:
    complete_to("2006-05-09")
    matched("MATCHED1", north)
    mismatched("WAITING1", north, "10.00")

    assert rows_of(officer) == []

    complete_to("2006-05-10")
    assert [row.split()[0] for row in rows_of(officer)] == ["WAITING1"]


def test_a_month_that_is_being_checked_is_not_on_the_desk(officer: Client, north: Office) -> None:
    complete_to("2006-06-01")
    month = mismatched("CHANGED1", north, "10.00")
    paid(month.agent, "2006-04", "10.00")

    assert rows_of(officer) == []


def test_a_month_whose_match_later_data_undid_counts_its_days_from_then(north: Office) -> None:
    complete_to("2006-06-01")
    with time_machine.travel("2006-05-20 10:00+08:00"):
        month = matched("DRIFTED1", north)
    with time_machine.travel("2006-07-01 10:00+08:00"):
        paid(month.agent, "2006-04", "5.00")
        reconcile_months([month.agent.pk])
    with time_machine.travel("2006-07-11 10:00+08:00"):
        rows = rows_of(client_of(staff(Role.OFFICER, north)))

    assert " 5.00 10 申报:" in rows[0]


def test_an_office_sees_its_agents_and_those_of_the_offices_below(
    district: Office, north: Office, south: Office
) -> None:
    complete_to("2006-06-01")
    mismatched("NORTH001", north, "10.00")
    mismatched("SOUTH001", south, "20.00")

    def codes(at: Office) -> list[str]:
        return [row.split()[0] for row in rows_of(client_of(staff(Role.OFFICER, at)))]

    assert codes(north) == ["NORTH001"]
    assert codes(south) == ["SOUTH001"]
    assert codes(district) == ["SOUTH001", "NORTH001"]


def test_the_desk_is_filtered_by_month_and_office_in_the_address(
    district: Office, north: Office, south: Office
) -> None:
    complete_to("2006-07-01")
    mismatched("NORTH001", north, "10.00")
    mismatched("NORTH001", north, "11.00", "2006-05")
    mismatched("SOUTH001", south, "12.00")
    chief = client_of(staff(Role.OFFICER, district))

    def found(query: str) -> list[str]:
        rows = rows_of(chief, f"{DESK}?{query}")
        return [" ".join(row.split()[i] for i in (0, 2)) for row in rows]

    assert found("month=2006-05") == ["NORTH001 2006年5月"]
    assert found("office=1102") == ["SOUTH001 2006年4月"]
    assert found("office=1101&month=2006-04") == ["NORTH001 2006年4月"]
    assert len(found("office=11")) == 3


@pytest.mark.parametrize("query", ["office=1102", "office=0", "office=x", "month=2006-13"])
def test_a_filter_that_means_nothing_here_is_named_and_leads_to_no_others_months(
    officer: Client, south: Office, query: str
) -> None:
    complete_to("2006-07-01")
    mismatched("SOUTH001", south, "12.00")

    page = officer.get(f"{DESK}?{query}").content.decode()

    assert 'role="alert"' in page
    assert "SOUTH001" not in page


def test_the_desk_comes_in_pages_that_keep_the_filter(
    officer: Client, north: Office, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    complete_to("2006-07-01")
    for number in range(60):
        agent(f"MANY{number:04}", north)
    agents = list(WithholdingAgent.objects.all())
    for each in agents:
        paid(each, "2006-04", f"{each.pk}.00")
    reconcile_months([each.pk for each in agents])

    with django_assert_max_num_queries(16):
        first = rows_of(officer, f"{DESK}?month=2006-04")
    second = rows_of(officer, f"{DESK}?month=2006-04&page=2")

    assert (len(first), len(second)) == (50, 10)
    assert not set(first) & set(second)
    page = officer.get(f"{DESK}?month=2006-04").content.decode()
    assert "?month=2006-04&amp;page=2" in page


# --- A month ---


def test_staff_see_the_agents_tables_and_the_history(officer: Client, north: Office) -> None:
    complete_to("2006-06-01")
    month = matched("DRIFTED1", north)
    paid(month.agent, "2006-04", "5.00", voucher_number="LATER")
    reconcile_months([month.agent.pk])

    page = re.sub(r"<[^>]*>|\s+", " ", officer.get(url_of(month)).content.decode())
    page = re.sub(r"\s+", " ", page)

    assert "申报 10.00 小于 15.00 -5.00" in page
    assert "LATER-1" in page
    history = page.partition("核对结果的变化")[2]
    assert re.search(r"核对不成功 2006-05-10 申报:明细 10.00,入库 15.00 .*核对成功", history)


def test_a_month_of_another_office_is_not_found(officer: Client, south: Office) -> None:
    month = matched("SOUTH001", south)
    foreign = officer.get(url_of(month))
    nothing = officer.get("/staff/months/00000000-0000-4000-8000-000000000000/")

    assert (foreign.status_code, nothing.status_code) == (404, 404)
    # But for the address that was asked for and the form's token.
    hidden = re.compile(rb'<input type="hidden"[^>]*>')
    assert hidden.sub(b"", foreign.content) == hidden.sub(b"", nothing.content)
    stepped_up = client_of(User.objects.get(role=Role.OFFICER), **{PROVED_AT: int(time.time())})
    assert stepped_up.get(url_of(month, "reopen/")).status_code == 404
    assert stepped_up.post(url_of(month, "reopen/"), {"reason": "x"}).status_code == 404
    assert stepped_up.post(url_of(month, "close/")).status_code == 404


def proved(user: User) -> Client:
    """A browser in which the password was typed just now."""
    return client_of(user, **{PROVED_AT: int(time.time())})


def test_opening_a_month_asks_for_the_password_first(north: Office) -> None:
    month = matched("MATCHED1", north)
    officer = client_of(staff(Role.OFFICER, north))

    response = officer.post(url_of(month, "reopen/"), {"reason": "单位申请更正"})

    assert response.status_code == 302
    assert response["Location"].startswith("/password/confirm/?next=")
    assert month_of(month.agent, "2006-04").closed_at is not None


def test_opening_a_month_wants_a_reason(north: Office) -> None:
    month = matched("MATCHED1", north)

    response = proved(staff(Role.OFFICER, north)).post(url_of(month, "reopen/"), {"reason": " "})

    page = response.content.decode()
    assert response.status_code == 200
    assert "请填写原因。" in page
    assert "<title>错误:" in page
    assert month_of(month.agent, "2006-04").closed_at is not None


def test_an_officer_opens_a_month_and_closes_it_again(north: Office) -> None:
    month = matched("MATCHED1", north)
    user = staff(Role.OFFICER, north)
    officer = proved(user)

    opened = officer.post(url_of(month, "reopen/"), {"reason": "单位申请更正"}, follow=True)
    while_open = month_of(month.agent, "2006-04")
    agents_page = client_of(clerk(month.agent)).get("/months/2006-04/").content.decode()
    closed = officer.post(url_of(month, "close/"), follow=True)

    assert "已打开2006年4月" in opened.content.decode()
    assert while_open.closed_at is None
    assert "税务所已打开该月,您可以更正申报" in agents_page
    assert "已关闭2006年4月" in closed.content.decode()
    assert month_of(month.agent, "2006-04").closed_at is not None
    entries = AuditEntry.objects.filter(action=AuditEntry.Action.MONTH).order_by("pk")
    assert [(entry.user, entry.agent, entry.outcome) for entry in entries] == [
        (user, month.agent, "reopened"),
        (user, month.agent, "closed"),
    ]
    assert entries[0].detail == {"tax_month": "2006-04", "reason": "单位申请更正"}
    assert entries[0].address == "127.0.0.1"


def test_a_month_that_is_not_closed_cannot_be_opened(north: Office) -> None:
    complete_to("2006-06-01")
    month = mismatched("DIFFERS1", north, "10.00")

    response = proved(staff(Role.OFFICER, north)).post(
        url_of(month, "reopen/"), {"reason": "x"}, follow=True
    )

    assert "无需再次打开" in response.content.decode()


def test_states_change_by_post_alone(officer: Client, north: Office) -> None:
    month = matched("MATCHED1", north)

    assert officer.get(url_of(month, "close/")).status_code == 405


# --- Who may ---


@pytest.mark.parametrize(
    ("role", "reads", "opens"),
    [
        (Role.OFFICER, 200, 302),
        (Role.AUDITOR, 200, 403),
        (Role.SUPERVISOR, 200, 403),
        (Role.OPERATOR, 403, 403),
        (Role.ACCOUNT_ADMIN, 403, 403),
    ],
)
def test_which_role_may_read_and_which_may_open(
    north: Office, role: Role, reads: int, opens: int
) -> None:
    month = matched("MATCHED1", north)
    client = proved(staff(role, north))

    for url in (DESK, url_of(month), "/staff/held-rows/"):
        assert client.get(url).status_code == reads, url
    assert client.post(url_of(month, "reopen/"), {"reason": "x"}).status_code == opens
    assert client.post(url_of(month, "close/")).status_code == opens
    assert (month_of(month.agent, "2006-04").reopened_at is None) == (
        opens == 403 or AuditEntry.objects.filter(outcome="closed").exists()
    )


def test_readers_are_not_offered_what_they_may_not_do(north: Office) -> None:
    month = matched("MATCHED1", north)

    def offered(role: Role) -> bool:
        return url_of(month, "reopen/") in (
            client_of(staff(role, north)).get(url_of(month)).content.decode()
        )

    assert offered(Role.OFFICER)
    assert not offered(Role.AUDITOR)


def test_the_desk_is_for_staff_with_a_second_factor(north: Office) -> None:
    month = matched("MATCHED1", north)
    clerks = client_of(clerk(month.agent))
    half = Client()
    half.force_login(staff(Role.OFFICER, north))

    for url in (DESK, url_of(month), "/staff/held-rows/"):
        assert clerks.get(url).status_code == 404
        assert Client().get(url)["Location"].startswith("/staff/login/")
        assert half.get(url).status_code == 302


def test_an_officer_who_moves_sees_the_new_office_at_once(
    officer: Client, north: Office, south: Office
) -> None:
    complete_to("2006-06-01")
    mismatched("NORTH001", north, "10.00")

    User.objects.filter(role=Role.OFFICER).update(office=south)

    assert rows_of(officer) == []


# --- Rows held back ---

ROW = "D|{}|1|{}|10106|01|20060401|20060430|1|5.00|20060505|20060508|01|B|1101|I|20060508120000"


@pytest.fixture
def keep() -> Callable[..., Any]:
    """Keep a payment row in quarantine as the import does."""
    file = feed_file()
    numbers = iter(range(2, 99))

    def kept(code: RowCode, raw: str) -> None:
        quarantine.keep(file, [QuarantinedLine(next(numbers), code, 500, raw)])

    return kept


def test_officers_see_held_payments_of_their_own_agents(
    officer: Client, north: Office, south: Office, keep: Callable[..., Any]
) -> None:
    agent("NORTH001", north)
    agent("SOUTH001", south)
    keep(RowCode.CONFLICT, ROW.format("V1", "NORTH001"))
    keep(RowCode.SPAN, ROW.format("V2", "NORTH001"))
    keep(RowCode.CONFLICT, ROW.format("V3", "SOUTH001"))
    keep(RowCode.AGENT, ROW.format("V4", "UNKNOWN1"))

    page = officer.get("/staff/held-rows/").content.decode()

    assert "D|V1|1|NORTH001" in page
    assert "D|V2|1|NORTH001" in page
    assert "税款所属期跨了月份" in page
    assert "V3" not in page
    assert "V4" not in page


def test_held_rows_are_no_longer_shown_when_they_have_left(officer: Client, north: Office) -> None:
    agent("NORTH001", north)
    row = quarantined(ROW.format("V1", "NORTH001"), "CONFLICT", "NORTH001")

    quarantine.dismiss(row, by=User.objects.get(role=Role.OFFICER), reason="x")

    assert "D|V1" not in officer.get("/staff/held-rows/").content.decode()
    assert QuarantinedRow.objects.count() == 1


def test_officers_see_refused_files_and_gaps(officer: Client) -> None:
    complete_to("2006-05-08", first_day="2006-05-08")
    feed_file("JKRK_20060508_001.txt")
    feed_file("JKRK_20060510_001.txt")
    feed_file(
        "JKRK_20060509_001.txt",
        state="refused",
        refusal_code="TOTAL",
        refusal_line=4,
        refusal_reason="total_differs",
        refusal_parameters={"stated": "1.00", "found": "2.00"},
    )

    page = re.sub(r"<[^>]*>|\s+", " ", officer.get("/staff/held-rows/").content.decode())
    page = re.sub(r"\s+", " ", page)

    assert "JKRK_20060509_001.txt" in page
    assert "第 4 行(末行)写明合计 1.00 元,各行金额相加为 2.00 元" in page
    assert "2006-05-09 1 一个也没有" in page
