"""Lists of persons: an uploaded file is read and checked, then looked at, then taken in or not.

A small file is read while the request waits; a larger one as a job (portal/jobs.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from declarations.faults import Fault, FileCode, FileRefused
from declarations.models import Roster, Taxpayer
from declarations.persons import COLUMNS, check_persons, texts_of
from declarations.refusals import RosterIsGone, RowFault, WorkbookIsRefused
from declarations.roster import read_roster
from declarations.roster_workbook import write_roster
from declarations.sandbox import SLOT_WAIT_SECONDS
from declarations.selectors import (
    KEPT_FOR,
    State,
    access_own_agent,
    person_of,
    plan_of,
    roster_of,
    rows_in,
    taxpayers_of,
)
from declarations.services.imports import (
    CHECK,
    READ,
    SMALL_ROWS,
    WRITE,
    read_at_once,
    report_of_faults,
)
from declarations.services.taxpayers import taxpayer_row
from declarations.sheets import Sheet
from declarations.wording import field_label, file_sentence
from portal.jobs import Progress
from portal.models import AuditEntry, Job, User, WithholdingAgent
from portal.selectors import content_of, unfinished_job
from portal.services import audit
from portal.services.jobs import JobIsUnderWay, start_job

READ_ROSTER: Final = "declarations.read_roster"
TAKE_IN_ROSTER: Final = "declarations.take_in_roster"
_EXPORT: Final = "export the register of persons"
_BATCH = 2_000


class Taken(NamedTuple):
    """How many persons came into the register, how many were changed, how many stayed."""

    added: int
    changed: int
    unchanged: int


def upload_roster(agent: WithholdingAgent, content: bytes, *, kind: str, by: User) -> Roster | Job:
    """Read and check a list of persons, and keep it to be looked at, in the place of an older one.

    What takes longer than a request may is left to a job, which is returned instead. `kind` is
    `xlsx` or `csv`. WorkbookIsRefused for the file as a whole; rows with faults are kept as faults.
    JobIsUnderWay while another list of the agent is being read.
    """
    twin = unfinished_job(READ_ROSTER, agent.public_id)
    if twin is not None:
        raise JobIsUnderWay(twin)
    sheet = read_at_once(content, partial(_read, content, kind))
    if sheet is not None:
        return _keep(agent, sheet, Progress())
    return start_job(
        READ_ROSTER,
        user=by,
        subject=agent.public_id,
        parameters={"kind": kind},
        content=content,
    )


def carry_out_reading(job: Job, progress: Progress) -> Mapping[str, int]:
    """Read the list that a job was begun for; return how many `rows` it has, and how many `faulty`.

    WorkbookIsRefused. Cancelled.
    """
    progress.phase(READ)
    agent = access_own_agent(job.user)
    sheet = _read(content_of(job), job.parameters["kind"])
    plan = plan_of(_keep(agent, sheet, progress))
    return {"rows": plan.rows, "faulty": plan.faulty_rows}


def take_in_or_leave_to_job(agent: WithholdingAgent, seen: UUID, *, by: User) -> Taken | Job:
    """Take a list in as `take_in` does; a large one is left to a job, which is returned instead.

    RosterIsGone. JobIsUnderWay while a list is being taken in.
    """
    roster = roster_of(agent)
    if roster is None or rows_in(roster) <= SMALL_ROWS:
        return take_in(agent, seen, by=by)
    return start_job(
        TAKE_IN_ROSTER,
        user=by,
        subject=agent.public_id,
        parameters={"seen": str(seen)},
        content=b"",
    )


def carry_out_taking_in(job: Job, progress: Progress) -> Mapping[str, int]:
    """Take the list in that a job was begun for; return the counts of Taken. RosterIsGone."""
    progress.phase(WRITE)
    agent = access_own_agent(job.user)
    return take_in(agent, UUID(job.parameters["seen"]), by=job.user)._asdict()


@transaction.atomic
def take_in(agent: WithholdingAgent, seen: UUID, *, by: User) -> Taken:
    """Take the right rows of a list into the register: by document number, new or changed.

    `seen` is the public id of the list that was looked at: RosterIsGone when it was taken in or
    given up since, or when another took its place.
    """
    since = timezone.now() - KEPT_FOR
    rosters = Roster.objects.filter(agent=agent, public_id=seen, created_at__gt=since)
    roster = rosters.select_for_update().first()
    if roster is None:
        raise RosterIsGone
    locked = Taxpayer.objects.select_for_update().order_by("document_index")
    plan = plan_of(roster, taxpayers=locked)
    rows = {person.identity: taxpayer_row(agent, person) for _row, person in plan.added}
    for change in plan.changed:
        row = rows[change.after.identity] = taxpayer_row(agent, change.after)
        row.public_id = change.taxpayer.public_id
    # In one order, lest two that write the same persons wait for each other.
    _write([row for _identity, row in sorted(rows.items(), key=lambda pair: pair[0])])
    roster.delete()
    taken = Taken(len(plan.added), len(plan.changed), plan.unchanged)
    audit.record(AuditEntry.Action.IMPORT, "register", user=by, agent=agent, **taken._asdict())
    return taken


def give_up(agent: WithholdingAgent) -> None:
    """Throw the list away that waits to come into an agent's register; twice is harmless."""
    Roster.objects.filter(agent=agent).delete()


