"""What explains the months that do not agree: the facts of many agents in few statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from itertools import groupby, islice
from typing import Any

from django.db.models import Prefetch
from django.db.models.expressions import RawSQL

from declarations.models import AgentMonth, Declaration, DetailLine
from declarations.taxlaw.tax_month import format_tax_month
from portal.models import WithholdingAgent
from reconciliation.causes import (
    Books,
    Cause,
    Explanation,
    HeldRow,
    Line,
    explain,
)
from reconciliation.causes import Payment as PaymentFact
from reconciliation.causes.held import codes_one_off, read_held_row
from reconciliation.models import (
    Comparison,
    FeedKind,
    Payment,
    QuarantineCorrection,
    QuarantinedRow,
    Relation,
)
from reconciliation.selectors.desk import NOT_AGREEING
from reconciliation.selectors.months import with_current_result
from reconciliation.selectors.query import MonthFigures
from reconciliation.statements import array_of

AGENTS_AT_ONCE = 200
AROUND = timedelta(days=190)
"""Half a year on either side tells what is usual for a person."""
EXPLAIN_A_DIFFERENCE = "explain a difference"


@dataclass(eq=False)
class _Facts:
    """What is read of one agent."""

    pk: int
    code: str
    months: list[date]
    lines: list[Line] = field(default_factory=list)
    payments: list[PaymentFact] = field(default_factory=list)
    held: list[HeldRow] = field(default_factory=list)
    others: list[_Facts] = field(default_factory=list)

    @cached_property
    def alone(self) -> Books:
        return Books(self.code, self.lines, self.payments, self.held)

    @property
    def books(self) -> Books:
        return replace(self.alone, others=[other.alone for other in self.others])


def explain_months() -> Iterator[dict[str, Any]]:
    """Yield the causes of every month that is mismatched, by computer code and month (design.md).

    Six statements for each batch of agents.
    """
    months = with_current_result(AgentMonth.objects.filter(result__in=NOT_AGREEING))
    rows = (
        months.filter(current_result="mismatched")
        .order_by("agent__computer_code", "tax_month")
        .values_list("agent", "agent__computer_code", "tax_month")
        .iterator(chunk_size=2_000)
    )
    agents = (
        _Facts(pk, code, [month for _, _, month in of_agent])
        for (pk, code), of_agent in groupby(rows, key=lambda row: row[:2])
    )
    while batch := list(islice(agents, AGENTS_AT_ONCE)):
        for facts, explanation in _explained(batch):
            yield {
                "computer_code": facts.code,
                "tax_month": format_tax_month(explanation.month),
                "causes": [cause.as_json() for cause in explanation.causes],
            }


def causes_of_month(agent: WithholdingAgent, tax_month: date) -> list[Cause]:
    """Return the likely causes of one month's difference, best first. Six statements."""
    [(_, explanation)] = _explained([_Facts(agent.pk, agent.computer_code, [tax_month])])
    return explanation.causes


def causes_of_figures(figures: MonthFigures) -> list[Cause]:
    """Return the causes of a month that is shown; none unless it is mismatched."""
    if figures.result != AgentMonth.Result.MISMATCHED:
        return []
    return causes_of_month(figures.agent, figures.tax_month)


def _explained(agents: list[_Facts]) -> Iterator[tuple[_Facts, Explanation]]:
    everybody = _with_others(agents)
    by_month = _months_around(everybody)
    _read_lines(by_month)
    _read_payments(by_month)
    _read_held_rows(everybody)
    for facts in agents:
        for explanation in explain(facts.books, facts.months):
            yield facts, explanation


def _with_others(agents: list[_Facts]) -> list[_Facts]:
    """Return these agents and those whose code is one character off, if they do not agree, too.

    An agent gets the others whose months of the same day do not agree.
    """
    facts_of = {facts.pk: facts for facts in agents}
    near = _agents_by_codes_one_off({facts.code: facts for facts in agents})
    unequal = (
        Comparison.objects.filter(
            agent_month__agent__computer_code__in=_texts(near),
            agent_month__tax_month__in={month for facts in agents for month in facts.months},
        )
        .exclude(relation=Relation.EQUAL)
        .order_by("agent_month__agent__computer_code", "agent_month__tax_month")
        .values_list(
            "agent_month__agent", "agent_month__agent__computer_code", "agent_month__tax_month"
        )
        .distinct()
    )
    for pk, code, month in unequal:
        asking = [facts for facts in near[code] if month in facts.months]
        if not asking:
            continue
        other = facts_of.setdefault(pk, _Facts(pk, code, []))
        if month not in other.months and other not in agents:
            other.months.append(month)
        for facts in asking:
            if other not in facts.others:
                facts.others.append(other)
    return list(facts_of.values())


