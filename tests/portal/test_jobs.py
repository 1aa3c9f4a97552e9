"""Jobs: done once or not at all, whatever dies; seen while they are done; and nobody else's."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from celery import current_app
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy
from kombu.exceptions import OperationalError

from portal import jobs
from portal.claims import Work, claim
from portal.errors import Refusal
from portal.jobs import Kind, Phase, Progress, percent_of, sentence_of
from portal.models import Attempt, Job, JobInput, User
from portal.selectors import content_of, due_jobs
from portal.services.jobs import (
    JobIsUnderWay,
    cancel_job,
    forget_jobs,
    run_due_jobs,
    run_job,
    see_end,
    start_job,
    try_again,
)
from portal.tasks import sweep_jobs
from tests.portal.people import a_clerk, a_member_of_staff, an_agent, sign_in
from tests.reconciliation.test_collisions import at_once

KIND = "test.counting"
CANARY = "CANARY-张三-11010519491231002X"
NOON = datetime(2026, 3, 6, 4, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)

WorkOfJob = Callable[[Job, Progress], dict[str, int]]


class NotGood(Refusal):
    code = "NOT_GOOD"


class Worker:
    """What the jobs of the tests do: one row, unless a test says otherwise."""

    def __init__(self) -> None:
        self.does: WorkOfJob = leave_a_row

    def work(self, job: Job, progress: Progress) -> dict[str, int]:
        return self.does(job, progress)


def leave_a_row(job: Job, progress: Progress) -> dict[str, int]:
    Attempt.objects.create(key=f"effect {job.pk} {uuid4()}", window=timezone.now())
    return {"rows": 1}


def effects() -> int:
    return Attempt.objects.filter(key__startswith="effect").count()


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    worker = Worker()
    kind = Kind(
        KIND,
        label=gettext_lazy("任务"),
        phases=(
            Phase(
                "look", 1, gettext_lazy("正在看"), gettext_lazy("正在看 %(done)s / %(total)s 行")
            ),
            Phase("do", 3, gettext_lazy("正在做"), gettext_lazy("正在做 %(done)s / %(total)s 行")),
        ),
        work=worker.work,
        sentence=lambda job: f"{job.result['rows']} 行",
        page=lambda job: reverse("home"),
        report=lambda refusal: [CANARY] if isinstance(refusal, NotGood) else None,
    )
    monkeypatch.setitem(jobs._kinds, KIND, kind)
    monkeypatch.setattr(jobs, "WRITTEN_EVERY", 0)
    return worker


@pytest.fixture
def alice() -> User:
    return a_clerk(an_agent())


def begun(user: User, subject: UUID | None = None) -> Job:
    return start_job(
        KIND, user=user, subject=subject or uuid4(), parameters={"n": 1}, content=CANARY.encode()
    )


def fail(job: Job, progress: Progress) -> dict[str, int]:
    leave_a_row(job, progress)
    raise ValueError("a bug")


def run_and_fail(job: Job) -> None:
    with pytest.raises(ValueError, match="a bug"):
        run_job(job.pk)


def state_of(job: Job) -> str:
    job.refresh_from_db()
    return job.state


def page_of(job: Job) -> str:
    return reverse("job", args=[job.public_id])


# --- Once, and whole ---


@pytest.mark.django_db
def test_a_job_is_done_once_however_often_it_is_run(worker: Worker, alice: User) -> None:
    job = begun(alice)

    for _ in range(3):
        run_job(job.pk)

    assert (state_of(job), job.attempts, job.result) == ("done", 1, {"rows": 1})
    assert effects() == 1
    assert not JobInput.objects.exists()


@pytest.mark.usefixtures("committed")
def test_a_job_that_two_workers_take_at_once_is_done_once_and_counts_one_attempt(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        alice = a_clerk(an_agent(f"1101{number:04}"))
        job = begun(alice)

        at_once(*[lambda: run_job(job.pk)] * 4)  # noqa: B023

        assert (state_of(job), job.attempts) == ("done", 1)
        assert effects() == number + 1


@pytest.mark.usefixtures("committed")
def test_what_a_twin_is_at_is_left_to_it(worker: Worker) -> None:
    job = begun(a_clerk(an_agent()))
    elsewhere = connections.create_connection("default")
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [Work.JOB, job.pk])

        run_job(job.pk)
        cancel_job(job)

        assert (state_of(job), job.attempts) == ("waiting", 0)
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [Work.JOB, job.pk])
    elsewhere.close()

    run_job(job.pk)

    assert (state_of(job), effects()) == ("cancelled", 0)


@pytest.mark.django_db
def test_work_that_fails_leaves_nothing_and_is_tried_again(worker: Worker, alice: User) -> None:
    worker.does = fail
    job = begun(alice)

    run_and_fail(job)

    assert (state_of(job), job.attempts, effects()) == ("running", 1, 0)
    worker.does = leave_a_row
    with time_machine.travel(timezone.now() + A_MINUTE):
        assert list(due_jobs()) == [job]
        assert run_due_jobs() == 1
    assert (state_of(job), job.attempts, effects()) == ("done", 2, 1)


@pytest.mark.django_db
def test_without_its_end_nothing_of_the_work_is_kept(worker: Worker, alice: User) -> None:
    def end_badly(job: Job, progress: Progress) -> dict[str, Any]:
        return leave_a_row(job, progress) | {"no JSON": object()}

    worker.does = end_badly
    job = begun(alice)

    with pytest.raises(TypeError, match="JSON"):
        run_job(job.pk)

    assert (state_of(job), effects()) == ("running", 0)
    assert content_of(job) == CANARY.encode()


@pytest.mark.django_db
def test_after_three_attempts_a_job_stops_and_says_that_it_is_our_failure(
    worker: Worker, alice: User, caplog: pytest.LogCaptureFixture
) -> None:
    worker.does = fail
    job = begun(alice)
    for _ in range(3):
        run_and_fail(job)

    run_job(job.pk)
    run_job(job.pk)

    assert (state_of(job), job.attempts, job.error_code) == ("stopped", 3, "OUR_FAILURE")
    assert f"这不是您的操作造成的,请拨打服务热线,并告知编号 {job.reference}" in sentence_of(job)
    assert str(job.public_id) in caplog.text
    assert content_of(job) == CANARY.encode()


@pytest.mark.django_db
def test_an_operator_lets_a_stopped_job_be_tried_again(
    worker: Worker, alice: User, capsys: pytest.CaptureFixture[str]
) -> None:
    worker.does = fail
    job = begun(alice)
    for _ in range(3):
        run_and_fail(job)
    run_job(job.pk)
    worker.does = leave_a_row

    with time_machine.travel(timezone.now() + A_MINUTE):
        call_command("run_jobs", again=job.reference.lower())

    assert capsys.readouterr().out == '{"run": 1}\n'
    assert (state_of(job), job.attempts, effects()) == ("done", 1, 1)
    with pytest.raises(SystemExit, match="1"):
        call_command("run_jobs", again=job.reference)


@pytest.mark.django_db
def test_what_was_begun_anew_meanwhile_is_not_tried_again_beside_it(
    worker: Worker, alice: User
) -> None:
    worker.does = fail
    job = begun(alice)
    for _ in range(3):
        run_and_fail(job)
    run_job(job.pk)
    twin = begun(alice, job.subject)

    with pytest.raises(JobIsUnderWay) as refusal:
        try_again(job)

    assert refusal.value.job == twin
    assert state_of(job) == "stopped"


@pytest.mark.usefixtures("committed")
def test_an_attempt_is_given_back_when_somebody_stops_the_worker_or_the_database_goes(
    worker: Worker,
) -> None:
    def be_stopped(job: Job, progress: Progress) -> dict[str, int]:
        raise SystemExit

    def lose_the_database(job: Job, progress: Progress) -> dict[str, int]:
        leave_a_row(job, progress)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return {}

    job = begun(a_clerk(an_agent()))
    for does, error in ((be_stopped, SystemExit), (lose_the_database, Exception)):
        worker.does = does
        with pytest.raises(error):
            run_job(job.pk)
        assert (state_of(job), job.attempts) == ("running", 0)

    worker.does = leave_a_row
    run_job(job.pk)
    assert (state_of(job), job.attempts, effects()) == ("done", 1, 1)


@pytest.mark.django_db
def test_with_the_broker_away_a_job_is_kept_and_the_sweep_finds_it(
    worker: Worker,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the broker is away")

    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(current_app, "send_task", away)
    with django_capture_on_commit_callbacks(execute=True):
        job = begun(alice)
    monkeypatch.setattr(current_app, "send_task", lambda *args, **_: sent.append(args))
    with django_capture_on_commit_callbacks(execute=True):
        sweep_jobs()
    assert (state_of(job), sent) == ("waiting", [])  # the hint comes first

    with (
        time_machine.travel(timezone.now() + A_MINUTE),
        django_capture_on_commit_callbacks(execute=True),
    ):
        sweep_jobs()

    assert sent == [("portal.run_job", (job.pk,))]


@pytest.mark.django_db
def test_there_is_one_unfinished_job_of_a_kind_for_each_thing(worker: Worker, alice: User) -> None:
    job = begun(alice)

    with pytest.raises(JobIsUnderWay) as refusal:
        begun(alice, job.subject)

    assert refusal.value.job == job
    assert JobInput.objects.count() == 1
    with pytest.raises(IntegrityError, match="job_one_unfinished"), transaction.atomic():
        Job.objects.create(kind=KIND, subject=job.subject, user=alice, language="en")
    run_job(job.pk)
    assert begun(alice, job.subject) != job


@pytest.mark.django_db
def test_the_job_of_somebody_who_was_disabled_is_not_done(worker: Worker, alice: User) -> None:
    job = begun(alice)
    User.objects.filter(pk=alice.pk).update(is_active=False)

    run_job(job.pk)

    assert (state_of(job), effects()) == ("cancelled", 0)
    assert not JobInput.objects.exists()


# --- Progress ---


@pytest.fixture
def elsewhere(committed: None) -> Iterator[Callable[[str], list[Any]]]:
    """Give out what asks the database from a connection of its own."""
    other = connections.create_connection("default")

    def ask(statement: str) -> list[Any]:
        with other.cursor() as cursor:
            cursor.execute(statement)
            return list(cursor.fetchall())

    yield ask
    other.close()


def test_progress_is_seen_from_elsewhere_while_nothing_of_the_work_is(
    elsewhere: Callable[[str], list[Any]], worker: Worker
) -> None:
    seen: list[Any] = []

    def look() -> None:
        [row] = elsewhere("SELECT state, phase, done, total FROM portal_job")
        [(effects,)] = elsewhere("SELECT count(*) FROM portal_attempt")
        seen.append((*row, effects))

    def work(job: Job, progress: Progress) -> dict[str, int]:
        look()
        progress.phase("look")
        look()
        leave_a_row(job, progress)
        progress.phase("do", total=10)
        progress.done(4)
        look()
        list(progress.each(range(10)))
        look()
        return {"rows": 1}

    worker.does = work
    job = begun(a_clerk(an_agent()))
    run_job(job.pk)
    look()

    assert seen == [
        ("running", "", None, None, 0),
        ("running", "look", None, None, 0),
        ("running", "do", 4, 10, 0),
        ("running", "do", 9, 10, 0),
        ("done", "do", 9, 10, 1),
    ]


@pytest.mark.django_db
def test_progress_is_written_at_most_twice_a_second(
    worker: Worker, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    written: list[int] = []
    monkeypatch.setattr(jobs, "WRITTEN_EVERY", 0.5)
    monkeypatch.setattr(jobs, "time", SimpleNamespace(monotonic=lambda: now))

    def work(job: Job, progress: Progress) -> dict[str, int]:
        nonlocal now
        other = progress._connection  # type: ignore[attr-defined]

        def note(execute: Any, sql: str, params: Any, *more: Any) -> Any:
            written.append(params[1])
            return execute(sql, params, *more)

        with other.execute_wrapper(note):
            progress.phase("do", total=1000)
            for count in range(1000):
                now += 0.01
                progress.done(count)
        return {"rows": 1}

    worker.does = work
    run_job(begun(alice).pk)

    assert 19 <= len(written) <= 21
    assert written == sorted(written)


@pytest.mark.usefixtures("committed")
def test_an_attempt_that_was_given_up_has_no_say_any_more(worker: Worker) -> None:
    def work(job: Job, progress: Progress) -> dict[str, int]:
        Job.objects.update(attempts=2, phase="look")
        progress.phase("do")
        return {"rows": 1}

    worker.does = work
    job = begun(a_clerk(an_agent()))
    # Its own transaction would hide what the next attempt has written.
    with jobs.report(job) as progress:
        work(job, progress)

    job.refresh_from_db()
    assert job.phase == "look"


@pytest.mark.parametrize(
    ("phase", "done", "total", "percent", "sentence"),
    [
        ("", None, None, 0, "正在开始。"),
        ("look", None, None, 0, "正在看"),
        ("look", 12_400, 20_000, 15, "正在看 12,400 / 20,000 行,预计还需 44 秒"),
        ("look", 10, 20_000, 0, "正在看 10 / 20,000 行"),
        ("do", 0, 20_000, 25, "正在做 0 / 20,000 行,预计还需 24 秒"),
        ("do", 10_000, 20_000, 62, "正在做 10,000 / 20,000 行,预计还需 5 秒"),
        ("do", 20_000, 20_000, 100, "正在做 20,000 / 20,000 行"),
        ("do", 0, 0, 25, "正在做 0 / 0 行,预计还需 24 秒"),
    ],
)
def test_the_sentence_counts_and_says_how_long_it_will_take(
    worker: Worker, phase: str, done: int | None, total: int | None, percent: int, sentence: str
) -> None:
    job = Job(kind=KIND, state="running", phase=phase, done=done, total=total, started_at=NOON)
    job.heartbeat_at = NOON + timedelta(seconds=8)

    with time_machine.travel(job.heartbeat_at, tick=False):
        assert (percent_of(job), sentence_of(job)) == (percent, sentence)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"state": "waiting"}, "正在排队"),
        ({"state": "waiting", "cancel_asked_at": NOON}, "正在取消"),
        ({"state": "running", "cancel_asked_at": NOON}, "正在取消"),
        ({"state": "running", "heartbeat_at": NOON - 2 * A_MINUTE}, "处理中断,系统会自动重新开始"),
        ({"state": "done", "result": {"rows": 7}}, "7 行"),
        ({"state": "cancelled"}, "已做的处理全部撤销"),
    ],
)
def test_every_state_has_its_sentence(worker: Worker, fields: Any, sentence: str) -> None:
    with time_machine.travel(NOON, tick=False):
        assert sentence_of(Job(kind=KIND, **fields)).startswith(sentence) or sentence in (
            sentence_of(Job(kind=KIND, **fields))
        )


def test_what_takes_minutes_is_told_in_minutes(worker: Worker) -> None:
    job = Job(kind=KIND, state="running", phase="look", done=50, total=100, started_at=NOON)
    job.heartbeat_at = NOON + A_MINUTE

    with time_machine.travel(job.heartbeat_at, tick=False):
        assert sentence_of(job).endswith("预计还需 7 分钟")


# --- Cancelling ---


@pytest.mark.django_db
def test_a_job_that_waits_is_cancelled_at_once(worker: Worker, alice: User) -> None:
    job = begun(alice)

    cancel_job(job)

    assert (state_of(job), job.attempts) == ("cancelled", 0)
    run_job(job.pk)
    assert (state_of(job), effects()) == ("cancelled", 0)
    assert not JobInput.objects.exists()


def test_a_job_at_work_is_cancelled_at_its_next_step_and_undone(
    elsewhere: Callable[[str], list[Any]], worker: Worker
) -> None:
    def work(job: Job, progress: Progress) -> dict[str, int]:
        leave_a_row(job, progress)
        progress.phase("do", total=2)
        elsewhere("UPDATE portal_job SET cancel_asked_at = now() RETURNING id")
        progress.done(1)
        raise AssertionError("it goes on")

    worker.does = work
    job = begun(a_clerk(an_agent()))

    run_job(job.pk)

    assert (state_of(job), effects()) == ("cancelled", 0)
    assert "数据没有变化" in sentence_of(job)


def test_what_is_done_before_it_looks_stays_done(
    elsewhere: Callable[[str], list[Any]], worker: Worker
) -> None:
    def work(job: Job, progress: Progress) -> dict[str, int]:
        elsewhere("UPDATE portal_job SET cancel_asked_at = now() RETURNING id")
        return leave_a_row(job, progress)

    worker.does = work
    job = begun(a_clerk(an_agent()))

    run_job(job.pk)
    cancel_job(job)

    assert (state_of(job), effects()) == ("done", 1)


@pytest.mark.django_db
def test_a_job_whose_worker_died_can_be_cancelled(worker: Worker, alice: User) -> None:
    worker.does = fail
    job = begun(alice)
    run_and_fail(job)

    cancel_job(job)

    assert (state_of(job), job.attempts) == ("cancelled", 1)


# --- What is kept ---


def refuse(job: Job, progress: Progress) -> dict[str, int]:
    leave_a_row(job, progress)
    raise NotGood(f"{CANARY} {translation.get_language()}")


@pytest.mark.django_db
@pytest.mark.parametrize("does", [leave_a_row, refuse, fail])
def test_nothing_personal_stands_in_the_clear(worker: Worker, alice: User, does: WorkOfJob) -> None:
    worker.does = does
    job = begun(alice)
    if does is fail:
        run_and_fail(job)
    else:
        run_job(job.pk)

    with connection.cursor() as cursor:
        cursor.execute("SELECT job::text FROM portal_job AS job")
        stored = str(cursor.fetchall())
        cursor.execute("SELECT input::text FROM portal_jobinput AS input")
        stored += str(cursor.fetchall())
    plain = CANARY.encode()
    for form in (CANARY, plain.hex(), base64.b64encode(plain).decode(), "张三"):
        assert form not in stored
        assert base64.b64encode(form.encode()).hex() not in stored


@pytest.mark.django_db
def test_a_refusal_is_kept_with_its_sentence_and_report_in_the_language_of_who_asked(
    worker: Worker, alice: User
) -> None:
    worker.does = refuse
    with translation.override("en"):
        job = begun(alice)

    run_job(job.pk)

    assert (state_of(job), job.error_code, effects()) == ("refused", "NOT_GOOD", 0)
    assert sentence_of(job) == f"{CANARY} en"
    assert job.report is not None
    assert job.report.reveal_json("test") == [CANARY]
    assert not JobInput.objects.exists()


@pytest.mark.django_db
def test_jobs_are_forgotten_with_what_came_with_them_but_not_before_they_end(
    worker: Worker, alice: User
) -> None:
    ended, waiting = begun(alice), begun(alice)
    run_job(ended.pk)

    forget_jobs(before=timezone.now() - A_MINUTE)
    assert Job.objects.count() == 2
    forget_jobs(before=timezone.now() + A_MINUTE)

    assert list(Job.objects.all()) == [waiting]
    assert JobInput.objects.count() == 1


# --- Pages ---


@pytest.fixture
def browser_of_alice(alice: User) -> Client:
    return sign_in(Client(), alice)


@pytest.mark.django_db
def test_the_page_of_a_job_counts_and_asks_for_itself_without_scripts(
    worker: Worker, alice: User, browser_of_alice: Client
) -> None:
    job, now = begun(alice), timezone.now()
    Job.objects.update(
        state="running",
        phase="do",
        done=5,
        total=10,
        started_at=now - timedelta(seconds=5),
        heartbeat_at=now,
    )

    page = browser_of_alice.get(page_of(job)).content.decode()

    head, body = page.split("</head>")
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in head
    assert "正在做 5 / 10 行,预计还需 3 秒" in body
    assert '<progress max="100" value="62"' in body
    assert "style=" not in page
    assert re.search(r"<script(?![^>]* src=)", page) is None
    answer = browser_of_alice.get(reverse("job_progress", args=[job.public_id]))
    assert answer.json() == {
        "ended": False,
        "percent": 62,
        "sentence": "正在做 5 / 10 行,预计还需 3 秒",
    }


@pytest.mark.django_db
def test_the_first_look_at_the_end_leads_on_and_says_what_was_done(
    worker: Worker, alice: User, browser_of_alice: Client
) -> None:
    job = begun(alice)
    run_job(job.pk)
    progress = browser_of_alice.get(reverse("job_progress", args=[job.public_id])).json()
    assert progress == {"ended": True, "percent": 100, "sentence": ""}
    assert browser_of_alice.head(page_of(job)).status_code == 200

    answer = browser_of_alice.get(page_of(job), follow=True)

    assert answer.redirect_chain == [("/", 302)]
    assert "<p>1 行</p>" in answer.content.decode()
    page = browser_of_alice.get(page_of(job)).content.decode()
    assert "已完成" in page
    assert job.reference in page
    assert "refresh" not in page
    assert not see_end(job)


@pytest.mark.django_db
def test_what_was_cancelled_or_stopped_says_so_on_its_page(
    worker: Worker, alice: User, browser_of_alice: Client
) -> None:
    job = begun(alice)
    answer = browser_of_alice.post(reverse("job_cancel", args=[job.public_id]), follow=True)
    assert answer.redirect_chain == [(page_of(job), 302)]
    assert "已做的处理全部撤销,数据没有变化" in answer.content.decode()

    Job.objects.update(state="stopped")
    page = browser_of_alice.get(page_of(job)).content.decode()
    assert f"编号 {job.reference}" in page
    assert "系统未能完成" in page


@pytest.mark.django_db
def test_the_tray_shows_what_is_unfinished_and_what_ended_until_it_is_looked_at(
    worker: Worker, alice: User, browser_of_alice: Client
) -> None:
    def tray() -> str:
        page = browser_of_alice.get("/contact/").content.decode()
        fragment = browser_of_alice.get("/jobs/tray/").content.decode().strip()
        found = re.search(r'<div class="tray".*?</div>', page, re.S)
        assert (found[0] if found else "") == fragment
        return fragment

    assert tray() == ""
    job = begun(alice)
    assert "进行中的任务 1" in tray()
    assert page_of(job) in tray()
    other = begun(alice)
    assert "进行中的任务 2" in tray()
    assert 'href="/jobs/"' in tray()
    run_job(job.pk)
    assert "进行中的任务 1" in tray()
    assert "已结束的任务 1" in tray()
    run_job(other.pk)
    assert "data-tray" not in tray()
    for ended in (job, other):
        browser_of_alice.get(page_of(ended))
    assert tray() == ""

    begun(alice)
    Job.objects.update(state="done", finished_at=timezone.now() - timedelta(days=2), seen_at=None)
    assert tray() == ""


@pytest.mark.django_db
def test_the_list_shows_every_job_with_its_state(
    worker: Worker, alice: User, browser_of_alice: Client
) -> None:
    assert "没有任务" in browser_of_alice.get("/jobs/").content.decode()
    done, waiting = begun(alice), begun(alice)
    run_job(done.pk)

    page = browser_of_alice.get("/jobs/").content.decode()

    assert page.index(page_of(waiting)) < page.index(page_of(done))
    assert "已完成" in page
    assert "排队中" in page


@pytest.mark.django_db
def test_a_page_that_asks_by_itself_does_not_keep_the_session_alive(
    worker: Worker, alice: User
) -> None:
    client = Client()
    with time_machine.travel(NOON, tick=False) as clock:
        sign_in(client, alice)
        assert client.get("/contact/").status_code == 200
        job = begun(alice)
        addresses = [page_of(job), reverse("job_progress", args=[job.public_id]), "/jobs/tray/"]
        for _ in range(29):
            clock.shift(A_MINUTE)
            for address in addresses:
                assert client.get(address).status_code == 200
        clock.shift(A_MINUTE)

        answers = [client.get(address) for address in addresses]

    assert {answer.headers["Location"].split("?")[0] for answer in answers} == {"/login/"}


# --- Nobody else's ---


@pytest.mark.django_db
def test_a_foreign_job_has_the_bytes_of_one_that_does_not_exist(
    worker: Worker, alice: User
) -> None:
    job = begun(alice)
    bob = a_clerk(an_agent("11010002"))
    officer, colleague = a_member_of_staff("officer"), a_member_of_staff("colleague")
    officers = begun(officer)
    addresses = ["job", "job_progress", "job_cancel"]

    def told(client: Client, name: str, public_id: UUID) -> tuple[int, str]:
        path = reverse(name, args=[public_id])
        ask = client.post if name == "job_cancel" else client.get
        answer = ask(path)
        body = answer.content.decode().replace(str(public_id), "ID")
        return answer.status_code, re.sub(r'value="[^"]{64}"', "", body)

    strangers = [(user, job) for user in (bob, officer, colleague)]
    strangers += [(user, officers) for user in (alice, bob, colleague)]
    for user, foreign in strangers:
        client = sign_in(Client(), user)
        for name in addresses:
            assert told(client, name, foreign.public_id) == told(client, name, uuid4())
            assert told(client, name, foreign.public_id)[0] == 404
        assert str(foreign.public_id) not in client.get("/jobs/").content.decode()
        assert str(foreign.public_id) not in client.get("/jobs/tray/").content.decode()
    assert sign_in(Client(), officer).get(page_of(officers)).status_code == 200
    assert {state_of(job), state_of(officers)} == {"waiting"}


def test_a_kind_is_registered_once(worker: Worker) -> None:
    with pytest.raises(ValueError, match=KIND):
        jobs.register(jobs.kind_of(KIND))


@pytest.mark.usefixtures("committed")
def test_the_claim_ends_with_the_work(worker: Worker) -> None:
    job = begun(a_clerk(an_agent()))
    worker.does = fail
    run_and_fail(job)

    with claim(Work.JOB, [job.pk]) as claimed:
        assert claimed == [job.pk]
    elsewhere = connections.create_connection("default")
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [Work.JOB, job.pk])
        assert cursor.fetchone() == (True,)
    elsewhere.close()
