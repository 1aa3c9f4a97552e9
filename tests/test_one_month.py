"""One month from end to end, in Chromium, at a portal that runs as `make run` runs it.

An agent enrols, logs in for the first time, declares by form, finds that the month does not agree
with what the core system's file brought, mends it with a workbook, and confirms; the tax office
opens the month again. Once with scripts, when every page is examined, and once without any. With
TAKE_PICTURES=1 the picture of the README is taken anew.
"""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from django.urls import resolve
from django_otp.oath import totp
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, expect

from portal import embedded
from reconciliation.demonstration.cast import AGENTS, Agent, document_number, tax_month
from tests.reconciliation.deliveries import deliver, paid
from tests.test_infrastructure_serve import ROOT, Portal
from tests.walking import Walk

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

PASSWORD = "three ordinary words"
PICTURE = ROOT / "docs" / "images" / "query-page.png"
TODAY = datetime.now(ZoneInfo("Asia/Shanghai")).date()
MONTH = tax_month(TODAY, 1)
IN_WORDS = f"{MONTH.year}年{MONTH.month}月"
DISAGREES = "您的明细申报信息与核心系统缴款入库信息不相符,请修改"
AGREES = "您的明细申报信息与核心系统缴款入库信息一致,如果修改,请联系税务所"


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


@dataclass(frozen=True)
class Account:
    """One of the demonstration's people, as its file of accounts says."""

    login: str
    password: str
    role: str
    otpauth_uri: str
    recovery_codes: list[str]

    def digits(self) -> str:
        """Return what an authenticator would show now."""
        secret = parse_qs(urlsplit(self.otpauth_uri).query)["secret"][0]
        return f"{totp(base64.b32decode(secret)):06}"


@pytest.fixture
def accounts(portal: Portal) -> dict[str, Account]:
    """Return the accounts by role; the agent's is empty."""
    kept = json.loads((portal.home / "keys" / "demonstration.json").read_text())
    return {account["role"]: Account(**account) for account in kept}


def enrol(walk: Walk, agent: Agent) -> None:
    walk.open("/")
    walk.look("代扣代缴单位使用")
    walk.page.locator("li", has_text="明细申报初始密码获取").get_by_role("link").first.click()
    walk.look("明细申报初始密码获取")
    # What depends on the register has one answer.
    walk.fill(code=agent.computer_code, name="别的单位", document_number=agent.document_number)
    walk.click("获取初始密码")
    walk.look("您填写的信息有误,或登记信息处于非正常、在途状态,请与主管税务所核对")
    walk.fill(code=agent.computer_code, name=agent.name, document_number=agent.document_number)
    walk.click("获取初始密码")
    walk.look("请牢记登录密码,如丢失请与主管税务所联系", agent.computer_code)


def log_in_for_the_first_time(walk: Walk, agent: Agent) -> None:
    initial = walk.page.locator("#password").inner_text()
    walk.click("去登录")
    walk.look("代扣代缴单位登录")
    walk.fill(code=agent.computer_code, password=initial)
    walk.click("登录")
    walk.look("首次登录:设置新密码")
    walk.fill(new_password=PASSWORD, again=PASSWORD)
    walk.click("设置新密码")
    walk.look("首次登录:填写联系信息")
    walk.fill(contact_name="示例会计", telephone="010-00000000", email="clerk@example.com")
    walk.click("确定")
    walk.look("我的待办")


def change_the_contact_data(walk: Walk) -> None:
    walk.click("单位联系信息及密码修改", within=".side")
    walk.look("单位联系信息及密码修改")
    walk.fill(contact_name="示例出纳")
    walk.click("确定")
    walk.look("修改的信息已生效")


def declare_by_form(walk: Walk) -> None:
    walk.click("个人所得税明细申报", within=".side")
    walk.look("明细申报数据管理", "未申报")
    walk.click("新增明细表")
    walk.look("新增明细表")
    walk.fill(month=f"{MONTH:%Y-%m}")
    walk.click("新增明细表")
    walk.look("扣缴个人所得税报告表")
    walk.click("修改单位基础信息")
    walk.look("单位基础信息")
    walk.fill(declarant="示例会计", phone="010-00000000", address="示例路1号", postcode="100000")
    walk.click("保存")
    walk.click("添加明细")
    walk.look("添加明细")
    # Kept as it was typed, and what is wrong with it named at the field.
    walk.fill(
        name="示例甲",
        document_type="居民身份证",
        document_number=document_number(0)[:-1] + "5",
        country="中国",
        occupation="财会人员",
        employed_here="是",
        income_item="0101",
        income="8000.00",
        tax_withheld="90.00",
    )
    walk.click("保存")
    walk.look("错误:")
    walk.fill(document_number=document_number(0))
    walk.click("保存")
    walk.look("示例甲", "90.00")


