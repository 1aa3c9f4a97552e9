"""What the portal itself reads, and the one way from a user to an agent."""

from __future__ import annotations

import unicodedata
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q
from django.db.models.functions import TruncDate
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from portal.limits import BEIJING
from portal.models import AuditEntry, User, WithholdingAgent, WithholdingAgentQuerySet

# SEC-05: so many days with failures on one agent are worth an officer's attention.
DAYS_WORTH_AN_ALERT: Final = 3
_ALERT_WITHIN: Final = timedelta(days=30)


def access_agent(user: User | AnonymousUser, public_id: UUID) -> WithholdingAgent:
    """Return an agent that the user may read about; else 404, as if there were none. One query."""
    visible = WithholdingAgent.objects.visible_to(user).select_related("office", "user")
    return get_object_or_404(visible, public_id=public_id)


def agent_of_code(code: str) -> WithholdingAgent | None:
    """Return the agent of a computer code or a collection code as typed, with its user. One query.

    A computer code comes before another agent's equal collection code.
    """
    typed = unicodedata.normalize("NFKC", code).strip()
    agents = WithholdingAgent.objects.select_related("user").filter(
        Q(computer_code=typed.upper()) | Q(collection_code__in={typed, typed.upper()})
    )
    found = {agent.computer_code == typed.upper(): agent for agent in agents}
    return found.get(True) or found.get(False)


def staff_of_login(login: str) -> User | None:
    """Return the member of staff with a login. One query."""
    return User.objects.filter(login=login.strip(), role__isnull=False).first()


def user_awaiting_factor(user_id: int, session_hash: str) -> User | None:
    """Return the member of staff who has given a password, unless it was changed meanwhile."""
    user = User.objects.filter(pk=user_id, is_active=True, role__isnull=False).first()
    if user is None or not constant_time_compare(session_hash, user.get_session_auth_hash()):
        return None
    return user


def agents_matching(user: User, text: str) -> WithholdingAgentQuerySet:
    """Return the agents that a user may read about whose code or name holds a text, by code."""
    typed = unicodedata.normalize("NFKC", text).strip()
    return (
        WithholdingAgent.objects.visible_to(user)
        .filter(
            Q(computer_code__startswith=typed.upper())
            | Q(collection_code__startswith=typed)
            | Q(name__icontains=typed)
        )
        .select_related("office", "user")
        .order_by("computer_code")
    )


def agents_with_enrolment_failures(user: User) -> WithholdingAgentQuerySet:
    """Return the agents at which somebody has failed to enrol on three days of the last 30.

    With the number of days as `days`; those that have a user by now are left out. One query.
    """
    failures = (
        AuditEntry.objects.filter(
            action=AuditEntry.Action.ENROLMENT,
            outcome="failed",
            at__gt=timezone.now() - _ALERT_WITHIN,
            agent__isnull=False,
        )
        .values("agent")
        .annotate(days=Count(TruncDate("at", tzinfo=BEIJING), distinct=True))
        .filter(days__gte=DAYS_WORTH_AN_ALERT)
    )
    return (
        WithholdingAgent.objects.visible_to(user)
        .filter(pk__in=failures.values("agent"), user=None)
        .select_related("office", "user")
        .order_by("computer_code")
    )
