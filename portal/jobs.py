"""Jobs: work that takes longer than a page may. Its kinds, its progress, and the words for both.

The truth about a job is its row (`portal.models.Job`). An app registers a kind for each thing that
it does as a job, when Django starts; this module knows none of them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.errors import Refusal
from portal.models import Job

T = TypeVar("T")

WRITTEN_EVERY: Final = 0.5
"""Seconds: progress is written at most twice in one."""

# Longer than any part of any work goes without a word.
_LOST_AFTER: Final = timedelta(seconds=90)
# Before this much is done, nobody can say how long the rest takes.
_ENOUGH_TO_TELL: Final = 0.05


class Cancelled(Exception):
    """Whoever asked for the job wants it no more. The work lets it pass, and is rolled back."""


@dataclass(frozen=True)
class Phase:
    """A part of a kind of work: its share of the whole time, as measured, and what is said of it.

    `counted` has %(done)s and %(total)s, and takes the place of `sentence` once they are known.
    """

    name: str
    weight: int
    sentence: Promise
    counted: Promise


@dataclass(frozen=True)
class Kind:
    """A kind of job, as its app registers it.

    `work` does it, within a transaction, and returns what is kept as the result: nothing personal.
    A Refusal that comes out is kept with its sentence, and with what `report` makes of it: JSON,
    sealed. `sentence` says what was done, and `page` is where one goes on after the end: empty when
    there is nothing to see but the job itself.
    """

    name: str
    label: Promise
    phases: tuple[Phase, ...]
    work: Callable[[Job, Progress], Mapping[str, int]]
    sentence: Callable[[Job], str]
    page: Callable[[Job], str]
    report: Callable[[Refusal], Any] = lambda refusal: None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known to the workers and the pages. Once for each name."""
    if kind.name in _kinds:
        raise ValueError(f"There are two kinds of job named {kind.name}.")
    _kinds[kind.name] = kind


def kind_of(name: str) -> Kind:
    """Return the kind of a name. KeyError when no app has registered it."""
    return _kinds[name]


# --- While it is done ---


class Progress:
    """Says where a piece of work is. This one tells nobody: for what is done within a request."""

    def phase(self, name: str, total: int | None = None) -> None:
        """Begin a phase of the kind, of so many units if they can be counted. Cancelled."""

    def done(self, count: int) -> None:
        """Say how many units of the phase are done. A point where a job can be Cancelled."""

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Give out items, and count those that are done with. Cancelled."""
        for number, item in enumerate(items):
            self.done(number)
            yield item


class _JobProgress(Progress):
    """Writes to the job's row, and reads there whether it is to be cancelled."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._phase = ""
        self._done: int | None = None
        self._total: int | None = None
        self._written_at = -math.inf
        # Inside the work's transaction nobody would see it.
        self._connection = connections.create_connection(DEFAULT_DB_ALIAS)

    def phase(self, name: str, total: int | None = None) -> None:
        self._phase, self._done, self._total = name, None if total is None else 0, total
        self._write()

    def done(self, count: int) -> None:
        self._done = count
        self._write()

    def close(self) -> None:
        self._connection.close()

    def _write(self) -> None:
        if time.monotonic() - self._written_at < WRITTEN_EVERY:
            return
        with self._connection.cursor() as cursor:
            # The number of the attempt: one that was given up has nothing to say any more.
            cursor.execute(
                "UPDATE portal_job SET phase = %s, done = %s, total = %s, heartbeat_at = %s"
                " WHERE id = %s AND attempts = %s RETURNING cancel_asked_at IS NOT NULL",
                [
                    self._phase,
                    self._done,
                    self._total,
                    timezone.now(),
                    self._job.pk,
                    self._job.attempts,
                ],
            )
            row = cursor.fetchone()
        self._written_at = time.monotonic()
        if row and row[0]:
            raise Cancelled


@contextmanager
def report(job: Job) -> Iterator[Progress]:
    """Give out what a job's work reports its progress to."""
    with closing(_JobProgress(job)) as progress:
        yield progress


# --- When somebody looks ---


def percent_of(job: Job) -> int:
    """Return how much of a job is done, of 100, by the shares of its phases."""
    return 100 if job.state == Job.State.DONE else int(100 * _fraction(job))


def sentence_of(job: Job) -> str:
    """Return where a job is, or how it ended, for its owner to read."""
    match job.state:
        case Job.State.WAITING if job.cancel_asked_at is None:
            return _("正在排队,轮到后自动开始。")
        case Job.State.WAITING | Job.State.RUNNING:
            return _sentence_on_the_way(job)
        case Job.State.DONE:
            return kind_of(job.kind).sentence(job)
        case Job.State.REFUSED:
            assert job.sentence is not None  # noqa: S101  finished with one
            return job.sentence.reveal("say how a job ended")
        case Job.State.CANCELLED:
            return _("已取消。已做的处理全部撤销,数据没有变化。")
        case _:
            return _(
                "系统暂时无法完成这项任务,您提交的内容已保存。这不是您的操作造成的,"
                "请拨打服务热线,并告知编号 %(reference)s。"
            ) % {"reference": job.reference}


def _sentence_on_the_way(job: Job) -> str:
    if job.cancel_asked_at is not None:
        return _("正在取消。")
    if job.heartbeat_at and timezone.now() - job.heartbeat_at > _LOST_AFTER:
        return _("处理中断,系统会自动重新开始,您不必做什么。")
    phase = next((one for one in kind_of(job.kind).phases if one.name == job.phase), None)
    if phase is None:
        return _("正在开始。")
    if job.total is None or job.done is None:
        progress = str(phase.sentence)
    else:
        progress = str(phase.counted) % {"done": f"{job.done:,}", "total": f"{job.total:,}"}
    left = _time_left(job)
    if not left:
        return progress
    return _("%(progress)s,预计还需 %(left)s") % {"progress": progress, "left": left}


def _fraction(job: Job) -> float:
    phases = kind_of(job.kind).phases
    names = [phase.name for phase in phases]
    if job.phase not in names:
        return 0.0
    at = names.index(job.phase)
    share = (job.done or 0) / job.total if job.total else 0.0
    before = sum(phase.weight for phase in phases[:at])
    return (before + phases[at].weight * share) / sum(phase.weight for phase in phases)


def _time_left(job: Job) -> str:
    """Return the rest of the time in words, by the speed so far; empty when it is too early."""
    fraction = _fraction(job)
    if fraction < _ENOUGH_TO_TELL or job.started_at is None or job.heartbeat_at is None:
        return ""
    spent = (job.heartbeat_at - job.started_at).total_seconds()
    seconds = math.ceil(spent * (1 - fraction) / fraction)
    if seconds < 1:
        return ""
    if seconds <= 90:
        return ngettext("%(count)d 秒", "%(count)d 秒", seconds) % {"count": seconds}
    minutes = math.ceil(seconds / 60)
    return ngettext("%(count)d 分钟", "%(count)d 分钟", minutes) % {"count": minutes}
