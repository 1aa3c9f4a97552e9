"""The pages of a line: its facts, and what the law makes of it."""

from __future__ import annotations

import html
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from declarations.line_facts import fact_groups, facts_now, shown_facts
from declarations.line_forms import LineForm, line_form
from declarations.lines import Line, check_line
from declarations.models import Declaration, DetailLine, DraftLine
from declarations.services.drafts import add_line, create_draft
from declarations.taxlaw.facts import FACTS
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from portal.models import User, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    a_line,
    a_line_of_2025,
    an_agent,
    an_office,
    file_lines,
    typed,
)
from tests.factories import client_of, staff

pytestmark = pytest.mark.django_db
ZERO = Decimal(0)
MAY_2025 = date(2025, 5, 1)


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def clerk(acme: WithholdingAgent) -> Client:
    return client_of(a_clerk(acme))


@pytest.fixture
def officer() -> Client:
    return client_of(staff(User.Role.OFFICER, an_office()))


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    return create_draft(acme, APRIL, "regular")


def url(name: str, *args: Any) -> str:
    return reverse(f"declarations:{name}", args=args)


def text_of(response: Any) -> str:
    """Return what a page says, without its tags."""
    text = re.sub(r"<(script|style|title).*?</\1>", "", response.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def dividend(**changes: Any) -> dict[str, Any]:
    return typed(income_item="05", exempt_income="", tax_withheld="500", **changes)


def cells_of(line: DraftLine) -> dict[str, Any]:
    line.refresh_from_db()
    cells: dict[str, Any] = line.cells.reveal_json("test")
    return cells


def line_of(declaration: Declaration, number: int = 1) -> DetailLine:
    return declaration.lines.get(line_number=number)


def posted(cells: dict[str, Any], **facts: str) -> dict[str, Any]:
    """Return what a browser sends: `facts` are the fields `facts-GROUP-NAME`, dashes as `__`."""
    told = {f"facts-{name.replace('__', '-')}": value for name, value in facts.items()}
    return {key: cell for key, cell in cells.items() if key != "facts"} | told


# --- Facts, typed ---


def test_what_the_form_has_no_column_for_is_typed_and_kept_as_facts(
    clerk: Client, draft: Declaration
) -> None:
    clerk.post(
        url("add_line", draft.public_id),
        posted(dividend(), **{"05__kind": "listed_dividend", "05__holding": "1m-1y"}),
    )

    line = DraftLine.objects.get()
    assert cells_of(line)["facts"] == {"kind": "listed_dividend", "holding": "1m-1y"}
    page = clerk.get(url("line", draft.public_id, line.public_id)).content.decode()
    assert '<option value="1m-1y" selected>' in page
    assert '<details class="line-facts" open>' in page


def test_numbers_become_plain_text_boxes_true_and_interest_stands_by_its_period(
    clerk: Client, acme: WithholdingAgent
) -> None:
    draft = create_draft(acme, date(2008, 12, 1), "regular")
    clerk.post(
        url("add_line", draft.public_id),
        posted(
            dividend(),
            **{
                "05__accrued_1": "1,000.50",
                "05__accrued_2": "20",
                "0105__seafarer": "on",
                "0602__assessed_rate": "1.5%",
            },
        ),
    )

    cells = cells_of(DraftLine.objects.get())
    assert cells["facts"] == {
        "accrued": {"2007-08-15..2008-10-08": "1000.5", "2008-10-09..": "20"},
        "seafarer": True,
        "assessed_rate": "0.015",
    }
    assert isinstance(check_line(cells, date(2008, 12, 1)), Line)


def test_clearing_a_field_removes_its_fact_and_what_the_page_does_not_show_stays(
    clerk: Client, draft: Declaration
) -> None:
    facts = {"kind": "listed_dividend", "holding": ">1y", "cum_income": "5", "months_split": "6"}
    line = add_line(draft, dividend(facts=facts))
    address = url("line", draft.public_id, line.public_id)

    fields = {"05__kind": "unlisted_dividend", "05__holding": ""}
    clerk.post(address, posted(dividend(), **fields))

    # In 2006 no method reads the other two.
    told = {"kind": "unlisted_dividend", "cum_income": "5", "months_split": "6"}
    assert cells_of(line)["facts"] == told


def test_a_line_whose_last_fact_is_cleared_has_none(clerk: Client, draft: Declaration) -> None:
    line = add_line(draft, dividend(facts={"kind": "listed_dividend"}))

    address = url("line", draft.public_id, line.public_id)
    clerk.post(address, posted(dividend(), **{"05__kind": ""}))

    assert "facts" not in cells_of(line)


def test_a_box_that_is_no_longer_ticked_takes_its_fact_away(
    clerk: Client, draft: Declaration
) -> None:
    year = typed(income_item="0105", exempt_income="")
    line = add_line(draft, year | {"facts": {"seafarer": True, "prepaid": "5"}})

    address = url("line", draft.public_id, line.public_id)
    clerk.post(address, posted(year, **{"0105__prepaid": "5"}))

    assert cells_of(line)["facts"] == {"prepaid": "5"}


def test_facts_that_were_not_on_the_page_stay(clerk: Client, draft: Declaration) -> None:
    line = add_line(draft, dividend(facts={"kind": "listed_dividend"}))

    clerk.post(url("line", draft.public_id, line.public_id), dividend(remark="新备注"))

    assert cells_of(line)["facts"] == {"kind": "listed_dividend"}


@pytest.mark.parametrize(("told", "facts"), [("lottery", {"kind": "lottery"}), ("", None)])
def test_what_another_item_was_told_is_not_taken_for_the_chosen_one(
    clerk: Client, draft: Declaration, told: str, facts: dict[str, str] | None
) -> None:
    """Both 05 and 08 have a kind; a dividend's is none of a prize."""
    line = add_line(draft, dividend(facts={"kind": "listed_dividend"}))
    prize = dividend() | {"income_item": "08"}

    clerk.post(
        url("line", draft.public_id, line.public_id),
        posted(prize, **{"05__kind": "listed_dividend", "08__kind": told}),
    )

    assert cells_of(line).get("facts") == facts


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "0602__assessed_rate",
            "一成",
            "核定征收率应写作百分数(例如 1%)或小数(例如 0.01)",
        ),
        ("0106__months", "1.5", "至法定退休年龄的月数应为不小于 0 的整数,现为“1.5”"),
        ("0101__month_tax_already", "-5", "当月工资已扣税额应为不小于 0、最多两位小数的数字"),
    ],
)
def test_a_fact_that_is_wrong_is_kept_and_named_at_its_field(
    clerk: Client, draft: Declaration, name: str, value: str, said: str
) -> None:
    answer = clerk.post(
        url("add_line", draft.public_id), posted(typed(), **{name: value}), follow=True
    )

    line = DraftLine.objects.get()
    page = answer.content.decode()
    field = f"facts-{name.replace('__', '-')}"
    assert answer.redirect_chain[-1][0] == url("line", draft.public_id, line.public_id)
    assert "但有需要修改的地方" in page
    assert value in cells_of(line)["facts"].values()
    assert said in text_of(answer)
    assert f'href="#id_{field}"' in page
    assert re.search(rf'name="{field}" value="{value}"[^>]*aria-invalid="true"', page)


