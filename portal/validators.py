"""What a new password may not be. No rule asks for kinds of characters."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from django.contrib.auth.password_validation import CommonPasswordValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.models import User

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
# Less than that beside the years is no more than a year with an ornament.
_SHORTEST_BESIDE_YEARS: Final = 8
_SHORTEST_NAME: Final = 2


class LongEnough:
    """Refuses a password of fewer characters: Django's own validator has no Chinese sentence."""

    def __init__(self, min_length: int) -> None:
        self._min_length = min_length

    def validate(self, password: str, user: User | None = None) -> None:
        if len(password) < self._min_length:
            raise ValidationError(
                _("密码太短,应至少 %(count)d 个字符。"),
                code="password_too_short",
                params={"count": self._min_length},
            )

    def get_help_text(self) -> str:
        return _("至少 %(count)d 个字符。") % {"count": self._min_length}


class NotAboutTheUser:
    """Refuses the agent's codes and name, the login, and passwords that are years or common ones
    with years: what somebody who knows the agent would try first.
    """

    def __init__(self) -> None:
        self._common = CommonPasswordValidator()

    def validate(self, password: str, user: User | None = None) -> None:
        folded = _folded(password)
        if any(word in folded for word in _words(user)):
            raise ValidationError(
                _("密码中不能含有登录账号、单位的代码或名称。"), code="password_about_user"
            )
        if not _YEAR.search(folded):
            return
        rest = _YEAR.sub("", folded)
        if len(rest) < _SHORTEST_BESIDE_YEARS or self._is_common(rest):
            raise ValidationError(
                _("密码除年份外太短或太常见,请换一个。"), code="password_of_years"
            )

    def get_help_text(self) -> str:
        return _("不含登录账号、单位的代码和名称,不由年份组成。")

    def _is_common(self, password: str) -> bool:
        return password in self._common.passwords


def _words(user: User | None) -> list[str]:
    if user is None:
        return []
    words = [user.login, user.name]
    if user.agent is not None:
        words += [user.agent.computer_code, user.agent.collection_code or "", user.agent.name]
    folded = (_folded(word) for word in words)
    return [word for word in folded if len(word) >= _SHORTEST_NAME]


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