def submit(walk: Walk, tax: str) -> None:
    walk.click("校验并提交")
    walk.look("格式检查通过,可以提交", tax)
    walk.tick("truth")
    walk.fill(password="not the password")
    walk.click("提交")
    walk.look("错误:")
    walk.fill(password=PASSWORD)
    walk.click("提交")
    walk.look("申报回执", "数据上传", "检查格式", "缴款金额核对", "已受理")


def find_that_the_month_does_not_agree(walk: Walk) -> None:
    walk.click("申报及缴款信息查询", within=".side")
    in_the_list = walk.page.locator("section:has(#mismatched-heading)").get_by_role(
        "link", name=IN_WORDS
    )
    walk.until(lambda page: in_the_list.count())
    walk.look("核对不成功月份列表")
    in_the_list.click()
    walk.look(DISAGREES, "汇总状态表", "小于", "申报缴款状态表", "90.00", "150.00")
    assert_every_table_of_the_manual(walk.page)


def assert_every_table_of_the_manual(page: Page) -> None:
    for caption in ("申报缴款状态表", "补税申报缴款状态表", "退税申报缴款状态表"):
        expect(page.get_by_text(caption, exact=True).first).to_be_visible()


def mend_with_a_workbook(walk: Walk) -> None:
    walk.click("更正申报")
    walk.look("第 1 版", "缴款金额核对", "示例甲")
    walk.click("更正申报")
    walk.look("这是更正申报")
    with walk.page.expect_download() as template:
        walk.click("下载本月模板")
    workbook = fill_template(template.value.path())
    walk.click("导入工作簿")
    walk.look("导入工作簿")
    walk.page.locator("main [name=file]").set_input_files(
        {"name": "明细.xlsx", "mimeType": "application/octet-stream", "buffer": workbook}
    )
    walk.click("上传并预览")
    walk.look("查看将导入的工作簿", "现在还没有导入任何一行", "示例乙")
    walk.click("导入 1 行")
    walk.look("工作簿已导入:新增 1 行", "示例甲", "示例乙")
    submit(walk, "150.00")


def fill_template(path: Path) -> bytes:
    """Type a line into the template, in the columns that its headings name."""
    book = load_workbook(io.BytesIO(path.read_bytes()))
    sheet = book.worksheets[0]
    line: dict[str, str | int] = {
        "姓名": "示例乙",
        "身份证照类型": "01",
        "身份证照号码": document_number(1),
        "国家与地区": "中国",
        "职业": "2060300",
        "本单位人员": "是",
        "所得项目": "0101",
        "本期收入": 7000,
        "已扣税额": 60,
    }
    headings = [cell.value for cell in sheet[1]]
    for heading, value in line.items():
        sheet.cell(row=2, column=headings.index(heading) + 1, value=value)
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def confirm(walk: Walk) -> None:
    walk.open(f"/months/{MONTH:%Y-%m}/")
    walk.click("确认")
    walk.until(lambda page: AGREES in page.inner_text("main"))
    walk.look("核对成功", "请联系主管税务所打开")
    walk.click("个人所得税明细申报", within=".side")
    walk.look("如果修改,请联系税务所")
    walk.page.locator(".top").get_by_role("button", name="退出").click()
    walk.look("您已退出")


def log_staff_in(walk: Walk, account: Account, second_factor: str) -> None:
    walk.open("/")
    walk.click("税务机关工作人员登录")
    walk.look("税务机关工作人员登录")
    walk.fill(login=account.login, password=account.password)
    walk.click("下一步")
    walk.look("验证码")
    walk.fill(token=second_factor)
    walk.click("登录")
    walk.look("工作台")


def open_again_at_the_tax_office(
    walk: Walk, agent: Agent, officer: Account, second_factor: str
) -> None:
    log_staff_in(walk, officer, second_factor)
    walk.click("核对不成功月份", within=".side")
    walk.look("核对不成功月份列表", "示例第六有限公司" if agent.number != 6 else "示例第三有限公司")
    walk.click("扣缴单位", within=".side")
    walk.look("扣缴单位")
    walk.fill(text=agent.computer_code)
    walk.click("查找")
    walk.look(agent.computer_code)
    walk.click(agent.name)
    walk.look(agent.name, "登记信息")
    walk.click("各月核对情况")
    walk.look(agent.name, IN_WORDS, "核对成功")
    walk.click(IN_WORDS)
    walk.look("已关闭", "核对结果的变化")
    walk.click("打开该月")
    walk.look("原因")
    walk.fill(reason="单位来函,更正一行明细")
    walk.click("打开该月")
    walk.look("单位可以重新申报", "关闭该月")
    walk.page.locator(".top").get_by_role("button", name="退出").click()


