"""A large workbook is imported by a worker: whole and once, whatever is killed or lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from declarations.models import Declaration, DraftLine
from declarations.services import imports
from declarations.services.drafts import create_draft, delete_draft, put_lines
from declarations.services.filing import file
from declarations.services.imports import import_workbook
from declarations.sheet_reader import MAX_BYTES
from declarations.workbook import HEADINGS_TO_2018
from portal import jobs
from portal.models import Job, JobInput, User, WithholdingAgent
from portal.services.jobs import cancel_job, run_job
from tests.declarations.builders import APRIL, LI, a_clerk, a_header, a_line, an_agent, typed
from tests.declarations.spreadsheets import LINE, lines_sheet, workbook
from tests.declarations.test_pages import text_of
from tests.factories import client_of
from tests.reconciliation.test_faults import broker, running, servers
from tests.reconciliation.workers import Broker, Process, until, worker

__all__ = ["broker", "servers"]  # fixtures

MANY = imports.SMALL_ROWS + 1


def rows(count: int, *more: tuple[object, ...]) -> bytes:
    """Build a workbook of good lines, and of more, at its end."""
    return workbook(lines_sheet(*[LINE] * count, *more))


def changed(**cells: object) -> tuple[object, ...]:
    return tuple({**dict(zip(HEADINGS_TO_2018, LINE, strict=True)), **cells}.values())


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture
def alice(acme: WithholdingAgent) -> User:
    return a_clerk(acme)


@pytest.fixture
def clerk(alice: User) -> Client:
    return client_of(alice)


@pytest.fixture
def draft(acme: WithholdingAgent) -> Declaration:
    draft = create_draft(acme, APRIL, "regular")
    put_lines(draft, [(None, typed(name="原有"))], replace=False)
    return draft


def upload(client: Client, draft: Declaration, content: bytes, mode: str = "append") -> Any:
    address = reverse("declarations:upload", args=[draft.public_id])
    file = SimpleUploadedFile("lines.xlsx", content)
    return client.post(address, {"file": file, "mode": mode})


def names(draft: Declaration) -> list[str]:
    lines = DraftLine.objects.filter(declaration=draft).order_by("position")
    return [line.cells.reveal_json("test")["name"] for line in lines]


def end_of(client: Client, job: Job) -> Any:
    """Follow the page of a job to where it leads after the end."""
    return client.get(reverse("job", args=[job.public_id]), follow=True)


# --- Small or large ---


@pytest.mark.django_db
def test_two_thousand_rows_come_in_with_the_request(clerk: Client, draft: Declaration) -> None:
    answer = upload(clerk, draft, rows(imports.SMALL_ROWS))

    assert answer["Location"] == draft.get_absolute_url()
    assert DraftLine.objects.count() == imports.SMALL_ROWS + 1
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("mode", "lines"), [("append", ["原有"] + ["张三"] * MANY), ("replace", ["张三"] * MANY)]
)
def test_a_large_workbook_is_left_to_a_job_that_ends_at_the_draft(
    clerk: Client, draft: Declaration, mode: str, lines: list[str]
) -> None:
    answer = upload(clerk, draft, rows(MANY), mode)
    job = Job.objects.get()
    assert answer["Location"] == reverse("job", args=[job.public_id])
    assert "正在排队" in text_of(clerk.get(answer["Location"]))
    assert names(draft) == ["原有"]

    run_job(job.pk)

    landed = end_of(clerk, job)
    assert landed.redirect_chain == [(draft.get_absolute_url(), 302)]
    assert f"已导入 {MANY:,} 行明细" in text_of(landed)
    assert names(draft) == lines
    assert [line.source_row for line in DraftLine.objects.order_by("-position")[:2]] == [
        MANY + 1,
        MANY,
    ]


@pytest.mark.django_db
def test_a_large_file_is_not_read_by_the_web_server(
    clerk: Client, draft: Declaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(imports, "read_workbook")

    upload(clerk, draft, b"x" * (imports.SMALL_BYTES + 1))

    assert Job.objects.get().parameters == {"kind": "xlsx", "replace": False}


@pytest.mark.django_db
@pytest.mark.parametrize("limit", ["_AT_ONCE_SECONDS", "_AT_ONCE_WAIT"])
def test_a_small_file_that_keeps_its_reader_busy_is_left_to_a_job(
    clerk: Client, draft: Declaration, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(imports, limit, 0.001)
    if limit == "_AT_ONCE_WAIT":
        monkeypatch.setattr("declarations.sandbox.SLOTS", 0)
    upload(clerk, draft, rows(1))
    monkeypatch.undo()

    job = Job.objects.get()
    run_job(job.pk)

    assert f"已导入 {1} 行明细" in text_of(end_of(clerk, job))
    assert names(draft) == ["原有", "张三"]


@pytest.mark.django_db
def test_only_one_file_at_a_time_goes_into_a_draft(clerk: Client, draft: Declaration) -> None:
    upload(clerk, draft, rows(MANY))
    job = Job.objects.get()

    for content in (rows(MANY), rows(1)):
        answer = upload(clerk, draft, content)
        assert answer["Location"] == reverse("job", args=[job.public_id])

    page = text_of(clerk.get(answer["Location"]))
    assert "这里有一项任务还没有结束,请等它结束,或先取消它" in page
    assert names(draft) == ["原有"]
    cancel_job(job)
    assert upload(clerk, draft, rows(1))["Location"] == draft.get_absolute_url()


# --- Refused ---


@pytest.mark.django_db
def test_the_faults_of_a_large_workbook_stand_on_the_upload_page(
    clerk: Client, draft: Declaration, acme: WithholdingAgent
) -> None:
    bad = [changed(name="", income="x"), changed(document_number=int(LI[:-1]))]
    upload(clerk, draft, rows(MANY, *bad, *[changed(name="")] * 300), "replace")
    job = Job.objects.get()

    run_job(job.pk)

    landed = end_of(clerk, job)
    address = f"{reverse('declarations:upload', args=[draft.public_id])}?job={job.public_id}"
    assert landed.redirect_chain == [(address, 302)]
    page = text_of(landed)
    assert f"文件共 {MANY + 302:d} 行明细,其中 302 行有误,共 303 处。未导入任何一行" in page
    assert "共 303 处,显示前 200 处" in page
    assert f"{MANY + 2} 姓名 请填写姓名 REQUIRED" in page
    assert "不小于 0、最多两位小数的数字,现为“x” AMOUNT" in page
    assert f"{MANY + 3} 张三 身份证照号码 身份证照号码在 Excel 中存成了数字" in page
    assert "姓名:301 处" in page
    assert "<title>错误:" in landed.content.decode()
    assert re_checked(landed) == "replace"
    assert names(draft) == ["原有"]
    assert not JobInput.objects.exists()
    # The form on it takes the mended file.
    mended = SimpleUploadedFile("lines.xlsx", rows(1))
    answer = clerk.post(address, {"file": mended, "mode": "append"})
    assert answer["Location"] == draft.get_absolute_url()

    other = create_draft(acme, APRIL, "refund")
    elsewhere = reverse("declarations:upload", args=[other.public_id])
    for wrong in (job.public_id, "x", other.public_id):
        assert clerk.get(f"{elsewhere}?job={wrong}").status_code == 404
    bob = client_of(a_clerk(an_agent("11010002")))
    assert bob.get(address).status_code == 404


def re_checked(answer: Any) -> str:
    """Return the choice that is made on an upload page."""
    [chosen] = [
        field.data["value"]
        for field in answer.context["form"]["mode"].subwidgets
        if field.data["selected"]
    ]
    return str(chosen)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        (b"x" * (MAX_BYTES - 1), "NOT_A_WORKBOOK", "这不是 .xlsx"),
        (b"PK\x03\x04" + b"x" * MAX_BYTES, "", "文件超过 5 MB"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(400_000), "OLD_FORMAT", "旧格式"),
        (rows(20_001), "TOO_MANY_ROWS", "文件最多 20000 行明细"),
    ],
    ids=["junk", "too large", "old format", "20,001 rows"],
)
def test_a_large_file_is_refused_with_its_code_and_the_cure(
    clerk: Client, draft: Declaration, content: bytes, code: str, said: str
) -> None:
    answer = upload(clerk, draft, content)
    if code:
        job = Job.objects.get()
        run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.error_code) == ("refused", code)
        answer = end_of(clerk, job)

    assert said in text_of(answer)
    assert answer.context["report"] is None
    assert names(draft) == ["原有"]


@pytest.mark.django_db
def test_a_draft_that_is_filed_or_deleted_meanwhile_is_left_alone(
    clerk: Client, alice: User, acme: WithholdingAgent
) -> None:
    for change, code, said in (
        ("delete", "DRAFT_GONE", "这份草稿已被删除,没有导入任何一行"),
        ("file", "NOT_A_DRAFT", "已经提交,不能再修改"),
    ):
        draft = create_draft(acme, APRIL, "regular")
        upload(clerk, draft, rows(MANY))
        job = Job.objects.latest("created_at")
        if change == "delete":
            delete_draft(draft)
        else:
            window = Declaration.Channel.WINDOW
            file(acme, a_header(acme), [a_line()], channel=window, filed_by=None, draft=draft)

        run_job(job.pk)

        job.refresh_from_db()
        assert (job.state, job.error_code) == ("refused", code)
        assert said in text_of(clerk.get(reverse("job", args=[job.public_id])))
    assert not DraftLine.objects.exists()


@pytest.mark.django_db
def test_more_lines_than_a_draft_may_have_are_refused_whole(
    clerk: Client, draft: Declaration
) -> None:
    upload(clerk, draft, rows(20_000))

    run_job(Job.objects.get().pk)

    assert Job.objects.get().error_code == "TOO_MANY"
    assert names(draft) == ["原有"]


# --- Progress, and its end ---


@pytest.fixture
def always_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "WRITTEN_EVERY", 0)


@pytest.mark.usefixtures("committed", "always_written")
def test_the_import_counts_its_rows_and_can_be_cancelled_while_it_writes() -> None:
    acme = an_agent()
    draft = create_draft(acme, APRIL, "regular")
    job = import_workbook(draft, rows(MANY), kind="xlsx", replace=False, by=a_clerk(acme))
    assert isinstance(job, Job)
    seen: set[tuple[str, int | None]] = set()
    other = connections.create_connection("default")

    def look(execute: Any, sql: str, *more: Any) -> Any:
        """Look from elsewhere before every statement of the work; at the last count, cancel."""
        with other.cursor() as cursor:
            cursor.execute("SELECT phase, total FROM portal_job")
            seen.add(cursor.fetchone())
            cursor.execute(
                "UPDATE portal_job SET cancel_asked_at = now()"
                " WHERE phase = 'write' AND done >= %s",
                [MANY - MANY % 1000 - 1000],
            )
        return execute(sql, *more)

    with connection.execute_wrapper(look):
        run_job(job.pk)
    other.close()

    assert seen >= {("", None), ("read", None), ("write", MANY)}
    job.refresh_from_db()
    assert (job.state, DraftLine.objects.count()) == ("cancelled", 0)


# --- What is killed and lost ---


@contextmanager
def draft_held(draft: Declaration) -> Iterator[None]:
    """Lock a draft from elsewhere: the import stands still in the middle of its work."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "SELECT FROM declarations_declaration WHERE id = %s FOR UPDATE", [draft.pk]
            )
            yield
    finally:
        other.close()