def _chosen(ids: Iterable[int]) -> RawSQL:
    return RawSQL("SELECT unnest(%s::bigint[])", [array_of(ids)])


def _texts(texts: Collection[str]) -> RawSQL:
    return RawSQL("SELECT unnest(%s::text[])", [list(texts)])


def _months_around(agents: list[_Facts]) -> dict[int, tuple[_Facts, date]]:
    """Return the months that lie within half a year of one to be explained."""
    facts_of = {facts.pk: facts for facts in agents}
    months = AgentMonth.objects.filter(agent__in=_chosen(facts_of)).values_list(
        "pk", "agent", "tax_month"
    )
    return {
        pk: (facts_of[agent], tax_month)
        for pk, agent, tax_month in months
        if any(abs(tax_month - month) <= AROUND for month in facts_of[agent].months)
    }


def _read_lines(by_month: dict[int, tuple[_Facts, date]]) -> None:
    lines = (
        DetailLine.objects.filter(
            declaration__agent_month__in=_chosen(by_month),
            declaration__status=Declaration.Status.FILED,
        )
        .order_by("declaration", "line_number")
        .values_list(
            "declaration__agent_month",
            "declaration__kind",
            "line_number",
            "document_index",
            "income_item",
            "tax_withheld",
        )
    )
    for pk, kind, number, person, item, tax in lines.iterator(chunk_size=2_000):
        facts, month = by_month[pk]
        facts.lines.append(Line(month, kind, number, bytes(person), item, tax))


def _read_payments(by_month: dict[int, tuple[_Facts, date]]) -> None:
    for pk, payment in _payments(by_month):
        facts, month = by_month[pk]
        facts.payments.append(payment._replace(month=month))


def _payments(months: Iterable[int]) -> Iterator[tuple[int, PaymentFact]]:
    payments = (
        Payment.objects.filter(agent_month__in=_chosen(months), is_void=False)
        .order_by("paid_on", "voucher_number", "line_number")
        .values_list(
            "agent_month",
            "kind",
            "voucher_number",
            "line_number",
            "item",
            "amount",
            "paid_on",
            "in_treasury_on",
        )
    )
    for pk, kind, voucher, line, item, amount, paid_on, in_treasury in payments.iterator():
        yield (
            pk,
            PaymentFact(
                date.min, kind, voucher, line, item, amount, paid_on, in_treasury is not None
            ),
        )


def _read_held_rows(agents: list[_Facts]) -> None:
    """Give rows in quarantine to the agents that they name, or miss by one character.

    A row whose voucher and line have come as a good record since is left out.
    """
    facts_of = {facts.code: facts for facts in agents}
    missed = _agents_by_codes_one_off(facts_of)
    rows = (
        QuarantinedRow.objects.filter(
            left_at=None, kind=FeedKind.JKRK, computer_code__in=_texts(["", *facts_of, *missed])
        )
        .select_related("feed_file")
        .prefetch_related(
            Prefetch("corrections", queryset=QuarantineCorrection.objects.order_by("pk"))
        )
        .order_by("feed_file", "line_number")
    )
    found: list[tuple[_Facts, HeldRow]] = []
    for row in rows:
        text = row.text.reveal(EXPLAIN_A_DIFFERENCE)
        read = read_held_row(row.feed_file.name, row.line_number, row.code, text)
        if read is None:
            continue
        code, held = read
        if code in facts_of:
            found.append((facts_of[code], held))
        elif row.code == QuarantinedRow.Code.AGENT:
            # It may be of any agent whose code is so near: only the one it fits will take it.
            near = held._replace(names_the_agent=False)
            found += [(facts, near) for facts in missed.get(code, ())]
    vouchers = _texts([held.voucher for _, held in found])
    loaded = (
        set(
            Payment.objects.filter(voucher_number__in=vouchers).values_list(
                "voucher_number", "line_number"
            )
        )
        if found
        else set()
    )
    for facts, held in found:
        if (held.voucher, held.line) not in loaded:
            facts.held.append(held)


def _agents_by_codes_one_off(facts_of: dict[str, _Facts]) -> dict[str, list[_Facts]]:
    missed: dict[str, list[_Facts]] = defaultdict(list)
    for code, facts in facts_of.items():
        for near in codes_one_off(code):
            missed[near].append(facts)
    return missed
