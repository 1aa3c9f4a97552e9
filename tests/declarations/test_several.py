"""批量提交, 批量删除 and the list as a workbook: an outcome for each, and nobody else's."""

from __future__ import annotations

import io
import re
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from declarations import selectors
from declarations.models import Declaration
from declarations.services.drafts import add_line, create_draft
from portal.models import AuditEntry, User, WithholdingAgent
from tests.declarations.builders import a_clerk, an_agent, filed, typed
from tests.declarations.test_pages import PASSWORD, text_of
from tests.factories import client_of

pytestmark = pytest.mark.django_db
FILE = "declarations:file_several"
DELETE = "declarations:delete_several"


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


def a_draft(agent: WithholdingAgent, month: int, **cells: str) -> Declaration:
    draft = create_draft(agent, date(2006, month, 1), "regular")
    add_line(draft, typed(**cells))
    return draft


@pytest.fixture
def drafts(acme: WithholdingAgent) -> list[Declaration]:
    """Two that can be filed, one with a fault, one with a warning, in this order."""
    return [
        a_draft(acme, 1),
        a_draft(acme, 2),
        a_draft(acme, 3, name=""),
        a_draft(acme, 4, tax_withheld="1.00"),
    ]


def ask(client: Client, page: str, drafts: list[Declaration]) -> Any:
    return client.get(reverse(page), {"draft": [str(draft.public_id) for draft in drafts]})


def entries(answer: Any) -> list[str]:
    return re.findall(r'name="entry" value="([^"]+)"', answer.content.decode())


def file_all(client: Client, drafts: list[Declaration], **form: Any) -> Any:
    shown = entries(ask(client, FILE, drafts))
    return client.post(reverse(FILE), {"entry": shown, "truth": "on", "password": PASSWORD} | form)


def statuses(drafts: list[Declaration]) -> list[str]:
    found = dict(Declaration.objects.values_list("pk", "status"))
    return [found.get(draft.pk, "deleted") for draft in drafts]


# --- Filing ---


def test_those_with_faults_or_warnings_are_named_and_left_out(
    clerk: Client, drafts: list[Declaration]
) -> None:
    answer = ask(clerk, FILE, drafts)

    page = text_of(answer)
    assert "所选 4 份草稿中,2 份可以一起提交" in page
    assert page.count("可提交 ") == 2
    assert "需修改 1 处" in page
    assert "1 类提醒须核实" in page
    assert len(entries(answer)) == 2
    assert "10,000.00" in page


def test_several_are_filed_with_one_password_and_each_has_its_receipt(
    clerk: Client, drafts: list[Declaration], monkeypatch: pytest.MonkeyPatch
) -> None:
    hints: list[Any] = []
    monkeypatch.setattr("declarations.views.several.hint", lambda *args: hints.append(args))

    page = text_of(file_all(clerk, drafts))

    assert statuses(drafts) == ["filed", "filed", "draft", "draft"]
    assert "2006年1月 申报 已受理 11010001-200601-1-001 回执" in page
    assert "2006年2月 申报 已受理 11010001-200602-1-001 回执" in page
    assert len(hints) == 1
    assert AuditEntry.objects.filter(action="filing", outcome="filed").count() == 2


def test_the_same_page_sent_twice_files_once(clerk: Client, drafts: list[Declaration]) -> None:
    shown = entries(ask(clerk, FILE, drafts))
    form = {"entry": shown, "truth": "on", "password": PASSWORD}

    pages = [text_of(clerk.post(reverse(FILE), form)) for _ in range(2)]

    assert pages[0] == pages[1]
    assert Declaration.objects.filter(status="filed").count() == 2


def test_what_changed_after_the_page_is_refused_and_the_others_are_filed(
    clerk: Client, drafts: list[Declaration]
) -> None:
    shown = entries(ask(clerk, FILE, drafts))
    add_line(drafts[0], typed(name="李四", income="1.00", tax_withheld="0"))

    answer = clerk.post(reverse(FILE), {"entry": shown, "truth": "on", "password": PASSWORD})

    assert "未提交 您检查之后,这份申报表在别处又有改动" in text_of(answer)
    assert statuses(drafts)[:2] == ["draft", "filed"]


def test_a_warning_is_not_confirmed_by_sending_it_along(
    clerk: Client, drafts: list[Declaration]
) -> None:
    check = selectors.check_draft(drafts[3])
    entry = f"{drafts[3].public_id}:{drafts[3].public_id}:{check.digest}:{check.noted}"

    assert "未提交 有校验提醒尚未核实" in text_of(file_all(clerk, drafts, entry=[entry]))
    assert statuses(drafts)[3] == "draft"


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"password": "错误的口令"}, "密码不正确"),
        ({"password": ""}, "请填写密码"),
        ({"truth": ""}, "请阅读并确认声明"),
    ],
)
def test_without_password_and_truth_nothing_is_filed(
    clerk: Client, drafts: list[Declaration], form: dict[str, str], said: str
) -> None:
    shown = entries(ask(clerk, FILE, drafts))

    answer = clerk.post(reverse(FILE), {"entry": shown, "truth": "on", "password": PASSWORD} | form)

    assert said in text_of(answer)
    # The same keys stand there for the next try.
    assert entries(answer) == shown
    assert set(statuses(drafts)) == {"draft"}


