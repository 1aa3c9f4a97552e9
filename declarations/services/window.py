"""The window (介质申报): a file of declarations that somebody brought to the tax office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from django.utils import timezone

from declarations import declaration as values
from declarations.faults import Fault
from declarations.jsonlines import read_declarations
from declarations.models import Declaration
from declarations.refusals import AgentIsNotRegistered, MonthIsClosed
from declarations.services.filing import file
from declarations.wording import row_sentence
from portal.errors import Refusal
from portal.models import User, WithholdingAgent


@dataclass
class WindowReport:
    """What became of a file: how many were filed (repeats too), what was refused by line number."""

    filed: int = 0
    refused: dict[int, list[dict[str, str]]] = field(default_factory=dict)
    agent_ids: set[int] = field(default_factory=set)

    def as_json(self) -> dict[str, object]:
        return {"filed": self.filed, "refused": self.refused}


def file_declarations(path: Path, *, filed_by: User | None = None) -> WindowReport:
    """File every declaration of a JSON Lines file, each in a transaction of its own.

    What is wrong with one says nothing about the next. *Closed* is judged as of the start. The
    caller reconciles the agents of the report: that belongs after the last line.
    """
    started = timezone.now()
    report = WindowReport()
    with path.open("rb") as lines:
        # A disk at the window has no limit of its own: one line is in memory at a time.
        declarations = read_declarations(lines, born_by=timezone.localdate(), max_bytes=None)
        for number, read in declarations:
            if not isinstance(read, values.Declaration):
                report.refused[number] = _faults(read)
                continue
            try:
                agent_id = _file_one(read, started, filed_by)
            except Refusal as refusal:
                report.refused[number] = [_refusal(refusal)]
                continue
            report.filed += 1
            report.agent_ids.add(agent_id)
    return report


def _file_one(read: values.Declaration, started: datetime, filed_by: User | None) -> int:
    code = read.header.computer_code
    agent = WithholdingAgent.objects.filter(computer_code=code).first()
    if agent is None:
        raise AgentIsNotRegistered(code)
    file(
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
