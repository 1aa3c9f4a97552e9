"""What the law makes of the lines that a page shows."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from declarations.lines import Line, check_line
from declarations.models import Declaration, DetailLine, DraftLine, Kind, person_index
from declarations.review import Assessed, assess_lines
from declarations.selectors.checking import DRAFT_LINES, CheckedLine, line_of
from declarations.selectors.years import year_to_date
from portal.models import WithholdingAgent
from portal.sealing import open_sealed


class _Placed(NamedTuple):
    """A line, its row and its number in the declaration, and whose it is."""

    pk: int
    number: int
    person: bytes
    line: Line


def assessed_draft_lines(draft: Declaration, checked: Sequence[CheckedLine]) -> dict[int, Assessed]:
    """Return what the law makes of lines of a draft, of the sound ones, by primary key.

    The same persons' other lines in the draft count, and their earlier months. At most four
    queries. Nothing for additional and refund declarations.
    """
    if draft.kind != Kind.REGULAR:
        return {}
    shown = [
        _Placed(each.line.pk, each.line.position, _person(each.sound), each.sound)
        for each in checked
        if each.sound is not None
    ]
    return _assessed(draft, shown, _others_typed(draft, shown))


def assessed_detail_lines(
    declaration: Declaration, rows: Sequence[DetailLine]
) -> dict[int, Assessed]:
    """Return what the law makes of filed lines, by primary key; no document number is opened.

    The same persons' other lines in the declaration count, and their earlier months as they are
    declared now. At most four queries. Nothing for additional and refund declarations.
    """
    if declaration.kind != Kind.REGULAR:
        return {}
    shown = [_filed(row) for row in rows]
    others = DetailLine.objects.filter(
        declaration=declaration, document_index__in={each.person for each in shown}
    ).exclude(pk__in=[each.pk for each in shown])
    return _assessed(declaration, shown, map(_filed, others))


def assessed_lines(
    agent: WithholdingAgent, kind: str, tax_month: date, lines: Sequence[Line]
) -> list[Assessed]:
    """Return what the law makes of the lines of a declaration that is stored nowhere.

    The persons' earlier months count. At most three queries. Nothing for additional and refund
    declarations.
    """
    if kind != Kind.REGULAR or not lines:
        return []
    persons = [_person(line) for line in lines]
    year = year_to_date(agent, tax_month, set(persons))
    return assess_lines(lines, tax_month, persons=persons, year=year)


def _assessed(
    declaration: Declaration, shown: Sequence[_Placed], others: Iterator[_Placed]
) -> dict[int, Assessed]:
    if not shown:
        return {}
    month = declaration.agent_month
    placed = sorted([*shown, *others], key=lambda each: each.number)
    persons = [each.person for each in placed]
    year = year_to_date(month.agent, month.tax_month, set(persons))
    lines = [each.line for each in placed]
    assessed = assess_lines(
        lines, month.tax_month, persons=persons, year=year, bureau=settings.BUREAU
    )
    by_row = {each.pk: outcome for each, outcome in zip(placed, assessed, strict=True)}
    return {each.pk: by_row[each.pk] for each in shown}


def _filed(row: DetailLine) -> _Placed:
    return _Placed(row.pk, row.line_number, row.document_index, line_of(row))


def _others_typed(draft: Declaration, shown: Sequence[_Placed]) -> Iterator[_Placed]:
    rows = DraftLine.objects.filter(
        declaration=draft, document_index__in={each.person for each in shown}
    ).exclude(pk__in=[each.pk for each in shown])
    today = timezone.localdate()
    tax_month = draft.agent_month.tax_month
    stored: Any = rows.values_list("pk", "public_id", "position", "cells")
    for pk, public_id, position, sealed in stored:
        # Computed with, and not shown: the audit counts what is shown.
        text = open_sealed(sealed, table=DRAFT_LINES, column="cells", row=public_id)
        line = check_line(json.loads(text), tax_month, position, born_by=today)
        if isinstance(line, Line):
            yield _Placed(pk, position, _person(line), line)


def _person(line: Line) -> bytes:
    return person_index(line.document_type, line.document_number)
