"""The operators' pages: how far the data are, what was refused, what is held back, 再试一次."""

from __future__ import annotations

import re
from datetime import date

import pytest
from django.test import Client

from declarations.models import AgentMonth, PaymentWatermark
from portal.models import AuditEntry, Office, User
from reconciliation.models import FeedDay, FeedFile, QuarantinedRow
from tests.factories import (
    agent,
    clerk,
    client_of,
    complete_to,
    feed_file,
    filed,
    month_of,
    office,
    quarantined,
    staff,
)

pytestmark = pytest.mark.django_db

Role = User.Role
FEED = "/staff/feed/"
QUARANTINE = "/staff/feed/quarantine/"
PAYMENT = "D|V1|1|NORTH001|10106|01|20060401|20060531|1|5.00|20060505|20060508|01|B|1101|I|20060508"
PERSON = "110101197001010018"


@pytest.fixture
def tax_office() -> Office:
    return office("1101")


@pytest.fixture
def olga(tax_office: Office) -> User:
    """An operator."""
    return staff(Role.OPERATOR, tax_office)


@pytest.fixture
def operator(olga: User) -> Client:
    return client_of(olga)


def text_of(client: Client, url: str) -> str:
    response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def refused_file(name: str = "JKRK_20060509_001.txt") -> FeedFile:
    return feed_file(
        name,
        state="refused",
        refusal_code="AMOUNT",
        refusal_line=7,
        refusal_reason="amount_unreadable",
        refusal_parameters={"amount": "12,5"},
    )


# --- Files and days ---


def test_the_watermark_and_the_gaps_are_shown(operator: Client) -> None:
    feed_file("JKRK_20060508_001.txt")
    feed_file("JKRK_20060510_001.txt")
    FeedDay.objects.create(kind="JKRK", business_date=date(2006, 5, 9), count=3)
    feed_file("JKRK_20060509_002.txt")
    complete_to("2006-05-08", first_day="2006-05-08")

    page = text_of(operator, FEED)

    assert "缴款数据截至 2006-05-08 自何日起 2006-05-08 不完整的日期 1 天" in page
    assert "2006-05-09 3 002 " in page


def test_a_refused_file_is_shown_with_code_line_and_reason(operator: Client) -> None:
    file = refused_file()

    page = text_of(operator, FEED)
    its_page = text_of(operator, f"/staff/feed/files/{file.public_id}/")

    for text in (page, its_page):
        assert "AMOUNT" in text
        assert "第 7 行的实缴金额“12,5”无法读取" in text


def test_a_refused_file_that_came_again_in_order_asks_for_nothing_more(operator: Client) -> None:
    refused_file()
    assert "以下文件整个未导入" in text_of(operator, FEED)

    feed_file("JKRK_20060509_001.txt")

    assert "以下文件整个未导入" not in text_of(operator, FEED)
    assert "已拒收" in text_of(operator, FEED)


def test_the_files_are_filtered_by_state(operator: Client) -> None:
    refused_file("JKRK_20060509_001.txt")
    feed_file("JKRK_20060510_001.txt")

    page = text_of(operator, f"{FEED}?state=imported").partition("最近的文件")[2]

    assert "JKRK_20060510_001.txt" in page
    assert "JKRK_20060509_001.txt" not in page


def test_a_stopped_file_is_tried_again(operator: Client, olga: User) -> None:
    file = feed_file(state="stopped", attempts=3, finished_at=None)
    assert "再试一次" in text_of(operator, FEED)

    operator.post(f"/staff/feed/files/{file.public_id}/retry/")

    file.refresh_from_db()
    assert (file.state, file.attempts) == (FeedFile.State.RECEIVED, 0)
    entry = AuditEntry.objects.get(action=AuditEntry.Action.IMPORT)
    assert (entry.user, entry.outcome) == (olga, "try again")
    assert entry.detail == {"file": file.name}


def test_a_file_that_is_not_stopped_is_not_tried_again(operator: Client) -> None:
    file = refused_file()

    response = operator.post(f"/staff/feed/files/{file.public_id}/retry/", follow=True)

    assert "没有停止" in response.content.decode()
    assert not AuditEntry.objects.filter(action=AuditEntry.Action.IMPORT).exists()


