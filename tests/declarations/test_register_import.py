"""A list of persons on its way into the register: read, looked at, taken in or thrown away."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from declarations.models import Roster, Taxpayer
from declarations.refusals import RosterIsGone, WorkbookIsRefused
from declarations.roster import HEADINGS
from declarations.roster_workbook import write_roster
from declarations.selectors import person_of, plan_of, roster_of
from declarations.services import imports
from declarations.services.rosters import (
    READ_ROSTER,
    forget_rosters,
    give_up,
    take_in,
    take_in_or_leave_to_job,
    upload_roster,
)
from declarations.services.taxpayers import add_taxpayer, register_or_leave_to_job
from portal.jobs import sentence_of
from portal.models import AuditEntry, Job, User, WithholdingAgent
from portal.services.jobs import JobIsUnderWay, run_job
from tests.declarations.builders import LI, ZHANG, a_clerk, an_agent, filed
from tests.declarations.register import ZHANG_OF_15, a_person
from tests.declarations.spreadsheets import sheet, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def alice(acme: WithholdingAgent) -> User:
    return a_clerk(acme)


def uploaded(alice: User, *persons: Any) -> Roster:
    assert alice.agent is not None
    roster = upload_roster(alice.agent, write_roster(persons), kind="xlsx", by=alice)
    assert isinstance(roster, Roster)
    return roster


def register_of(agent: WithholdingAgent) -> list[Any]:
    return [person_of(row, "test") for row in Taxpayer.objects.filter(agent=agent).order_by("pk")]


def test_a_list_is_looked_at_before_it_changes_anything(
    acme: WithholdingAgent, alice: User
) -> None:
    add_taxpayer(acme, a_person())
    add_taxpayer(acme, a_person(name="李四", document_number=LI))

    roster = uploaded(
        alice,
        a_person(),
        a_person(name="李四", document_number=LI, left_on=date(2006, 4, 30)),
        a_person(name="王五", document_type="03", document_number="G1234567"),
    )

    plan = plan_of(roster)
    assert [(row, person.name) for row, person in plan.added] == [(4, "王五")]
    assert [(change.row, change.columns) for change in plan.changed] == [(3, ["left_on"])]
    assert (plan.rows, plan.unchanged, plan.faulty_rows, plan.report) == (3, 1, 0, None)
    assert Taxpayer.objects.count() == 2


def test_a_list_is_taken_in_by_document_number(acme: WithholdingAgent, alice: User) -> None:
    zhang = add_taxpayer(acme, a_person())
    other = add_taxpayer(an_agent("11010002"), a_person(name="别家"))
    wanted = [
        a_person(name="张叁", occupation="2000000", remark="改名"),
        a_person(name="王五", document_type="03", document_number="G1234567", resident=False),
    ]
    roster = uploaded(alice, *wanted)

    with CaptureQueriesContext(connection) as queries:
        assert take_in(acme, roster.public_id, by=alice) == (1, 1, 0)

    assert register_of(acme) == wanted
    assert Taxpayer.objects.get(public_id=zhang.public_id).pk == zhang.pk
    other.refresh_from_db()
    assert other.name == "别家"
    writes = [each for each in queries if 'INSERT INTO "declarations_taxpayer' in each["sql"]]
    assert len(writes) == 1
    entry = AuditEntry.objects.get(action=AuditEntry.Action.IMPORT)
    assert (entry.outcome, entry.user, entry.agent) == ("register", alice, acme)
    assert entry.detail == {"added": 1, "changed": 1, "unchanged": 0}
    assert roster_of(acme) is None


def test_who_is_added_meanwhile_is_changed_and_can_be_read(
    acme: WithholdingAgent, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan_and_wait(*args: Any, **options: Any) -> Any:
        plan = plan_of(*args, **options)
        add_taxpayer(acme, a_person(name="抢先"))
        return plan

    roster = uploaded(alice, a_person())
    monkeypatch.setattr("declarations.services.rosters.plan_of", plan_and_wait)

    take_in(acme, roster.public_id, by=alice)

    assert register_of(acme) == [a_person()]


def test_15_digits_do_not_take_the_place_of_18(acme: WithholdingAgent, alice: User) -> None:
    add_taxpayer(acme, a_person())
    roster = uploaded(alice, a_person(document_number=ZHANG_OF_15))
    assert plan_of(roster).unchanged == 1

    roster = uploaded(alice, a_person(name="张叁", document_number=ZHANG_OF_15))
    take_in(acme, roster.public_id, by=alice)

    assert register_of(acme) == [a_person(name="张叁")]


def test_18_digits_take_the_place_of_15(acme: WithholdingAgent, alice: User) -> None:
    add_taxpayer(acme, a_person(document_number=ZHANG_OF_15))
    roster = uploaded(alice, a_person())
    assert plan_of(roster).changed[0].columns == ["document_number"]

    take_in(acme, roster.public_id, by=alice)

    assert register_of(acme) == [a_person()]


def test_a_column_that_the_file_lacks_stays(acme: WithholdingAgent, alice: User) -> None:
    add_taxpayer(acme, a_person(joined_on=date(2006, 4, 1), remark="返聘"))
    headings = [*list(HEADINGS.values())[:6], "备注"]
    rows = {1: headings, 2: ["张叁", "01", ZHANG, "001", "2010000", "是", ""]}

    roster = upload_roster(acme, workbook(sheet(rows)), kind="xlsx", by=alice)
    take_in(acme, roster.public_id, by=alice)

    assert register_of(acme) == [a_person(name="张叁", joined_on=date(2006, 4, 1))]


def test_all_faults_of_all_rows_are_named_and_the_others_taken_in(
    acme: WithholdingAgent, alice: User
) -> None:
    headings = ["身份证号码", *list(HEADINGS.values())[:2], *list(HEADINGS.values())[3:6], "部门"]
    rows = {
        2: headings,
        4: [ZHANG, "张三", "01", "001", "2010000", "是", "销售"],
        5: [LI, "", "01", "火星", "2010000", "是", "销售"],
        9: [ZHANG_OF_15, "张叁", "01", "001", "2010000", "是", "销售"],
    }

    roster = upload_roster(acme, workbook(sheet(rows)), kind="xlsx", by=alice)

    assert isinstance(roster, Roster)
    plan = plan_of(roster)
    assert plan.report is not None
    assert [(each["row"], each["name"], each["heading"]) for each in plan.report["shown"]] == [
        (5, "", "姓名"),
        (5, "", "国家与地区"),
        (9, "张叁", "身份证号码"),
    ]
    assert (plan.rows, plan.faulty_rows, plan.left_out) == (3, 2, ["G 部门"])
    assert take_in(acme, roster.public_id, by=alice) == (1, 0, 0)
    assert register_of(acme) == [a_person()]


def test_a_list_is_taken_in_once_and_only_the_one_that_was_seen(
    acme: WithholdingAgent, alice: User
) -> None:
    older = uploaded(alice, a_person()).public_id
    newer = uploaded(alice, a_person(name="李四", document_number=LI)).public_id

    with pytest.raises(RosterIsGone):
        take_in(acme, older, by=alice)
    with pytest.raises(RosterIsGone):
        take_in(an_agent("11010002"), newer, by=alice)
    take_in(acme, newer, by=alice)
    with pytest.raises(RosterIsGone):
        take_in(acme, newer, by=alice)
    assert [person.name for person in register_of(acme)] == ["李四"]


def test_a_list_can_be_thrown_away(acme: WithholdingAgent, alice: User) -> None:
    seen = uploaded(alice, a_person()).public_id

    give_up(acme)
    give_up(acme)

    assert not Roster.objects.exists()
    with pytest.raises(RosterIsGone):
        take_in(acme, seen, by=alice)


def test_a_list_that_nobody_takes_in_goes_after_a_day(acme: WithholdingAgent, alice: User) -> None:
    noon = datetime(2006, 5, 8, 4, tzinfo=UTC)
    with time_machine.travel(noon, tick=False):
        seen = uploaded(alice, a_person()).public_id
    with time_machine.travel(noon + timedelta(hours=23), tick=False):
        forget_rosters()
        assert roster_of(acme) is not None
    with time_machine.travel(noon + timedelta(days=1), tick=False):
        assert roster_of(acme) is None
        with pytest.raises(RosterIsGone):
            take_in(acme, seen, by=alice)
        forget_rosters()
        assert not Roster.objects.exists()


def test_the_database_cannot_read_a_list_that_waits(acme: WithholdingAgent, alice: User) -> None:
    uploaded(alice, a_person(name="张三丰"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT r::text FROM declarations_roster AS r")
        (text,) = cursor.fetchone()
    for plain in ("张三丰", ZHANG):
        assert plain not in text
        assert plain.encode().hex() not in text


def test_a_file_that_is_no_list_is_refused_whole(acme: WithholdingAgent, alice: User) -> None:
    for content, code, words in (
        (b"", "EMPTY", "文件是空的"),
        (b"PK\x03\x04broken", "BAD_ARCHIVE", "无法读取"),
        (workbook(sheet({1: ["甲", "乙", "丙"]})), "MISSING_HEADINGS", "个人基础信息的模板"),
        (write_roster([]), "NO_LINES", "没有人员"),
    ):
        with pytest.raises(WorkbookIsRefused, match=words) as refused:
            upload_roster(acme, content, kind="xlsx", by=alice)
        assert refused.value.code == code
    assert not Roster.objects.exists()


def test_a_large_list_is_read_by_a_job(
    acme: WithholdingAgent, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "SMALL_ROWS", 1)
    content = write_roster([a_person(), a_person(name="李四", document_number=LI)])

    job = upload_roster(acme, content, kind="xlsx", by=alice)

    assert isinstance(job, Job)
    assert (job.kind, job.subject, job.parameters) == (
        READ_ROSTER, acme.public_id, {"kind": "xlsx"},
    )  # fmt: skip
    with pytest.raises(JobIsUnderWay):
        upload_roster(acme, content, kind="xlsx", by=alice)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.State.DONE, {"rows": 2, "faulty": 0})
    roster = roster_of(acme)
    assert roster is not None
    assert len(plan_of(roster).added) == 2


def test_many_persons_are_taken_in_by_a_job(
    acme: WithholdingAgent, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("declarations.services.rosters.SMALL_ROWS", 1)
    roster = uploaded(alice, a_person(), a_person(name="李四", document_number=LI))

    job = take_in_or_leave_to_job(acme, roster.public_id, by=alice)

    assert isinstance(job, Job)
    assert not Taxpayer.objects.exists()
    with pytest.raises(JobIsUnderWay):
        take_in_or_leave_to_job(acme, roster.public_id, by=alice)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (
        Job.State.DONE, {"added": 2, "changed": 0, "unchanged": 0},
    )  # fmt: skip
    assert sentence_of(job) == "名单已导入:新增 2 人,更新 0 人,不变 0 人。"
    assert Taxpayer.objects.count() == 2


def test_a_job_for_a_list_that_is_gone_says_so(
    acme: WithholdingAgent, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("declarations.services.rosters.SMALL_ROWS", 0)
    roster = uploaded(alice, a_person())
    job = take_in_or_leave_to_job(acme, roster.public_id, by=alice)
    assert isinstance(job, Job)
    give_up(acme)

    run_job(job.pk)

    job.refresh_from_db()
    assert (job.state, job.error_code) == (Job.State.REFUSED, "ROSTER_GONE")
    assert not Taxpayer.objects.exists()


def test_many_persons_of_a_declaration_are_registered_by_a_job(
    acme: WithholdingAgent, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("declarations.services.taxpayers.SMALL_ROWS", 0)
    declaration = filed(acme)

    job = register_or_leave_to_job(declaration, by=alice)

    assert isinstance(job, Job)
    run_job(job.pk)
    job.refresh_from_db()
    assert (job.state, sentence_of(job)) == (Job.State.DONE, "已登记 1 人。")
    assert register_of(acme) == [a_person()]