def test_a_choice_that_a_program_sent_is_shown_named_and_kept(
    clerk: Client, draft: Declaration
) -> None:
    facts = {"kind": "listed_dividend", "holding": "10y"}
    line = add_line(draft, dividend(facts=facts))
    address = url("line", draft.public_id, line.public_id)

    assert "持股期限“10y”不在可选的范围内" in text_of(clerk.get(address))
    fields = {"05__kind": "listed_dividend", "05__holding": "10y"}
    clerk.post(address, posted(dividend(), **fields))
    assert cells_of(line)["facts"] == facts


def test_facts_survive_filing_and_a_correction_to_the_letter(
    clerk: Client, acme: WithholdingAgent
) -> None:
    facts = {
        "months": "5",
        "seafarer": False,
        "method": "cumulative",
        "cum_withheld": "400.00",
        "reduction_rate": "0.5",
    }
    declaration = file_lines(acme, a_line_of_2025("0", facts=facts), month=MAY_2025)
    clerk.post(url("correct", declaration.public_id))
    line = DraftLine.objects.get()
    form = line_form(MAY_2025, cells_of(line))
    shown = {
        name: form[name].value() for name in form.fields if form[name].value() not in (None, "")
    }
    assert shown["facts-0101-reduction_rate"] == "50%"

    clerk.post(url("line", line.declaration.public_id, line.public_id), shown)

    assert cells_of(line)["facts"] == facts
    assert line_of(declaration).facts == facts


