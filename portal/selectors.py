"""What the portal itself reads, and the one way from a user to an agent."""

from __future__ import annotations

import base64
import unicodedata
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Exists, OuterRef, Q
from django.db.models.functions import Coalesce, TruncDate
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from portal.limits import BEIJING
from portal.models import (
    ApiToken,
    ApiTokenQuerySet,
    AuditEntry,
    Job,
    JobFile,
    JobInput,
    JobQuerySet,
    User,
    WithholdingAgent,
    WithholdingAgentQuerySet,
)

# SEC-05: so many days with failures on one agent are worth an officer's attention.
DAYS_WORTH_AN_ALERT: Final = 3
_ALERT_WITHIN: Final = timedelta(days=30)
# A job that ended and was not looked at is news for a day.
_NEWS_FOR: Final = timedelta(days=1)
# The hint comes first; what was not heard of for so long is the sweep's.
_JOB_IS_DUE_AFTER: Final = timedelta(seconds=20)


def access_agent(user: User | AnonymousUser, public_id: UUID) -> WithholdingAgent:
    """Return an agent that the user may read about; else 404, as if there were none. One query."""
    visible = WithholdingAgent.objects.visible_to(user).select_related("office", "user")
    return get_object_or_404(visible, public_id=public_id)


def agents_of(user: User | AnonymousUser) -> WithholdingAgentQuerySet:
    """Return the agents that the user may read about: staff their office's, an agent itself."""
    return WithholdingAgent.objects.visible_to(user)


def agent_of_code(code: str) -> WithholdingAgent | None:
    """Return the agent of a computer code or a collection code as typed, with its user. One query.

    A computer code comes before another agent's equal collection code.
    """
    typed = unicodedata.normalize("NFKC", code).strip()
    agents = WithholdingAgent.objects.select_related("user").filter(
        Q(computer_code=typed.upper()) | Q(collection_code__in={typed, typed.upper()})
    )
    found = {agent.computer_code == typed.upper(): agent for agent in agents}
    return found.get(True) or found.get(False)


def staff_of_login(login: str) -> User | None:
    """Return the member of staff with a login. One query."""
    return User.objects.filter(login=login.strip(), role__isnull=False).first()


def user_awaiting_factor(user_id: int, session_hash: str) -> User | None:
    """Return the member of staff who has given a password, unless it was changed meanwhile."""
    user = User.objects.filter(pk=user_id, is_active=True, role__isnull=False).first()
    if user is None or not constant_time_compare(session_hash, user.get_session_auth_hash()):
        return None
    return user


def agents_matching(user: User, text: str) -> WithholdingAgentQuerySet:
    """Return the agents that a user may read about whose code or name holds a text, by code."""
    typed = unicodedata.normalize("NFKC", text).strip()
    return (
        WithholdingAgent.objects.visible_to(user)
        .filter(
            Q(computer_code__startswith=typed.upper())
            | Q(collection_code__startswith=typed)
            | Q(name__icontains=typed)
        )
        .select_related("office", "user")
        .order_by("computer_code")
    )


def agents_with_enrolment_failures(user: User) -> WithholdingAgentQuerySet:
    """Return the agents at which somebody has failed to enrol on three days of the last 30.

    With the number of days as `days`; those that have a user by now are left out. One query.
    """
    failures = (
        AuditEntry.objects.filter(
            action=AuditEntry.Action.ENROLMENT,
            outcome="failed",
            at__gt=timezone.now() - _ALERT_WITHIN,
            agent__isnull=False,
        )
        .values("agent")
        .annotate(days=Count(TruncDate("at", tzinfo=BEIJING), distinct=True))
        .filter(days__gte=DAYS_WORTH_AN_ALERT)
    )
    return (
        WithholdingAgent.objects.visible_to(user)
        .filter(pk__in=failures.values("agent"), user=None)
        .select_related("office", "user")
        .order_by("computer_code")
    )


def access_job(user: User | AnonymousUser, public_id: UUID) -> Job:
    """Return a job of the user's agent, or of a member of staff's own; else 404. One query."""
    return get_object_or_404(Job.objects.owned_by(user), public_id=public_id)


def jobs_of(user: User) -> JobQuerySet:
    """Return the jobs that a user may see, the newest first."""
    return Job.objects.owned_by(user).order_by("-created_at", "-pk")


@dataclass(frozen=True)
class Tray:
    """A user's jobs that are not over, and those that ended and were not looked at yet."""

    unfinished: list[Job]
    ended: list[Job]

    def __bool__(self) -> bool:
        return bool(self.unfinished or self.ended)


def tray_of(user: User) -> Tray:
    """Return what the top bar says of a user's jobs. One query."""
    jobs = jobs_of(user).filter(
        Q(finished_at=None) | Q(seen_at=None, finished_at__gt=timezone.now() - _NEWS_FOR)
    )
    found = list(jobs.defer("sentence", "report"))
    return Tray(
        unfinished=[job for job in found if job.finished_at is None],
        ended=[job for job in found if job.finished_at is not None],
    )


def unfinished_job(kind: str, subject: UUID) -> Job | None:
    """Return the job of a kind that is not over at what has this public id. One query."""
    return Job.objects.unfinished().filter(kind=kind, subject=subject).first()


def due_jobs() -> JobQuerySet:
    """Return the jobs that nobody seems to be at, those that were tried least often first."""
    heard_of = Coalesce("heartbeat_at", "created_at")
    due = Job.objects.unfinished().alias(heard_of=heard_of)
    long_ago = timezone.now() - _JOB_IS_DUE_AFTER
    return due.filter(heard_of__lt=long_ago).order_by("attempts", "created_at")


def stopped_job(reference: str) -> Job | None:
    """Return the stopped job of a reference, which its user was told. One query."""
    stopped = Job.objects.filter(state=Job.State.STOPPED)
    return stopped.filter(public_id__istartswith=reference.strip()).first()


def content_of(job: Job) -> bytes:
    """Return the bytes that came with a job that is not over. One query."""
    content = JobInput.objects.get(job=job).content
    return base64.b64decode(content.reveal("carry out a job"))


def files_of(job: Job) -> Iterator[bytes]:
    """Give out the files that a job made, in their order, one in memory at a time."""
    for file in JobFile.objects.filter(job=job).order_by("number").iterator(chunk_size=1):
        yield zlib.decompress(base64.b64decode(file.content.reveal("give out what a job made")))


def job_with_files(user: User | AnonymousUser, kind: str, subject: UUID) -> Job | None:
    """Return the newest job of a kind at a subject whose files the user may have. One query."""
    done = Job.objects.owned_by(user).filter(kind=kind, subject=subject, state=Job.State.DONE)
    has_files = Exists(JobFile.objects.filter(job=OuterRef("pk")))
    return done.filter(has_files).order_by("-finished_at").first()


def access_token(user: User | AnonymousUser, public_id: UUID) -> ApiToken:
    """Return a token of the user's agent; else 404. One query."""
    return get_object_or_404(ApiToken.objects.owned_by(user), public_id=public_id)


def tokens_of(user: User) -> ApiTokenQuerySet:
    """Return the tokens of the user's agent, those that were revoked too, the newest first."""
    return ApiToken.objects.owned_by(user).order_by("-created_at", "-pk")
