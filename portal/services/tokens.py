"""API tokens: made by an agent, shown once, good for 90 days, and revoked at any time."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.ciphers import blind_index
from portal.errors import Refusal
from portal.models import ApiToken, AuditEntry, User, WithholdingAgent
from portal.services import audit

LIFETIME: Final = timedelta(days=90)
MOST: Final = 10
# A name that is found in a repository that it should never have come into.
_PREFIX: Final = "iit_"
_FORM: Final = re.compile(rf"{_PREFIX}[0-9a-f]{{32}}")
_USE_IS_NOTED_EVERY: Final = timedelta(minutes=1)


class TooManyTokens(Refusal):
    code = "TOO_MANY_TOKENS"

    def __init__(self) -> None:
        super().__init__(
            _("一个单位最多同时有 %(most)d 个有效的接口令牌,请先撤销不再使用的。") % {"most": MOST}
        )


@transaction.atomic
def make_token(user: User, name: str) -> tuple[ApiToken, str]:
    """Make a token (128 bits) of the user's agent; return it, and the text that is shown once.

    TooManyTokens.
    """
    if user.agent_id is None:
        raise ValueError("Only an agent has tokens.")
    # Two requests at once count one after the other.
    agent = WithholdingAgent.objects.select_for_update().get(pk=user.agent_id)
    now = timezone.now()
    if ApiToken.objects.filter(agent=agent).in_force(now).count() >= MOST:
        raise TooManyTokens
    text = f"{_PREFIX}{secrets.token_hex(16)}"
    token = ApiToken.objects.create(
        agent=agent,
        name=name,
        digest=_digest(text),
        created_at=now,
        expires_at=now + LIFETIME,
    )
    _audit(token, "made", user)
    return token, text


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User) -> None:
    """End a token now. One that is revoked already stays as it is."""
    revoked = ApiToken.objects.filter(pk=token.pk, revoked_at=None)
    if revoked.update(revoked_at=timezone.now()):
        _audit(token, "revoked", by)


def use_token(text: str) -> tuple[User, ApiToken] | None:
    """Return whom a token stands for, and note that it was used; none if it stands for nobody.

    That is so for one that is unknown, expired or revoked, of a user who is disabled or has yet to
    replace an initial password. Read anew each time: one query.
    """
    if not _FORM.fullmatch(text):
        return None
    now = timezone.now()
    tokens = ApiToken.objects.filter(digest=_digest(text)).in_force(now)
    token = tokens.select_related("agent__user").first()
    user: User | None = getattr(token.agent, "user", None) if token else None
    if token is None or user is None or not user.is_active or user.password_is_initial:
        return None
    long_ago = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_IS_NOTED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - _USE_IS_NOTED_EVERY:
        ApiToken.objects.filter(long_ago, pk=token.pk).update(last_used_at=now)
    return user, token


def _digest(text: str) -> bytes:
    return blind_index("api token", text)


def _audit(token: ApiToken, outcome: str, by: User) -> None:
    audit.record(
        AuditEntry.Action.TOKEN,
        outcome,
        user=by,
        agent=token.agent,
        token=str(token.public_id),
    )