def unheard_of(job: Job) -> None:
    """Let time pass since the job was last heard of."""
    Job.objects.filter(pk=job.pk).update(
        created_at=timezone.now() - timedelta(hours=1),
        heartbeat_at=timezone.now() - timedelta(minutes=1),
    )


def state(job: Job) -> tuple[str, int]:
    job.refresh_from_db()
    return job.state, job.attempts


@pytest.mark.usefixtures("committed")
def test_an_import_whose_worker_is_killed_in_the_middle_is_done_once_in_the_end(
    tmp_path: Any, broker: Broker
) -> None:
    acme = an_agent()
    draft = create_draft(acme, APRIL, "regular")
    job = import_workbook(draft, rows(MANY), kind="xlsx", replace=False, by=a_clerk(acme))
    assert isinstance(job, Job)
    for attempt in (1, 2):
        with draft_held(draft), running(worker(tmp_path, broker=broker)) as process:
            broker.tick("sweep jobs")
            unheard_of(job)
            until(process.waits_for_a_lock, meanwhile=broker.beat("sweep jobs"))
            process.kill()
        assert state(job) == ("running", attempt)
        assert DraftLine.objects.count() == 0

    unheard_of(job)
    with running(worker(tmp_path, broker=broker)):
        until(lambda: state(job)[0] == "done", meanwhile=broker.beat("sweep jobs"))

    assert state(job) == ("done", 3)
    assert DraftLine.objects.count() == MANY
    assert not JobInput.objects.exists()


