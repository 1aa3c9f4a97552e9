"""A list of persons that waits to come into the register, and what it would change there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.utils import timezone

from declarations.models import Roster, Taxpayer, TaxpayerQuerySet, person_index
from declarations.persons import COLUMNS, Person, check_person
from declarations.selectors.taxpayers import person_of
from portal.models import WithholdingAgent

KEPT_FOR: Final = timedelta(days=1)
_COMPARE: Final = "compare a list with the register"


class Change(NamedTuple):
    """A row of the list for somebody who is in the register: what changes, before and after."""

    row: int
    taxpayer: Taxpayer
    before: Person
    after: Person

    @property
    def columns(self) -> list[str]:
        """Return the columns that change."""
        return [
            column
            for column in COLUMNS
            if getattr(self.before, column) != getattr(self.after, column)
        ]


@dataclass(frozen=True)
class Plan:
    """What a list would do to the register, by the rows of its file: add, change, leave as is.

    `report` is what is wrong with the other rows, as `report_of_faults` has it; none if nothing.
    `left_out` are the headings of columns that the register does not have.
    """

    rows: int
    added: Sequence[tuple[int, Person]]
    changed: Sequence[Change]
    unchanged: int
    report: Mapping[str, Any] | None
    faulty_rows: int
    left_out: Sequence[str]


def roster_of(agent: WithholdingAgent) -> Roster | None:
    """Return the list that waits to come into an agent's register, if there is one. One query."""
    since = timezone.now() - KEPT_FOR
    return Roster.objects.filter(agent=agent, created_at__gt=since).select_related("agent").first()


def rows_in(roster: Roster) -> int:
    """Return how many rows a list has, faulty ones too."""
    rows: int = roster.content.reveal_json(_COMPARE)["rows"]
    return rows


def plan_of(roster: Roster, *, taxpayers: TaxpayerQuerySet | None = None) -> Plan:
    """Return what a list would do to the register as it is now. One query.

    `taxpayers` are those among whom its persons are looked for: the agent's. A column that the
    file lacks stays as it is; so does a number of 18 digits for which the file has the 15.
    """
    content = roster.content.reveal_json(_COMPARE)
    persons = _persons(content["persons"])
    if taxpayers is None:
        taxpayers = Taxpayer.objects.all()
    found = taxpayers.filter(agent=roster.agent_id, document_index__in=list(persons))
    rows = {taxpayer.document_index: taxpayer for taxpayer in found}
    columns = set(content["columns"])
    added: list[tuple[int, Person]] = []
    changed: list[Change] = []
    unchanged = 0
    for index, (row, person) in persons.items():
        taxpayer = rows.get(index)
        if taxpayer is None:
            added.append((row, person))
            continue
        before = person_of(taxpayer, _COMPARE)
        after = _merged(before, person, columns)
        if after == before:
            unchanged += 1
        else:
            changed.append(Change(row, taxpayer, before, after))
    return Plan(
        rows=content["rows"],
        added=added,
        changed=changed,
        unchanged=unchanged,
        report=content["report"],
        faulty_rows=content["rows"] - len(persons),
        left_out=content["left_out"],
    )


def _persons(rows: Sequence[tuple[int, Mapping[str, str]]]) -> dict[bytes, tuple[int, Person]]:
    """Return the right rows' persons by their blind index, each with its row's number."""
    persons = {}
    for row, texts in rows:
        person = check_person(texts)
        if not isinstance(person, Person):
            raise TypeError("A row that was right when it was kept has faults.")
        persons[person_index(person.document_type, person.document_number)] = row, person
    return persons


def _merged(before: Person, after: Person, columns: set[str]) -> Person:
    absent = {column: getattr(before, column) for column in COLUMNS if column not in columns}
    # The same person by their blind index: only the 15 and the 18 digits differ in length.
    if len(before.document_number) > len(after.document_number):
        absent["document_number"] = before.document_number
    return replace(after, **absent)