def test_every_fact_of_a_month_s_methods_has_one_field_in_each_group_that_reads_it() -> None:
    for month in (APRIL, date(2018, 12, 1), CUMULATIVE_FROM, date(2026, 1, 1)):
        groups = fact_groups(month)
        items = [item for group in groups for item in group.items]
        assert len(items) == len(set(items))
        names = {name.partition("_0")[0] for group in groups for name in group.names(month)}
        assert names - FACTS <= {"accrued_1", "accrued_2"}
        for group in groups:
            shown = shown_facts({"donation_full": "1"}, group.items[0], month)
            if "donation_full" in group.names(month):
                assert shown == {f"{group.name}-donation_full": "1"}
    assert "0103" not in items  # the bonus for several months has a column


def test_a_fact_that_says_the_same_stays_as_it_was_written() -> None:
    stored = {"cum_withheld": "400.00", "seafarer": "是", "kind": "", "prepaid": "7"}

    now = facts_now(
        {"cum_withheld": "400", "seafarer": True}, stored, {"cum_withheld", "seafarer", "kind"}
    )

    assert now == {"cum_withheld": "400.00", "seafarer": "是", "prepaid": "7", "kind": ""}


def test_a_form_without_facts_is_closed_and_has_every_item_s_for_who_has_no_script(
    clerk: Client, draft: Declaration
) -> None:
    page = clerk.get(url("add_line", draft.public_id)).content.decode()

    assert '<details class="line-facts">' in page
    groups = re.findall(r'data-items="([0-9 ]+)"', page)
    assert groups == [" ".join(group.items) for group in fact_groups(APRIL)]
    assert "hidden" not in re.findall(r"<fieldset[^>]*data-items[^>]*>", page)[0]
    assert 'src="/static/declarations/line_facts.js" type="module"' in page


def test_a_line_with_facts_alone_is_not_empty(draft: Declaration) -> None:
    form = LineForm({"facts-05-kind": "listed_dividend"}, tax_month=APRIL)

    assert form.can_be_kept()
    assert form.cells() == {"facts": {"kind": "listed_dividend"}}


# --- Beside the line ---


def test_the_editor_shows_what_the_law_makes_of_the_line(clerk: Client, draft: Declaration) -> None:
    line = add_line(draft, typed())

    page = text_of(clerk.get(url("line", draft.public_id, line.public_id)))

    assert "与税法一致" in page
    assert "费用扣除标准 1,600.00 应纳税所得额 3,100.00 税率 15% 速算扣除数 125.00" in page
    assert "应扣税额 340.00 差额 0.00" in page
    assert "收入额 5,000.00 - 免税收入额 300.00 - 费用扣除标准 1,600.00 = 3,100.00" in page
    assert "依据:" in page


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"tax_withheld": "352"}, "与应扣税额相差 12.00 元(多扣)"),
        ({"tax_withheld": "340.01"}, "与税法一致"),
        ({"tax_withheld": "300"}, "与应扣税额相差 40.00 元(少扣)"),
        ({"income_item": "0602", "exempt_income": ""}, "缺少事实:核定征收率"),
        (
            {"income_item": "05", "exempt_income": "", "tax_withheld": "500", "income": "5000"},
            "缺少事实:",
        ),
        (
            {"income_item": "05", "exempt_income": "", "facts": {"kind": "x"}},
            "计税事实有误:所得种类",
        ),
    ],
)
def test_a_line_s_state_is_said_in_words(
    clerk: Client, draft: Declaration, changes: dict[str, Any], said: str
) -> None:
    line = add_line(draft, typed(**changes))

    assert said in text_of(clerk.get(url("line", draft.public_id, line.public_id)))


