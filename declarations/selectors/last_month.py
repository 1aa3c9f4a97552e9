"""A draft beside last month's declaration: sums, persons new and gone, incomes that jumped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Min, Sum

from declarations.lines import ZERO
from declarations.models import Declaration, DetailLine, DraftLine
from declarations.selectors.checking import DraftCheck
from declarations.selectors.listing import in_force, totals_of
from declarations.selectors.versions import TotalChanges, totals_side_by_side
from declarations.taxlaw.tax_month import previous_month

PERSONS_SHOWN = 50


@dataclass(frozen=True)
class Persons:
    """Some persons by name: how many there are, and the first PERSONS_SHOWN in order."""

    count: int
    names: list[str]


@dataclass(frozen=True)
class IncomeJump:
    """A person whose income changed by more than half, yuan."""

    name: str
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class LastMonth:
    """A draft's sound lines against last month's declaration in force of the same kind."""

    declaration: Declaration
    changes: TotalChanges
    new: Persons
    gone: Persons
    jumps: list[IncomeJump]
    jump_count: int


@dataclass(frozen=True)
class _Person:
    name: str
    income: Decimal


def last_month_beside(draft: Declaration, check: DraftCheck) -> LastMonth | None:
    """Compare a draft with last month's declaration in force of its kind; none if there is none.

    A person is known by the document, whichever name stands beside it, and has all incomes of the
    month added up. Four queries, whatever the number of lines.
    """
    month = draft.agent_month
    earlier = in_force(month.agent, previous_month(month.tax_month), draft.kind)
    if earlier is None:
        return None
    before, after = _persons_filed(earlier), _persons_typed(draft, check)
    jumps = [
        IncomeJump(after[person].name, before[person].income, after[person].income)
        for person in after.keys() & before.keys()
        if _has_jumped(before[person].income, after[person].income)
    ]
    jumps.sort(key=lambda jump: (-abs(jump.after - jump.before), jump.name))
    return LastMonth(
        declaration=earlier,
        changes=totals_side_by_side(totals_of(earlier), check.totals),
        new=_named(after[person] for person in after.keys() - before.keys()),
        gone=_named(before[person] for person in before.keys() - after.keys()),
        jumps=jumps[:PERSONS_SHOWN],
        jump_count=len(jumps),
    )


def _has_jumped(before: Decimal, after: Decimal) -> bool:
    return before > 0 and abs(after - before) * 2 > before


def _named(persons: Iterable[_Person]) -> Persons:
    names = sorted(person.name for person in persons)
    return Persons(len(names), names[:PERSONS_SHOWN])


def _persons_filed(declaration: Declaration) -> dict[bytes, _Person]:
    rows = (
        DetailLine.objects.filter(declaration=declaration)
        .order_by()
        .values("document_index")
        .annotate(any_name=Min("name"), all_income=Sum(F("income") + F("income_foreign")))
        .values_list("document_index", "any_name", "all_income")
    )
    return {bytes(index): _Person(name, income) for index, name, income in rows}


def _persons_typed(draft: Declaration, check: DraftCheck) -> dict[bytes, _Person]:
    """Return the persons of a draft's sound lines. One query."""
    lines = dict(zip(check.rows, check.lines, strict=True))
    stored = DraftLine.objects.filter(declaration=draft).values_list("position", "document_index")
    persons: dict[bytes, _Person] = {}
    for position, index in stored:
        line = lines.get(position)
        if line is None or index is None:
            continue
        known = persons.get(bytes(index))
        income = (known.income if known else ZERO) + line.total_income
        persons[bytes(index)] = _Person(line.name, income)
    return persons