@pytest.mark.usefixtures("committed")
def test_an_import_that_kills_its_worker_three_times_is_stopped(
    tmp_path: Any, broker: Broker
) -> None:
    acme = an_agent()
    draft = create_draft(acme, APRIL, "regular")
    job = import_workbook(draft, rows(MANY), kind="xlsx", replace=False, by=a_clerk(acme))
    assert isinstance(job, Job)
    for attempt in (1, 2, 3):
        unheard_of(job)
        with draft_held(draft):
            process = run_jobs(tmp_path, broker)
            until(process.waits_for_a_lock)
            process.kill()
        assert state(job) == ("running", attempt)

    unheard_of(job)
    assert json.loads(run_jobs(tmp_path, broker).succeeds().splitlines()[-1]) == {"run": 1}

    assert state(job) == ("stopped", 3)
    assert DraftLine.objects.count() == 0
    assert JobInput.objects.count() == 1


@pytest.mark.usefixtures("committed")
def test_with_the_broker_away_the_command_carries_out_what_waits(
    tmp_path: Any, broker: Broker
) -> None:
    acme = an_agent()
    draft = create_draft(acme, APRIL, "regular")
    broker.stop()
    job = import_workbook(draft, rows(MANY), kind="xlsx", replace=False, by=a_clerk(acme))
    assert isinstance(job, Job)
    unheard_of(job)

    run_jobs(tmp_path, broker).succeeds()

    assert state(job) == ("done", 1)
    assert DraftLine.objects.count() == MANY


def run_jobs(folder: Any, broker: Broker) -> Process:
    """Start `manage.py run_jobs`."""
    return Process(["manage.py", "run_jobs"], broker=broker, inbox=folder)
