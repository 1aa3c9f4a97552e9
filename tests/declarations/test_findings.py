"""提醒: what the check finds about lines, how a clerk keeps the figures, and what is kept of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from declarations.finding_words import HEADINGS, finding_heading, finding_sentence, worded
from declarations.findings import Finding, FindingCode, Severity
from declarations.law_words import NAMES
from declarations.models import Declaration, DetailLine, DraftLine
from declarations.models import Finding as KeptFinding
from declarations.refusals import FindingsAreNotConfirmed, FindingsHaveChanged
from declarations.selectors import (
    assessed_detail_lines,
    assessed_draft_lines,
    check_draft,
    checked_lines,
    findings_in,
    findings_of,
    read_finding,
)
from declarations.services.drafts import add_line, create_draft, edit_line, put_lines
from declarations.services.filing import file, file_draft
from declarations.taxlaw.facts import FACTS
from portal.models import AuditEntry, User, WithholdingAgent
from tests.declarations.builders import (
    APRIL,
    LI,
    ZHANG,
    a_clerk,
    a_header,
    a_line,
    an_agent,
    typed,
)
from tests.declarations.test_pages import PASSWORD, hidden, text_of
from tests.factories import client_of

pytestmark = pytest.mark.django_db
WINDOW = Declaration.Channel.WINDOW
TAX_DIFFERS = FindingCode.TAX_DIFFERS
JANUARY_2020, FEBRUARY_2020 = date(2020, 1, 1), date(2020, 2, 1)
ZHANG_OF_15 = "110105491231002"
# In the law of 2006: 5,000 - 300 - 1,600, 15% - 125 = 340.
TOO_LOW = typed(tax_withheld="300")


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def alice(acme: WithholdingAgent) -> User:
    user = a_clerk(acme)
    user.set_password(PASSWORD)
    user.save()
    return user


@pytest.fixture
def clerk(alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    return create_draft(acme, APRIL, "regular")


def codes(findings: Any) -> list[tuple[int, str]]:
    return [(finding.row, finding.code) for finding in findings]


def wage(income: str = "10000", tax: str = "150", **cells: str) -> dict[str, str]:
    """Build the cells of a wage of 2020: 3% of what is above 5,000 a month."""
    return typed(income=income, exempt_income="", tax_withheld=tax, **cells)


def put(agent: WithholdingAgent, tax_month: date, *cells: Mapping[str, Any]) -> Declaration:
    draft = create_draft(agent, tax_month, "regular")
    put_lines(draft, [(None, each) for each in cells], replace=True)
    return draft


def filed_as_it_is(draft: Declaration, by: User) -> Declaration:
    check = check_draft(draft)
    return file_draft(
        draft,
        filed_by=by,
        key=uuid.uuid4(),
        seen=check.digest,
        noted=check.noted,
        confirmed=check.unexplained,
    ).declaration


# --- What is found ---


def test_a_draft_s_findings_are_about_its_sound_lines_by_position(draft: Declaration) -> None:
    put_lines(
        draft,
        [(None, typed()), (None, typed(name="")), (None, TOO_LOW | {"document_number": LI})],
        replace=True,
    )

    check = check_draft(draft)

    assert [(fault.row, fault.field) for fault in check.faults] == [(2, "name")]
    assert codes(check.findings) == [(3, TAX_DIFFERS)]
    assert (check.findings[0].found, check.findings[0].expected) == (Decimal(300), Decimal(340))


def test_earlier_months_are_part_of_the_check(acme: WithholdingAgent, alice: User) -> None:
    filed_as_it_is(put(acme, JANUARY_2020, wage("45000", "1500")), alice)

    # 50,000 above the deduction so far: 10% - 2,520 - 1,500; a month by itself would be 3%.
    draft = put(acme, FEBRUARY_2020, wage("15000", "300"))

    assert [finding.expected for finding in check_draft(draft).findings] == [Decimal(980)]


def test_other_kinds_are_not_recomputed_but_their_numbers_are_doubted(
    acme: WithholdingAgent,
) -> None:
    lines = [a_line("1.00"), a_line("1.00", document_type="03", document_number="?")]

    for kind in ("additional", "refund"):
        found = findings_of(acme, kind, APRIL, lines)
        assert codes(found) == [(2, FindingCode.NUMBER_DOUBTFUL)]


def test_findings_come_line_by_line(acme: WithholdingAgent) -> None:
    strange = {"document_type": "03", "document_number": "?"}
    lines = [a_line("1.00", **strange), a_line("1.00", income_item="0301", **strange)]

    rows = [finding.row for finding in findings_of(acme, "regular", APRIL, lines, rows=[4, 9])]

    assert rows == sorted(rows)
    assert set(rows) == {4, 9}


def test_a_person_s_many_lines_name_only_the_first_of_them(acme: WithholdingAgent) -> None:
    lines = [a_line("385.00"), *[a_line("1.00")] * 999]

    found = findings_of(acme, "regular", APRIL, lines)

    twice = [finding for finding in found if finding.code == FindingCode.ITEM_TWICE]
    assert len(twice) == 999
    assert twice[-1].params == {"rows": "1, 2, 3, 4, 5"}


# --- What is kept ---


def test_the_window_keeps_findings_and_blocks_nothing(acme: WithholdingAgent) -> None:
    lines = [a_line("1.00"), a_line("2.00"), a_line("3.00", document_number=LI, income_item="0104")]

    declaration = file(acme, a_header(acme), lines, channel=WINDOW, filed_by=None).declaration

    kept = [read_finding(row) for row in findings_in(declaration)]
    assert kept == findings_of(acme, "regular", APRIL, lines)
    assert {finding.severity for finding in kept} == {"warning", "information"}
    warnings = [finding for finding in kept if finding.severity == Severity.WARNING]
    assert declaration.warning_count == len(warnings) == 3
    assert not any("kept" in key for key in AuditEntry.objects.latest("pk").detail)


def test_amounts_of_any_size_are_kept(acme: WithholdingAgent) -> None:
    most = "9" * 15
    facts = {"market": most, "strike": "0", "shares": most}
    line = a_line(income_item="0109", resident=True, facts=facts, **amounts_of_2020())
    header = a_header(acme, tax_month=JANUARY_2020)

    declaration = file(acme, header, [line], channel=WINDOW, filed_by=None).declaration

    expected = findings_in(declaration).get().expected
    assert expected is not None
    assert expected > 10**29


def amounts_of_2020() -> dict[str, Any]:
    columns = (
        *("pension", "medical", "unemployment", "housing_fund"),
        *("annuity", "health_insurance", "deferred_pension", "other_deductions"),
    )
    return dict.fromkeys(columns, Decimal(0))


def test_what_was_found_is_never_changed(acme: WithholdingAgent) -> None:
    file(acme, a_header(acme), [a_line("1.00")], channel=WINDOW, filed_by=None)
    kept: QuerySet[KeptFinding] = KeptFinding.objects.all()

    for change in (lambda: kept.update(code="NO_RULE"), lambda: kept.delete()):
        with pytest.raises(IntegrityError, match="evidence"), transaction.atomic():
            change()


def test_a_declaration_says_why_figures_are_kept_and_by_whom(
    draft: Declaration, alice: User
) -> None:
    put_lines(draft, [(None, TOO_LOW), (None, TOO_LOW)], replace=True)
    check = check_draft(draft)

    declaration = file_draft(
        draft,
        filed_by=alice,
        key=uuid.uuid4(),
        seen=check.digest,
        noted=check.noted,
        confirmed=check.unexplained,
        findings_remark="上月多扣,本月抵减",
    ).declaration

    declaration.refresh_from_db()
    assert declaration.findings_remark == "上月多扣,本月抵减"
    assert declaration.warning_count == len(check.warnings) == 3
    detail = AuditEntry.objects.filter(action="filing").latest("pk").detail
    assert (detail["kept_TAX_DIFFERS"], detail["kept_ITEM_TWICE"]) == (2, 1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Declaration.objects.filter(pk=declaration.pk).update(findings_remark="")


def test_as_many_queries_file_one_finding_as_a_thousand(acme: WithholdingAgent) -> None:
    counts = []
    for month, lines in ((1, 1), (2, 1000)):
        header = a_header(an_agent(f"1101100{month}"), tax_month=date(2006, month, 1))
        people = [
            a_line("1.00", document_type="99", document_number=f"N{number}")
            for number in range(lines)
        ]
        with CaptureQueriesContext(connection) as queries:
            file(
                WithholdingAgent.objects.get(computer_code=header.computer_code),
                header,
                people,
                channel=WINDOW,
                filed_by=None,
            )
        counts.append(len(queries))

    assert KeptFinding.objects.count() == 1001
    assert counts[0] == counts[1] <= 20


# --- Ticks ---


def test_a_warning_that_nobody_confirmed_stops_a_draft(draft: Declaration, alice: User) -> None:
    add_line(draft, TOO_LOW)
    check = check_draft(draft)

    with pytest.raises(FindingsAreNotConfirmed):
        file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=check.digest, noted=check.noted)

    draft.refresh_from_db()
    assert draft.status == "draft"
    assert filed_as_it_is(draft, alice).status == "filed"


def test_a_line_with_its_own_remark_needs_no_tick(draft: Declaration, alice: User) -> None:
    add_line(draft, TOO_LOW | {"remark": "按上月标准扣缴"})
    check = check_draft(draft)
    assert codes(check.warnings) == [(1, TAX_DIFFERS)]
    assert check.unexplained == set()

    filed = file_draft(
        draft, filed_by=alice, key=uuid.uuid4(), seen=check.digest, noted=check.noted
    )

    assert filed.declaration.status == "filed"


def test_one_line_without_a_remark_makes_its_kind_want_a_tick(draft: Declaration) -> None:
    explained = TOO_LOW | {"remark": "按上月标准扣缴"}
    put_lines(draft, [(None, explained), (None, TOO_LOW | {"document_number": LI})], replace=True)

    assert check_draft(draft).unexplained == {TAX_DIFFERS}


def test_information_needs_nothing(draft: Declaration, alice: User) -> None:
    add_line(draft, typed(income_item="0104", exempt_income="", tax_withheld="900"))
    check = check_draft(draft)
    assert [finding.severity for finding in check.findings] == [Severity.INFORMATION]
    assert check.noted == ""

    filed = file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=check.digest)

    assert filed.declaration.findings.count() == 1
    assert filed.declaration.warning_count == 0


def test_warnings_that_an_amended_month_brings_are_shown_before_filing(
    acme: WithholdingAgent, alice: User
) -> None:
    filed_as_it_is(put(acme, JANUARY_2020, wage()), alice)
    draft = put(acme, FEBRUARY_2020, wage())
    seen = check_draft(draft)
    assert seen.noted == ""
    filed_as_it_is(put(acme, JANUARY_2020, wage("45000", "1680")), alice)

    with pytest.raises(FindingsHaveChanged):
        file_draft(draft, filed_by=alice, key=uuid.uuid4(), seen=seen.digest)

    again = check_draft(draft)
    assert again.digest == seen.digest
    assert again.noted
    assert filed_as_it_is(draft, alice).status == "filed"


def test_the_same_key_gives_the_same_receipt_whatever_was_found_since(
    draft: Declaration, alice: User
) -> None:
    add_line(draft, TOO_LOW)
    check, key = check_draft(draft), uuid.uuid4()
    first = file_draft(
        draft,
        filed_by=alice,
        key=key,
        seen=check.digest,
        noted=check.noted,
        confirmed={TAX_DIFFERS},
    )

    again = file_draft(draft, filed_by=alice, key=key, seen=check.digest)

    assert (again.declaration, again.is_repeat) == (first.declaration, True)


# --- On the page ---


def page_of(name: str, declaration: Declaration) -> str:
    return reverse(f"declarations:{name}", args=[declaration.public_id])


def filing(response: Any, **changes: str) -> dict[str, str]:
    noted = re.search(r'name="noted"(?: value="([^"]*)")?', response.content.decode())
    assert noted is not None
    form = {**hidden(response), "noted": noted[1] or "", "truth": "on", "password": PASSWORD}
    return form | changes


def test_a_clerk_confirms_each_kind_of_warning_and_the_receipt_says_so(
    clerk: Client, draft: Declaration
) -> None:
    put_lines(draft, [(None, TOO_LOW), (None, TOO_LOW)], replace=True)

    check = clerk.get(page_of("check", draft))

    page = text_of(check)
    for said in ("校验提醒", "已扣税额与应扣税额不符 2 条", "同一人同一所得项目重复 1 条"):
        assert said in page
    assert "已扣税额应为 340.00(应扣税额减去减免税额),现为 300.00,差 40.00" in page
    assert ZHANG not in page

    form = filing(check, findings_remark="按协议扣缴", confirmed_ITEM_TWICE="on")
    refused = clerk.post(page_of("file", draft), form)
    content = refused.content.decode()
    assert "请核实并确认:已扣税额与应扣税额不符" in content
    assert "请核实并确认:同一人同一所得项目重复" not in content
    assert 'href="#id_confirmed_TAX_DIFFERS"' in content
    assert "错误:" in content
    assert "按协议扣缴" in content
    assert PASSWORD not in content

    answer = clerk.post(
        page_of("file", draft),
        filing(refused, confirmed_ITEM_TWICE="on", confirmed_TAX_DIFFERS="on"),
    )
    assert answer["Location"] == page_of("receipt", draft)
    receipt = text_of(clerk.get(answer["Location"]))
    assert re.search(r"提醒 3 条,已由 11010001 于 [-0-9: ]+ 确认", receipt)


def test_everything_that_is_missing_is_named_at_once(clerk: Client, draft: Declaration) -> None:
    add_line(draft, TOO_LOW)
    form = filing(clerk.get(page_of("check", draft)), truth="", password="")

    refused = text_of(clerk.post(page_of("file", draft), form))

    for said in ("请核实并确认:已扣税额与应扣税额不符", "请阅读并确认声明", "请填写密码"):
        assert said in refused


def test_new_warnings_take_the_ticks_away(
    clerk: Client, acme: WithholdingAgent, alice: User
) -> None:
    filed_as_it_is(put(acme, JANUARY_2020, wage()), alice)
    draft = put(acme, FEBRUARY_2020, wage(tax="1"))
    form = filing(clerk.get(page_of("check", draft)), confirmed_TAX_DIFFERS="on")
    filed_as_it_is(put(acme, JANUARY_2020, wage("45000", "1680")), alice)

    refused = clerk.post(page_of("file", draft), form)

    assert "校验提醒有变化" in text_of(refused)
    ticks = re.findall(r"<input[^>]*confirmed_[^>]*>", refused.content.decode())
    assert len(ticks) == 1
    assert "checked" not in ticks[0]
    answer = clerk.post(page_of("file", draft), filing(refused, confirmed_TAX_DIFFERS="on"))
    assert answer.status_code == 302


def test_lines_with_a_remark_are_shown_as_kept_by_it(clerk: Client, draft: Declaration) -> None:
    add_line(draft, TOO_LOW | {"remark": "按上月标准扣缴"})

    check = clerk.get(page_of("check", draft))

    assert "按备注保留:按上月标准扣缴" in text_of(check)
    assert "confirmed_" not in check.content.decode()
    assert clerk.post(page_of("file", draft), filing(check)).status_code == 302


def test_information_is_folded(clerk: Client, draft: Declaration) -> None:
    add_line(draft, typed(income_item="0104", exempt_income="", tax_withheld="900"))

    check = clerk.get(page_of("check", draft))

    content = check.content.decode()
    assert "校验提醒" not in content
    assert '<summary id="information-FACTS_MISSING">' in content
    assert clerk.post(page_of("file", draft), filing(check)).status_code == 302


def test_a_page_shows_the_first_lines_of_a_kind(clerk: Client, draft: Declaration) -> None:
    people = [TOO_LOW | {"document_type": "99", "document_number": f"N{n}"} for n in range(25)]
    put_lines(draft, [(None, each) for each in people], replace=True)

    page = text_of(clerk.get(page_of("check", draft)))

    assert "已扣税额与应扣税额不符 25 条" in page
    assert "只显示前 20 条" in page
    assert page.count("差 40.00") == 20


# --- Words ---

PARAMS: dict[FindingCode, list[dict[str, str]]] = {
    FindingCode.FACTS_MISSING: [{"facts": "months, salary"}],
    FindingCode.WRONG_FACT: [{"fact": "months"}],
    FindingCode.UNUSED_FACTS: [{"facts": "seafarer"}],
    FindingCode.ONCE_A_YEAR: [{"months": "2006-01, 2006-03"}],
    FindingCode.ITEM_TWICE: [{"rows": "1, 2"}],
    FindingCode.NAME_DIFFERS: [{"rows": "1"}],
    FindingCode.NUMBER_DOUBTFUL: [
        {"reason": "AREA", "until": "2002"},
        {"reason": "AREA", "since": "2015"},
        {"reason": "AREA"},
        {"reason": "OLD_NUMBER", "since": "2013-01"},
        {"reason": "NOT_YET", "since": "2018-09"},
        {"reason": "FORM"},
        {"reason": "BIRTH_DATE"},
        {"reason": "CHECK_DIGIT"},
    ],
}
SAMPLES = [
    Finding(1, "exempt_income", code, Severity.WARNING, Decimal(1), expected, params)
    for code in FindingCode
    for params in PARAMS.get(code, [{}])
    for expected in (Decimal(2), None)
]


@pytest.mark.parametrize(
    "finding", SAMPLES, ids=lambda finding: f"{finding.code}-{'-'.join(finding.params.values())}"
)
def test_every_finding_has_its_sentence(finding: Finding) -> None:
    with translation.override("zh-hans"):
        texts = [finding_heading(finding.code), finding_sentence(finding, APRIL)]

    for text in texts:
        assert re.search(r"[\u4e00-\u9fff]{4}", text)
        assert "%" not in text
        assert finding.code not in text
        assert not any(key in text for key in ("months", "salary", "seafarer"))


def test_every_kind_of_finding_has_its_heading_and_no_other() -> None:
    assert set(HEADINGS) == set(FindingCode)


def test_every_fact_that_a_finding_can_name_has_its_word() -> None:
    assert FACTS - NAMES.keys() == set()


def test_a_column_is_called_as_on_the_month_s_form() -> None:
    over = Finding(1, "exempt_income", FindingCode.EXEMPT_OVER_INCOME, Severity.WARNING)

    assert finding_sentence(over, JANUARY_2020).startswith("本期免税收入应不超过")
    assert finding_sentence(over, APRIL).startswith("免税收入额应不超过")


def test_nothing_of_a_person_is_in_a_finding_or_its_words(acme: WithholdingAgent) -> None:
    bad_area = "999999194912310026"
    lines = [
        a_line("1.00", name="欧阳某", document_number=ZHANG),
        a_line("1.00", name="司马某", document_number=ZHANG_OF_15),
        a_line("1.00", name="司马某", document_type="07", document_number=bad_area),
    ]

    found = findings_of(acme, "regular", APRIL, lines)

    assert {FindingCode.NAME_DIFFERS, FindingCode.NUMBER_DOUBTFUL} <= {f.code for f in found}
    for said in [*map(str, found), *(each.sentence for each in worded(found, APRIL))]:
        assert not re.search(r"欧阳|司马|491231|9999", said)


# --- Lines that a page shows ---


def test_a_line_of_a_draft_is_assessed_after_the_same_person_s_others(draft: Declaration) -> None:
    # Two wages in a month are one: the second bears what the tax grows by, 7,800 · 20% - 375 - 340.
    put_lines(draft, [(None, typed()), (None, typed(document_number=ZHANG_OF_15))], replace=True)
    second = DraftLine.objects.get(declaration=draft, position=2)

    checked = checked_lines([second], APRIL, "test")
    assessed = assessed_draft_lines(draft, checked)

    assert assessed[second.pk].expected == Decimal("845.00")
    assert set(assessed) == {second.pk}


def test_a_filed_line_is_assessed_as_it_was_in_the_draft(
    acme: WithholdingAgent, alice: User
) -> None:
    filed_as_it_is(put(acme, JANUARY_2020, wage("45000", "1500")), alice)
    draft = put(acme, FEBRUARY_2020, wage("15000", "300"), wage("15000", "0"))
    rows = list(draft.draft_lines.all())
    before = assessed_draft_lines(draft, checked_lines(rows, FEBRUARY_2020, "test"))

    filed = filed_as_it_is(draft, alice)
    last = filed.lines.get(line_number=2)
    after = assessed_detail_lines(filed, [last])

    assert after[last.pk].expected == before[rows[1].pk].expected == Decimal("1500.00")
    assert after[last.pk].line.document_number == ""


def test_lines_with_faults_and_of_other_kinds_are_not_assessed(acme: WithholdingAgent) -> None:
    draft = put(acme, APRIL, typed(income="五千"))
    refund = create_draft(acme, APRIL, "refund")
    add_line(refund, typed())
    filed = file(acme, a_header(acme, kind="refund"), [a_line()], channel=WINDOW, filed_by=None)

    for each in (draft, refund):
        checked = checked_lines(list(each.draft_lines.all()), APRIL, "test")
        assert assessed_draft_lines(each, checked) == {}
    assert assessed_detail_lines(filed.declaration, list(DetailLine.objects.all())) == {}


def test_fifty_lines_are_assessed_in_as_many_queries_as_one(
    acme: WithholdingAgent, alice: User
) -> None:
    filed_as_it_is(put(acme, JANUARY_2020, wage()), alice)
    people = [wage(document_type="99", document_number=f"N{number}") for number in range(50)]
    draft = put(acme, FEBRUARY_2020, *people)
    checked = checked_lines(list(draft.draft_lines.all()), FEBRUARY_2020, "test")

    draft.agent_month.agent  # noqa: B018  known to every page before it assesses
    counts = []
    for shown in (checked[:1], checked):
        with CaptureQueriesContext(connection) as queries:
            assessed = assessed_draft_lines(draft, shown)
        counts.append(len(queries))

    assert len(assessed) == 50
    assert counts == [3, 3]


# --- Whose a line is ---


def index_of(cells: Mapping[str, Any], draft: Declaration) -> bytes | None:
    return add_line(draft, cells).document_index


def test_a_draft_line_is_found_by_the_index_of_the_filed_one(
    acme: WithholdingAgent, draft: Declaration
) -> None:
    file(acme, a_header(acme), [a_line()], channel=WINDOW, filed_by=None)
    index = DetailLine.objects.get().document_index

    assert index_of(typed(), draft) == index
    assert (
        index_of(typed(document_type="居民身份证", document_number=ZHANG.lower()), draft) == index
    )
    assert index_of(typed(document_number=f" '{ZHANG_OF_15} "), draft) == index
    assert index_of(typed(document_number=ZHANG_OF_15), draft) == index
    assert index_of(typed(document_number=LI), draft) != index


@pytest.mark.parametrize(
    "change",
    [
        {"document_number": ""},
        {"document_number": "1.10105E+17"},
        {"document_type": ""},
        {"document_type": "无此证照"},
    ],
)
def test_a_line_that_names_nobody_has_no_index(draft: Declaration, change: dict[str, str]) -> None:
    assert index_of(typed(**change), draft) is None


def test_the_index_follows_the_cells(draft: Declaration) -> None:
    line = add_line(draft, typed())
    other = index_of(typed(document_number=LI), draft)

    edit_line(line, typed(document_number=LI))
    line.refresh_from_db()
    assert line.document_index == other

    edit_line(line, typed(document_number=""))
    line.refresh_from_db()
    assert line.document_index is None
