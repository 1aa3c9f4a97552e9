"""The register of persons: added, changed, left, back again, deleted; and taken from declarations.

A declaration keeps its persons' data itself: nothing here changes one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final, NamedTuple

from django.db import IntegrityError, transaction
from django.http import Http404

from declarations.models import Declaration, Taxpayer
from declarations.persons import COLUMNS, LINE_COLUMNS, Person, texts_of
from declarations.refusals import LeftBeforeJoining, PersonIsGone, PersonIsRegistered
from declarations.selectors import (
    access_own_declaration,
    lines_not_in_register,
    person_in_line,
    person_of,
    persons_not_in_register,
    taxpayer_of,
    taxpayers_of_month,
)
from declarations.services.drafts import create_draft, put_lines
from declarations.services.imports import SMALL_ROWS, WRITE, DraftIsGone
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from portal.jobs import Progress
from portal.models import AuditEntry, Job, User, WithholdingAgent
from portal.services import audit
from portal.services.jobs import start_job

REGISTER_PERSONS: Final = "declarations.register_persons"
_TAKE_IN: Final = "take persons into the register"
_BEGIN: Final = "begin a draft from the register"
# 工资、薪金所得-普通月工资: what those who work here are paid every month.
_MONTHLY_WAGE: Final = "0101"


@transaction.atomic
def add_taxpayer(agent: WithholdingAgent, person: Person) -> Taxpayer:
    """Add a person to an agent's register. PersonIsRegistered."""
    taxpayer = taxpayer_row(agent, person)
    _save(taxpayer, person)
    return taxpayer


@transaction.atomic
def edit_taxpayer(taxpayer: Taxpayer, person: Person) -> Taxpayer:
    """Write a person over a row. PersonIsGone, PersonIsRegistered if the document is another's."""
    taxpayer = _lock(taxpayer)
    for column in COLUMNS:
        setattr(taxpayer, column, getattr(person, column))
    _save(taxpayer, person)
    return taxpayer


@transaction.atomic
def mark_left(taxpayer: Taxpayer, left_on: date) -> Taxpayer:
    """Note that a person leaves on a day (离职). PersonIsGone, LeftBeforeJoining."""
    taxpayer = _lock(taxpayer)
    if taxpayer.joined_on is not None and left_on < taxpayer.joined_on:
        raise LeftBeforeJoining(taxpayer)
    taxpayer.left_on = left_on
    taxpayer.save(update_fields=["left_on"])
    return taxpayer


@transaction.atomic
def mark_back(taxpayer: Taxpayer) -> Taxpayer:
    """Note that a person is there again (恢复在职). PersonIsGone."""
    taxpayer = _lock(taxpayer)
    taxpayer.left_on = None
    taxpayer.save(update_fields=["left_on"])
    return taxpayer


def delete_taxpayer(taxpayer: Taxpayer) -> None:
    """Delete a person from the register, whatever was declared; twice is harmless."""
    Taxpayer.objects.filter(pk=taxpayer.pk).delete()


class Registered(NamedTuple):
    """How many persons came into the register, and how many could not: their lines have faults."""

    added: int
    left_out: int


def register_or_leave_to_job(declaration: Declaration, *, by: User) -> Registered | Job:
    """Register persons as `register_persons_of` does; many are left to a job, which is returned.

    JobIsUnderWay while those of the declaration are being registered.
    """
    if persons_not_in_register(declaration).count <= SMALL_ROWS:
        return register_persons_of(declaration, by=by)
    return start_job(
        REGISTER_PERSONS, user=by, subject=declaration.public_id, parameters={}, content=b""
    )


def carry_out_registering(job: Job, progress: Progress) -> Mapping[str, int]:
    """Register the persons that a job was begun for; return the counts of Registered.

    DraftIsGone.
    """
    progress.phase(WRITE)
    try:
        declaration = access_own_declaration(job.user, job.subject)
    except Http404:
        raise DraftIsGone from None
    return register_persons_of(declaration, by=job.user)._asdict()


@transaction.atomic
def register_persons_of(declaration: Declaration, *, by: User) -> Registered:
    """Add everybody of a draft or a filed declaration who is not in the register (全部登记).

    Of several lines the first counts that says who it is without a fault. One statement.
    """
    agent = declaration.agent_month.agent
    persons: dict[bytes, Person | None] = {}
    for row in lines_not_in_register(declaration).iterator(chunk_size=2_000):
        index = row.document_index
        if index is not None and persons.get(index) is None:
            persons[index] = person_in_line(row, _TAKE_IN)
    known = sorted(filter(None, persons.values()), key=lambda person: person.identity)
    rows = [taxpayer_row(agent, person) for person in known]
    # Whoever came into the register meanwhile stays as they are there.
    Taxpayer.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        audit.record(
            AuditEntry.Action.IMPORT, "registered", user=by, agent=agent, persons=len(rows)
        )
    return Registered(len(rows), len(persons) - len(rows))


@transaction.atomic
def begin_draft_from_register(
    agent: WithholdingAgent, tax_month: date, kind: str, *, coverage: str
) -> Declaration:
    """Begin a draft with a line for everybody who was there in its month, amounts left blank.

    The item is that of monthly wages for those who work here, else blank too. Refusals as of
    `create_draft`; TooManyLines.
    """
    draft = create_draft(agent, tax_month, kind, coverage=coverage)
    put_lines(draft, list(_lines(agent, tax_month)), replace=False)
    return draft


def taxpayer_row(agent: WithholdingAgent, person: Person) -> Taxpayer:
    """Return a new row for a person, not saved."""
    return Taxpayer(agent=agent, **{column: getattr(person, column) for column in COLUMNS})


def _lines(agent: WithholdingAgent, tax_month: date) -> Iterator[tuple[None, dict[str, str]]]:
    for taxpayer in taxpayers_of_month(agent, tax_month).iterator(chunk_size=2_000):
        person = person_of(taxpayer, _BEGIN)
        texts = texts_of(person)
        cells = {column: texts[column] for column in LINE_COLUMNS if texts[column]}
        if tax_month < CUMULATIVE_FROM:
            cells.pop("resident", None)
        if person.employed_here:
            cells["income_item"] = _MONTHLY_WAGE
        yield None, cells


def _lock(taxpayer: Taxpayer) -> Taxpayer:
    locked = Taxpayer.objects.select_for_update(of=["self"]).filter(pk=taxpayer.pk)
    found = locked.select_related("agent").first()
    if found is None:
        raise PersonIsGone
    return found


def _save(taxpayer: Taxpayer, person: Person) -> None:
    twin = taxpayer_of(taxpayer.agent, person)
    if twin is not None and twin.pk != taxpayer.pk:
        raise PersonIsRegistered(twin)
    try:
        with transaction.atomic():
            taxpayer.save()
    except IntegrityError as error:
        # Another window was first.
        twin = taxpayer_of(taxpayer.agent, person)
        if twin is None or twin.pk == taxpayer.pk:
            raise
        raise PersonIsRegistered(twin) from error