def test_a_days_count_is_set_and_moves_the_watermark(operator: Client, olga: User) -> None:
    feed_file("JKRK_20060508_001.txt")
    FeedDay.objects.update(count=2)
    complete_to(None, first_day="2006-05-08")

    operator.post(
        "/staff/feed/day-count/",
        {"kind": "JKRK", "business_date": "2006-05-08", "count": "1", "reason": "对方写错"},
    )

    assert FeedDay.objects.get().count == 1
    assert PaymentWatermark.objects.get().complete_to == date(2006, 5, 8)
    entry = AuditEntry.objects.get(action=AuditEntry.Action.SETTING)
    assert entry.user == olga
    assert entry.detail == {
        "kind": "JKRK",
        "business_date": "2006-05-08",
        "count": 1,
        "reason": "对方写错",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("count", "0"),
        ("count", "1000"),
        ("business_date", "2006-02-30"),
        ("kind", "X"),
        ("reason", ""),
    ],
)
def test_a_days_count_that_cannot_be_is_refused_at_the_field(
    operator: Client, field: str, value: str
) -> None:
    given = {"kind": "JKRK", "business_date": "2006-05-08", "count": "1", "reason": "x"}

    page = operator.post("/staff/feed/day-count/", {**given, field: value}).content.decode()

    assert re.search(rf'name="{field}"[^>]*aria-invalid="true"', page)
    assert not FeedDay.objects.exists()


def test_a_gap_leads_to_its_days_count(operator: Client) -> None:
    page = operator.get(
        "/staff/feed/day-count/?kind=JKRK&business_date=2006-05-09"
    ).content.decode()

    assert 'value="2006-05-09"' in page


# --- Quarantine ---


def test_payment_rows_are_shown_as_they_came_and_registrations_without_numbers(
    operator: Client,
) -> None:
    quarantined(PAYMENT, "SPAN")
    swdj = feed_file("SWDJ_20060508_001.txt")
    row = [
        "D",
        "NORTH001",
        "Z1",
        "",
        "北方公司",
        "01",
        PERSON,
        "09",
        "1101",
        "税务所",
        "王",
        "地址",
    ]
    registration = "|".join([*row, "100000", "13800138000", "x", "20060508120000"])
    quarantined(registration, "FORMAT", feed_file=swdj)
    misplaced = quarantined(f"D|{PERSON}|北方公司", "FIELDS", feed_file=swdj)

    page = text_of(operator, QUARANTINE)
    its_page = text_of(operator, f"{QUARANTINE}{misplaced.public_id}/")

    assert PAYMENT in page
    assert "D|NORTH001|***(2)||北方公司|***(2)|***(18)|" in page
    assert "D|***(18)|***(4)" in page
    assert "D|***(18)|***(4)" in its_page
    for secret in (PERSON, "13800138000"):
        assert secret not in page + its_page


def test_a_number_in_the_place_of_the_name_is_masked(operator: Client) -> None:
    swdj = feed_file("SWDJ_20060508_001.txt")
    fields = ["D", "NORTH001", "", "", PERSON, *[""] * 11]
    quarantined("|".join(fields), "FORMAT", feed_file=swdj)

    assert PERSON not in operator.get(QUARANTINE).content.decode()


def test_what_operators_look_at_is_audited(operator: Client, olga: User) -> None:
    quarantined(PAYMENT, "SPAN")

    operator.get(QUARANTINE)

    assert AuditEntry.objects.get(action=AuditEntry.Action.REVEAL).user == olga


def test_the_quarantine_is_counted_and_filtered_by_code(operator: Client) -> None:
    quarantined(PAYMENT, "SPAN")
    quarantined(PAYMENT.replace("V1", "V2"), "PERIOD")

    everything = text_of(operator, QUARANTINE)
    spans = text_of(operator, f"{QUARANTINE}?code=SPAN")

    assert re.search(r"SPAN 1 .* AGENT 0 ", everything)
    assert "D|V2" in everything
    assert "D|V1" in spans
    assert "D|V2" not in spans


