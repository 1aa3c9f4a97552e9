"""Workbooks that wait: read and checked, then looked at, then taken into a draft or mended.

A small one is read while the request waits; a larger one as a job (portal/jobs.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from declarations.faults import Fault
from declarations.line_workbook import write_errors
from declarations.models import AgentHeading, Declaration, WaitingImport
from declarations.refusals import WorkbookIsRefused
from declarations.selectors import access_own_declaration
from declarations.selectors.waiting import (
    WAITS_FOR,
    ImportPlan,
    WaitingSheet,
    digest_of_file,
    import_plan,
    waiting_sheet,
)
from declarations.services.drafts import lock_draft, put_lines
from declarations.services.exports import workbook_folder
from declarations.services.imports import (
    CHECK,
    READ,
    WRITE,
    DraftIsGone,
    read_at_once,
    read_for,
    remember_file,
)
from declarations.services.undoing import undoable_import
from declarations.wording import fault_sentence
from declarations.workbook import Workbook, check_rows
from portal.errors import Refusal
from portal.jobs import Progress
from portal.models import AuditEntry, Job, User, WithholdingAgent
from portal.selectors import content_of, unfinished_job
from portal.services import audit
from portal.services.jobs import JobIsUnderWay, start_job

PREVIEW_WORKBOOK: Final = "declarations.preview_workbook"
FORGOTTEN: Final = "-"
Mode = WaitingImport.Mode


class WaitingImportIsGone(Refusal):
    code = "IMPORT_GONE"

    def __init__(self) -> None:
        super().__init__(_("这份工作簿已导入、已放弃、已过期或已重新上传,请重新上传或刷新后再看。"))


class LinesStandTwice(Refusal):
    """An update cannot tell which line a row is for; `rows` are those of the file."""

    code = "STANDS_TWICE"

    def __init__(self, rows: Sequence[int]) -> None:
        self.rows = rows
        super().__init__(
            _("同一证照号码和所得项目在文件或草稿中有多行,不能按此更新。请改用追加或全部替换。")
        )


class TakenIn(NamedTuple):
    """How many lines came into a draft, how many were changed, how many stayed as they were."""

    added: int
    changed: int
    unchanged: int


def preview_workbook(
    draft: Declaration, content: bytes, *, kind: str, mode: Mode, by: User
) -> WaitingImport | Job:
    """Read and check a workbook, and keep it to be looked at, in the place of an older one.

    What takes longer than a request may is left to a job, which is returned instead. `kind` is
    `xlsx` or `csv`. WorkbookIsRefused for the file as a whole; rows with faults are kept with them.
    JobIsUnderWay while another file for the draft is being read.
    """
    twin = unfinished_job(PREVIEW_WORKBOOK, draft.public_id)
    if twin is not None:
        raise JobIsUnderWay(twin)
    workbook = read_at_once(content, partial(read_for, draft, content, kind))
    if workbook is not None:
        return _keep(draft, workbook, content, mode, Progress())
    return start_job(
        PREVIEW_WORKBOOK,
        user=by,
        subject=draft.public_id,
        parameters={"kind": kind, "mode": str(mode)},
        content=content,
    )


def carry_out_preview(job: Job, progress: Progress) -> Mapping[str, int]:
    """Read the workbook that a job was begun for; return how many `rows`, and how many `faulty`.

    WorkbookIsRefused, DraftIsGone, NotADraft. Cancelled.
    """
    progress.phase(READ)
    try:
        draft = access_own_declaration(job.user, job.subject)
    except Http404:
        raise DraftIsGone from None
    content = content_of(job)
    workbook = read_for(draft, content, job.parameters["kind"])
    waiting = _keep(draft, workbook, content, Mode(job.parameters["mode"]), progress)
    return {"rows": len(workbook.rows), "faulty": len(waiting_sheet(waiting).faulty)}


@transaction.atomic
def take_waiting_in(
    draft: Declaration, seen: UUID, mode: Mode, *, with_faults: bool = False, by: User
) -> TakenIn:
    """Take the right rows of a waiting workbook into a draft, in one of the modes.

    `seen` is the public id of what was looked at: WaitingImportIsGone when it was taken in or given
    up since, or when another took its place. `with_faults` takes the wrong rows in as well, to be
    mended in the draft; without it they go on waiting, to be mended in a workbook. What came in can
    be taken back. NotADraft, TooManyLines, LinesStandTwice.
    """
    lock_draft(draft)
    since = timezone.now() - WAITS_FOR
    waiting = WaitingImport.objects.filter(
        declaration=draft, public_id=seen, created_at__gt=since
    ).first()
    if waiting is None:
        raise WaitingImportIsGone
    sheet = waiting_sheet(waiting)
    rest = sheet
    if with_faults and mode != Mode.UPDATE:
        sheet = WaitingSheet(sheet.headings, sheet.rows, [])
    plan = import_plan(draft, sheet, mode)
    if plan.twice:
        raise LinesStandTwice(plan.twice)
    _write(draft, plan)
    remember_file(draft, bytes(waiting.digest))
    waiting.delete()
    if plan.faulty_rows:
        _keep_sheet(draft, _only_faulty(rest), bytes(waiting.digest), _mode_of_the_rest(mode))
    taken = TakenIn(len(plan.added), len(plan.changed), plan.unchanged)
    audit.record(
        AuditEntry.Action.IMPORT,
        "workbook",
        user=by,
        agent=draft.agent_month.agent,
        declaration=str(draft.public_id),
        mode=str(mode),
        **taken._asdict(),
    )
    return taken


def give_waiting_up(draft: Declaration) -> None:
    """Throw the workbook away that waits to come into a draft; twice is harmless."""
    WaitingImport.objects.filter(declaration=draft).delete()


def report_of_preview(refusal: Refusal) -> dict[str, Any] | None:
    """Return the headings of a refused file that nobody knows; none for any other refusal."""
    if isinstance(refusal, WorkbookIsRefused) and refusal.headings:
        return {"headings": list(refusal.headings)}
    return None


@transaction.atomic
def remember_headings(agent: WithholdingAgent, columns: Mapping[str, str]) -> None:
    """Remember which columns stand under an agent's own headings; an empty one is left out.

    A heading whose column is FORGOTTEN is not known any more.
    """
    for heading, column in columns.items():
        rows = AgentHeading.objects.filter(agent=agent, heading=heading)
        if column == FORGOTTEN:
            rows.delete()
        else:
            AgentHeading.objects.update_or_create(
                agent=agent, heading=heading, defaults={"column": column}
            )


def export_errors(waiting: WaitingImport, *, by: User) -> bytes:
    """Return a waiting sheet as a workbook with its errors marked, audited."""
    declaration = waiting.declaration
    tax_month = declaration.agent_month.tax_month
    sheet = waiting_sheet(waiting)
    faults: dict[int, list[Fault]] = {}
    for fault in sheet.faults:
        faults.setdefault(fault.row or 0, []).append(fault)
    audit.record(
        AuditEntry.Action.EXPORT,
        "errors",
        user=by,
        agent=declaration.agent_month.agent,
        declaration=str(declaration.public_id),
        rows=len(sheet.rows),
    )
    return write_errors(
        sheet.rows,
        sheet.headings,
        faults,
        tax_month,
        sentence=lambda fault: fault_sentence(fault, tax_month),
        folder=workbook_folder(),
    )


def _write(draft: Declaration, plan: ImportPlan) -> None:
    if plan.mode == Mode.APPEND:
        with undoable_import(draft, replace=False):
            put_lines(draft, plan.added, replace=False)
    elif plan.mode == Mode.REPLACE:
        with undoable_import(draft, replace=True):
            put_lines(draft, plan.added, replace=True)
    elif plan.added or plan.changed:
        with undoable_import(draft, replace=True):
            put_lines(draft, plan.lines, replace=True)


def _mode_of_the_rest(mode: Mode) -> Mode:
    """Return how the wrong rows come in once they are mended: not in the place of the right."""
    return Mode.UPDATE if mode == Mode.UPDATE else Mode.APPEND


def _only_faulty(sheet: WaitingSheet) -> WaitingSheet:
    faulty = sheet.faulty
    rows = [(row, texts) for row, texts in sheet.rows if row in faulty]
    return WaitingSheet(sheet.headings, rows, sheet.faults)


def _keep(
    draft: Declaration, workbook: Workbook, content: bytes, mode: Mode, progress: Progress
) -> WaitingImport:
    """Check the rows of a workbook, and keep them with all that is wrong with them. NotADraft."""
    progress.phase(CHECK, total=len(workbook.rows))
    rows = progress.each(workbook.rows)
    _lines, faults = check_rows(rows, draft.agent_month.tax_month, born_by=timezone.localdate())
    progress.phase(WRITE)
    texts = [(row.number, row.texts()) for row in workbook.rows]
    sheet = WaitingSheet(workbook.headings, texts, faults)
    return _keep_sheet(draft, sheet, digest_of_file(content), mode)


@transaction.atomic
def _keep_sheet(
    draft: Declaration, sheet: WaitingSheet, digest: bytes, mode: Mode
) -> WaitingImport:
    lock_draft(draft)
    now = timezone.now()
    WaitingImport.objects.filter(created_at__lt=now - WAITS_FOR).delete()
    content: dict[str, Any] = {
        "headings": dict(sheet.headings),
        "rows": sheet.rows,
        "faults": [
            (fault.row, fault.field, fault.code.value, dict(fault.params)) for fault in sheet.faults
        ],
    }
    # Another public id: who looked at the older one does not take this one in.
    return WaitingImport.objects.update_or_create(
        declaration=draft,
        defaults={
            "public_id": uuid4(),
            "created_at": now,
            "mode": mode,
            "digest": digest,
            "content": json.dumps(content, ensure_ascii=False),
        },
    )[0]
