"""What is found about a declaration's lines (计税逻辑校验, 身份证校验)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.conf import settings
from django.db.models import QuerySet

from declarations import models
from declarations.findings import Finding, FindingCode, Severity
from declarations.lines import Line
from declarations.models import Kind, person_index
from declarations.review import doubt_persons, review_lines
from declarations.selectors.years import year_to_date
from portal.models import WithholdingAgent


def findings_of(
    agent: WithholdingAgent,
    kind: str,
    tax_month: date,
    lines: Sequence[Line],
    *,
    rows: Sequence[int] | None = None,
) -> list[Finding]:
    """Return what is found about a declaration's lines, in their order; `rows` are their numbers.

    Lines of additional and refund declarations are not recomputed. At most three queries, however
    many lines.
    """
    doubts = list(doubt_persons(lines, tax_month, rows=rows))
    if kind != Kind.REGULAR:
        return doubts
    persons = [person_index(line.document_type, line.document_number) for line in lines]
    year = year_to_date(agent, tax_month, set(persons))
    reviewed = review_lines(
        lines, tax_month, rows=rows, persons=persons, year=year, bureau=settings.BUREAU
    )
    return sorted([*reviewed, *doubts], key=lambda finding: finding.row)


def findings_in(declaration: models.Declaration) -> QuerySet[models.Finding]:
    """Return what was found about a declaration when it was filed, in the order of its lines."""
    return models.Finding.objects.filter(declaration=declaration).order_by("line_number", "pk")


def read_finding(row: models.Finding) -> Finding:
    """Return a kept finding as the value that was found."""
    return Finding(
        row=row.line_number,
        field=row.field,
        code=FindingCode(row.code),
        severity=Severity(row.severity),
        found=row.found,
        expected=row.expected,
        params=row.params,
    )
