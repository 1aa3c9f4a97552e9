"""Processes that are killed, messages that are lost, work that kills: nothing is lost or doubled.

The processes are real: the commands and workers that the Procfile names, on a copy of the test
database and a broker of their own. FAULT_KILLS, FAULT_ROWS and FAULT_MONTHS make it longer, then
FAULT_PATIENCE (seconds) too.
"""

import json
import os
import random
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from subprocess import TimeoutExpired
from threading import Event, Thread

import pytest
from django.db import connection, connections
from django.db.models import Sum
from pytest_django import Settings

from declarations.models import AgentMonth
from portal.models import AuditEntry, WithholdingAgent
from reconciliation import inbox, tasks
from reconciliation.models import Comparison, FeedFile, MonthResult, Payment
from reconciliation.selectors import (
    months_to_reconcile,
    stopped_months,
    watermark,
    with_current_result,
)
from reconciliation.services import importing, operations, reconciling
from tests.declarations.builders import an_agent, an_officer, filed
from tests.reconciliation.deliveries import deliver, paid
from tests.reconciliation.ledger import FIRST_DAY, Ledger
from tests.reconciliation.plain import outcome_of
from tests.reconciliation.test_collisions import at_once
from tests.reconciliation.workers import (
    POISONED_MONTH,
    Broker,
    Process,
    importer,
    poison,
    poisoned_importer,
    poisoned_worker,
    until,
    worker,
)

KILLS = int(os.environ.get("FAULT_KILLS", "12"))
ROWS = int(os.environ.get("FAULT_ROWS", "3000"))
MONTHS_OF_WORK = int(os.environ.get("FAULT_MONTHS", "600"))
State = FeedFile.State

pytestmark = pytest.mark.usefixtures("committed")


@pytest.fixture(scope="module")
def servers() -> Iterator[Broker]:
    started = Broker()
    yield started
    started.remove()


@pytest.fixture
def broker(servers: Broker) -> Broker:
    servers.start()
    servers.empty()
    return servers


@pytest.fixture
def chance() -> random.Random:
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}")  # noqa: T201  shown when the test fails
    return random.Random(seed)


@contextmanager
def running(process: Process) -> Iterator[Process]:
    try:
        yield process
    finally:
        process.kill()


def agents(count: int) -> list[WithholdingAgent]:
    return [an_agent(f"1101{number:04}") for number in range(count)]


def untrue_months() -> list[AgentMonth]:
    """Return the months that do not say what plain Python makes of the same tables."""
    known = watermark()
    sums: dict[int, dict[str, tuple[Decimal, Decimal]]] = defaultdict(dict)
    for comparison in Comparison.objects.all():
        sums[comparison.agent_month_id][comparison.kind] = comparison.declared, comparison.paid
    return [
        month
        for month in with_current_result(AgentMonth.objects.all())
        if (month.current_result, sums[month.pk]) != outcome_of(month, known)
    ]


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("*.txt*")} if folder.exists() else set()


def with_markers(names: Iterable[str]) -> set[str]:
    return {f"{name}{suffix}" for name in names for suffix in ("", ".ok")}


def imports_in_the_audit() -> Counter[str]:
    entries = AuditEntry.objects.filter(action="import", outcome="imported")
    return Counter(str(entry.detail["file"]) for entry in entries)


# --- Killed in the middle of the import ---


