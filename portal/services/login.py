"""Logging in: reserve, then verify; the second factor of staff."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal import limits
from portal.ciphers import blind_index
from portal.errors import Refusal
from portal.models import AuditEntry, RecoveryCode, User
from portal.selectors import agent_of_code, staff_of_login
from portal.services import audit, passwords

TOKEN_DIGITS: Final = 6
FACTOR_FAILURES: Final = 5
FACTOR_CLOSED_FOR: Final = timedelta(minutes=15)


class WrongLogin(Refusal):
    code = "LOGIN"

    def __init__(self) -> None:
        super().__init__(_("账号或密码不正确。"))


class WrongPassword(Refusal):
    code = "PASSWORD"

    def __init__(self) -> None:
        super().__init__(_("密码不正确。"))


class WrongToken(Refusal):
    code = "TOKEN"

    def __init__(self) -> None:
        super().__init__(_("验证码不正确,或已经使用过。请输入新的验证码。"))


class InitialPasswordExpired(Refusal):
    code = "EXPIRED"

    def __init__(self) -> None:
        super().__init__(_("初始密码已过有效期。请携带有效证件到主管税务所重新领取。"))


class TooManyTries(Refusal):
    """Nothing is verified now: 429, and when the next try is possible."""

    code = "TOO_MANY_TRIES"

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__(_("尝试次数过多,为保护您的账号,暂时不能继续。"))
        self.retry_after = retry_after


def log_agent_in(code: str, password: str, *, address: str, device: str | None) -> User:
    """Return the user of an agent whose computer code or collection code and password are right.

    TooManyTries; WrongLogin, the same for an unknown code, a wrong password and a disabled user;
    InitialPasswordExpired; TooBusy.
    """
    agent = agent_of_code(code)
    user: User | None = getattr(agent, "user", None)
    subject = user.login if user else code
    return _log_in(user, subject=subject, password=password, address=address, device=device)


def check_staff_password(login: str, password: str, *, address: str, device: str | None) -> User:
    """Return the member of staff whose password is right, and who is not logged in yet.

    Raises what `log_agent_in` raises.
    """
    user = staff_of_login(login)
    return _log_in(user, subject=login, password=password, address=address, device=device)


def _log_in(
    user: User | None, *, subject: str, password: str, address: str, device: str | None
) -> User:
    agent = user.agent if user else None
    attempt = _reserve_login(user, subject, address, device)
    try:
        is_right = passwords.verify(user, password)
    except passwords.TooBusy:
        attempt.succeeded()  # nothing was verified
        raise
    if user is None or not is_right or not user.is_active:
        audit.record(AuditEntry.Action.LOGIN, "wrong", user=user, agent=agent)
        raise WrongLogin
    attempt.succeeded()
    if _has_expired(user):
        audit.record(AuditEntry.Action.LOGIN, "expired", user=user, agent=agent)
        raise InitialPasswordExpired
    audit.record(AuditEntry.Action.LOGIN, "password", user=user, agent=agent)
    return user


def prove_password(user: User, password: str, *, address: str, device: str | None) -> None:
    """Verify the password of somebody who is logged in. TooManyTries, WrongPassword, TooBusy."""
    attempt = _reserve_login(user, user.login, address, device)
    try:
        is_right = passwords.verify(user, password)
    except passwords.TooBusy:
        attempt.succeeded()
        raise
    if not is_right:
        audit.record(AuditEntry.Action.PASSWORD, "wrong", user=user, agent=user.agent)
        raise WrongPassword
    attempt.succeeded()


def verify_token(user: User, token: str) -> TOTPDevice:
    """Return the device of a member of staff whose six digits, or recovery code, are right.

    Each is good once. After five failures there is none for 15 minutes: TooManyTries. WrongToken.
    """
    attempt = limits.reserve(
        "second factor", user.login, limit=FACTOR_FAILURES, length=FACTOR_CLOSED_FOR
    )
    if isinstance(attempt, limits.LoginIsClosed):
        audit.record(AuditEntry.Action.SECOND_FACTOR, "closed", user=user)
        raise TooManyTries(attempt.retry_after)
    typed = "".join(token.split()).replace("-", "")
    with transaction.atomic():
        # The lock on the row makes a second use of the same digits wait, and then see the first.
        device = TOTPDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        if device is not None and _is_token(typed) and device.verify_token(typed):
            outcome = "token"
        elif device is not None and _use_recovery_code(user, typed):
            outcome = "recovery code"
        else:
            device, outcome = None, "wrong"
        audit.record(AuditEntry.Action.SECOND_FACTOR, outcome, user=user)
    if device is None:
        raise WrongToken
    attempt.give_back()
    return device


def recovery_digest(user: User, code: str) -> bytes:
    """Return the keyed digest that is stored of a recovery code."""
    return blind_index("recovery code", str(user.public_id), code.replace("-", ""))


def _is_token(typed: str) -> bool:
    return len(typed) == TOKEN_DIGITS and typed.isascii() and typed.isdigit()


def _use_recovery_code(user: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, used_at=None)
    return unused.filter(digest=recovery_digest(user, code)).update(used_at=timezone.now()) == 1


def _reserve_login(
    user: User | None, subject: str, address: str, device: str | None
) -> limits.LoginTry:
    attempt = limits.try_login(subject, address, device)
    agent = user.agent if user else None
    if isinstance(attempt, limits.LoginIsClosed):
        audit.record(AuditEntry.Action.LOGIN, "closed", user=user, agent=agent)
        raise TooManyTries(attempt.retry_after)
    if attempt.rings_alarm:
        audit.record(AuditEntry.Action.LOGIN, "alarm", user=user, agent=agent)
    return attempt


def _has_expired(user: User) -> bool:
    expires_at = user.initial_password_expires_at
    return expires_at is not None and expires_at <= timezone.now()
