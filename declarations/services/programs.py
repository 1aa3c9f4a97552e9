"""What payroll software files by the API, under a key of its own: the same key files once.

A short declaration is filed while the program waits; a long one by a job (portal/jobs.py).
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from declarations.declaration import Parts, Watch, canonical, digest, unwatched
from declarations.faults import Fault, FaultCode
from declarations.jsonlines import MAX_FILE_BYTES, read_long_parts, read_parts
from declarations.models import Declaration, FilingKey
from declarations.refusals import DraftExists, DraftHasFaults, KeyIsUsed
from declarations.services.drafts import create_draft
from declarations.services.filing import Filed, file, filed_under
from declarations.services.imports import IMPORT_WORKBOOK
from declarations.services.months import lock_month
from portal.errors import Refusal
from portal.hints import hint
from portal.jobs import Progress
from portal.models import Job, User, WithholdingAgent
from portal.selectors import content_of, unfinished_job
from portal.services.jobs import JobIsUnderWay, start_job

FILE_DECLARATION: Final = "declarations.file_declaration"
READ, FILE = "read", "file"

# About 4,000 lines, which take a second; 100,000 take ten, on a busy machine thirty and more.
AT_ONCE_BYTES: Final = 1024 * 1024
FAULTS_REPORTED: Final = 1_000


class DeclarationHasFaults(DraftHasFaults):
    """What a program sent is wrong; `faults` says what."""


class OfAnotherAgent(Refusal):
    """A program files for its own agent; which others there are is not said."""

    code = "AGENT"

    def __init__(self, agent: WithholdingAgent) -> None:
        super().__init__(_("计算机代码应为本单位的 %(code)s。") % {"code": agent.computer_code})


def read_sent(content: bytes, *, as_lines: bool, watch: Watch = unwatched) -> Parts:
    """Return what was sent comes to; `as_lines` says that it is a head and detail lines."""
    read = read_long_parts if as_lines else read_parts
    return read(content, born_by=timezone.localdate(), watch=watch)


@transaction.atomic
def file_sent(agent: WithholdingAgent, parts: Parts, *, filed_by: User, key: uuid.UUID) -> Filed:
    """File what a program sent, under a key that is stored with it.

    The same key with the same declaration again gives the same receipt, also when that has been
    superseded meanwhile, and files nothing. KeyIsUsed for anything else; DeclarationHasFaults,
    OfAnotherAgent, MonthIsClosed. What is found about the lines is kept and refuses nothing. The
    caller hints at reconciling.
    """
    header = parts.header
    if parts.faults or header is None:
        filed_under(agent, key, "")  # KeyIsUsed: what was filed under it had no faults
        raise DeclarationHasFaults(parts.faults)
    if header.computer_code != agent.computer_code:
        raise OfAnotherAgent(agent)
    lock_month(agent, header.tax_month)
    content = digest(canonical(header, parts.lines))
    earlier = filed_under(agent, key, content)
    if earlier is not None:
        return Filed(earlier, is_repeat=True)
    channel = Declaration.Channel.API
    filed = file(agent, header, parts.lines, channel=channel, filed_by=filed_by)
    _, is_new = FilingKey.objects.get_or_create(
        agent=agent,
        key=key,
        defaults={"request_digest": content, "declaration": filed.declaration},
    )
    if not is_new:
        # Used meanwhile for another month, whose lock is another.
        raise KeyIsUsed
    return filed


def file_long(
    agent: WithholdingAgent, content: bytes, *, as_lines: bool, by: User, key: uuid.UUID
) -> Job | Declaration:
    """Leave a declaration to a job; return it, or what it has filed when it was sent before.

    The same key goes with the same bytes: KeyIsUsed for others, while the job is not over and once
    it has filed. After a refusal the key is free again.
    """
    subject = uuid.uuid5(agent.public_id, str(key))
    sent = hashlib.sha256(content).hexdigest()
    filed = _filed_by_job(agent, subject, key, sent)
    if filed is not None:
        return filed
    twin = unfinished_job(FILE_DECLARATION, subject)
    if twin is None:
        try:
            return start_job(
                FILE_DECLARATION,
                user=by,
                subject=subject,
                parameters={"key": str(key), "as_lines": as_lines, "sent": sent},
                content=zlib.compress(content, 1),
            )
        except JobIsUnderWay as under_way:
            twin = under_way.job
    if twin.parameters["sent"] != sent:
        raise KeyIsUsed
    return twin


def upload_workbook(
    agent: WithholdingAgent,
    tax_month: date,
    kind: str,
    content: bytes,
    *,
    file_kind: str,
    replace: bool,
    by: User,
) -> Job:
    """Leave a workbook to a job, for the draft of a month and kind, which is made if need be.

    MonthIsNotDeclarable, MonthIsClosed; JobIsUnderWay while another is coming into the draft.
    """
    try:
        draft = create_draft(agent, tax_month, kind)
    except DraftExists as refusal:
        draft = refusal.declaration
    return start_job(
        IMPORT_WORKBOOK,
        user=by,
        subject=draft.public_id,
        parameters={"kind": file_kind, "replace": replace},
        content=content,
    )


def carry_out_filing(job: Job, progress: Progress) -> Mapping[str, int]:
    """File what a job was begun for; return its `version`, its `lines` and whether it is a repeat.

    Refusals as of `file_sent`. Cancelled.
    """
    agent = job.agent
    if agent is None:
        raise ValueError("A job that files has an agent.")
    text = zlib.decompressobj().decompress(content_of(job), MAX_FILE_BYTES)
    progress.phase(READ)

    def watch(done: int, total: int) -> None:
        if done == 1:
            progress.phase(READ, total=total)
        progress.done(done)

    parts = read_sent(text, as_lines=job.parameters["as_lines"], watch=watch)
    progress.phase(FILE)
    key = uuid.UUID(job.parameters["key"])
    filed = file_sent(agent, parts, filed_by=job.user, key=key)
    hint("reconciliation.reconcile", agent.pk)
    return {
        "version": filed.declaration.version or 0,
        "lines": filed.declaration.line_count,
        "repeated": int(filed.is_repeat),
    }


def report_of_filing(refusal: Refusal) -> dict[str, Any] | None:
    """Return what is wrong with a declaration, the first faults of it, as JSON; else none."""
    if not isinstance(refusal, DeclarationHasFaults):
        return None
    return {
        "count": len(refusal.faults),
        "shown": [
            {
                "row": fault.row,
                "field": fault.field,
                "code": fault.code.value,
                "params": dict(fault.params),
            }
            for fault in refusal.faults[:FAULTS_REPORTED]
        ],
    }


def reported_fault(shown: Mapping[str, Any]) -> Fault:
    """Return a fault that a report shows."""
    return Fault(shown["field"], FaultCode(shown["code"]), shown["params"], shown["row"])


def filed_by_job(job: Job) -> Declaration | None:
    """Return what a job has filed, none yet, or none any more when its key is forgotten."""
    key = FilingKey.objects.filter(agent=job.agent, key=job.parameters["key"])
    found = key.select_related("declaration__agent_month__agent").first()
    return found.declaration if found else None


def _filed_by_job(
    agent: WithholdingAgent, subject: uuid.UUID, key: uuid.UUID, sent: str
) -> Declaration | None:
    if not FilingKey.objects.filter(agent=agent, key=key).exists():
        return None
    done = Job.objects.filter(kind=FILE_DECLARATION, subject=subject, state=Job.State.DONE)
    for job in done:
        if job.parameters["sent"] == sent:
            return filed_by_job(job)
    raise KeyIsUsed
