"""The three lamps of a declaration: 数据上传, 检查格式, 缴款金额核对."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from declarations.models import AgentMonth, Declaration


class LampState(StrEnum):
    """未处理, 出错 and 已成功, in the words of the lamp's picture."""

    PENDING = "waiting"
    ERROR = "fault"
    DONE = "done"


class Lamp(NamedTuple):
    """One of the three lamps: what it is about, how it stands, and why, in stable words.

    `reason` is one of draft, unchecked, faults, filed, superseded, withdrawn, matched, waiting,
    mismatched, checking, none; `params` are what its sentence needs.
    """

    subject: str
    state: LampState
    reason: str
    params: dict[str, Any]


def lamps(
    declaration: Declaration, current_result: str | None, complete_to: date | None
) -> list[Lamp]:
    """Return 数据上传, 检查格式 and 缴款金额核对 of a declaration: views of stored states."""
    status = declaration.status
    if status == Declaration.Status.DRAFT:
        count = declaration.fault_count
        if count is None:
            checked = Lamp("format", LampState.PENDING, "unchecked", {})
        elif count:
            checked = Lamp("format", LampState.ERROR, "faults", {"count": count})
        else:
            checked = Lamp("format", LampState.DONE, "checked", {})
        return [
            Lamp("upload", LampState.PENDING, "draft", {}),
            checked,
            Lamp("payment", LampState.PENDING, "draft", {}),
        ]
    if status == Declaration.Status.WITHDRAWN:
        payment = Lamp("payment", LampState.PENDING, "withdrawn", {})
    elif status != Declaration.Status.FILED:
        payment = Lamp("payment", LampState.PENDING, "superseded", {})
    elif current_result == "matched":
        payment = Lamp("payment", LampState.DONE, "matched", {})
    elif current_result == "mismatched":
        payment = Lamp("payment", LampState.ERROR, "mismatched", {})
    elif current_result == "waiting":
        params = {"complete_to": complete_to, "settles_on": declaration.agent_month.settles_on}
        payment = Lamp("payment", LampState.PENDING, "waiting", params)
    else:
        payment = Lamp("payment", LampState.PENDING, "checking", {})
    return [
        Lamp("upload", LampState.DONE, "filed", {}),
        Lamp("format", LampState.DONE, "checked", {}),
        payment,
    ]


def current_result(month: AgentMonth, complete_to: date | None) -> str | None:
    """Return what a month's stored result means today. One query."""
    months: Any = AgentMonth.objects.filter(pk=month.pk).with_current_result(complete_to)
    result: str | None = months.values_list("current_result", flat=True).get()
    return result
