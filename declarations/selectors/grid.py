"""A draft as the grid reads it: its lines as typed, its revision, and what is said about lines."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Func, TextField
from django.utils import timezone

from declarations.lines import Line, check_line
from declarations.models import Declaration, DraftLine, GridLook, LastImport
from declarations.review import Assessed
from declarations.selectors.assessing import assessed_draft_lines
from declarations.selectors.checking import CheckedLine
from declarations.selectors.listing import draft_lines_of
from portal.models import User
from portal.sealing import Sealed, open_sealed

_TABLE = DraftLine._meta.db_table


def revision_of(draft: Declaration) -> str:
    """Return what stands for the state of a draft: every change of it, by whatever page, makes
    another.

    It is PostgreSQL's own version of the draft's row (`xmin`), and everything that changes a line
    writes to that row. One query.
    """
    version = Func(template=f"{Declaration._meta.db_table}.xmin::text", output_field=TextField())
    rows = Declaration.objects.filter(pk=draft.pk).annotate(revision=version)
    revision: str = rows.values_list("revision", flat=True).get()
    return revision


def typed_lines(draft: Declaration, reason: str) -> list[tuple[UUID, str]]:
    """Return the lines of a draft in their order, each as the JSON text of its cells, revealed.

    One query; 20,000 lines take half a second.
    """
    stored: Any = draft_lines_of(draft).values_list("public_id", "cells")
    return [
        (
            public_id,
            Sealed.stored(cells, table=_TABLE, column="cells", row=public_id).reveal(reason),
        )
        for public_id, cells in stored
    ]


def look_of(user: User) -> GridLook:
    """Return how a user has set up the grid; the plain one if nothing was set up."""
    return GridLook.objects.filter(user=user).first() or GridLook(user=user)


def last_import_of(draft: Declaration) -> LastImport | None:
    """Return the import into a draft that can be taken back, if there is one."""
    return LastImport.objects.filter(declaration=draft).defer("replaced").first()


def opened_lines(
    draft: Declaration, ids: Collection[UUID] | None = None
) -> list[tuple[DraftLine, dict[str, Any]]]:
    """Return lines of a draft (those of some public ids, or all) with their cells, in their order.

    Unknown ids are left out. The cells are to compute with: the audit counts what is shown.
    """
    rows = draft_lines_of(draft)
    if ids is not None:
        rows = rows.filter(public_id__in=ids)
    stored: Any = rows.values_list("pk", "public_id", "position", "source_row", "cells")
    opened = []
    for pk, public_id, position, source_row, cells in stored:
        text = open_sealed(cells, table=_TABLE, column="cells", row=public_id)
        line = DraftLine(
            pk=pk,
            public_id=public_id,
            declaration=draft,
            position=position,
            source_row=source_row,
        )
        opened.append((line, json.loads(text)))
    return opened


@dataclass(frozen=True)
class JudgedLine:
    """A line of a draft, with its faults or with what the law makes of it.

    `assessed` is none for a line with faults, and for additional and refund declarations.
    """

    checked: CheckedLine
    assessed: Assessed | None


def judged_lines(
    draft: Declaration, lines: Sequence[tuple[DraftLine, dict[str, Any]]]
) -> list[JudgedLine]:
    """Check lines of a draft, given with their cells, and ask the law. At most four queries."""
    today = timezone.localdate()
    tax_month = draft.agent_month.tax_month
    checked = []
    for line, cells in lines:
        outcome = check_line(cells, tax_month, line.position, born_by=today)
        if isinstance(outcome, Line):
            checked.append(CheckedLine(line, cells, [], outcome))
        else:
            checked.append(CheckedLine(line, cells, outcome, None))
    assessed = assessed_draft_lines(draft, checked)
    return [JudgedLine(each, assessed.get(each.line.pk)) for each in checked]
