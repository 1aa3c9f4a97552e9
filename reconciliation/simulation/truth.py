"""What is true on an evening: each month's sums and result, and why they differ.

The amounts of a kind's causes add up to what was declared less what was paid, to the fen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from reconciliation.simulation.books import (
    KINDS,
    REGULAR,
    Code,
    DeclaredLine,
    Place,
    Record,
    State,
    Story,
)
from reconciliation.simulation.cast import computer_code, document_number, person_name
from reconciliation.simulation.income import text
from reconciliation.simulation.months import Life
from reconciliation.simulation.results import relation_of, result_of

Evidence = list[dict[str, object]]


class Sums(NamedTuple):
    """Declared and paid of a kind, in fen, and their relation."""

    declared: int
    paid: int
    relation: str


@dataclass
class Cause:
    """Why declared and paid of a kind differ; `amount` is its part of declared less paid, in fen.

    It is `recoverable` if the files say enough to find it.
    """

    code: Code
    kind: str
    amount: int
    evidence: Evidence = field(default_factory=list)
    recoverable: bool = True

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "kind": self.kind,
            "amount": text(self.amount),
            "recoverable": self.recoverable,
            "evidence": self.evidence,
        }


@dataclass(frozen=True)
class MonthTruth:
    """A month that has a result."""

    computer_code: str
    month: date
    result: str
    kinds: dict[str, Sums]
    causes: list[Cause]

    def as_json(self) -> dict[str, object]:
        """Return the line of truth.jsonl."""
        return {
            "computer_code": self.computer_code,
            "tax_month": self.month.isoformat()[:7],
            "result": self.result,
            "kinds": {
                kind: {
                    "declared": text(sums.declared),
                    "paid": text(sums.paid),
                    "relation": sums.relation,
                }
                for kind, sums in self.kinds.items()
            },
            "causes": [cause.as_json() for cause in self.causes],
        }


class Neighbourhood:
    """Up to ten agents with all they did: as much of the world as hangs together."""

    def __init__(self, lives: list[Life]) -> None:
        self.lives = {life.agent.number: life for life in lives}
        self.records: dict[tuple[int, date], list[Record]] = {}
        for life in lives:
            for record in life.records:
                for place in dict.fromkeys(record.places()):
                    self.records.setdefault(place, []).append(record)
        for life in lives:
            for story in life.stories.values():
                self._drop_what_would_be_refused(story)

    def is_registered(self, agent: int | None, day: date) -> bool:
        """Tell whether an agent is registered on an evening; one whom nobody knows never is."""
        return agent is not None and self.lives[agent].agent.registered_on <= day

    def truths(self, day: date) -> Iterator[MonthTruth]:
        """Yield every month that has a result on an evening, by agent and month."""
        months = set(self.records)
        for number, life in self.lives.items():
            months |= {(number, month) for month in life.stories}
        for number, month in sorted(months):
            truth = self.truth(number, month, day)
            if truth:
                yield truth

    def truth(self, number: int, month: date, day: date) -> MonthTruth | None:
        """Return what is true of a month on an evening; none if it has no result."""
        if not self.is_registered(number, day):
            return None
        story = self.lives[number].stories.get(month)
        states = [
            (record, record.state(day, self.is_registered))
            for record in self.records.get((number, month), ())
        ]
        kinds: dict[str, Sums] = {}
        causes: list[Cause] = []
        filed_on: date | None = None
        for kind in KINDS:
            place = Place(number, month, kind)
            versions = story.versions(kind, day) if story else []
            lines = story.declared_lines(kind, versions[-1]) if story and versions else []
            declared = sum(line.tax for line in lines)
            paid = sum(_paid_at(state, place) for _, state in states)
            kinds[kind] = Sums(declared, paid, relation_of(month, declared, paid))
            if versions:
                filed_on = max(filed_on or date.min, versions[-1])
            if story and versions:
                causes += self._slips(story, kind, lines, day)
            causes += _causes(states, place, day, is_declared=bool(versions))
        relations = {kind: sums.relation for kind, sums in kinds.items()}
        result = result_of(
            month, relations, filed_on, sum(sums.paid for sums in kinds.values()), day
        )
        if result is None:
            return None
        code = self.lives[number].agent.computer_code
        return MonthTruth(code, month, result, kinds, causes)

    def _slips(
        self, story: Story, kind: str, lines: list[DeclaredLine], day: date
    ) -> Iterator[Cause]:
        version = story.versions(kind, day)[-1]
        numbers = {line.slip: line.number for line in lines if line.slip}
        for slip in story.slips:
            if slip.kind != kind or not slip.is_in(version):
                continue
            line = story.lines[kind][slip.line]
            entry: dict[str, object] = {
                "name": person_name(line.person),
                "document_number": document_number(story.agent.number, line.person),
                "income_item": line.item,
                **slip.mistake.facts,
            }
            if slip in numbers:
                entry["declared_line"] = numbers[slip]
            amount = (0 if slip.declared is None else slip.declared) - line.tax
            recoverable = slip.mistake.code is not Code.UNEXPLAINED
            if slip.doubled:
                amount = line.tax
            elif slip.declared is None:
                seen = self._months_with(story, slip.line, kind, day)
                entry["usual_in"] = seen
                recoverable = bool(seen)
            yield Cause(slip.mistake.code, kind, amount, [entry], recoverable)

    def _months_with(self, story: Story, at: int, kind: str, day: date) -> list[str]:
        """Return the other months in which the very line of a person is declared as well."""
        missing = story.lines[kind][at]
        found = []
        for month, other in self.lives[story.agent.number].stories.items():
            versions = other.versions(REGULAR, day)
            if month == story.month or not versions:
                continue
            for line in other.declared_lines(REGULAR, versions[-1]):
                same = (line.line.person, line.line.item, line.tax)
                if same == (missing.person, missing.item, missing.tax):
                    found.append(month.isoformat()[:7])
                    break
        return found

    def _drop_what_would_be_refused(self, story: Story) -> None:
        """Let nobody amend a month that has agreed, by chance, in spite of a slip: it is closed."""
        for fixed_on in sorted({slip.fixed_on for slip in story.slips if slip.fixed_on}):
            eve = date.fromordinal(fixed_on.toordinal() - 1)
            truth = self.truth(story.agent.number, story.month, eve)
            if truth and truth.result == "matched":
                for slip in story.slips:
                    if slip.fixed_on == fixed_on:
                        slip.fixed_on = None


def _paid_at(state: State, place: Place) -> int:
    """Return what a record counts for at a place, in fen; every record is of 0.01 or more."""
    newest = state.newest
    return newest.amount if newest and newest.is_counted and newest.place == place else 0


def _causes(
    states: list[tuple[Record, State]], place: Place, day: date, *, is_declared: bool
) -> list[Cause]:
    """Return the causes that lie in the payments of a place."""
    causes: dict[object, Cause] = {}
    absent = due = 0

    def add(key: object, code: Code, record: Record, amount: int, **facts: object) -> None:
        cause = causes.setdefault(key, Cause(code, place.kind, 0))
        cause.amount += amount
        cause.recoverable = code is not Code.UNEXPLAINED
        entry = {"voucher_number": record.voucher, "line_number": record.line, **facts}
        cause.evidence.append(entry)

    for record, state in states:
        newest = state.newest
        paid = _paid_at(state, place)
        owed = record.owes(day) if record.place == place else 0
        due += owed
        mistake = record.mistake
        if owed and not is_declared:
            # Nobody has said that it is owed: what was not paid either does not differ.
            if not paid:
                continue
            add(Code.NOT_DECLARED, Code.NOT_DECLARED, record, -owed)
        if owed and newest and newest.is_in_transit:
            add(record.voucher, Code.IN_TRANSIT, record, owed)
        elif owed and newest is None and state.held:
            code = state.held[-1][0]
            add(record.voucher, Code.IN_QUARANTINE, record, owed, quarantine=code)
        elif owed and (newest is None or newest.is_void):
            absent += owed
        elif owed != paid and mistake:
            facts = dict(mistake.facts)
            if not owed and record.place:
                facts |= {
                    "belongs_to_agent": computer_code(record.place.agent),
                    "belongs_to_month": record.place.month.isoformat()[:7],
                    "belongs_to_kind": record.place.kind,
                }
            add(mistake, mistake.code, record, owed - paid, **facts)
        elif paid and mistake and newest and newest.item != record.item:
            add(mistake, mistake.code, record, 0, moved=text(paid), **mistake.facts)
    found = list(causes.values())
    if absent:
        code = Code.NOT_PAID if absent == due else Code.PARTLY_PAID
        found.append(Cause(code, place.kind, absent))
    return found
