"""Workbooks: an uploaded file becomes lines of a draft, all of its rows or none.

A small one while the request waits; a larger one as a job (portal/jobs.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from declarations.cells import shown
from declarations.faults import Fault, FaultCode, FileCode, FileRefused
from declarations.models import Declaration, ImportedFile
from declarations.refusals import RowFault, WorkbookHasFaults, WorkbookIsRefused
from declarations.sandbox import SLOT_WAIT_SECONDS
from declarations.selectors import access_own_declaration
from declarations.selectors.waiting import digest_of_file, headings_of_agent
from declarations.services.drafts import put_lines
from declarations.services.undoing import undoable_import
from declarations.sheets import Sheet, SheetRow
from declarations.wording import field_label, file_sentence
from declarations.workbook import (
    TEMPLATE_VERSION,
    Workbook,
    check_rows,
    form_of,
    headings_of,
    read_workbook,
)
from portal.errors import Refusal
from portal.jobs import Progress
from portal.models import Job, User
from portal.selectors import content_of, unfinished_job
from portal.services.jobs import JobIsUnderWay, start_job

R = TypeVar("R", Workbook, Sheet)

IMPORT_WORKBOOK: Final = "declarations.import_workbook"
READ, CHECK, WRITE = "read", "check", "write"

# Nobody is kept waiting for more: 2,000 rows take 0.4 s, and have 100 to 200 KB.
SMALL_BYTES = 256 * 1024
SMALL_ROWS = 2_000
# A small file that keeps its reader busy for longer is looked at by a worker.
_AT_ONCE_SECONDS = 5.0
_AT_ONCE_WAIT = 1.0
_ROWS_AT_ONCE = 1_000
FAULTS_REPORTED = 200


class DraftIsGone(Refusal):
    code = "DRAFT_GONE"

    def __init__(self) -> None:
        super().__init__(_("这份草稿已被删除,没有导入任何一行。"))


def import_workbook(
    draft: Declaration, content: bytes, *, kind: str, replace: bool, by: User
) -> int | Job:
    """Put a workbook's rows into a draft, after its lines or in their place; return how many.

    What takes longer than a request may is left to a job, which is returned instead. `kind` is
    `xlsx` or `csv`. Nothing is changed when anything is wrong: WorkbookIsRefused for the file as a
    whole, WorkbookHasFaults with every fault of every row; NotADraft, TooManyLines. JobIsUnderWay
    while another file is being imported into the draft.
    """
    twin = unfinished_job(IMPORT_WORKBOOK, draft.public_id)
    if twin is not None:
        raise JobIsUnderWay(twin)
    workbook = read_at_once(content, partial(read_for, draft, content, kind))
    if workbook is not None:
        return _take_in(draft, workbook, content, replace=replace, progress=Progress())
    return start_job(
        IMPORT_WORKBOOK,
        user=by,
        subject=draft.public_id,
        parameters={"kind": kind, "replace": replace},
        content=content,
    )


def carry_out_import(job: Job, progress: Progress) -> Mapping[str, int]:
    """Import what a job was begun for; return the number of `rows`.

    Refusals as of `import_workbook`, and DraftIsGone. Cancelled.
    """
    progress.phase(READ)
    try:
        draft = access_own_declaration(job.user, job.subject)
    except Http404:
        raise DraftIsGone from None
    content = content_of(job)
    workbook = read_for(draft, content, job.parameters["kind"])
    replace = job.parameters["replace"]
    return {"rows": _take_in(draft, workbook, content, replace=replace, progress=progress)}


def report_of(refusal: Refusal) -> dict[str, Any] | None:
    """Return what is wrong with a workbook's rows; none for any other refusal."""
    return report_of_faults(refusal.faults) if isinstance(refusal, WorkbookHasFaults) else None


def report_of_faults(faults: Sequence[RowFault]) -> dict[str, Any]:
    """Return faults as JSON: all counted by heading, and the first of them.

    It names persons: it is sealed where it is kept.
    """
    return {
        "count": len(faults),
        "by_heading": Counter(entry.heading for entry in faults).most_common(),
        "shown": [
            {
                "row": entry.row,
                "name": entry.name,
                "heading": entry.heading,
                "field": entry.fault.field,
                "code": entry.fault.code.value,
                "params": dict(entry.fault.params),
            }
            for entry in faults[:FAULTS_REPORTED]
        ],
    }


