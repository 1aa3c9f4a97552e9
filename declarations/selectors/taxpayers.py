"""The register of persons (个人基础信息): who is in it, and who of a declaration is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone

from declarations.cells import LENIENT, Wrong
from declarations.column_check import DOCUMENT_NUMBER_LIMIT
from declarations.models import (
    Declaration,
    DetailLine,
    DraftLine,
    Taxpayer,
    TaxpayerQuerySet,
    person_index,
)
from declarations.persons import COLUMNS, LINE_COLUMNS, Person, check_person
from declarations.taxlaw.codes import DOCUMENT_TYPES
from portal.models import User, WithholdingAgent

State = Literal["there", "left", "all"]
STATES: Final[tuple[State, ...]] = ("there", "left", "all")
# By what a list of persons can be ordered; those who have no such day come last.
ORDERS: Final[Mapping[str, tuple[Any, ...]]] = {
    "name": ("name", "pk"),
    "joined_on": (F("joined_on").desc(nulls_last=True), "name", "pk"),
    "left_on": (F("left_on").desc(nulls_last=True), "name", "pk"),
}
NAMES_SHOWN: Final = 10
_PLAIN_COLUMNS = tuple(column for column in COLUMNS if column != "document_number")


def access_own_taxpayer(user: User | AnonymousUser, public_id: UUID) -> Taxpayer:
    """Return a person of the register of the user's agent; else Http404. One query."""
    own = Taxpayer.objects.owned_by(user).select_related("agent")
    return get_object_or_404(own, public_id=public_id)


def taxpayers_of(
    agent: WithholdingAgent, state: State = "all", order: str = "name"
) -> TaxpayerQuerySet:
    """Return an agent's persons: those who are there (在职) today, who have left (离职), or all."""
    taxpayers = Taxpayer.objects.filter(agent=agent)
    today = timezone.localdate()
    if state == "there":
        taxpayers = taxpayers.there_on(today)
    elif state == "left":
        taxpayers = taxpayers.left_by(today)
    return taxpayers.order_by(*ORDERS[order])


def taxpayers_matching(agent: WithholdingAgent, text: str) -> TaxpayerQuerySet:
    """Return an agent's persons whose name holds a text, or whose whole number it is, by name."""
    return (
        Taxpayer.objects.filter(agent=agent)
        .filter(Q(name__icontains=text) | Q(document_index__in=list(_indexes(text))))
        .order_by(*ORDERS["name"])
    )


def taxpayers_of_month(agent: WithholdingAgent, tax_month: date) -> TaxpayerQuerySet:
    """Return the persons who were there on any day of a tax month, by name."""
    next_month = (tax_month + timedelta(days=31)).replace(day=1)
    there = taxpayers_of(agent).exclude(left_on__lt=tax_month)
    return there.exclude(joined_on__gte=next_month)


def taxpayer_of(agent: WithholdingAgent, person: Person) -> Taxpayer | None:
    """Return the row of a person in an agent's register, if there is one."""
    index = person_index(person.document_type, person.document_number)
    return Taxpayer.objects.filter(agent=agent, document_index=index).first()


def person_of(taxpayer: Taxpayer, reason: str) -> Person:
    """Return a row as the person it stands for; the number is revealed for a reason."""
    return Person(
        **{column: getattr(taxpayer, column) for column in _PLAIN_COLUMNS},
        document_number=taxpayer.document_number.reveal(reason),
    )


@dataclass(frozen=True)
class Unregistered:
    """The persons of a declaration who are not in the register of its agent.

    `shown` are the first of them: the line's number, and the name, if there is one.
    """

    count: int
    shown: list[tuple[int, str]]

    @property
    def more(self) -> int:
        """Return how many are not shown."""
        return self.count - len(self.shown)


def persons_not_in_register(declaration: Declaration) -> Unregistered:
    """Return who of a draft or a filed declaration is not in the register. Two queries.

    Lines that do not say who it is are left out: the check names what is wrong with them.
    """
    lines = lines_not_in_register(declaration)
    number = _number_field(declaration)
    firsts = lines.order_by().values("document_index").annotate(first=Min(number))
    numbers: list[int] = sorted(firsts.values_list("first", flat=True))
    shown = lines.filter(**{f"{number}__in": numbers[:NAMES_SHOWN]}).order_by(number)
    return Unregistered(len(numbers), [(getattr(row, number), _name(row)) for row in shown])


def lines_not_in_register(
    declaration: Declaration,
) -> QuerySet[DraftLine] | QuerySet[DetailLine]:
    """Return the lines of persons who are not in the register of a declaration's agent."""
    registered = Taxpayer.objects.filter(
        agent=declaration.agent_month.agent_id, document_index=OuterRef("document_index")
    )
    if declaration.status == Declaration.Status.DRAFT:
        typed = DraftLine.objects.filter(declaration=declaration, document_index__isnull=False)
        return typed.exclude(Exists(registered)).order_by("position")
    filed = DetailLine.objects.filter(declaration=declaration)
    return filed.exclude(Exists(registered)).order_by("line_number")


def person_in_line(row: DraftLine | DetailLine, reason: str) -> Person | None:
    """Return whom a line is about; none where that has faults. Revealed for a reason."""
    if isinstance(row, DetailLine):
        values = {column: getattr(row, column) for column in LINE_COLUMNS}
        return Person(**values | {"document_number": row.document_number.reveal(reason)})
    cells = row.cells.reveal_json(reason)
    typed = {column: cells[column] for column in LINE_COLUMNS if column in cells}
    outcome = check_person(typed, born_by=timezone.localdate())
    return outcome if isinstance(outcome, Person) else None


def _number_field(declaration: Declaration) -> str:
    return "position" if declaration.status == Declaration.Status.DRAFT else "line_number"


def _name(row: DraftLine | DetailLine) -> str:
    if isinstance(row, DetailLine):
        return row.name
    return str(row.cells.reveal_json("name the persons not in the register").get("name", ""))


def _indexes(text: str) -> Iterator[bytes]:
    """Give out what the number that was typed is found by, of each type of document."""
    try:
        number = LENIENT.document_number(text, limit=DOCUMENT_NUMBER_LIMIT)
    except Wrong:
        return
    for document_type in DOCUMENT_TYPES:
        yield person_index(document_type.code, number)
