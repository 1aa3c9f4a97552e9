"""The query page (申报及缴款信息查询): an agent's months, and a month's tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone

from declarations.models import AgentMonth, AgentMonthQuerySet, Declaration, Kind
from declarations.taxlaw.tax_month import filing_deadline, is_covered, previous_month, small_tax
from portal.models import User, WithholdingAgent
from reconciliation import agreement
from reconciliation.models import Comparison, MonthResult, Payment, PaymentRow, Relation
from reconciliation.selectors.disagreements import (
    UNEQUAL,
    Disagreement,
    disagreements,
    with_difference,
)
from reconciliation.selectors.feed import watermark
from reconciliation.selectors.months import MOST_ATTEMPTS, with_current_result
from reconciliation.selectors.snapshot import one_snapshot
from reconciliation.statements import statement

ZERO = Decimal("0.00")
MOST_VOUCHERS = 500
"""So many payments of a month are listed; a page with more says so."""


# --- The one way from a user to a month ---


def own_months(user: User) -> AgentMonthQuerySet:
    """Return the months of the agent that the user files for; none for staff."""
    return AgentMonth.objects.visible_to(user).filter(agent=user.agent_id)


def visible_months(user: User) -> AgentMonthQuerySet:
    """Return the months that a user may read about: an agent its own, staff their office's."""
    return AgentMonth.objects.visible_to(user)


def access_month(user: User, public_id: UUID) -> AgentMonth:
    """Return a month that a member of staff may read, with agent and office; else Http404."""
    months = AgentMonth.objects.visible_to(user).select_related("agent__office")
    return get_object_or_404(months, public_id=public_id)


def access_own_agent(user: User, tax_month: date) -> WithholdingAgent:
    """Return the user's agent if the month is one that there can be; else Http404."""
    if user.agent is None or not is_covered(tax_month) or tax_month > timezone.localdate():
        raise Http404
    return user.agent


# --- A month ---


@dataclass(frozen=True)
class ItemFigures:
    """Declared and paid tax of one item in yuan, and the payments that were counted."""

    item: str
    declared: Decimal
    paid: Decimal
    line_count: int
    vouchers: list[Payment]

    @property
    def difference(self) -> Decimal:
        """Return declared less paid."""
        return self.declared - self.paid

    @property
    def relation(self) -> Relation:
        return Relation(agreement.relation(self.declared, self.paid, ZERO))


@dataclass(frozen=True)
class KindFigures:
    """A kind's row of the summary (汇总状态表) and its table by item, yuan to the fen."""

    kind: Kind
    declared: Decimal
    paid: Decimal
    relation: Relation
    items: list[ItemFigures]

    @property
    def difference(self) -> Decimal:
        """Return declared less paid."""
        return self.declared - self.paid

    @property
    def is_excused(self) -> bool:
        """Tell whether the law lets the declared tax go unpaid."""
        return self.relation == Relation.EQUAL and self.declared != self.paid

    @property
    def missing(self) -> dict[str, Decimal]:
        """Return what is paid and not declared of each item, yuan."""
        return {
            item.item: item.paid - item.declared for item in self.items if item.paid > item.declared
        }

    @property
    def missing_in_all(self) -> Decimal:
        return sum(self.missing.values(), ZERO)

    @property
    def items_differ(self) -> bool:
        """Tell whether the totals agree and the items do not."""
        return self.declared == self.paid and any(item.difference for item in self.items)


@dataclass(frozen=True)
class KindSums:
    """Declared and paid tax of one kind as a conclusion found them, yuan."""

    kind: Kind
    declared: Decimal
    paid: Decimal


@dataclass(frozen=True)
class HistoryEntry:
    """What a month's reconciliation concluded, and from which sums."""

    concluded_at: datetime
    result: str | None
    settles_on: date | None
    sums: list[KindSums]