class Onlooker(Thread):
    """Another connection that looks at the files, over and over: is one half visible?"""

    ROWS_SEEN = """
        SELECT file.name, file.state, coalesce(sum(seen.rows), 0)
        FROM reconciliation_feedfile AS file
        LEFT JOIN (
            SELECT feed_file_id, count(*) AS rows FROM reconciliation_payment GROUP BY 1
            UNION ALL
            SELECT feed_file_id, count(*) FROM reconciliation_supersededpayment GROUP BY 1
            UNION ALL
            SELECT feed_file_id, count(*) FROM reconciliation_quarantinedrow GROUP BY 1
        ) AS seen ON seen.feed_file_id = file.id
        GROUP BY file.id
    """

    def __init__(self, ledger: Ledger) -> None:
        super().__init__()
        self.ledger = ledger
        self.looks = 0
        self.half_visible: list[tuple[str, str, int]] = []
        self.enough = Event()

    def run(self) -> None:
        try:
            while not self.enough.wait(0.05):
                self.look()
        finally:
            connection.close()

    def look(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(self.ROWS_SEEN)
            for name, state, rows in cursor.fetchall():
                whole = self.ledger.rows_to_be_seen[name]
                if rows != (whole if state == State.IMPORTED else 0):
                    self.half_visible.append((name, state, int(rows)))
        self.looks += 1

    def __enter__(self) -> "Onlooker":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.enough.set()
        self.join()


def unfinished_attempts() -> dict[int, int]:
    """Return the attempts by file that are under way, or were cut off."""
    files = FeedFile.objects.filter(state=State.RECEIVED, attempts__gt=0)
    return dict(files.values_list("pk", "attempts"))


def kill_in_work(
    process: Process, chance: random.Random, *, meanwhile: Callable[[], None] | None = None
) -> bool:
    """Kill a process at a moment drawn by chance; tell whether it was importing at that moment."""
    before = unfinished_attempts().items()

    until(
        lambda: not process.runs() or unfinished_attempts().items() - before,
        meanwhile=meanwhile,
    )
    with suppress(TimeoutExpired):
        process.process.wait(chance.uniform(0, 0.5))  # waits for nothing: it is the moment
    process.kill()
    unmoved = FeedFile.objects.filter(finished_at__isnull=False, moved_at=None)
    return bool(unfinished_attempts().items() - before) or unmoved.exists()


def let_stopped_files_be_tried_again() -> None:
    """Do what an operator does."""
    for file in FeedFile.objects.filter(state=State.STOPPED):
        importing.try_again(file)


def test_imports_that_are_killed_over_and_over_end_exact_and_show_no_half_file(
    tmp_path: Path, broker: Broker, chance: random.Random
) -> None:
    ledger = Ledger(chance, [agent.computer_code for agent in agents(40)])
    landed = 0
    for _ in range(6):
        ledger.deliver_next(tmp_path, ROWS)

    with Onlooker(ledger) as onlooker:
        while landed < KILLS:
            if len(inbox.complete_files(tmp_path)) < 2:
                ledger.deliver_next(tmp_path, ROWS)
            if landed < KILLS * 2 // 3:
                process = importer(tmp_path, broker=broker)
                landed += kill_in_work(process, chance)
            else:
                process, look = worker(tmp_path, broker=broker), broker.beat("look into the inbox")
                landed += kill_in_work(process, chance, meanwhile=look)
            let_stopped_files_be_tried_again()
            assert onlooker.half_visible == []
        with running(worker(tmp_path, broker=broker)):
            look, sweep = broker.beat("look into the inbox"), broker.beat("sweep")

            def look_again() -> None:
                let_stopped_files_be_tried_again()
                look()

            until(lambda: not names_in(tmp_path), meanwhile=look_again)
            until(lambda: not months_to_reconcile().exists(), meanwhile=sweep)

    assert onlooker.looks > KILLS
    assert onlooker.half_visible == []
    ledger.check()
    assert FeedFile.objects.count() == len(ledger.fen)
    for file in FeedFile.objects.all():
        assert (file.state, file.rows) == (State.IMPORTED, ROWS)
        assert file.total == Decimal(ledger.fen[file.name]) / 100
    assert imports_in_the_audit() == Counter(ledger.fen.keys())
    assert names_in(tmp_path / "done") == with_markers(ledger.fen)
    assert watermark() == ledger.last_day
    assert untrue_months() == []


# --- Lost messages ---


def pay(agents: list[WithholdingAgent], folder: Path, day: date) -> None:
    """Deliver a payment of every agent, which corrects those of the days before."""
    rows = [
        paid(
            f"{day.day}.00",
            voucher=f"V{agent.pk}",
            code=agent.computer_code,
            at=f"{day:%Y%m%d}120000",
        )
        for agent in agents
    ]
    deliver(folder, f"JKRK_{day:%Y%m%d}_001", rows)


def test_without_its_hint_a_month_waits_for_the_sweep_and_the_sweep_finds_all(
    tmp_path: Path, broker: Broker
) -> None:
    everyone, canary = agents(MONTHS_OF_WORK), an_agent("CANARY01")
    pay(everyone, tmp_path, FIRST_DAY)
    broker.stop()
    importer(tmp_path, broker=broker).succeeds()
    broker.start()
    for agent in [*everyone[:20], canary]:
        filed(agent, "1.00")
    for agent in everyone[:20]:
        broker.send("reconciliation.reconcile", agent.pk)
    assert broker.empty() == 20

    with running(worker(tmp_path, broker=broker)):
        broker.send("reconciliation.reconcile", canary.pk)
        until(lambda: not months_to_reconcile().filter(agent=canary).exists())
        until(lambda: broker.in_work() == 0)
        assert months_to_reconcile().count() == MONTHS_OF_WORK

        broker.empty()  # under the worker's hands, too
        broker.tick("sweep")
        until(lambda: not months_to_reconcile().exists())

    assert untrue_months() == []
    assert MonthResult.objects.count() == MONTHS_OF_WORK + 1


def test_a_worker_that_is_killed_over_and_over_loses_no_month(
    tmp_path: Path, broker: Broker, chance: random.Random
) -> None:
    everyone, day, landed = agents(MONTHS_OF_WORK // 2), FIRST_DAY, 0
    # Not too often: a month that was cut off is hinted at alone, by every sweep.
    sweep = broker.beat("sweep", every=10)

    while landed < KILLS // 4:
        if not months_to_reconcile().exists():
            pay(everyone, tmp_path, day)
            importing.import_feed(tmp_path)
            # As after a first attempt that was cut off. Together they are done in no time.
            AgentMonth.objects.update(attempts=1)
            day += timedelta(days=1)
        before = works_left()
        process = worker(tmp_path, broker=broker)
        broker.tick("sweep")
        until(lambda: works_left() != before, meanwhile=sweep)  # noqa: B023
        with suppress(TimeoutExpired):
            process.process.wait(chance.uniform(0, 1))
        process.kill()
        landed += months_to_reconcile().exists()
    with running(worker(tmp_path, broker=broker)):
        broker.tick("sweep")

        def sweep_again() -> None:
            let_stopped_months_be_tried_again()
            sweep()

        until(lambda: works_left() == (0, 0), meanwhile=sweep_again)

    assert untrue_months() == []
    effects = MonthResult.objects.values_list("agent_month", "generation")
    assert effects.count() == effects.distinct().count()


def works_left() -> tuple[int, int]:
    """Return how many months are to be reconciled, and how often that was attempted."""
    left = AgentMonth.objects.to_reconcile()
    attempts = left.aggregate(attempts=Sum("attempts"))["attempts"]
    return left.count(), attempts or 0


def let_stopped_months_be_tried_again() -> None:
    """Do what an operator does."""
    for month in stopped_months():
        operations.try_month_again(month, by=an_officer(f"officer-{month.pk}"))


# --- Poison ---


def deliver_days(folder: Path, days: int) -> list[str]:
    return [
        deliver(folder, f"JKRK_200605{day:02}_001", [paid("10.00", voucher=f"V{day}")])
        for day in range(1, days + 1)
    ]


def attempts_at(name: str) -> tuple[int, str]:
    file = FeedFile.objects.get(name=name)
    return file.attempts, file.state


def test_a_file_that_kills_its_import_is_stopped_after_three_attempts_and_the_others_go_on(
    tmp_path: Path, broker: Broker
) -> None:
    an_agent()
    names = deliver_days(tmp_path, 11)
    poisoned = names[5]
    for attempt in (1, 2, 3):
        process = poisoned_importer(tmp_path, broker=broker, file=poisoned)
        assert process.ends() == -signal.SIGKILL
        assert attempts_at(poisoned) == (attempt, State.RECEIVED)

    for _ in range(2):
        poisoned_importer(tmp_path, broker=broker, file=poisoned).succeeds()
        assert attempts_at(poisoned) == (3, State.STOPPED)
    assert Payment.objects.count() == 10
    assert names_in(tmp_path) == with_markers([poisoned])

    let_stopped_files_be_tried_again()
    importer(tmp_path, broker=broker).succeeds()
    assert attempts_at(poisoned) == (1, State.IMPORTED)
    assert Payment.objects.count() == 11
    assert watermark() == date(2006, 5, 11)


def test_a_message_that_kills_its_worker_comes_back_but_is_not_begun_a_fourth_time(
    tmp_path: Path, broker: Broker
) -> None:
    an_agent()
    names = deliver_days(tmp_path, 11)
    poisoned = names[5]

    with running(poisoned_worker(tmp_path, broker=broker, file=poisoned)):
        broker.send("reconciliation.look_into_inbox")
        until(lambda: names_in(tmp_path) == with_markers([poisoned]))
        until(lambda: broker.in_work() == 0)

    assert attempts_at(poisoned) == (3, State.STOPPED)
    assert Payment.objects.count() == 10


def test_a_month_that_cannot_be_reconciled_is_stopped_after_three_attempts_and_the_others_go_on(
    tmp_path: Path, broker: Broker
) -> None:
    pay(agents(30), tmp_path, FIRST_DAY)
    importing.import_feed(tmp_path)
    poisoned = AgentMonth.objects.all()[7]
    one_month = AgentMonth.objects.filter(pk=poisoned.pk)

    with running(poisoned_worker(tmp_path, broker=broker, month=poisoned.pk)):
        sweep = broker.beat("sweep")
        until(lambda: list(stopped_months()) == [poisoned], meanwhile=sweep)
        until(lambda: not months_to_reconcile().exists(), meanwhile=sweep)
        until(lambda: broker.in_work() == 0)
        assert works_left() == (1, 3)
        assert reconciling.reconcile_months([poisoned.agent_id]) == 0

        one_month.mark_changed()
        assert works_left() == (1, 0)
        until(lambda: list(stopped_months()) == [poisoned], meanwhile=sweep)
        until(lambda: broker.in_work() == 0)
        assert works_left() == (1, 3)

    one_month.mark_changed()
    with running(worker(tmp_path, broker=broker)):
        sweep = broker.beat("sweep")
        until(lambda: works_left() == (0, 0), meanwhile=sweep)
    assert untrue_months() == []


def test_hints_that_piled_up_do_not_let_one_month_use_up_the_attempts_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everyone = agents(5)
    pay(everyone, tmp_path, FIRST_DAY)
    importing.import_feed(tmp_path)
    poisoned = AgentMonth.objects.get(agent=everyone[2])
    monkeypatch.setenv(POISONED_MONTH, str(poisoned.pk))
    for module, name in ((reconciling, "_reconcile"), (importing, "_load")):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back after the test
    poison()

    for _ in range(4):
        with suppress(ValueError):
            tasks.reconcile(*[agent.pk for agent in everyone])

    assert list(stopped_months()) == [poisoned]
    assert not months_to_reconcile().exists()


# --- Twins ---

NO_PAYMENTS = "LOCK TABLE reconciliation_payment IN EXCLUSIVE MODE"
NO_COMPARISONS = "SELECT FROM reconciliation_comparison FOR UPDATE"


@contextmanager
def held(lock: str) -> Iterator[None]:
    """Lock something from elsewhere: who needs it stands still in the middle of its work."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(lock)
            yield
    finally:
        other.close()


def test_a_long_import_is_not_begun_by_a_twin(
    tmp_path: Path, broker: Broker, settings: Settings
) -> None:
    an_agent()
    (name,) = deliver_days(tmp_path, 1)
    settings.INBOX = tmp_path

    with held(NO_PAYMENTS), running(importer(tmp_path, broker=broker)) as process:
        until(process.waits_for_a_lock)
        for _ in range(5):
            tasks.look_into_inbox()
        assert attempts_at(name) == (1, State.RECEIVED)

    tasks.look_into_inbox()
    assert attempts_at(name) == (2, State.IMPORTED)


def test_two_imports_of_one_folder_at_once_import_each_row_once(
    tmp_path: Path, broker: Broker, chance: random.Random
) -> None:
    ledger = Ledger(chance, [agent.computer_code for agent in agents(5)])
    names = [ledger.deliver_next(tmp_path, 200) for _ in range(4)]

    with held(NO_PAYMENTS):
        twins = [importer(tmp_path, broker=broker) for _ in range(2)]
        # One is at the payments, the other asks again and again for the claim.
        until(lambda: any(twin.waits_for_a_lock() for twin in twins))
        until(lambda: all(twin.waits_for_a_lock() or twin.asks_for_a_claim() for twin in twins))
    reports = [json.loads(twin.succeeds()) for twin in twins]

    assert sorted(report["imported"] for report in reports) == [[], names]
    assert all(report["repeated"] == [] for report in reports)
    assert [attempts_at(name) for name in names] == [(1, State.IMPORTED)] * 4
    ledger.check()


def test_a_reconciliation_that_is_delivered_twice_is_done_once(
    tmp_path: Path, broker: Broker
) -> None:
    acme = an_agent()
    filed(acme, "10.00")
    reconciling.reconcile_months([acme.pk])
    filed(acme, "20.00")

    with running(worker(tmp_path, broker=broker)) as process:
        with held(NO_COMPARISONS):
            broker.send("reconciliation.reconcile", acme.pk)
            until(process.waits_for_a_lock)
            for _ in range(3):
                broker.send("reconciliation.reconcile", acme.pk)
            until(lambda: broker.in_work() == 1)
            assert works_left() == (1, 1)
        broker.send("reconciliation.reconcile", acme.pk)
        until(lambda: broker.in_work() == 0)

    assert works_left() == (0, 0)
    assert MonthResult.objects.count() == 2


def test_reconciling_at_once_keeps_one_result_for_each_change() -> None:
    acme = an_agent()
    month = filed(acme, "10.00").agent_month

    for tax in range(20, 40):
        filed(acme, f"{tax}.00")
        at_once(*[lambda: tasks.reconcile(acme.pk)] * 4)

    history = MonthResult.objects.filter(agent_month=month).values_list("generation", flat=True)
    assert sorted(history) == list(range(2, 22))


# --- Cut off between the commit and the move ---


@pytest.mark.parametrize(
    ("name", "marker", "state"),
    [
        ("JKRK_20060501_001", "", State.IMPORTED),
        ("JKRK_20060501_002", "", State.REFUSED),  # HEADER: its number is greater than its COUNT
        ("JKRK_20060230_001", "", State.REFUSED),  # NAME: no such day
        ("JKRK_20060501_001", "unreadable", State.REFUSED),  # MARKER
    ],
)
def test_what_was_finished_but_not_moved_is_moved_by_the_next_run_and_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, marker: str, state: str
) -> None:
    an_agent()
    file = deliver(tmp_path, name, [paid("10.00")])
    if marker:
        (tmp_path / f"{file}.ok").write_text(marker)

    def break_off(*_: object) -> None:
        raise OSError("the process ends here")

    with monkeypatch.context() as patched:
        patched.setattr(inbox, "move_away", break_off)
        with pytest.raises(OSError, match="ends here"):
            importing.import_feed(tmp_path)
    assert names_in(tmp_path) == with_markers([file])

    report = importing.import_feed(tmp_path)

    assert (report.imported, report.refused, report.repeated) == ([], {}, [])
    assert attempts_at(file) == (1, state)
    assert names_in(tmp_path) == set()
    folder = tmp_path / (inbox.DONE if state == State.IMPORTED else inbox.REJECTED)
    assert names_in(folder) == with_markers([file])
    assert Payment.objects.count() == (state == State.IMPORTED)


def test_a_move_that_broke_off_after_the_marker_is_finished_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_agent()
    file = deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])
    rename = Path.rename

    def rename_the_marker_alone(path: Path, target: Path) -> Path:
        if path.suffix != inbox.MARKER_SUFFIX:
            raise OSError("the process ends here")
        return rename(path, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", rename_the_marker_alone)
        with pytest.raises(OSError, match="ends here"):
            importing.import_feed(tmp_path)
    assert names_in(tmp_path) == {file}

    importing.import_feed(tmp_path)

    assert names_in(tmp_path) == set()
    assert names_in(tmp_path / inbox.DONE) == with_markers([file])
