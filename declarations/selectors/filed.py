"""What was filed, as programs read it: every version, with its state of today."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from declarations.models import AgentMonth, Declaration, DeclaredTotal, Finding
from declarations.selectors.months import watermark
from portal.models import User

ORDERS: Final = {
    "filed_at": ("filed_at", "pk"),
    "-filed_at": ("-filed_at", "-pk"),
    "tax_month": ("agent_month__tax_month", "pk"),
    "-tax_month": ("-agent_month__tax_month", "-pk"),
}


def filed_declarations(
    user: User,
    *,
    tax_month: date | None = None,
    kind: str | None = None,
    status: str | None = None,
    order: str = "-filed_at",
) -> QuerySet[Declaration]:
    """Return the filed versions that a user may read, drafts left out; `order` is one of ORDERS.

    Each has its totals, ordered by item, and as `current_result` and `finding_count` what its
    month's result means today and how much the check found. Three queries.
    """
    month_now: Any = AgentMonth.objects.filter(pk=OuterRef("agent_month"))
    found = Finding.objects.filter(declaration=OuterRef("pk")).order_by().values("declaration")
    declarations = (
        Declaration.objects.visible_to(user)
        .exclude(status=Declaration.Status.DRAFT)
        .select_related("agent_month__agent")
        .prefetch_related(
            Prefetch("totals", DeclaredTotal.objects.order_by("declaration", "income_item"))
        )
        .annotate(
            current_result=Subquery(
                month_now.with_current_result(watermark()).values("current_result")
            ),
            finding_count=Coalesce(Subquery(found.annotate(n=Count("pk")).values("n")), 0),
        )
        .order_by(*ORDERS[order])
    )
    if tax_month is not None:
        declarations = declarations.filter(agent_month__tax_month=tax_month)
    if kind is not None:
        declarations = declarations.filter(kind=kind)
    if status is not None:
        declarations = declarations.filter(status=status)
    return declarations
