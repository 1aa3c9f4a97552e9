"""The one way from a user to a declaration."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import Http404
from django.shortcuts import get_object_or_404

from declarations.models import Declaration, DraftLine
from portal.models import User, WithholdingAgent


def access_declaration(user: User | AnonymousUser, public_id: UUID) -> Declaration:
    """Return what the user may read, with its month and agent; else Http404.

    An agent reads its own, staff what was filed by the agents of their office. One query.
    """
    visible = Declaration.objects.visible_to(user).select_related("agent_month__agent")
    return get_object_or_404(visible, public_id=public_id)


def access_own_declaration(user: User | AnonymousUser, public_id: UUID) -> Declaration:
    """Return what the user may edit, file or correct; else Http404. An officer only reads."""
    own = Declaration.objects.owned_by(user).select_related("agent_month__agent")
    return get_object_or_404(own, public_id=public_id)


def access_own_line(user: User | AnonymousUser, public_id: UUID, line_id: UUID) -> DraftLine:
    """Return a line of a draft that the user may edit; else Http404."""
    own = DraftLine.objects.filter(
        declaration__in=Declaration.objects.owned_by(user).filter(public_id=public_id),
        declaration__status=Declaration.Status.DRAFT,
    )
    lines = own.select_related("declaration__agent_month__agent")
    return get_object_or_404(lines, public_id=line_id)


def access_own_agent(user: User | AnonymousUser) -> WithholdingAgent:
    """Return the agent that the user files for; Http404 for staff, who file for nobody."""
    if not isinstance(user, User) or not user.is_active or user.agent is None:
        raise Http404
    return user.agent
