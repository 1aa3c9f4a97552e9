"""Passwords: how many are hashed at once, how they are made, changed and given out."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore
from typing import Final

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from portal.errors import Refusal
from portal.models import AuditEntry, User, WithholdingAgent
from portal.selectors import access_agent
from portal.services import audit

# No 0 O 1 l I: somebody reads it from a slip of paper.
ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz"
INITIAL_LENGTH: Final = 16

HASHES_AT_ONCE: Final = 4  # each takes 19 MiB
_WAIT_SECONDS: Final = 0.5
_hashes = BoundedSemaphore(HASHES_AT_ONCE)


class TooBusy(Refusal):
    """More passwords are being looked at than the machine can bear: 503, try again."""

    code = "BUSY"
    retry_after = timedelta(seconds=2)

    def __init__(self) -> None:
        super().__init__(_("现在访问的人较多,请过几秒再试。您填写的内容没有问题。"))


class SamePassword(Refusal):
    code = "SAME_PASSWORD"

    def __init__(self) -> None:
        super().__init__(_("新密码不能与现在的密码相同。"))


class MayNotEnrol(Refusal):
    code = "STATUS"

    def __init__(self, agent: WithholdingAgent) -> None:
        super().__init__(
            _("%(agent)s的登记状态为“%(status)s”,只有状态为“正常”的单位可以开户。")
            % {"agent": agent, "status": agent.get_status_display()}
        )


@contextmanager
def hashing() -> Iterator[None]:
    """Take one of the places for hashing; TooBusy when none becomes free within half a second."""
    if not _hashes.acquire(timeout=_WAIT_SECONDS):
        raise TooBusy
    try:
        yield
    finally:
        _hashes.release()


def verify(user: User | None, password: str) -> bool:
    """Return whether the password is the user's. It costs one hash, for nobody too. TooBusy."""
    with hashing():
        if user is None:
            make_password(password)
            return False
        return user.check_password(password)


def new_initial_password() -> str:
    """Return a password of 16 characters (93 bits) without look-alikes."""
    return "".join(secrets.choice(ALPHABET) for _ in range(INITIAL_LENGTH))


def set_initial_password(user: User, password: str) -> None:
    """Put an initial password on a user that the caller saves, inside `hashing`."""
    user.set_password(password)
    user.password_is_initial = True
    user.initial_password_expires_at = timezone.now() + initial_password_lifetime()


def initial_password_lifetime() -> timedelta:
    return timedelta(hours=settings.INITIAL_PASSWORD_HOURS)


def change_password(user: User, password: str) -> None:
    """Set a password that its owner chose and the form has checked. It ends all other sessions.

    SamePassword when it is the present one; TooBusy.
    """
    with hashing():
        if user.check_password(password):
            raise SamePassword
        user.set_password(password)
    user.password_is_initial = False
    user.initial_password_expires_at = None
    with transaction.atomic():
        user.save(update_fields=["password", "password_is_initial", "initial_password_expires_at"])
        audit.record(AuditEntry.Action.PASSWORD, "done", user=user, agent=user.agent)


def give_initial_password(agent: WithholdingAgent, *, by: User) -> str:
    """Give an agent an initial password at the counter, and return it, for this once.

    It replaces a lost one and ends the agent's sessions; an agent without a user is enrolled.
    Http404 when the agent is not of the officer's office; MayNotEnrol when it is to be enrolled
    and its status is not 01; TooBusy.
    """
    agent = access_agent(by, agent.public_id)
    password = new_initial_password()
    hashed = User()
    with hashing():
        set_initial_password(hashed, password)
    with transaction.atomic():
        # The agent's row, because there may be no user to lock yet.
        WithholdingAgent.objects.select_for_update().get(pk=agent.pk)
        user = User.objects.filter(agent=agent).first()
        if user is None and agent.status != WithholdingAgent.Status.NORMAL:
            raise MayNotEnrol(agent)
        outcome = "enrolled" if user is None else "reset"
        user = user or User(login=agent.computer_code, agent=agent)
        user.password = hashed.password
        user.password_is_initial = True
        user.initial_password_expires_at = hashed.initial_password_expires_at
        user.save()
        audit.record(AuditEntry.Action.PASSWORD_RESET, outcome, user=by, agent=agent)
    return password
