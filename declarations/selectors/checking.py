"""Declarations as values: what was typed and what was filed, checked and digested."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from declarations.declaration import (
    HeadCount,
    Header,
    ItemTotal,
    canonical,
    check_header,
    count_heads,
    digest,
    totals_by_item,
)
from declarations.faults import Fault, FaultCode
from declarations.findings import Finding, FindingCode, Severity
from declarations.lines import COLUMNS, Line, check_line
from declarations.models import Declaration, DetailLine, DraftLine
from declarations.selectors.findings import findings_of
from declarations.selectors.listing import detail_lines_of, draft_lines_of
from declarations.taxlaw.tax_month import format_tax_month
from portal.sealing import open_sealed

DRAFT_LINES = DraftLine._meta.db_table


def read_line(row: DetailLine, reason: str) -> Line:
    """Return a filed line as the value that was filed; its number is revealed for a reason."""
    return line_of(row, row.document_number.reveal(reason))


def line_of(row: DetailLine, document_number: str = "") -> Line:
    """Return a filed line as a value: all but the number, which is not opened, stands in it."""
    values = {column: getattr(row, column) for column in COLUMNS}
    values["document_number"] = document_number
    values["facts"] = row.facts or {}
    return Line(**values)


def header_of(declaration: Declaration, reason: str) -> Header | list[Fault]:
    """Return a declaration's head as a value, or all its faults; the telephone is revealed."""
    month = declaration.agent_month
    texts: dict[str, str] = {
        "computer_code": month.agent.computer_code,
        "tax_month": format_tax_month(month.tax_month),
        "kind": declaration.kind,
        "coverage": declaration.coverage,
        "declarant": declaration.declarant,
        "phone": declaration.phone.reveal(reason),
        "address": declaration.address,
        "postcode": declaration.postcode,
    }
    if declaration.coverage == Declaration.Coverage.PARTIAL:
        for field in ("own_headcount", "other_headcount", "total_income"):
            value = getattr(declaration, field)
            texts[field] = "" if value is None else str(value)
    return check_header(texts)


@dataclass(frozen=True)
class CheckedLine:
    """A line of a draft: what was typed, and what is wrong with it; `sound` if nothing is."""

    line: DraftLine
    cells: dict[str, Any]
    faults: list[Fault]
    sound: Line | None


def checked_lines(rows: Sequence[DraftLine], tax_month: date, reason: str) -> list[CheckedLine]:
    """Check some lines of a draft, each by itself; the faults' row is the line's position."""
    today = timezone.localdate()
    checked = []
    for row in rows:
        cells = row.cells.reveal_json(reason)
        outcome = check_line(cells, tax_month, row.position, born_by=today)
        if isinstance(outcome, Line):
            checked.append(CheckedLine(row, cells, [], outcome))
        else:
            checked.append(CheckedLine(row, cells, outcome, None))
    return checked


@dataclass(frozen=True)
class DraftCheck:
    """What a draft comes to. Without faults it has a head and a digest, and can be filed.

    `lines` are the sound ones, each with its position in `rows`; `findings` are about them.
    """

    header: Header | None
    lines: list[Line]
    rows: list[int]
    faults: list[Fault]
    findings: list[Finding]
    totals: list[ItemTotal]
    heads: HeadCount
    digest: str

    @property
    def warnings(self) -> list[Finding]:
        """Return the findings that ask something of the clerk."""
        return [each for each in self.findings if each.severity == Severity.WARNING]

    @property
    def information(self) -> list[Finding]:
        """Return the findings that ask nothing."""
        return [each for each in self.findings if each.severity == Severity.INFORMATION]

    @property
    def unexplained(self) -> set[FindingCode]:
        """Return the codes of warnings about lines whose remark (备注) does not explain them."""
        lines = dict(zip(self.rows, self.lines, strict=True))
        return {each.code for each in self.warnings if not lines[each.row].remark}

    @property
    def noted(self) -> str:
        """Return the digest of the warnings, empty if there are none."""
        entries = [
            [
                each.row,
                each.field,
                each.code,
                str(each.found),
                str(each.expected),
                *each.params.items(),
            ]
            for each in self.warnings
        ]
        return digest({"warnings": entries}) if entries else ""


def check_draft(declaration: Declaration) -> DraftCheck:
    """Check a draft as it stands: head and all lines. Five queries; 20,000 lines take a second.

    The row of a fault or a finding is the line's position; totals and findings are of the lines
    without faults.
    """
    head = header_of(declaration, "check a draft")
    faults = [] if isinstance(head, Header) else list(head)
    tax_month = declaration.agent_month.tax_month
    today = timezone.localdate()
    lines: list[Line] = []
    rows: list[int] = []
    count = 0
    stored: Any = draft_lines_of(declaration).values_list("public_id", "position", "cells")
    for public_id, position, sealed in stored.iterator(chunk_size=2000):
        count += 1
        # Computed with, and not shown: the audit counts what is shown.
        text = open_sealed(sealed, table=DRAFT_LINES, column="cells", row=public_id)
        outcome = check_line(json.loads(text), tax_month, position, born_by=today)
        if isinstance(outcome, Line):
            lines.append(outcome)
            rows.append(position)
        else:
            faults.extend(outcome)
    if not count:
        faults.append(Fault("lines", FaultCode.REQUIRED))
    content = ""
    header = head if isinstance(head, Header) else None
    if header is not None and not faults:
        content = digest(canonical(header, lines))
    agent = declaration.agent_month.agent
    return DraftCheck(
        header=header,
        lines=lines,
        rows=rows,
        faults=faults,
        findings=findings_of(agent, declaration.kind, tax_month, lines, rows=rows),
        totals=totals_by_item(lines),
        heads=count_heads(lines),
        digest=content,
    )


def digest_of(declaration: Declaration) -> str:
    """Compute a filed declaration's digest anew from what is stored; its receipt names the same."""
    header = header_of(declaration, "verify a digest")
    if not isinstance(header, Header):
        raise ValueError("A filed declaration's head has faults.")
    rows = detail_lines_of(declaration).iterator(chunk_size=2000)
    return digest(canonical(header, [read_line(row, "verify a digest") for row in rows]))
