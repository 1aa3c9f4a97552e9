"""Several drafts at once (批量提交, 批量删除): each by itself, with an outcome of its own."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from declarations.models import Declaration
from declarations.selectors import DraftCheck
from declarations.services import drafts
from declarations.services.filing import file_draft, filed_under
from portal.errors import Refusal
from portal.models import User, WithholdingAgent


@dataclass(frozen=True)
class FilingRequest:
    """A draft to be filed as it was seen, under a key: as of `file_draft`."""

    public_id: uuid.UUID
    key: uuid.UUID
    seen: str
    noted: str


@dataclass(frozen=True)
class Outcome:
    """What became of one: the declaration, and why it was not done if it was not."""

    declaration: Declaration
    refusal: Refusal | None = None


def can_be_filed(check: DraftCheck) -> bool:
    """Tell whether a draft can be filed with others: without faults and without ticks."""
    return check.header is not None and not check.faults and not check.unexplained


def file_drafts(
    agent: WithholdingAgent,
    requests: Sequence[FilingRequest],
    found: Iterable[Declaration],
    *,
    filed_by: User,
) -> list[Outcome]:
    """File drafts one after the other, each in a transaction of its own.

    What is wrong with one says nothing about the next. A warning that wants a tick is refused
    (FindingsAreNotConfirmed). `found` are the drafts there still are: one that was filed under its
    key already has the same receipt again, any other is left out.
    """
    by_id = {draft.public_id: draft for draft in found}
    outcomes = []
    for request in requests:
        declaration = by_id.get(request.public_id)
        try:
            earlier = filed_under(agent, request.key, request.seen)
            if earlier is not None:
                outcomes.append(Outcome(earlier))
            elif declaration is not None:
                filed = file_draft(
                    declaration,
                    filed_by=filed_by,
                    key=request.key,
                    seen=request.seen,
                    noted=request.noted,
                )
                outcomes.append(Outcome(filed.declaration))
        except Refusal as refusal:
            if declaration is not None:
                outcomes.append(Outcome(declaration, refusal))
    return outcomes


def delete_drafts(found: Iterable[Declaration]) -> list[Outcome]:
    """Delete drafts; one that was filed meanwhile stays, and its outcome says so."""
    outcomes = []
    for draft in found:
        try:
            drafts.delete_draft(draft)
        except Refusal as refusal:
            outcomes.append(Outcome(draft, refusal))
        else:
            outcomes.append(Outcome(draft))
    return outcomes