def test_an_item_that_the_month_s_law_does_not_compute_says_so(
    clerk: Client, acme: WithholdingAgent
) -> None:
    """A resident's bonus for several months has no rule from 2019."""
    line = a_line_of_2025("0", income_item="0103", pension=ZERO)
    declaration = file_lines(acme, line, month=MAY_2025)

    page = clerk.get(url("line", declaration.public_id, line_of(declaration).public_id))
    assert "本月税法没有规定" in text_of(page)


def test_lines_of_additional_declarations_are_not_recomputed(
    clerk: Client, acme: WithholdingAgent
) -> None:
    draft = create_draft(acme, APRIL, "additional")
    line = add_line(draft, typed())
    said = "补税申报和退税申报的明细不重新计算。"

    assert said in text_of(clerk.get(url("line", draft.public_id, line.public_id)))
    page = text_of(clerk.get(url("declaration", draft.public_id)))
    assert said in page
    assert "差额" not in page


def test_a_line_with_faults_is_computed_once_they_are_mended(
    clerk: Client, draft: Declaration
) -> None:
    line = add_line(draft, typed(income="五千"))

    page = text_of(clerk.get(url("line", draft.public_id, line.public_id)))
    assert "改正有误的栏目并保存后,这里显示按税法计算的结果。" in page


def test_a_cumulative_line_has_the_earlier_months_in_its_formula(
    clerk: Client, acme: WithholdingAgent
) -> None:
    """The tax administration's example, without additional deductions."""
    for month, tax in ((1, "615.00"), (2, "965.00"), (3, "2050.00")):
        file_lines(acme, a_line_of_2025(tax), month=date(2025, month, 1))
    declaration = file_lines(acme, a_line_of_2025("2050.00"), month=date(2025, 4, 1))

    page = clerk.get(url("line", declaration.public_id, line_of(declaration).public_id))

    text = text_of(page)
    assert "与税法一致" in text
    assert "累计收入 120,000.00 - 累计减除费用 20,000.00 - 累计专项扣除 18,000.00" in text
    assert "累计已预扣预缴税额 3,630.00" in text


# --- The tables ---


def test_the_computed_columns_stand_after_the_typed_ones_and_mark_what_is_off(
    clerk: Client, draft: Declaration, acme: WithholdingAgent
) -> None:
    add_line(draft, typed(tax_withheld="352"))
    add_line(draft, typed(name="", document_number=LI))
    declaration = file_lines(
        acme, a_line("300", exempt_income=Decimal(300)), month=date(2006, 3, 1)
    )

    for address, off in (
        (url("declaration", draft.public_id), "多扣 12.00"),
        (url("declaration", declaration.public_id), "少扣 -40.00"),
    ):
        page = clerk.get(address).content.decode()
        lines = page[page.index('<h2 id="lines">') :].partition("</table>")[0]
        headings = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', lines)
        assert headings[-6:] == [
            *("费用扣除标准", "应纳税所得额", "税率", "速算扣除数", "应扣税额", "差额")
        ]
        assert off in text_of(clerk.get(address))
        assert 'class="difference difference-off"' in page
        assert 'class="amount computed"' in page


