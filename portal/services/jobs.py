"""Jobs: begun by a request, carried out by a worker, each once, and ended with a word."""

from __future__ import annotations

import base64
import json
import logging
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from portal import selectors
from portal.attempts import given_back_if_cut_off
from portal.claims import Work, claim
from portal.errors import Refusal
from portal.hints import hint
from portal.jobs import Cancelled, kind_of, report
from portal.models import Job, JobFile, JobInput, User

logger = logging.getLogger(__name__)

MOST_ATTEMPTS: Final = 3
OUR_FAILURE: Final = "OUR_FAILURE"


class JobIsUnderWay(Refusal):
    """The same is being done already; `job` is it."""

    code = "JOB_UNDER_WAY"

    def __init__(self, job: Job) -> None:
        self.job = job
        super().__init__(_("这里有一项任务还没有结束,请等它结束,或先取消它。"))


@transaction.atomic
def start_job(
    kind: str, *, user: User, subject: UUID, parameters: Mapping[str, Any], content: bytes
) -> Job:
    """Keep what is to be done, and what came with it, for a worker. JobIsUnderWay.

    `parameters` hold nothing personal; `content` is sealed.
    """
    kind_of(kind)
    try:
        with transaction.atomic():
            job = Job.objects.create(
                kind=kind,
                subject=subject,
                user=user,
                agent=user.agent,
                language=translation.get_language() or settings.LANGUAGE_CODE,
                parameters=dict(parameters),
            )
    except IntegrityError as error:
        twin = selectors.unfinished_job(kind, subject)
        if twin is None:
            raise
        raise JobIsUnderWay(twin) from error
    JobInput.objects.create(job=job, content=base64.b64encode(content).decode())
    hint("portal.run_job", job.pk)
    return job


def run_job(job_id: int) -> None:
    """Carry out a job, unless it has ended or another worker is at it.

    Its effects and its end are one transaction. What fails comes out, and the sweep comes back to
    it; after three attempts the job is stopped.
    """
    with claim(Work.JOB, [job_id]) as claimed:
        if claimed:
            _run(job_id)


def run_due_jobs() -> int:
    """Carry out all that is due, one after the other, without a broker; return how many."""
    due = list(selectors.due_jobs().values_list("pk", flat=True))
    for job_id in due:
        run_job(job_id)
    return len(due)


def cancel_job(job: Job) -> None:
    """Ask for a job to be ended. Nobody at it: it ends now; else at its next step.

    One that is done before it looks stays done.
    """
    rows = Job.objects.unfinished().filter(pk=job.pk)
    rows.filter(cancel_asked_at=None).update(cancel_asked_at=timezone.now())
    run_job(job.pk)


@transaction.atomic
def try_again(job: Job) -> None:
    """Let a stopped job be carried out after all, its count of attempts at zero. JobIsUnderWay."""
    twin = selectors.unfinished_job(job.kind, job.subject)
    if twin is not None:
        raise JobIsUnderWay(twin)
    stopped = Job.objects.filter(pk=job.pk, state=Job.State.STOPPED)
    stopped.update(
        state=Job.State.WAITING,
        attempts=0,
        heartbeat_at=None,
        finished_at=None,
        seen_at=None,
        error_code="",
    )
    hint("portal.run_job", job.pk)


def see_end(job: Job) -> bool:
    """Note that the owner has seen how a job ended; tell whether it is the first time."""
    ended = Job.objects.filter(pk=job.pk, finished_at__isnull=False, seen_at=None)
    return ended.update(seen_at=timezone.now()) == 1


def forget_jobs(*, before: datetime) -> None:
    """Delete the jobs that ended before a time, with what came with them."""
    Job.objects.filter(finished_at__lt=before).delete()


def keep_file(job: Job, number: int, content: bytes) -> None:
    """Keep a file that a job made, for its owner to fetch. Part of the work's transaction."""
    packed = base64.b64encode(zlib.compress(content, 6)).decode()
    JobFile.objects.create(job=job, number=number, content=packed)


def forget_files(*, before: datetime) -> None:
    """Delete the files of jobs that ended before a time; that they were made stays known."""
    JobFile.objects.filter(job__finished_at__lt=before).delete()


def _run(job_id: int) -> None:
    rows = Job.objects.filter(pk=job_id)
    job = rows.unfinished().select_related("user__agent").first()
    if job is None:
        return
    # Rights are read when they are used, and the user's may have ended meanwhile.
    if job.cancel_asked_at is not None or not job.user.is_active:
        _end(job, Job.State.CANCELLED)
        return
    if job.attempts >= MOST_ATTEMPTS:
        logger.error("Job %s was stopped after %d attempts.", job.public_id, job.attempts)
        _end(job, Job.State.STOPPED, error_code=OUR_FAILURE)
        return
    _begin(job)
    kind = kind_of(job.kind)
    try:
        with (
            given_back_if_cut_off(rows),
            translation.override(job.language),
            report(job) as progress,
            transaction.atomic(),
        ):
            result = kind.work(job, progress)
            _end(job, Job.State.DONE, result=dict(result))
    except Cancelled:
        _end(job, Job.State.CANCELLED)
    except Refusal as refusal:
        found = kind.report(refusal)
        _end(
            job,
            Job.State.REFUSED,
            error_code=refusal.code,
            sentence=str(refusal),
            report=None if found is None else json.dumps(found, ensure_ascii=False),
        )


def _begin(job: Job) -> None:
    """Count an attempt, committed before the work, so that a crash counts as one."""
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.RUNNING,
        attempts=F("attempts") + 1,
        started_at=now,
        heartbeat_at=now,
        phase="",
        done=None,
        total=None,
    )
    job.refresh_from_db()


@transaction.atomic
def _end(job: Job, state: Job.State, **fields: Any) -> None:
    """Write how a job ended; what came with it goes, unless it is to be tried again."""
    if state != Job.State.STOPPED:
        JobInput.objects.filter(job=job).delete()
    job.state, job.finished_at = state, timezone.now()
    for name, value in fields.items():
        setattr(job, name, value)
    job.save(update_fields=["state", "finished_at", *fields])
