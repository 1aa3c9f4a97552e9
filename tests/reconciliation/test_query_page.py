"""The agent's home and 申报及缴款信息查询: what a month has come to, and who may see it."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from declarations.models import AgentMonth, Declaration, Kind
from portal.models import AuditEntry, User, WithholdingAgent
from reconciliation.services.reconciling import reconcile_months
from tests.factories import (
    agent,
    clerk,
    client_of,
    complete_to,
    filed,
    month_of,
    office,
    paid,
    staff,
)

pytestmark = pytest.mark.django_db

AGREES = "您的明细申报信息与核心系统缴款入库信息一致,如果修改,请联系税务所"
DIFFERS = "您的明细申报信息与核心系统缴款入库信息不相符,请修改"


@pytest.fixture
def acme() -> WithholdingAgent:
    return agent("ACME0001", name="同名单位")


@pytest.fixture
def alice(acme: WithholdingAgent) -> Client:
    """The clerk of acme, logged in."""
    return client_of(clerk(acme))


def text_of(client: Client, url: str) -> str:
    """A page's text without its tags, white space folded."""
    response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", response.content.decode()))


def section(client: Client, url: str, heading: str) -> str:
    """The text of the part of a page that has a heading, up to the next part."""
    page = client.get(url).content.decode()
    for part in page.split("<section")[1:]:
        if heading in part.split("</h2>")[0]:
            part = part.split("</section>")[0].partition(">")[2]
            return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", part))
    raise AssertionError(f"{heading} is not on {url}")


# --- A month ---


def test_a_month_that_does_not_agree_says_so_in_the_manuals_words(
    acme: WithholdingAgent, alice: Client
) -> None:
    complete_to("2006-06-01")
    filed(acme, "2006-04", "100.00")
    paid(acme, "2006-04", "160.00")
    reconcile_months([acme.pk])

    page = text_of(alice, "/months/2006-04/")

    assert DIFFERS in page
    assert AGREES not in page
    assert "申报 100.00 小于 160.00 -60.00" in page


def test_a_month_that_agrees_says_so_and_that_only_the_tax_office_opens_it(
    acme: WithholdingAgent, alice: Client
) -> None:
    filed(acme, "2006-04", "100.00")
    paid(acme, "2006-04", "100.00")
    reconcile_months([acme.pk])

    page = text_of(alice, "/months/2006-04/")

    assert AGREES in page
    assert DIFFERS not in page
    assert "申报 100.00 等于 100.00 0.00" in page
    assert "请联系主管税务所打开后再申报" in page
    assert "更正申报" not in page
    assert "新增补税申报" not in page


def test_a_waiting_month_names_the_day_of_the_data_and_the_settling_day(
    acme: WithholdingAgent, alice: Client
) -> None:
    complete_to("2006-05-05")
    filed(acme, "2006-04", "100.00")
    reconcile_months([acme.pk])

    page = text_of(alice, "/months/2006-04/")

    assert "未处理:缴款数据已到 2006-05-05,预计 2006-05-10 核对" in page
    assert DIFFERS not in page
    assert AGREES not in page


def test_a_waiting_month_is_mismatched_once_the_data_reach_the_settling_day(
    acme: WithholdingAgent, alice: Client
) -> None:
    complete_to("2006-05-05")
    filed(acme, "2006-04", "100.00")
    reconcile_months([acme.pk])

    complete_to("2006-05-10")

    assert DIFFERS in text_of(alice, "/months/2006-04/")


def test_a_changed_month_is_being_checked_and_does_not_show_the_old_result(
    acme: WithholdingAgent, alice: Client
) -> None:
    filed(acme, "2006-04", "100.00")
    paid(acme, "2006-04", "100.00")
    reconcile_months([acme.pk])

    paid(acme, "2006-04", "7.00")
    page = text_of(alice, "/months/2006-04/")

    assert "正在核对:申报或缴款信息刚有变动" in page
    assert AGREES not in page
    assert DIFFERS not in page
    assert "申报 100.00 正在核对 107.00 -7.00" in page
    assert "核对成功" not in page
    assert "更正申报" not in page


def test_a_month_that_failed_too_often_does_not_blame_the_agent(
    acme: WithholdingAgent, alice: Client
) -> None:
    filed(acme, "2006-04", "100.00")
    AgentMonth.objects.update(attempts=3)

    page = text_of(alice, "/months/2006-04/")

    assert "系统暂时无法得出该月的结果" in page
    assert "无需重新申报" in page


