"""补税申报 and 退税申报 of what was paid and is not declared: a draft to be filled in further."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from django.db import transaction

from declarations.models import Declaration
from declarations.selectors import in_force
from declarations.services.drafts import create_draft, put_lines
from declarations.taxlaw.codes import INCOME_ITEMS
from portal.models import WithholdingAgent


@transaction.atomic
def draft_what_is_missing(
    agent: WithholdingAgent, tax_month: date, kind: str, missing: Mapping[str, Decimal]
) -> Declaration:
    """Begin a declaration with a line for each item (征收品目) that lacks some tax, in yuan.

    Whose tax it is, nobody knows here: the lines have the item's first income item and the amount,
    and no person. What is in force of the kind is copied before them, since a new version has to
    say everything. MonthIsNotDeclarable, MonthIsClosed, DraftExists, TooManyLines.
    """
    source = in_force(agent, tax_month, kind)
    draft = create_draft(
        agent,
        tax_month,
        kind,
        coverage=source.coverage if source else Declaration.Coverage.FULL,
        source=source,
    )
    rows = [
        (None, {"income_item": _income_item(item), "tax_withheld": f"{tax:.2f}"})
        for item, tax in sorted(missing.items())
    ]
    put_lines(draft, rows, replace=False)
    return draft


def _income_item(item: str) -> str:
    return next((entry.code for entry in INCOME_ITEMS if entry.code.startswith(item)), item)