def test_each_line_s_number_leads_to_its_explanation(
    clerk: Client, draft: Declaration, acme: WithholdingAgent
) -> None:
    line = add_line(draft, typed())
    declaration = file_lines(acme, a_line(), month=date(2006, 3, 1))
    row = line_of(declaration)

    for owner, one in ((draft, line), (declaration, row)):
        page = clerk.get(url("declaration", owner.public_id)).content.decode()
        address = url("line", owner.public_id, one.public_id)
        assert f'<a href="{address}">1</a>' in page
        assert clerk.get(address).status_code == 200


def test_a_page_asks_as_much_for_many_lines_as_for_few(
    clerk: Client, acme: WithholdingAgent
) -> None:
    few = file_lines(acme, a_line(), month=date(2006, 2, 1))
    many = file_lines(
        acme,
        *(a_line(document_type="03", document_number=f"E{n:08}") for n in range(60)),
        month=date(2006, 3, 1),
    )
    queries = []
    for declaration in (few, many):
        with CaptureQueriesContext(connection) as captured:
            assert clerk.get(url("declaration", declaration.public_id)).status_code == 200
        queries.append(len(captured))
    assert queries[1] <= queries[0] + 2  # the pages are counted


# --- A filed line ---


def test_a_filed_line_shows_its_columns_its_facts_its_tax_and_what_was_found(
    clerk: Client, acme: WithholdingAgent
) -> None:
    line = a_line("30", income_item="05", facts={"kind": "unlisted_dividend"})
    declaration = file_lines(acme, a_line(), line)

    page = text_of(clerk.get(url("line", declaration.public_id, line_of(declaration, 2).public_id)))

    assert ZHANG in page
    assert "05 股息、利息、红利所得" in page
    assert "计税事实 所得种类: 非上市公司股息、红利" in page
    assert "与应扣税额相差 970.00 元(少扣)" in page
    assert "已扣税额与应扣税额不符" in page
    assert "第 1 行" not in page


def test_a_filed_line_is_read_by_its_agent_and_its_office_and_masked_for_others(
    clerk: Client, officer: Client, acme: WithholdingAgent
) -> None:
    declaration = file_lines(acme, a_line())
    address = url("line", declaration.public_id, line_of(declaration).public_id)
    bob = client_of(a_clerk(an_agent("11010002")))
    answers = {
        "clerk": clerk,
        "bob": bob,
        "officer": officer,
        "auditor": client_of(staff(User.Role.AUDITOR, an_office())),
        "elsewhere": client_of(staff(User.Role.OFFICER, an_office("110106"))),
        "operator": client_of(staff(User.Role.OPERATOR, an_office())),
        "nobody": Client(),
    }
    assert {who: client.get(address).status_code for who, client in answers.items()} == {
        "clerk": 200,
        "bob": 404,
        "officer": 200,
        "auditor": 200,
        "elsewhere": 404,
        "operator": 404,
        "nobody": 302,
    }
    page = text_of(officer.get(address))
    assert ZHANG not in page
    assert "张三" not in page
    assert "110***********002X" in page
    assert clerk.post(address, typed()).status_code == 405
    assert bob.post(address, typed()).status_code == 404
    elsewhere = file_lines(acme, a_line(), month=date(2006, 3, 1))
    detour = url("line", elsewhere.public_id, line_of(declaration).public_id)
    assert clerk.get(detour).status_code == 404


def test_the_pages_are_read_in_english_too_and_without_inline_scripts(
    clerk: Client, acme: WithholdingAgent, draft: Declaration
) -> None:
    line = add_line(draft, dividend(facts={"kind": "x"}))
    declaration = file_lines(acme, a_line(), month=date(2006, 3, 1))
    clerk.cookies["language"] = "en"

    for address in (
        url("line", draft.public_id, line.public_id),
        url("line", declaration.public_id, line_of(declaration).public_id),
    ):
        content = clerk.get(address).content.decode()
        assert "style=" not in content
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|<style", content)
