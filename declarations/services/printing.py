"""The PDFs of a long form, made as a job, part by part, and kept for who asked for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID, uuid5

from django.http import Http404
from django.utils.translation import gettext as _

from declarations.form_pdf import count_parts, form_pdf, reason_of
from declarations.models import Declaration
from declarations.selectors import access_declaration
from portal.errors import Refusal
from portal.jobs import Progress
from portal.models import AuditEntry, Job, User
from portal.sealing import reveals
from portal.selectors import job_with_files
from portal.services import audit
from portal.services.jobs import keep_file, start_job

PRINT_FORM: Final = "declarations.print_form"
SET: Final = "set"

# Others may be at it; the job must say something within 90 seconds.
_PATIENCE = 25.0


class FormIsGone(Refusal):
    code = "FORM_GONE"

    def __init__(self) -> None:
        super().__init__(_("这份申报已被删除,没有制作 PDF。"))


def start_printing(declaration: Declaration, *, by: User) -> Job:
    """Begin to make the PDFs of all parts of a form. JobIsUnderWay."""
    return start_job(
        PRINT_FORM,
        user=by,
        subject=_subject(declaration, by),
        parameters={"declaration": str(declaration.public_id)},
        content=b"",
    )


def printed_for(declaration: Declaration, user: User) -> Job | None:
    """Return the job that made the newest PDFs which the user may have. One query."""
    return job_with_files(user, PRINT_FORM, _subject(declaration, user))


def carry_out_printing(job: Job, progress: Progress) -> Mapping[str, int]:
    """Make what a job was begun for; return the number of `parts`.

    FormIsGone, TypesetterIsBusy, TypesetterFailed. Cancelled.
    """
    try:
        declaration = access_declaration(job.user, UUID(job.parameters["declaration"]))
    except Http404:
        raise FormIsGone from None
    parts = count_parts(declaration)
    reason = reason_of(job.user, declaration)
    progress.phase(SET, total=parts)
    with reveals() as revealed:
        for part in progress.each(range(1, parts + 1)):
            keep_file(job, part, form_pdf(declaration, reason, part, parts, wait=_PATIENCE))
    for (column, why), times in sorted(revealed.items()):
        audit.record(
            AuditEntry.Action.REVEAL,
            "shown",
            user=job.user,
            agent=job.user.agent,
            column=column,
            reason=why,
            times=times,
        )
    return {"parts": parts}


def _subject(declaration: Declaration, user: User) -> UUID:
    """Return what the job works on: an officer's form is another, with masks."""
    if user.agent_id == declaration.agent_month.agent_id:
        return declaration.public_id
    return uuid5(declaration.public_id, str(user.public_id))
