"""What is brought to the window: filed, and reconciled at once for who stands there."""

from __future__ import annotations

from datetime import date
from typing import BinaryIO

from declarations.models import AgentMonth
from declarations.services.window import Receipt, WindowReport, file_lines
from declarations.services.window_workbook import file_workbook
from portal.models import User, WithholdingAgent
from portal.selectors import agents_of
from reconciliation.services.reconciling import reconcile_at_once


def take_in_disk(lines: BinaryIO, *, by: User) -> WindowReport:
    """File every declaration of a JSON Lines file for the agents of an officer's office.

    As the command `file_declarations`: what is closed at the start is judged by all that is known
    then, and what was filed is reconciled. An agent of another office is one that is not
    registered.
    """
    agents = agents_of(by)
    changed = AgentMonth.objects.to_reconcile().filter(agent__in=agents)
    reconcile_at_once(list(changed.values_list("agent", flat=True).distinct()))
    report = file_lines(lines, filed_by=by, agents=agents)
    reconcile_at_once(sorted(report.agent_ids))
    return report


def take_in_workbook(
    agent: WithholdingAgent,
    tax_month: date,
    kind: str,
    content: bytes,
    *,
    file_kind: str,
    by: User,
) -> list[Receipt]:
    """File a workbook as one declaration; its receipt. Refusals as of `file_workbook`."""
    reconcile_at_once([agent.pk])
    filed = file_workbook(agent, tax_month, kind, content, file_kind=file_kind, filed_by=by)
    reconcile_at_once([agent.pk])
    return [Receipt.of(1, filed)]