def find_it_open(walk: Walk, agent: Agent) -> None:
    walk.open("/login/")
    walk.fill(code=agent.computer_code, password=PASSWORD)
    walk.click("登录")
    walk.open(f"/months/{MONTH:%Y-%m}/")
    walk.look("税务所已打开该月,您可以更正申报")


@pytest.mark.parametrize(
    ("scripts", "number"), [(True, 1), (False, 6)], ids=["with scripts", "without scripts"]
)
def test_one_month_from_end_to_end(
    portal: Portal,
    accounts: dict[str, Account],
    browser: Browser,
    scripts: bool,
    number: int,
) -> None:
    agent, officer = AGENTS[number - 1], accounts["officer"]
    context = browser.new_context(
        java_script_enabled=scripts, locale="zh-CN", accept_downloads=True
    )
    walk = Walk(context, f"http://127.0.0.1:{portal.port}", looks_closely=scripts)

    enrol(walk, agent)
    log_in_for_the_first_time(walk, agent)
    change_the_contact_data(walk)
    declare_by_form(walk)
    submit(walk, "90.00")
    if scripts:
        play_the_bank(portal, agent)
    else:
        drop_a_file(portal, agent)
    find_that_the_month_does_not_agree(walk)
    if scripts and os.environ.get("TAKE_PICTURES"):
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        walk.page.screenshot(path=PICTURE)
    mend_with_a_workbook(walk)
    confirm(walk)
    factor = officer.digits() if scripts else officer.recovery_codes[0]
    open_again_at_the_tax_office(walk, agent, officer, factor)
    find_it_open(walk, agent)

    context.close()
    assert not walk.complaints, "\n".join(walk.complaints)


def play_the_bank(portal: Portal, agent: Agent) -> None:
    """Run the command that the instructions print."""
    subprocess.run(
        [
            sys.executable,
            "manage.py",
            "demo_pays",
            agent.computer_code,
            f"{MONTH:%Y-%m}",
            "150.00",
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORTAL_HOME": str(portal.home)},
        check=True,
        stdout=subprocess.DEVNULL,
    )


def drop_a_file(portal: Portal, agent: Agent) -> None:
    """Put a file into the inbox, and say so to nobody."""
    row = paid(
        "150.00",
        voucher="E2E1",
        code=agent.computer_code,
        month=f"{MONTH:%Y%m}",
        treasury_day=f"{TODAY:%Y%m%d}",
        at=f"{TODAY:%Y%m%d}180000",
    )
    deliver(portal.home / "inbox", f"JKRK_{TODAY:%Y%m%d}_009", [row], count=20)


# A file, and what is there for programs.
NOT_PAGES = {
    "declarations:template",
    "declarations:workbook",
    "declarations:year_workbook",
    "declarations:error_workbook",
    "declarations:form",
    "taxpayers:template",
    "taxpayers:export",
    "reconciliation:api_months",
    "api_schema",
    "reconciliation:api_codes",
}


@pytest.mark.parametrize("role", ["", "officer", "operator", "account_admin"])
def test_every_page_that_a_link_leads_to_is_fit_for_everybody(
    portal: Portal, accounts: dict[str, Account], browser: Browser, role: str
) -> None:
    context = browser.new_context(locale="zh-CN")
    walk = Walk(context, f"http://127.0.0.1:{portal.port}", looks_closely=True)
    account = accounts[role]
    if role:
        log_staff_in(walk, account, account.recovery_codes[-1])
    else:
        walk.open("/login/")
        walk.fill(code=account.login, password=account.password)
        walk.click("登录")
        walk.look("我的待办")
    seen, ahead = set(NOT_PAGES), walk.links()

    while ahead:
        path = ahead.pop(0)
        name = resolve(path.split("?")[0]).view_name
        if name in seen:
            continue
        seen.add(name)
        walk.open(path)
        walk.look()
        ahead.extend(walk.links())

    context.close()
    assert not walk.complaints, "\n".join(walk.complaints)
    assert len(seen - NOT_PAGES) > 2