def test_a_row_is_put_aside_for_a_reason(operator: Client, olga: User) -> None:
    row = quarantined(PAYMENT, "SPAN")
    url = f"{QUARANTINE}{row.public_id}/"

    without = operator.post(url, {"reason": ""})
    row.refresh_from_db()
    assert (without.status_code, row.left_at) == (200, None)
    assert "请填写原因。" in without.content.decode()

    operator.post(url, {"reason": "已按月重发"})
    row.refresh_from_db()
    assert row.left_as == QuarantinedRow.LeftAs.DISMISSED
    entry = AuditEntry.objects.get(action=AuditEntry.Action.CORRECTION)
    assert (entry.user, entry.detail["reason"]) == (olga, "已按月重发")
    assert "D|V1" not in text_of(operator, QUARANTINE)


def test_a_row_is_put_aside_once(operator: Client) -> None:
    row = quarantined(PAYMENT, "SPAN")
    url = f"{QUARANTINE}{row.public_id}/"

    operator.post(url, {"reason": "x"})
    again = operator.post(url, {"reason": "y"}, follow=True)

    assert "已离开隔离区" in again.content.decode()
    assert AuditEntry.objects.filter(action=AuditEntry.Action.CORRECTION).count() == 1


# --- Months that stopped ---


def test_a_month_that_stopped_is_tried_again(operator: Client, olga: User) -> None:
    acme = agent("ACME0001")
    filed(acme, "2006-04", "10.00")
    AgentMonth.objects.update(attempts=3)
    month = month_of(acme, "2006-04")
    assert "ACME0001 2006年4月" in text_of(operator, FEED)

    operator.post(f"/staff/feed/months/{month.public_id}/retry/")

    assert month_of(acme, "2006-04").attempts == 0
    entry = AuditEntry.objects.get(action=AuditEntry.Action.MONTH)
    assert (entry.user, entry.agent, entry.outcome) == (olga, acme, "try again")


def test_operators_reach_no_month_that_has_not_stopped(operator: Client) -> None:
    acme = agent("ACME0001")
    filed(acme, "2006-04", "10.00")
    month = month_of(acme, "2006-04")

    assert operator.post(f"/staff/feed/months/{month.public_id}/retry/").status_code == 404
    assert "ACME0001" not in text_of(operator, FEED)


# --- Who may ---


def test_the_feed_is_for_operators_alone(tax_office: Office, operator: Client) -> None:
    file, row = refused_file(), quarantined(PAYMENT, "SPAN")
    pages = [
        FEED,
        "/staff/feed/day-count/",
        f"/staff/feed/files/{file.public_id}/",
        QUARANTINE,
        f"{QUARANTINE}{row.public_id}/",
    ]
    others = [client_of(staff(role, tax_office)) for role in Role if role != Role.OPERATOR]
    agents = client_of(clerk(agent("ACME0001")))

    for url in pages:
        assert operator.get(url).status_code == 200
        assert {client.get(url).status_code for client in others} == {403}
        assert agents.get(url).status_code == 404
        assert Client().get(url)["Location"].startswith("/staff/login/")


def test_only_operators_change_anything(tax_office: Office) -> None:
    stopped = feed_file(state="stopped", attempts=3, finished_at=None)
    row = quarantined(PAYMENT, "SPAN", feed_file=feed_file("JKRK_20060510_001.txt"))
    filed(agent("ACME0001"), "2006-04", "10.00")
    AgentMonth.objects.update(attempts=3)
    month = AgentMonth.objects.get()

    for role in Role:
        if role == Role.OPERATOR:
            continue
        client = client_of(staff(role, tax_office))
        for url in (
            f"/staff/feed/files/{stopped.public_id}/retry/",
            f"/staff/feed/months/{month.public_id}/retry/",
            f"{QUARANTINE}{row.public_id}/",
            "/staff/feed/day-count/",
        ):
            assert client.post(url, {"reason": "x"}).status_code == 403, (role, url)

    stopped.refresh_from_db()
    row.refresh_from_db()
    month.refresh_from_db()
    assert (stopped.state, row.left_at, month.attempts) == (FeedFile.State.STOPPED, None, 3)


@pytest.mark.parametrize("then", ["files/{file}/retry/", "months/{file}/retry/"])
def test_trying_again_is_a_post(operator: Client, then: str) -> None:
    file = refused_file()

    assert operator.get(FEED + then.format(file=file.public_id)).status_code == 405