@dataclass(frozen=True)
class MonthFigures:
    """All that the page of a month shows, of one instant. `month` is none if nothing happened.

    `result` is matched, waiting, mismatched, checking, or none when there is nothing to compare.
    While it is checking, the sums are those of this moment and nothing is concluded from them.
    """

    agent: WithholdingAgent
    tax_month: date
    month: AgentMonth | None
    result: str | None
    watermark: date | None
    kinds: list[KindFigures]
    in_transit: list[Payment] = field(default_factory=list)
    late_fees_and_fines: list[Payment] = field(default_factory=list)
    void: list[Payment] = field(default_factory=list)
    more_vouchers: bool = False
    declarations: list[Declaration] = field(default_factory=list)
    history: list[HistoryEntry] = field(default_factory=list)

    @property
    def in_force(self) -> list[tuple[Kind, Declaration | None]]:
        """Return each kind with its declaration in force, if there is one."""
        by_kind = {
            declaration.kind: declaration
            for declaration in self.declarations
            if declaration.status == Declaration.Status.FILED
        }
        return [(kind, by_kind.get(kind)) for kind in Kind]

    @property
    def supplements(self) -> list[KindFigures]:
        """Return the figures of 补税申报 and 退税申报."""
        return [kind for kind in self.kinds if kind.kind != Kind.REGULAR]

    @property
    def is_closed(self) -> bool:
        return self.month is not None and self.month.closed_at is not None

    @property
    def is_stopped(self) -> bool:
        """Tell whether reconciling failed so often that a person has to look."""
        return (
            self.result == "checking"
            and self.month is not None
            and self.month.attempts >= MOST_ATTEMPTS
        )


def figures_of_month(agent: WithholdingAgent, tax_month: date) -> MonthFigures:
    """Read a month's tables. Seven queries, one snapshot; drafts are left out."""
    with one_snapshot():
        complete_to = watermark()
        months = AgentMonth.objects.filter(agent=agent, tax_month=tax_month)
        month = with_current_result(months).first()
        if month is None:
            empty = [KindFigures(kind, ZERO, ZERO, Relation.EQUAL, []) for kind in Kind]
            return MonthFigures(agent, tax_month, None, None, complete_to, empty)
        payments = list(
            Payment.objects.filter(agent_month=month).order_by(
                "paid_on", "voucher_number", "line_number"
            )[: MOST_VOUCHERS + 1]
        )
        items = _items(month, payments[:MOST_VOUCHERS])
        result: str | None = month.current_result
        # While a change is not yet reconciled, the stored comparisons are of the past.
        stored = {} if result == "checking" else _comparisons(month)
        kinds = [
            _kind_figures(kind, items[kind], stored, checking=result == "checking", month=tax_month)
            for kind in Kind
        ]
        return MonthFigures(
            agent=agent,
            tax_month=tax_month,
            month=month,
            result=result,
            watermark=complete_to,
            kinds=kinds,
            in_transit=[row for row in payments if _is_in_transit(row)],
            late_fees_and_fines=[
                row for row in payments if row.kind in _NOT_COMPARED and not row.is_void
            ],
            void=[row for row in payments if row.is_void],
            more_vouchers=len(payments) > MOST_VOUCHERS,
            declarations=sorted(
                Declaration.objects.filter(agent_month=month)
                .exclude(status=Declaration.Status.DRAFT)
                .order_by("-version"),
                key=lambda declaration: Kind.values.index(declaration.kind),
            ),
            history=[
                _history_entry(entry)
                for entry in MonthResult.objects.filter(agent_month=month).order_by("-pk")[:50]
            ],
        )


def _history_entry(entry: MonthResult) -> HistoryEntry:
    sums = [KindSums(kind, *map(Decimal, entry.sums[kind])) for kind in Kind if kind in entry.sums]
    return HistoryEntry(entry.concluded_at, entry.result, entry.settles_on, sums)


def is_paid(month: AgentMonth, kind: str) -> bool:
    """Tell whether there is a payment of a month and kind, in the treasury or on its way."""
    payments = Payment.objects.filter(agent_month=month, kind=kind, is_void=False)
    return payments.filter(amount__gt=0).exists()


_NOT_COMPARED = (PaymentRow.Kind.LATE_FEE, PaymentRow.Kind.FINE)


def _is_in_transit(payment: Payment) -> bool:
    return (
        payment.kind not in _NOT_COMPARED and payment.in_treasury_on is None and not payment.is_void
    )


def _is_counted(payment: Payment) -> bool:
    return (
        payment.kind not in _NOT_COMPARED
        and payment.in_treasury_on is not None
        and not payment.is_void
    )


def _comparisons(month: AgentMonth) -> dict[str, Comparison]:
    return {row.kind: row for row in Comparison.objects.filter(agent_month=month)}


def _items(month: AgentMonth, payments: list[Payment]) -> dict[str, list[ItemFigures]]:
    vouchers: dict[tuple[str, str], list[Payment]] = {}
    for payment in payments:
        if _is_counted(payment):
            vouchers.setdefault((payment.kind, payment.item), []).append(payment)
    items: dict[str, list[ItemFigures]] = {kind: [] for kind in Kind}
    with connection.cursor() as cursor:
        cursor.execute(statement("items_of_month"), {"month": month.pk})
        for kind, item, declared, paid, line_count in cursor:
            items[kind].append(
                ItemFigures(item, declared, paid, line_count, vouchers.get((kind, item), []))
            )
    return items


