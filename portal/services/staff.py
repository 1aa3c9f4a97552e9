"""Members of staff: their accounts."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

from portal.errors import Refusal
from portal.models import AuditEntry, Office, RecoveryCode, User
from portal.services import audit, passwords
from portal.services.login import recovery_digest

RECOVERY_CODES: Final = 10
_RECOVERY_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_GROUPS: Final = 3
_GROUP_LENGTH: Final = 4


class LoginIsTaken(Refusal):
    code = "LOGIN_IS_TAKEN"

    def __init__(self, login: str) -> None:
        super().__init__(_("登录账号“%s”已被使用。") % login)


class LoginLooksLikeACode(Refusal):
    code = "LOGIN_LOOKS_LIKE_A_CODE"

    def __init__(self, login: str) -> None:
        super().__init__(
            _("登录账号“%s”须以小写字母开头,由小写字母、数字、点、下划线或连字符组成。") % login
        )


class NoSuchOffice(Refusal):
    code = "NO_SUCH_OFFICE"

    def __init__(self, code: str) -> None:
        super().__init__(_("没有代码为“%s”的税务机关。") % code)


@dataclass(frozen=True)
class StaffAccount:
    """A new account, with the secrets that are shown once."""

    user: User
    password: str = field(repr=False)
    otpauth_uri: str = field(repr=False)
    recovery_codes: tuple[str, ...] = field(repr=False)


def create_staff(
    login: str, *, role: User.Role, office_code: str, name: str, password_is_initial: bool = True
) -> StaffAccount:
    """Create a member of staff with a password, a TOTP device and ten recovery codes.

    An initial password is valid 72 hours and must be changed at the first login. LoginIsTaken,
    LoginLooksLikeACode (agents log in with their computer codes, in upper case), NoSuchOffice.
    """
    if not login[:1].islower() or not all(
        character.islower() or character.isdigit() or character in "._-" for character in login
    ):
        raise LoginLooksLikeACode(login)
    office = Office.objects.filter(code=office_code).first()
    if office is None:
        raise NoSuchOffice(office_code)
    user = User(login=login, name=name, role=role, office=office)
    password = passwords.new_initial_password()
    with passwords.hashing():
        passwords.set_initial_password(user, password)
    if not password_is_initial:
        user.password_is_initial = False
        user.initial_password_expires_at = None
    codes = tuple(_new_recovery_code() for _ in range(RECOVERY_CODES))
    try:
        with transaction.atomic():
            user.save()
            device = TOTPDevice.objects.create(user=user, name="TOTP")
            RecoveryCode.objects.bulk_create(
                RecoveryCode(user=user, digest=recovery_digest(user, code)) for code in codes
            )
            audit.record(
                AuditEntry.Action.ROLE, "created", login=login, role=role, office=office_code
            )
    except IntegrityError as error:
        raise LoginIsTaken(login) from error
    return StaffAccount(user, password, device.config_url, codes)


def _new_recovery_code() -> str:
    groups = (
        "".join(secrets.choice(_RECOVERY_ALPHABET) for _ in range(_GROUP_LENGTH))
        for _ in range(_GROUPS)
    )
    return "-".join(groups)
