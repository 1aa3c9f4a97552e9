"""What programs get: declarations, lines, findings and faults as JSON, in the format's names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import timezone

from declarations.declaration import ItemTotal
from declarations.explaining import explained_json, plain
from declarations.faults import Fault
from declarations.finding_words import finding_heading, finding_sentence
from declarations.findings import Finding
from declarations.lines import COLUMNS, Line
from declarations.models import Declaration, DeclaredTotal
from declarations.outcomes import state_of
from declarations.review import Assessed
from declarations.selectors import Lamp, lamps
from declarations.taxlaw.tax_month import format_tax_month
from declarations.wording import fault_sentence, lamp_reason


def declaration_json(declaration: Declaration, complete_to: date | None) -> dict[str, Any]:
    """Return a filed declaration: head, receipt, totals, lamps; from `filed_declarations`."""
    month = declaration.agent_month
    filed_at = declaration.filed_at
    filed_on = declaration.filed_on
    return {
        "id": str(declaration.public_id),
        "computer_code": month.agent.computer_code,
        "tax_month": format_tax_month(month.tax_month),
        "kind": declaration.kind,
        "coverage": declaration.coverage,
        "status": declaration.status,
        "channel": declaration.channel,
        "declarant": declaration.declarant,
        "address": declaration.address,
        "postcode": declaration.postcode,
        "own_headcount": declaration.own_headcount,
        "other_headcount": declaration.other_headcount,
        "total_income": _yuan(declaration.total_income),
        "line_count": declaration.line_count,
        "receipt": {
            "number": declaration.receipt_number,
            "version": declaration.version,
            "digest": declaration.digest,
            "filed_at": filed_at and timezone.localtime(filed_at).isoformat(timespec="seconds"),
            "filed_on": filed_on and filed_on.isoformat(),
        },
        "totals": totals_json(declaration.totals.all()),
        "finding_count": getattr(declaration, "finding_count"),  # noqa: B009  annotated
        "warning_count": declaration.warning_count,
        "lamps": [
            _lamp_json(lamp)
            for lamp in lamps(
                declaration,
                getattr(declaration, "current_result"),  # noqa: B009  annotated
                complete_to,
            )
        ],
    }


def totals_json(totals: Iterable[DeclaredTotal | ItemTotal]) -> list[dict[str, Any]]:
    """Return sums by income item, in yuan."""
    return [
        {
            "income_item": total.income_item,
            "line_count": total.line_count,
            "income": _yuan(total.income),
            "tax_reduction": _yuan(total.tax_reduction),
            "tax_withheld": _yuan(total.tax_withheld),
        }
        for total in totals
    ]


def line_json(line: Line, number: int) -> dict[str, Any]:
    """Return a filed line as it could be sent, all columns of its month's form; with its number."""
    entry: dict[str, Any] = {"line_number": number}
    for column in COLUMNS:
        value = getattr(line, column)
        if column == "facts":
            if value:
                entry[column] = dict(value)
        elif isinstance(value, Decimal):
            entry[column] = _yuan(value)
        elif value is not None:
            entry[column] = value
    return entry


def fault_json(fault: Fault, tax_month: date | None) -> dict[str, Any]:
    """Return what is wrong with a field, by its JSON pointer."""
    return {
        "code": fault.code.value,
        "pointer": f"/{fault.pointer}" if fault.pointer else "",
        "message": fault_sentence(fault, tax_month),
        "params": dict(fault.params),
    }


def findings_json(findings: Iterable[Finding], tax_month: date) -> list[dict[str, Any]]:
    """Return what was found; the findings' rows are line numbers, from 1."""
    return [
        {
            "code": finding.code.value,
            "severity": finding.severity.value,
            "pointer": f"/lines/{finding.row - 1}/{finding.field}",
            "found": _yuan(finding.found),
            "expected": _yuan(finding.expected),
            "title": finding_heading(finding.code),
            "message": finding_sentence(finding, tax_month),
            "params": dict(finding.params),
        }
        for finding in findings
    ]


def law_of_lines_json(
    assessed: Sequence[Assessed], rows: Sequence[int], *, explained: int
) -> list[dict[str, Any]]:
    """Return what the law makes of lines, the first so many with every step."""
    return [
        _law_of_line_json(each, rows[at], is_explained=at < explained)
        for at, each in enumerate(assessed)
    ]


def _law_of_line_json(assessed: Assessed, row: int, *, is_explained: bool) -> dict[str, Any]:
    result = assessed.result
    entry: dict[str, Any] = {"pointer": f"/lines/{row}", "state": state_of(assessed).value}
    for name in ("deduction", "taxable", "rate", "quick_deduction", "tax"):
        entry[name] = plain(name, getattr(result.assessment, name)) if result else None
    entry["difference"] = _yuan(assessed.difference)
    entry["method"] = result.method.name if result else None
    if is_explained:
        entry["explanation"] = explained_json(result) if result else []
    return entry


def _lamp_json(lamp: Lamp) -> dict[str, Any]:
    return {
        "subject": lamp.subject,
        "state": lamp.state.value,
        "reason": lamp.reason,
        "message": lamp_reason(lamp),
    }


def _yuan(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
