"""Several drafts at once: those that a page named, each with what the check says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404

from declarations.models import Declaration, DraftLine, Kind
from portal.models import User

MOST_DRAFTS: Final = 36
"""A year's, of every kind: so many are deleted or filed at once."""

MOST_LINES: Final = 20_000
"""So many lines are checked and filed while somebody waits."""


def own_drafts(user: User | AnonymousUser, public_ids: Iterable[UUID]) -> list[Declaration]:
    """Return which of some declarations are drafts that the user may edit, by month and kind.

    What belongs to somebody else is left out like what does not exist. One query. Http404 for more
    than MOST_DRAFTS: no page names so many.
    """
    wanted = set(public_ids)
    if len(wanted) > MOST_DRAFTS:
        raise Http404
    found = Declaration.objects.owned_by(user).filter(
        public_id__in=wanted, status=Declaration.Status.DRAFT
    )
    return sorted(
        found.select_related("agent_month__agent"),
        key=lambda each: (each.agent_month.tax_month, Kind.values.index(each.kind)),
    )


def number_of_lines(drafts: Sequence[Declaration]) -> int:
    """Return how many lines some drafts have together. One query."""
    return DraftLine.objects.filter(declaration__in=drafts).count()
