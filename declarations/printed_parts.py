"""The parts of a printed form: some of its lines, and on the last part the sums of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from declarations import selectors
from declarations.models import Declaration, DetailLine, DraftLine, Kind
from declarations.outcomes import outcome_of
from declarations.printing import PrintedTable, printed_draft, printed_filed, total_in_capitals
from declarations.review import Assessed
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.identity import mask_name
from declarations.wording import code_label

# What the audit says when an agent's clerk opens a form; others see masks.
PRINTED = "the printed form"


@dataclass(frozen=True)
class Part:
    """The lines of a part of the form, and what the law makes of them, by primary key."""

    table: PrintedTable
    assessed: Mapping[int, Assessed]
    names: Mapping[int, str]

    def explained(self) -> list[dict[str, Any]]:
        """Return the explanation of each line, with its number and name."""
        numbers = dict(zip(self.names, (row.number for row in self.table.rows), strict=True))
        return [
            {
                "number": numbers[pk],
                "name": self.names[pk],
                "item": code_label(INCOME_ITEMS, assessed.line.income_item),
                "outcome": outcome_of(assessed),
            }
            for pk, assessed in self.assessed.items()
        ]


def filed_part(declaration: Declaration, rows: Sequence[DetailLine], reason: str | None) -> Part:
    """Return lines of a filed declaration; numbers and names are masked without a reason."""
    assessed = selectors.assessed_detail_lines(declaration, rows)
    shown = assessed if declaration.kind == Kind.REGULAR else None
    table = printed_filed(rows, declaration.agent_month.tax_month, shown, reason=reason)
    names = {row.pk: row.name if reason else mask_name(row.name) for row in rows}
    return Part(table, assessed, names)


def draft_part(draft: Declaration, rows: Sequence[DraftLine]) -> Part:
    """Return lines of a draft, which is its agent's alone: nothing is masked."""
    tax_month = draft.agent_month.tax_month
    checked = selectors.checked_lines(rows, tax_month, PRINTED)
    assessed = selectors.assessed_draft_lines(draft, checked)
    shown = assessed if draft.kind == Kind.REGULAR else None
    table = printed_draft(checked, tax_month, shown)
    return Part(table, assessed, {each.line.pk: each.cells.get("name", "") for each in checked})


def totals_printed(declaration: Declaration, *, is_draft: bool) -> dict[str, Any]:
    """Return the sums of the whole declaration; of a draft, those of its sound lines."""
    totals: Any
    if is_draft:
        totals = selectors.check_draft(declaration).totals
    else:
        totals = selectors.totals_of(declaration)
    total = selectors.grand_total(totals)
    return {
        "totals": totals,
        "grand_total": total,
        "in_capitals": total_in_capitals(total.tax_withheld),
    }