def fault_of(shown: Mapping[str, Any]) -> Fault:
    """Return a fault that a report shows."""
    return Fault(shown["field"], FaultCode(shown["code"]), shown["params"], shown["row"])


def read_at_once(content: bytes, read: Callable[..., R]) -> R | None:
    """Read a file while somebody waits; none if that, or what comes after it, takes too long.

    `read` takes the sandbox's `wait` and `seconds`. WorkbookIsRefused.
    """
    if len(content) > SMALL_BYTES:
        return None
    try:
        found = read(wait=_AT_ONCE_WAIT, seconds=_AT_ONCE_SECONDS)
    except WorkbookIsRefused as refusal:
        if refusal.code in (FileCode.TIMEOUT, FileCode.BUSY):
            return None
        raise
    return found if len(found.rows) <= SMALL_ROWS else None


def read_for(
    draft: Declaration,
    content: bytes,
    kind: str,
    *,
    wait: float = SLOT_WAIT_SECONDS,
    seconds: float | None = None,
) -> Workbook:
    """Read a file in a process of its own, before any lock is held. WorkbookIsRefused."""
    tax_month = draft.agent_month.tax_month
    try:
        workbook = read_workbook(
            content,
            slots=Path(settings.PORTAL_HOME) / "sandbox",
            kind=kind,
            headings=headings_of_agent(draft.agent_month.agent),
            form=headings_of(tax_month),
            wait=wait,
            seconds=seconds,
        )
    except FileRefused as refused:
        raise WorkbookIsRefused(
            refused.code.value, file_sentence(refused), headings=_unknown_headings(refused)
        ) from refused
    if workbook.template is not None:
        form, version = workbook.template
        if form != form_of(tax_month):
            raise WorkbookIsRefused(
                FileCode.TEMPLATE.value,
                _("这是另一时期的模板,不能用于 %(month)s。请下载本月的模板")
                % {"month": draft.agent_month},
            )
        if version != TEMPLATE_VERSION:
            raise WorkbookIsRefused(
                FileCode.TEMPLATE.value,
                _("这是第 %(found)s 版模板,现用第 %(current)s 版。请下载本月的模板")
                % {"found": shown(version), "current": TEMPLATE_VERSION},
            )
    return workbook


def _unknown_headings(refused: FileRefused) -> list[str]:
    """Return the headings that nobody knows, without their columns' letters; not cut ones."""
    if refused.code != FileCode.UNKNOWN_HEADINGS:
        return []
    named = (each.partition(" ")[2] for each in refused.params["headings"].split("; "))
    return [heading for heading in named if heading and not heading.endswith("…")]


@transaction.atomic
def _take_in(
    draft: Declaration, workbook: Workbook, content: bytes, *, replace: bool, progress: Progress
) -> int:
    """Check a workbook's rows and put them into a draft; return how many."""
    tax_month = draft.agent_month.tax_month
    progress.phase(CHECK, total=len(workbook.rows))
    rows = progress.each(workbook.rows)
    _lines, faults = check_rows(rows, tax_month, born_by=timezone.localdate())
    if faults:
        raise WorkbookHasFaults(
            placed_faults(workbook.rows, workbook.headings, faults, tax_month),
            rows=len(workbook.rows),
        )
    progress.phase(WRITE, total=len(workbook.rows))
    with undoable_import(draft, replace=replace):
        for start in range(0, len(workbook.rows), _ROWS_AT_ONCE):
            progress.done(start)
            batch = workbook.rows[start : start + _ROWS_AT_ONCE]
            texts = [(row.number, row.texts()) for row in batch]
            put_lines(draft, texts, replace=replace and start == 0)
    remember_file(draft, digest_of_file(content))
    return len(workbook.rows)


def placed_faults(
    rows: Iterable[SheetRow],
    headings: Mapping[str, str],
    faults: Iterable[Fault],
    tax_month: date,
) -> list[RowFault]:
    """Return faults with the name in their row, and the heading as the user has it."""
    names = {row.number: row.texts().get("name", "") for row in rows}
    return [
        RowFault(
            fault.row or 0,
            names.get(fault.row or 0, ""),
            headings.get(fault.field) or field_label(fault.field, tax_month),
            fault,
        )
        for fault in faults
    ]


def remember_file(draft: Declaration, digest: bytes) -> None:
    """Note that a file, known by its digest, came into a draft now."""
    ImportedFile.objects.update_or_create(
        declaration=draft, digest=digest, defaults={"imported_at": timezone.now()}
    )