def test_a_month_without_anything_has_a_page_and_no_result(alice: Client) -> None:
    page = text_of(alice, "/months/2006-04/")

    assert "该月没有申报,也没有已入库的缴款,没有核对结果" in page
    assert not AgentMonth.objects.exists()


@pytest.mark.parametrize("month", ["2005-12", "2006-13", "2999-01"])
def test_a_month_that_cannot_be_is_not_found(alice: Client, month: str) -> None:
    assert alice.get(f"/months/{month}/").status_code == 404


def test_the_tables_have_every_item_with_a_line_or_a_counted_payment(
    acme: WithholdingAgent, alice: Client
) -> None:
    filed(acme, "2006-04", "100.00", item="0101", i0102="20.00", i02="0.00")
    paid(acme, "2006-04", "120.00", item="01")
    paid(acme, "2006-04", "0.00", item="08")
    filed(acme, "2006-04", "5.00", kind="additional", item="04")
    paid(acme, "2006-04", "3.00", kind="refund", item="05")
    reconcile_months([acme.pk])

    regular = section(alice, "/months/2006-04/", "申报缴款状态表")
    additional = section(alice, "/months/2006-04/", "补税申报缴款状态表")
    refund = section(alice, "/months/2006-04/", "退税申报缴款状态表")

    assert "01 工资、薪金所得 2 120.00 等于 120.00 0.00" in regular
    assert "02 劳务报酬 1 0.00 等于 0.00 0.00" in regular
    assert "08 偶然所得 0 0.00 等于 0.00 0.00" in regular
    assert "应补税额" in additional
    assert "04 特许权使用费所得 1 5.00 大于 0.00 5.00" in additional
    assert "应退税额" in refund
    assert "实退税额" in refund
    assert "0 0.00 小于 3.00 -3.00" in refund


def test_equal_totals_with_unequal_items_are_matched_and_the_difference_is_shown(
    acme: WithholdingAgent, alice: Client
) -> None:
    filed(acme, "2006-04", "60.00", item="0101", i02="40.00")
    paid(acme, "2006-04", "40.00", item="01")
    paid(acme, "2006-04", "60.00", item="02")
    reconcile_months([acme.pk])

    assert AGREES in text_of(alice, "/months/2006-04/")
    table = section(alice, "/months/2006-04/", "申报缴款状态表")
    assert "合计一致,但各品目之间有差异" in table
    assert "60.00 大于 40.00 20.00" in table
    assert "40.00 小于 60.00 -20.00" in table


def test_what_is_not_counted_stands_apart(acme: WithholdingAgent, alice: Client) -> None:
    filed(acme, "2006-04", "100.00")
    paid(acme, "2006-04", "100.00", voucher_number="COUNTED")
    paid(acme, "2006-04", "31.00", in_treasury_on=None, voucher_number="TRANSIT")
    paid(acme, "2006-04", "32.00", kind="late_fee", voucher_number="LATE")
    paid(acme, "2006-04", "33.00", kind="fine", voucher_number="FINE")
    paid(acme, "2006-04", "34.00", is_void=True, voucher_number="VOID")
    reconcile_months([acme.pk])

    apart = section(alice, "/months/2006-04/", "不计入核对的缴款")
    table = section(alice, "/months/2006-04/", "申报缴款状态表")

    assert re.search(r"TRANSIT-1.*31\.00.*FINE-1.*33\.00.*LATE-1.*32\.00.*VOID-1.*34\.00", apart)
    assert "COUNTED" not in apart
    assert "品目 01 的缴款凭证(1 笔)" in table
    assert "COUNTED-1 申报 01 100.00 2006-05-05 2006-05-08" in table
    assert "TRANSIT" not in table
    assert AGREES in text_of(alice, "/months/2006-04/")


def test_small_tax_that_went_unpaid_is_explained(acme: WithholdingAgent, alice: Client) -> None:
    filed(acme, "2012-08", "1.00")
    filed(acme, "2012-07", "1.00")
    reconcile_months([acme.pk])

    assert "公告2012年第25号" in text_of(alice, "/months/2012-08/")
    assert "公告2012年第25号" not in text_of(alice, "/months/2012-07/")