def _kind_figures(
    kind: Kind,
    items: list[ItemFigures],
    stored: dict[str, Comparison],
    *,
    checking: bool,
    month: date,
) -> KindFigures:
    if kind in stored:
        row = stored[kind]
        return KindFigures(kind, row.declared, row.paid, Relation(row.relation), items)
    if not checking:
        return KindFigures(kind, ZERO, ZERO, Relation.EQUAL, items)
    declared = sum((item.declared for item in items), ZERO)
    paid = sum((item.paid for item in items), ZERO)
    return KindFigures(
        kind, declared, paid, Relation(agreement.relation(declared, paid, small_tax(month))), items
    )


# --- The lists ---


@dataclass(frozen=True)
class MonthLists:
    """An agent's months by what they have come to, each newest first."""

    mismatched: list[Disagreement]
    waiting: list[AgentMonth]
    checking: list[AgentMonth]
    watermark: date | None


def months_by_result(user: User) -> MonthLists:
    """Return the agent's months that do not agree, wait, or are being checked. Five queries."""
    with one_snapshot():
        complete_to = watermark()
        months = with_current_result(own_months(user)).order_by("-tax_month")
        unsettled = list(
            with_difference(
                months.filter(current_result__in=["mismatched", "waiting", "checking"])
            ).prefetch_related(UNEQUAL)
        )
    return MonthLists(
        mismatched=disagreements(
            month for month in unsettled if month.current_result == "mismatched"
        ),
        waiting=[month for month in unsettled if month.current_result == "waiting"],
        checking=[month for month in unsettled if month.current_result == "checking"],
        watermark=complete_to,
    )


def matched_months(user: User) -> QuerySet[Any]:
    """Return the agent's months that agree, newest first."""
    months = with_current_result(own_months(user))
    return months.filter(current_result="matched").order_by("-tax_month")


# --- The agent's home ---


@dataclass(frozen=True)
class CalendarMonth:
    """A month of the year's picture: `state` is a result, or declared, draft, missing, future."""

    tax_month: date
    state: str


@dataclass(frozen=True)
class Unfiled:
    """Last month, while no regular declaration of it is in force: until when, in days from today.

    The deadline is the law's, without the shift for holidays.
    """

    tax_month: date
    deadline: date
    days_left: int
    draft: Declaration | None


def unfiled_month(user: User) -> Unfiled | None:
    """Return last month if it is still to be declared. One query."""
    today = timezone.localdate()
    tax_month = previous_month(today.replace(day=1))
    declarations = list(
        Declaration.objects.owned_by(user)
        .filter(agent_month__tax_month=tax_month, kind=Kind.REGULAR)
        .filter(status__in=[Declaration.Status.FILED, Declaration.Status.DRAFT])
    )
    if any(declaration.status == Declaration.Status.FILED for declaration in declarations):
        return None
    deadline = filing_deadline(tax_month)
    return Unfiled(tax_month, deadline, (deadline - today).days, next(iter(declarations), None))


def drafts(user: User) -> list[Declaration]:
    """Return the agent's drafts with their months, newest month first. One query."""
    return list(
        Declaration.objects.owned_by(user)
        .filter(status=Declaration.Status.DRAFT)
        .select_related("agent_month")
        .order_by("-agent_month__tax_month", "kind")
    )


def calendar(user: User, year: int) -> list[CalendarMonth]:
    """Return the twelve months of a year, each with its state. Three queries."""
    months = with_current_result(own_months(user).filter(tax_month__year=year))
    results: dict[date, str | None] = dict(months.values_list("tax_month", "current_result"))
    filed: dict[date, set[str]] = {}
    for tax_month, status in (
        Declaration.objects.owned_by(user)
        .filter(agent_month__tax_month__year=year)
        .values_list("agent_month__tax_month", "status")
    ):
        filed.setdefault(tax_month, set()).add(status)
    this_month = timezone.localdate().replace(day=1)

    def state(tax_month: date) -> str:
        result = results.get(tax_month)
        if result:
            return result
        if Declaration.Status.DRAFT in filed.get(tax_month, ()):
            return "draft"
        return "missing" if tax_month < this_month else "future"

    return [
        CalendarMonth(tax_month, state(tax_month))
        for tax_month in (date(year, number, 1) for number in range(1, 13))
    ]
