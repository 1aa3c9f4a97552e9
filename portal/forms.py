"""The shapes of what is typed. Whether it is true is for the services."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from portal.models import User

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_TELEPHONE: Final = re.compile(r"\+?[0-9][0-9() -]{4,28}[0-9](?:(?:-|转|x)[0-9]{1,6})?")
# Long enough for any phrase; a hash reads all of it.
_LONGEST_PASSWORD: Final = 512


class CodeField(forms.CharField):
    """A computer code or a collection code."""

    def __init__(self) -> None:
        super().__init__(
            label=_("计算机代码或征收管理码"),
            help_text=_("税务登记证上的计算机代码(8位)或征收管理码"),
            max_length=40,
            error_messages={"required": _("请填写计算机代码或征收管理码")},
            widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
        )

    def clean(self, value: Any) -> str:
        code: str = super().clean(value)
        if re.search(r"\s", code):
            raise ValidationError(_("计算机代码或征收管理码中不能有空格"), code="spaces")
        return code


class PasswordField(forms.CharField):
    """A password as typed: its spaces belong to it."""

    def __init__(
        self, label: _StrPromise, *, autocomplete: str, required: bool = True, **options: Any
    ) -> None:
        super().__init__(
            label=label,
            strip=False,
            required=required,
            max_length=_LONGEST_PASSWORD,
            error_messages={"required": _("请填写密码")},
            widget=forms.PasswordInput(attrs={"autocomplete": autocomplete}),
            **options,
        )


class EnrolmentForm(forms.Form):
    """What 明细申报初始密码获取 asks for."""

    code = CodeField()
    name = forms.CharField(
        label=_("单位名称"),
        help_text=_("税务登记证上的单位名称"),
        max_length=200,
        error_messages={"required": _("请填写单位名称")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    document_number = forms.CharField(
        label=_("证件号码"),
        help_text=_("与申请税务登记时登记表上的身份证件号码一致"),
        max_length=40,
        error_messages={"required": _("请填写证件号码")},
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


class LoginForm(forms.Form):
    code = CodeField()
    password = PasswordField(_("密码"), autocomplete="current-password")


class StaffLoginForm(forms.Form):
    login = forms.CharField(
        label=_("登录账号"),
        max_length=30,
        error_messages={"required": _("请填写登录账号")},
        widget=forms.TextInput(attrs={"autocomplete": "username", "spellcheck": "false"}),
    )
    password = PasswordField(_("密码"), autocomplete="current-password")


class TokenForm(forms.Form):
    token = forms.CharField(
        label=_("验证码"),
        help_text=_("身份验证器上显示的 6 位数字。设备不在身边时,可输入一个备用码。"),
        max_length=40,
        error_messages={"required": _("请填写验证码")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class StepUpForm(forms.Form):
    password = PasswordField(_("密码"), autocomplete="current-password")


class _TwiceTyped(forms.Form):
    """A new password, typed twice; the fields are the subclass's."""

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        if password:
            validate_password(password, self.user)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if "new_password" in cleaned and cleaned["new_password"] != cleaned.get("again", ""):
            self.add_error("again", ValidationError(_("两次填写的密码不一致"), code="differs"))
        return cleaned


_RULES: Final = _(
    "至少 12 个字符,字母、数字、符号、汉字均可,可以粘贴。"
    "不能是常见密码,不能含有登录账号、单位的代码或名称,不能由年份组成。"
)


class NewPasswordForm(_TwiceTyped):
    new_password = PasswordField(_("新密码"), autocomplete="new-password", help_text=_RULES)
    again = PasswordField(_("再次填写新密码"), autocomplete="new-password")


class ContactFields(forms.Form):
    """The three things about itself that an agent edits."""

    contact_name = forms.CharField(
        label=_("联系人姓名"),
        max_length=50,
        error_messages={"required": _("请填写联系人姓名")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    telephone = forms.CharField(
        label=_("联系电话"),
        help_text=_("手机号码,或带区号的固定电话,例如 010-12345678"),
        max_length=40,
        error_messages={"required": _("请填写联系电话")},
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    email = forms.EmailField(
        label=_("电子邮箱"),
        max_length=100,
        error_messages={
            "required": _("请填写电子邮箱"),
            "invalid": _("电子邮箱应为 name@example.com 的形式"),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_telephone(self) -> str:
        telephone = unicodedata.normalize("NFKC", self.cleaned_data["telephone"])
        if not _TELEPHONE.fullmatch(telephone):
            raise ValidationError(
                _("联系电话应由数字组成,可含区号、短横线和分机号"), code="telephone"
            )
        return telephone


class ContactForm(ContactFields, _TwiceTyped):
    """单位联系信息及密码修改: the three things, and the password if it is to be changed."""

    new_password = PasswordField(
        _("新密码"),
        autocomplete="new-password",
        required=False,
        help_text=_(
            "不修改密码时留空。至少 12 个字符,字母、数字、符号、汉字均可,可以粘贴。"
            "不能是常见密码,不能含有登录账号、单位的代码或名称,不能由年份组成。"
        ),
    )
    again = PasswordField(_("再次填写新密码"), autocomplete="new-password", required=False)


class AgentSearchForm(forms.Form):
    text = forms.CharField(
        label=_("计算机代码、征收管理码或单位名称"),
        max_length=200,
        error_messages={"required": _("请填写要查找的内容")},
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )


class IdentityCheckForm(forms.Form):
    """What an officer has looked at before giving out a password."""

    applicant_checked = forms.BooleanField(
        label=_("已核对经办人的身份证件原件"),
        error_messages={"required": _("请确认已核对经办人的身份证件原件")},
    )
    registration_checked = forms.BooleanField(
        label=_("已核对税务登记证副本,与系统中的登记信息一致"),
        error_messages={"required": _("请确认已核对税务登记证副本")},
    )
    authority_checked = forms.BooleanField(
        label=_("已收存加盖公章的申请"),
        error_messages={"required": _("请确认已收存加盖公章的申请")},
    )


class NewTokenForm(forms.Form):
    """What a new API token is for."""

    name = forms.CharField(
        label=_("用途"),
        help_text=_("例如工资软件的名称,便于以后辨认"),
        max_length=50,
        error_messages={"required": _("请填写用途")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