def forget_rosters() -> None:
    """Delete the lists that nobody has taken in for a day."""
    Roster.objects.filter(created_at__lte=timezone.now() - KEPT_FOR).delete()


def export_register(agent: WithholdingAgent, state: State, *, by: User) -> bytes:
    """Return an agent's persons of a state as a workbook with whole numbers, audited."""
    rows = taxpayers_of(agent, state)
    persons = [person_of(row, _EXPORT) for row in rows.iterator(chunk_size=_BATCH)]
    audit.record(AuditEntry.Action.EXPORT, "register", user=by, agent=agent, persons=len(persons))
    return write_roster(persons)


@transaction.atomic
def _keep(agent: WithholdingAgent, sheet: Sheet, progress: Progress) -> Roster:
    """Check the rows of a list, and keep what is right and what is wrong with the others."""
    progress.phase(CHECK, total=len(sheet.rows))
    rows = {row.number: row.cells for row in progress.each(sheet.rows)}
    persons, faults = check_persons(rows, born_by=timezone.localdate())
    progress.phase(WRITE)
    content = {
        "rows": len(rows),
        "columns": list(sheet.headings),
        "left_out": sheet.left_out,
        "persons": [(row, texts_of(person)) for row, person in persons.items()],
        "report": report_of_faults(list(_placed(sheet, faults))) if faults else None,
    }
    # Another public id: who looked at the older one does not take this one in.
    return Roster.objects.update_or_create(
        agent=agent,
        defaults={
            "public_id": uuid4(),
            "created_at": timezone.now(),
            "content": json.dumps(content, ensure_ascii=False),
        },
    )[0]


def _placed(sheet: Sheet, faults: Iterable[Fault]) -> Iterator[RowFault]:
    """Give out faults with the name in their row, and the heading as the user has it."""
    rows = {row.number: row for row in sheet.rows}
    for fault in faults:
        row = fault.row or 0
        heading = sheet.headings.get(fault.field) or field_label(fault.field)
        yield RowFault(row, rows[row].texts().get("name", ""), heading, fault)


def _read(
    content: bytes,
    kind: str,
    *,
    wait: float = SLOT_WAIT_SECONDS,
    seconds: float | None = None,
) -> Sheet:
    """Read a file in a process of its own. WorkbookIsRefused."""
    slots = Path(settings.PORTAL_HOME) / "sandbox"
    try:
        return read_roster(content, slots=slots, kind=kind, wait=wait, seconds=seconds)
    except FileRefused as refused:
        raise WorkbookIsRefused(refused.code.value, _sentence(refused)) from refused


def _sentence(refused: FileRefused) -> str:
    """Return why a file is refused; of a list of persons some of it is said in other words."""
    if refused.code == FileCode.MISSING_HEADINGS:
        return (
            _("文件的标题行缺少:%(headings)s。请使用个人基础信息的模板,或补上这些标题")
            % refused.params
        )
    if refused.code == FileCode.NO_LINES:
        return _("标题行下面没有人员,请填写后再上传")
    if refused.code == FileCode.TOO_MANY_ROWS:
        return _("文件最多 %(max)s 人,现已超过,请分次导入") % refused.params
    return file_sentence(refused)


def _write(rows: list[Taxpayer]) -> None:
    """Write new and changed persons; who came into the register meanwhile is changed, too.

    With the number goes the public id: the number is sealed for it.
    """
    Taxpayer.objects.bulk_create(
        rows,
        batch_size=_BATCH,
        update_conflicts=True,
        unique_fields=["agent", "document_index"],
        update_fields=["public_id", *COLUMNS],
    )