def test_the_page_links_to_the_declaration_in_force_and_the_earlier_ones(
    acme: WithholdingAgent, alice: Client
) -> None:
    first = filed(acme, "2006-04", "90.00")
    second = filed(acme, "2006-04", "100.00")

    page = alice.get("/months/2006-04/").content.decode()

    assert first.get_absolute_url() in page
    assert second.get_absolute_url() in page
    assert "已被更正" in page


def test_the_page_offers_what_can_be_filed_next(acme: WithholdingAgent, alice: Client) -> None:
    declaration = filed(acme, "2006-04", "100.00")
    complete_to("2006-06-01")
    reconcile_months([acme.pk])

    page = alice.get("/months/2006-04/").content.decode().partition("下一步")[2]

    assert f'<a href="{declaration.get_absolute_url()}">更正申报</a>' in page
    for kind, words in (("additional", "新增补税申报"), ("refund", "新增退税申报")):
        link = f"/declarations/new/?month=2006-04&amp;kind={kind}"
        assert f'<a href="{link}">{words}</a>' in page


def test_more_vouchers_than_are_listed_do_not_change_the_figures(
    acme: WithholdingAgent, alice: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciliation.selectors.query.MOST_VOUCHERS", 2)
    filed(acme, "2006-04", "30.00")
    for _ in range(3):
        paid(acme, "2006-04", "10.00")
    reconcile_months([acme.pk])

    page = text_of(alice, "/months/2006-04/")

    assert "各表金额包括全部凭证" in page
    assert "01 工资、薪金所得 1 30.00 等于 30.00 0.00" in page


# --- 确认 ---


def test_confirming_reconciles_at_once_and_comes_back_with_the_result(
    acme: WithholdingAgent, alice: Client
) -> None:
    filed(acme, "2006-04", "100.00")
    paid(acme, "2006-04", "100.00")

    response = alice.post("/months/2006-04/confirm/", follow=True)

    assert response.redirect_chain == [("/months/2006-04/", 302)]
    assert AGREES in response.content.decode()
    entry = AuditEntry.objects.get(action=AuditEntry.Action.MONTH)
    assert (entry.user, entry.agent, entry.outcome) == (clerk(acme), acme, "confirmed")
    assert entry.detail == {"tax_month": "2006-04"}


def test_confirming_leaves_the_months_of_others_alone(alice: Client) -> None:
    other = agent("OTHER001")
    filed(other, "2006-04", "100.00")

    alice.post("/months/2006-04/confirm/")

    month = month_of(other, "2006-04")
    assert month.reconciled < month.changed


def test_confirming_is_a_post_with_a_token(acme: WithholdingAgent, alice: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(clerk(acme))

    assert alice.get("/months/2006-04/confirm/").status_code == 405
    assert strict.post("/months/2006-04/confirm/").status_code == 403
    assert not AuditEntry.objects.filter(action=AuditEntry.Action.MONTH).exists()


# --- The lists ---


def test_the_lists_hold_months_by_what_they_have_come_to(
    acme: WithholdingAgent, alice: Client
) -> None:
    with time_machine.travel("2006-05-31 10:00+08:00"):
        complete_to("2006-05-20")
        filed(acme, "2006-02", "100.00")
        paid(acme, "2006-02", "140.00")
        filed(acme, "2006-03", "100.00")
        filed(acme, "2006-01", "50.00")
        paid(acme, "2006-01", "50.00")
        filed(acme, "2006-04", "80.00", filed_on="2006-05-19")
        reconcile_months([acme.pk])
        filed(acme, "2006-05", "1.00")
        alice = client_of(clerk(acme))

        mismatched = section(alice, "/months/", "核对不成功月份列表")
        waiting = section(alice, "/months/", "未处理的月份")
        checking = section(alice, "/months/", "正在核对的月份")
        matched = section(alice, "/months/", "核对成功的月份")

    assert re.findall(r"2006年\d+月", mismatched) == ["2006年3月", "2006年2月"]
    assert "2006年3月 100.00 21 申报:明细 100.00 大于入库 0.00" in mismatched
    assert "2006年2月 40.00 21 申报:明细 100.00 小于入库 140.00" in mismatched
    assert re.findall(r"2006年\d+月", waiting) == ["2006年4月"]
    assert "预计 2006-05-22 核对" in waiting
    assert re.findall(r"2006年\d+月", checking) == ["2006年5月"]
    assert re.findall(r"2006年\d+月", matched) == ["2006年1月"]


def test_the_list_takes_as_many_queries_for_many_months_as_for_one(
    acme: WithholdingAgent, alice: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    complete_to("2020-01-01")
    for year in range(2006, 2012):
        for number in range(1, 13):
            paid(acme, f"{year}-{number:02}", "100.00")
    reconcile_months([acme.pk])

    with django_assert_max_num_queries(16):
        page = text_of(alice, "/months/")

    assert len(re.findall(r"\d+年\d+月", page)) == 72


# --- Home ---


@time_machine.travel("2006-05-03 10:00+08:00")
def test_home_begins_with_what_is_to_be_done(acme: WithholdingAgent) -> None:
    complete_to("2006-05-02")
    filed(acme, "2006-02", "100.00")
    paid(acme, "2006-02", "140.00")
    reconcile_months([acme.pk])
    draft = Declaration.objects.create(
        agent_month=month_of(acme, "2006-03"), kind=Kind.REGULAR, phone="", fault_count=3
    )
    alice = client_of(clerk(acme))

    page = text_of(alice, "/home/")

    assert "2006年4月尚未申报 申报期限 2006-05-07,还有 4 天" in page
    assert "2006年2月 40.00 " in section(alice, "/home/", "核对不成功月份列表")
    assert draft.get_absolute_url() in alice.get("/home/").content.decode()
    assert "2006年3月 申报 需修改 3 处" in section(alice, "/home/", "未提交的草稿")
    assert "缴款数据截至 2006-05-02" in page
    calendar = section(alice, "/home/", "2006 年各月")
    for words in (
        "2006年1月 未申报",
        "2006年2月 核对不成功",
        "2006年3月 进行中",
        "2006年4月 未申报",
        "2006年5月 未开始",
        "2006年12月 未开始",
    ):
        assert words in calendar


@time_machine.travel("2006-05-03 10:00+08:00")
def test_a_month_that_was_declared_is_no_longer_to_be_done(acme: WithholdingAgent) -> None:
    filed(acme, "2006-04", "100.00")

    assert "尚未申报" not in text_of(client_of(clerk(acme)), "/home/")


@time_machine.travel("2006-05-09 10:00+08:00")
def test_a_deadline_that_has_passed_is_said_to_have_passed(acme: WithholdingAgent) -> None:
    assert "申报期限 2006-05-07 已过" in text_of(client_of(clerk(acme)), "/home/")


@pytest.mark.parametrize(
    ("year", "answer"), [("2006", 200), ("2005", 404), ("2999", 404), ("２００６", 404), ("x", 404)]
)
def test_home_shows_the_years_that_there_are(alice: Client, year: str, answer: int) -> None:
    assert alice.get("/home/", {"year": year}).status_code == answer


# --- Who may ---

PAGES = ["/home/", "/months/", "/months/2006-04/"]


@pytest.mark.parametrize("url", PAGES)
def test_who_may_see_the_agents_pages(acme: WithholdingAgent, url: str) -> None:
    tax_office = office("1101")
    officer = client_of(staff(User.Role.OFFICER, tax_office))

    assert client_of(clerk(acme)).get(url).status_code == 200
    assert officer.get(url).status_code == 404
    anonymous = Client().get(url)
    assert anonymous.status_code == 302
    assert anonymous["Location"].startswith("/login/")


@pytest.mark.parametrize("url", PAGES)
def test_a_stranger_sees_nothing_of_another_agents_month(acme: WithholdingAgent, url: str) -> None:
    complete_to("2006-06-01")
    filed(acme, "2006-04", "987654.32")
    paid(acme, "2006-04", "876543.21", voucher_number="CANARY")
    reconcile_months([acme.pk])
    bob = client_of(clerk(agent("BOB00001", name="同名单位")))

    page = bob.get(url).content.decode()

    for canary in ("987,654.32", "876,543.21", "CANARY", acme.computer_code):
        assert canary not in page


def test_a_disabled_user_sees_nothing_on_the_next_request(
    acme: WithholdingAgent, alice: Client
) -> None:
    User.objects.filter(agent=acme).update(is_active=False)

    assert alice.get("/months/2006-04/").status_code == 302


@pytest.mark.parametrize("url", PAGES)
def test_pages_hold_nothing_inline_and_are_not_stored(
    acme: WithholdingAgent, alice: Client, url: str
) -> None:
    filed(acme, "2006-04", "100.00")
    paid(acme, "2006-04", "100.00", kind="fine")

    response = alice.get(url)
    page = response.content.decode()

    assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*\ssrc=)", page)
    assert "no-store" in response["Cache-Control"]
