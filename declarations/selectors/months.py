"""Months: which are declared now, how far payments are known, which do not agree."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.utils import timezone

from declarations.models import AgentMonth, AgentMonthQuerySet, Declaration, PaymentWatermark
from declarations.taxlaw.tax_month import EARLIEST, previous_month
from portal.models import WithholdingAgent


def watermark() -> date | None:
    """Return the day up to which payment data are complete (缴款数据截至), or none yet."""
    return PaymentWatermark.objects.values_list("complete_to", flat=True).first()


def latest_declarable_month() -> date:
    """Return the current month in Beijing: what was paid in it can be declared at once."""
    return timezone.localdate().replace(day=1)


def default_month() -> date:
    """Return the month that is declared now: the last one."""
    return previous_month(latest_declarable_month())


def is_declarable(tax_month: date) -> bool:
    """Tell whether a page offers a month: from 2006-01 to the current one, no future one."""
    return EARLIEST <= tax_month <= latest_declarable_month()


def has_declarable_months(year: int) -> bool:
    """Tell whether a page offers a month of a year."""
    return EARLIEST.year <= year <= latest_declarable_month().year


def months_that_do_not_agree(agent: WithholdingAgent) -> AgentMonthQuerySet:
    """Return an agent's months that are mismatched today, newest first."""
    months: Any = AgentMonth.objects.filter(agent=agent).with_current_result(watermark())
    mismatched: AgentMonthQuerySet = months.filter(current_result="mismatched")
    return mismatched.order_by("-tax_month")


def first_later_month_declared(month: AgentMonth) -> AgentMonth | None:
    """Return the first month after a month for which a declaration is in force, of any kind."""
    declared = Declaration.objects.in_force().filter(
        agent_month__agent=month.agent_id, agent_month__tax_month__gt=month.tax_month
    )
    first = declared.select_related("agent_month").order_by("agent_month__tax_month").first()
    return first.agent_month if first else None


def earlier_months_that_do_not_agree(declaration: Declaration) -> AgentMonthQuerySet:
    """Return the months before a declaration's (往期核对不成功的月份), newest first."""
    month = declaration.agent_month
    return months_that_do_not_agree(month.agent).filter(tax_month__lt=month.tax_month)
