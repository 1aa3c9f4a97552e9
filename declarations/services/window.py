"""The window (介质申报): a file of declarations that somebody brought to the tax office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.utils import timezone

from declarations import declaration as values
from declarations.faults import Fault
from declarations.jsonlines import read_declarations
from declarations.models import Declaration
from declarations.refusals import AgentIsNotRegistered, MonthIsClosed
from declarations.services.filing import Filed, file
from declarations.wording import row_sentence
from portal.errors import Refusal
from portal.models import User, WithholdingAgent, WithholdingAgentQuerySet


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was filed of a line of the file, as a receipt names it."""

    line: int
    public_id: UUID
    number: str
    agent: str
    tax_month: date
    kind: str
    line_count: int
    is_repeat: bool

    @classmethod
    def of(cls, line: int, filed: Filed) -> Receipt:
        declaration = filed.declaration
        month = declaration.agent_month
        return cls(
            line=line,
            public_id=declaration.public_id,
            number=declaration.receipt_number or "",
            agent=f"{month.agent}({month.agent.computer_code})",
            tax_month=month.tax_month,
            kind=str(declaration.get_kind_display()),
            line_count=declaration.line_count,
            is_repeat=filed.is_repeat,
        )


@dataclass
class WindowReport:
    """What became of a file: how many were filed (repeats too), what was refused by line number."""

    filed: int = 0
    refused: dict[int, list[dict[str, str]]] = field(default_factory=dict)
    agent_ids: set[int] = field(default_factory=set)
    receipts: list[Receipt] = field(default_factory=list)

    def as_json(self) -> dict[str, object]:
        return {"filed": self.filed, "refused": self.refused}


def file_declarations(path: Path, *, filed_by: User | None = None) -> WindowReport:
    """File every declaration of a JSON Lines file: `file_lines` with what is at a path."""
    with path.open("rb") as lines:
        return file_lines(lines, filed_by=filed_by)


def file_lines(
    lines: BinaryIO,
    *,
    filed_by: User | None,
    agents: WithholdingAgentQuerySet | None = None,
) -> WindowReport:
    """File every declaration of JSON Lines, each in a transaction of its own.

    What is wrong with one says nothing about the next. *Closed* is judged as of the start. The
    caller reconciles the agents of the report: that belongs after the last line. Only `agents` are
    registered for who files, if they are given.
    """
    started = timezone.now()
    report = WindowReport()
    agents = WithholdingAgent.objects.all() if agents is None else agents
    # A disk at the window has no limit of its own: one line is in memory at a time.
    declarations = read_declarations(lines, born_by=timezone.localdate(), max_bytes=None)
    for number, read in declarations:
        if not isinstance(read, values.Declaration):
            report.refused[number] = _faults(read)
            continue
        try:
            filed = _file_one(read, started, filed_by, agents)
        except Refusal as refusal:
            report.refused[number] = [_refusal(refusal)]
            continue
        report.filed += 1
        report.agent_ids.add(filed.declaration.agent_month.agent_id)
        report.receipts.append(Receipt.of(number, filed))
    return report


def _file_one(
    read: values.Declaration,
    started: datetime,
    filed_by: User | None,
    agents: WithholdingAgentQuerySet,
) -> Filed:
    code = read.header.computer_code
    agent = agents.filter(computer_code=code).first()
    if agent is None:
        raise AgentIsNotRegistered(code)
    return file(
        agent,
        read.header,
        read.lines,
        channel=Declaration.Channel.WINDOW,
        filed_by=filed_by,
        filed_on=read.header.filed_on,
        closed_as_of=started,
    )
    return agent.pk


def _faults(faults: Sequence[Fault]) -> list[dict[str, str]]:
    return [
        {"field": fault.field, "code": fault.code.value, "message": row_sentence(fault)}
        for fault in faults
    ]


def _refusal(refusal: Refusal) -> dict[str, str]:
    fields = {AgentIsNotRegistered.code: "computer_code", MonthIsClosed.code: "tax_month"}
    return {
        "field": fields.get(refusal.code, ""),
        "code": refusal.code,
        "message": str(refusal),
    }
