"""The tax office's desk: the months of its agents that do not agree, and rows held back."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import QuerySet

from declarations.models import AgentMonth
from portal.models import Office, OfficeQuerySet, User, WithholdingAgent
from reconciliation.models import FeedFile, FeedKind, QuarantinedRow
from reconciliation.selectors.disagreements import UNEQUAL, with_difference
from reconciliation.selectors.months import with_current_result

NOT_AGREEING = (AgentMonth.Result.WAITING, AgentMonth.Result.MISMATCHED)


def offices_of(user: User) -> OfficeQuerySet:
    """Return a member of staff's office and all below it, by code."""
    if user.office_id is None:
        return Office.objects.none()
    return Office.objects.subtree_of(user.office_id).order_by("code")


def mismatched_months(
    user: User, *, tax_month: date | None = None, office: Office | None = None
) -> QuerySet[Any]:
    """Return the months that do not agree in the subtree of a user's office, worst first.

    `office` narrows to its own subtree. A page of them takes three queries.
    """
    # The stored results have an index; what a waiting one means today is said by the watermark.
    months = AgentMonth.objects.visible_to(user).filter(result__in=NOT_AGREEING)
    if tax_month is not None:
        months = months.filter(tax_month=tax_month)
    if office is not None:
        below = Office.objects.subtree_of(office.pk).values("pk")
        months = months.filter(agent__office__in=below)
    mismatched = with_current_result(months).filter(current_result="mismatched")
    return (
        with_difference(mismatched)
        .select_related("agent__office")
        .prefetch_related(UNEQUAL)
        .order_by("-difference", "tax_month", "pk")
    )


def months_of_agent(user: User, agent: WithholdingAgent) -> QuerySet[Any]:
    """Return an agent's months that have a result, whatever it is, newest first."""
    months = AgentMonth.objects.visible_to(user).filter(agent=agent)
    return with_current_result(months).exclude(current_result=None).order_by("-tax_month")


def quarantined_payments(user: User) -> QuerySet[QuarantinedRow]:
    """Return the payment rows in quarantine that name an agent the user may read about."""
    codes = WithholdingAgent.objects.visible_to(user).values("computer_code")
    return (
        QuarantinedRow.objects.filter(left_at=None, kind=FeedKind.JKRK, computer_code__in=codes)
        .select_related("feed_file")
        .prefetch_related("corrections")
        .order_by("code", "-feed_file__business_date", "line_number")
    )


def refused_files() -> QuerySet[FeedFile]:
    """Return the refused files that no import of the same name has made good, newest first."""
    good = FeedFile.objects.filter(state=FeedFile.State.IMPORTED).values("name")
    return (
        FeedFile.objects.filter(state=FeedFile.State.REFUSED)
        .exclude(name__in=good)
        .order_by("-received_at", "-pk")
    )
