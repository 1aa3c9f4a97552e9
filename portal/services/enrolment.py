"""明细申报初始密码获取: an agent's one-time enrolment with what its registration says."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from hmac import compare_digest

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.ciphers import INDEX_BYTES, blind_index
from portal.errors import Refusal
from portal.identity_numbers import same_person_number
from portal.limits import try_enrolment
from portal.models import AuditEntry, User, WithholdingAgent
from portal.selectors import agent_of_code
from portal.services import audit
from portal.services.passwords import hashing, new_initial_password, set_initial_password


class EnrolmentFailed(Refusal):
    """The one answer to everything that depends on the register: it tells nothing about it."""

    code = "ENROLMENT"

    def __init__(self) -> None:
        super().__init__(_("您填写的信息有误,或登记信息处于非正常、在途状态,请与主管税务所核对"))


@dataclass(frozen=True)
class Enrolled:
    """An account that was just made; the password is shown once and stored nowhere."""

    login: str
    password: str = field(repr=False)
    expires_at: datetime


def enrol(code: str, name: str, document_number: str, *, address: str) -> Enrolled:
    """Make an agent's account and its initial password.

    The try is counted and committed before anything is looked up. Whatever the reason, a failure
    does the same work: one look-up, one comparison of digests, one Argon2 hash, one audit entry.
    EnrolmentFailed; of parallel successes one wins. TooBusy, which counts as no try.
    """
    with hashing():
        return _enrol(code, name, document_number, address)


def _enrol(code: str, name: str, document_number: str, address: str) -> Enrolled:
    attempt = try_enrolment(code, address)
    agent = agent_of_code(code)
    may_verify = attempt.resolve(agent.public_id if agent else None)
    may_enrol = agent is not None and _may_enrol(agent)  # before it is given a user below

    typed = _digest(name, blind_index("enrolment", same_person_number(document_number)))
    registered = _digest(
        agent.name if agent else name, bytes(agent.document_index) if agent else b"\0" * INDEX_BYTES
    )
    agrees = compare_digest(typed, registered)

    password = new_initial_password()
    user = User(agent=agent, login=agent.computer_code if agent else "")
    set_initial_password(user, password)  # the one hash, of every branch

    if may_verify and may_enrol and agrees and _is_first(user):
        attempt.succeeded()
        expires_at = user.initial_password_expires_at
        assert expires_at is not None  # noqa: S101  set_initial_password has set it
        return Enrolled(user.login, password, expires_at)
    audit.record(AuditEntry.Action.ENROLMENT, "failed", agent=agent)
    raise EnrolmentFailed


def _digest(name: str, document_index: bytes) -> bytes:
    folded = "".join(unicodedata.normalize("NFKC", name).split())
    return blind_index("enrolment name", folded) + document_index


def _may_enrol(agent: WithholdingAgent) -> bool:
    return agent.status == WithholdingAgent.Status.NORMAL and not hasattr(agent, "user")


def _is_first(user: User) -> bool:
    """Save the user; false when somebody else was a moment faster."""
    try:
        with transaction.atomic():
            user.save()
            audit.record(AuditEntry.Action.ENROLMENT, "done", user=user, agent=user.agent)
    except IntegrityError:  # one user per agent; a login is unique
        return False
    return True
