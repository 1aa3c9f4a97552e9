"""A workbook of 20,000 rows, in Chromium: its import counts, survives a reload, and ends by itself.

The draft is locked from outside, so that the import stands still while it is looked at.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from playwright.sync_api import Browser, Page, expect

from declarations.workbook import HEADINGS_FROM_2019
from portal import embedded
from reconciliation.demonstration.cast import document_number
from tests.declarations.spreadsheets import lines_sheet, workbook
from tests.test_infrastructure_serve import Portal
from tests.walking import Walk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ROWS = 20_000
FEWER = 6_000
COUNTED = re.compile(r"正在(校验|写入草稿) [0-9,]+ / 20,000 行")
LINE = {
    "name": "示例甲",
    "document_type": "01",
    "country": "中国",
    "occupation": "2060300",
    "employed_here": "是",
    "income_item": "0101",
    "income": 7000,
    "tax_withheld": 60,
}


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """Take Debian's Chromium, which has no sandbox for root."""
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: run `make packages`."
    return {**browser_type_launch_args, "executable_path": chromium, "args": ["--no-sandbox"]}


@pytest.fixture(scope="module")
def portal() -> Iterator[Portal]:
    home = Path(tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp"))
    running = Portal(home)
    try:
        running.wait_until_it_runs()
        yield running
    finally:
        running.process.terminate()
        running.process.wait(60)
        running.end()
        embedded.stop(home)
        embedded.remove(home)
        shutil.rmtree(home, ignore_errors=True)


def rows(count: int) -> bytes:
    """Build a workbook of lines."""
    persons = [{**LINE, "document_number": document_number(at % 5000)} for at in range(count)]
    lines = [[person.get(column) for column in HEADINGS_FROM_2019] for person in persons]
    return workbook(lines_sheet(*lines, headings=list(HEADINGS_FROM_2019.values())))


@contextmanager
def drafts_held(portal: Portal) -> Iterator[None]:
    """Lock every draft from elsewhere: an import stands still before it writes."""
    database = psycopg2.connect(embedded.database_url(portal.home))
    try:
        with database.cursor() as cursor:
            cursor.execute("SELECT FROM declarations_declaration FOR UPDATE")
            yield
    finally:
        database.close()


def begin_a_draft(portal: Portal, browser: Browser, month: str, *, scripts: bool) -> Walk:
    """Log in as the clerk of the demonstration, and begin a draft."""
    context = browser.new_context(java_script_enabled=scripts, locale="zh-CN")
    walk = Walk(context, f"http://127.0.0.1:{portal.port}", looks_closely=scripts)
    accounts = json.loads((portal.home / "keys" / "demonstration.json").read_text())
    [clerk] = [account for account in accounts if not account["role"]]
    walk.open("/login/")
    walk.fill(code=clerk["login"], password=clerk["password"])
    walk.click("登录")
    walk.look("我的待办")
    walk.open("/declarations/new/")
    walk.fill(month=month)
    walk.click("新增明细表")
    walk.look("扣缴个人所得税报告表")
    return walk


def upload(walk: Walk, content: bytes) -> None:
    walk.click("导入工作簿")
    walk.page.locator("main [name=file]").set_input_files(
        {"name": "明细.xlsx", "mimeType": "application/octet-stream", "buffer": content}
    )
    walk.click("直接导入")
    walk.look("导入工作簿", "您可以离开本页")


def percent(page: Page) -> int:
    return int(page.locator("progress").get_attribute("value") or 0)


def test_the_import_counts_survives_a_reload_and_tells_its_end_wherever_one_is(
    portal: Portal, browser: Browser
) -> None:
    walk = begin_a_draft(portal, browser, "2019-06", scripts=True)
    draft, page = walk.page.url, walk.page
    sentence = page.locator("[data-sentence]")

    with drafts_held(portal):
        upload(walk, rows(ROWS))
        job = page.url
        expect(sentence).to_have_text(COUNTED, timeout=30_000)
        expect(page.locator("[data-spoken]")).to_contain_text("正在")
        reached = percent(page)
        assert reached > 0
        page.reload()
        expect(sentence).to_have_text(COUNTED)
        assert percent(page) >= reached
        walk.look()

        page.goto(draft)
        tray = page.locator(".tray")
        expect(tray).to_contain_text("进行中的任务 1")
        walk.look()
        walk.open("/jobs/")
        walk.look("导入工作簿", "进行中", "正在")
        tray.get_by_role("link").click()
        expect(page).to_have_url(job)
        page.goto(draft)

    # Nobody reloads the page.
    expect(tray).to_contain_text("已结束的任务 1", timeout=60_000)
    tray.get_by_role("link").click()
    walk.look(f"已导入 {ROWS:,} 行明细", "共 400 页")
    assert page.url == draft
    expect(tray).to_have_count(0)
    page.goto(job)
    walk.look("已完成", f"已导入 {ROWS:,} 行明细")
    page.context.close()
    assert not walk.complaints, "\n".join(walk.complaints)


def test_the_page_goes_on_to_the_draft_by_itself(portal: Portal, browser: Browser) -> None:
    for month, scripts in (("2019-07", True), ("2019-08", False)):
        walk = begin_a_draft(portal, browser, month, scripts=scripts)
        draft = walk.page.url

        with drafts_held(portal):
            upload(walk, rows(FEWER))
            expect(walk.page.locator("[data-sentence]")).to_contain_text("校验", timeout=30_000)

        walk.page.wait_for_url(draft, timeout=60_000)
        walk.look(f"已导入 {FEWER:,} 行明细")
        walk.page.context.close()
        assert not walk.complaints, "\n".join(walk.complaints)


def test_an_import_is_cancelled_from_its_page(portal: Portal, browser: Browser) -> None:
    walk = begin_a_draft(portal, browser, "2019-09", scripts=True)
    with drafts_held(portal):
        upload(walk, rows(FEWER))
        expect(walk.page.locator("[data-sentence]")).to_contain_text("校验", timeout=30_000)
        walk.click("取消任务")
        walk.look("正在取消")

    expect(walk.page.locator("main")).to_contain_text("数据没有变化", timeout=30_000)
    walk.look("已取消")
    walk.click("返回原页面")
    walk.look("扣缴个人所得税报告表")
    expect(walk.page.locator("main")).not_to_contain_text("示例甲")
    walk.page.context.close()
    assert not walk.complaints, "\n".join(walk.complaints)