def test_so_many_lines_are_filed_at_once_and_no_more(
    clerk: Client, drafts: list[Declaration], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "MOST_LINES", 1)

    answer = ask(clerk, FILE, drafts[:2])

    assert "所选明细行数过多,请单独提交" in text_of(answer)
    assert len(entries(answer)) == 1


# --- Deleting ---


def test_several_drafts_are_deleted_after_a_question(
    clerk: Client, drafts: list[Declaration]
) -> None:
    chosen = drafts[1:3]
    assert "将删除以下 2 份草稿和其中的 2 行明细" in text_of(ask(clerk, DELETE, chosen))
    assert "deleted" not in statuses(drafts)

    form = {"draft": [str(draft.public_id) for draft in chosen]}
    answer = clerk.post(reverse(DELETE), form, follow=True)

    assert "已删除 2 份草稿" in text_of(answer)
    assert statuses(drafts) == ["draft", "deleted", "deleted", "draft"]


def test_what_was_filed_is_never_deleted(
    clerk: Client, acme: WithholdingAgent, drafts: list[Declaration]
) -> None:
    declaration = filed(acme, kind="refund")
    form = {"draft": [str(declaration.public_id), str(drafts[0].public_id)]}

    clerk.post(reverse(DELETE), form)

    assert statuses([declaration, *drafts])[:2] == ["filed", "deleted"]


# --- Whose ---


@pytest.mark.parametrize("page", [FILE, DELETE])
def test_another_s_drafts_are_like_none(drafts: list[Declaration], page: str) -> None:
    bob = a_clerk(an_agent("11010002"))
    bob.set_password(PASSWORD)
    bob.save()
    client = client_of(bob)
    check = selectors.check_draft(drafts[0])
    entry = f"{drafts[0].public_id}:{drafts[0].public_id}:{check.digest}:"
    form = {
        "draft": [str(drafts[0].public_id)],
        "entry": [entry],
        "truth": "on",
        "password": PASSWORD,
    }

    assert ask(client, page, drafts).headers["Location"] == reverse("declarations:declarations")
    answer = client.post(reverse(page), form, follow=True)

    assert "11010001" not in text_of(answer)
    assert set(statuses(drafts)) == {"draft"}


def test_nonsense_and_too_many_are_refused(clerk: Client, drafts: list[Declaration]) -> None:
    assert clerk.get(reverse(FILE), {"draft": ["x", "1"]}).status_code == 302
    many = [f"00000000-0000-0000-0000-0000000000{n:02}" for n in range(37)]
    assert clerk.get(reverse(FILE), {"draft": many}).status_code == 404
    form = {"entry": ["x", ":::"], "truth": "on", "password": PASSWORD}
    assert clerk.post(reverse(FILE), form).status_code == 302


# --- The list ---


def test_drafts_can_be_ticked_on_the_list_and_filed_ones_cannot(
    clerk: Client, acme: WithholdingAgent, drafts: list[Declaration]
) -> None:
    declaration = filed(acme, kind="refund")

    page = clerk.get(reverse("declarations:declarations") + "?year=2006").content.decode()

    assert page.count('name="draft"') == 4
    assert f'value="{declaration.public_id}"' not in page


def test_a_list_without_drafts_has_nothing_to_tick(clerk: Client, acme: WithholdingAgent) -> None:
    filed(acme)

    page = clerk.get(reverse("declarations:declarations") + "?year=2006").content.decode()

    assert 'type="checkbox"' not in page
    assert reverse(FILE) not in page


def test_the_list_of_a_year_is_a_workbook(
    clerk: Client, acme: WithholdingAgent, drafts: list[Declaration], alice: User
) -> None:
    filed(acme, "10.00", "20.00", tax_month=date(2006, 5, 1), kind="additional")

    answer = clerk.get(reverse("declarations:year_workbook", args=[2006]))

    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.values)  # type: ignore[union-attr]
    by_month = {row[0]: row for row in rows}
    assert rows[0][:4] == ("税款所属月份", "申报类型", "申报方式", "状态")
    assert len(rows) == 13
    assert by_month["2006-04"][1:4] == ("申报", "全员全额", "草稿")
    assert by_month["2006-05"][1] == "补税申报"
    assert by_month["2006-05"][6:10] == ("11010001-200605-2-001", 2, 10000, 30)
    assert by_month["2006-12"][3] == "未申报"
    entry = AuditEntry.objects.get(action="export")
    assert (entry.user, entry.detail) == (alice, {"year": 2006, "rows": 12})


@pytest.mark.parametrize("year", ["1999", "99999999999999999999"])
def test_a_year_that_cannot_be_has_no_workbook(clerk: Client, year: str) -> None:
    assert clerk.get(f"/declarations/years/{year}/workbook/").status_code == 404


def test_the_list_takes_as_many_queries_for_four_drafts_as_for_one(
    clerk: Client, acme: WithholdingAgent
) -> None:
    address = reverse("declarations:declarations") + "?year=2006"
    clerk.get(address)
    counts = []
    for months in ([1], [2, 3, 4]):
        for month in months:
            a_draft(acme, month)
        with CaptureQueriesContext(connection) as captured:
            clerk.get(address)
        counts.append(len(captured))
    assert counts[0] == counts[1]
