"""The functions of the left menu and the home pages: for whom, under which name, at which address.

A function whose pages are not part of this installation has no address, and leads nowhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.models import User

Role = User.Role


@dataclass(frozen=True)
class Function:
    """An entry of a menu; `url` is empty when nothing is there."""

    label: str | Promise
    about: str | Promise
    url: str
    is_current: bool = False


@dataclass(frozen=True)
class _Entry:
    url_name: str
    label: str | Promise
    about: str | Promise
    roles: frozenset[str] = frozenset()


ENROLMENT: Final = _Entry(
    "enrolment", _("明细申报初始密码获取"), _("首次使用,凭登记信息获取登录账号和初始密码。")
)
CONTACT: Final = _Entry(
    "contact", _("单位联系信息及密码修改"), _("修改密码、联系人姓名、联系电话和电子邮箱。")
)
DECLARATIONS: Final = _Entry(
    "declarations:declarations", _("个人所得税明细申报"), _("填写、校验并向税务机关提交明细申报。")
)
TAXPAYERS: Final = _Entry(
    "taxpayers:taxpayers", _("个人基础信息"), _("登记本单位的纳税人,每月申报时选用。")
)
QUERY: Final = _Entry(
    "reconciliation:months",
    _("申报及缴款信息查询"),
    _("查看申报与入库税款是否一致,核对不成功的月份在此更正。"),
)
CALCULATOR: Final = _Entry("law:calculator", _("个人所得税计算器"), "")
LAW: Final = _Entry(
    "law:law_now",
    _("计税规则"),
    _("各月适用的税率、扣除标准和计税方法,及其依据。"),
    frozenset(Role.values),
)
TOKENS: Final = _Entry("tokens", _("接口令牌"), _("供工资软件通过接口申报,可随时撤销。"))
AGENT_HOME: Final = _Entry("reconciliation:home", _("我的待办"), "")

# What the manual lists for 代扣代缴单位, in its order.
PUBLIC: Final = (ENROLMENT, CONTACT, DECLARATIONS, QUERY)
AGENT: Final = (AGENT_HOME, DECLARATIONS, TAXPAYERS, QUERY, LAW, CALCULATOR, TOKENS, CONTACT)

_READERS: Final = User.ROLES_THAT_READ_TAX_DATA
STAFF: Final = (
    _Entry("staff_home", _("工作台"), "", frozenset(Role.values)),
    _Entry(
        "reconciliation:desk",
        _("核对不成功月份"),
        _("本机关各单位申报与入库不一致的月份及其原因。"),
        _READERS,
    ),
    _Entry(
        "staff_agents",
        _("扣缴单位"),
        _("查找单位,查看登记和联系信息,发放初始密码。"),
        _READERS,
    ),
    _Entry(
        "reconciliation:window",
        _("窗口受理"),
        _("受理单位用介质送来的明细申报,逐份给出回执。"),
        frozenset({Role.OFFICER}),
    ),
    _Entry(
        "reconciliation:feed",
        _("数据接收"),
        _("核心系统文件的接收情况、被拒文件和隔离记录。"),
        frozenset({Role.OPERATOR}),
    ),
    LAW,
    _Entry("staff_password", _("修改密码"), _("修改自己的登录密码。"), frozenset(Role.values)),
)


def url_of(url_name: str) -> str:
    """Return the address of a page, or an empty text when it is not part of the site."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def public_functions() -> list[Function]:
    """Return what 代扣代缴单位使用 offers on the public home page, with or without an address."""
    return [_function(entry, "") for entry in PUBLIC]


def functions_for(request: HttpRequest) -> list[Function]:
    """Return the menu of whoever asks: an agent, a member of staff, or nobody yet."""
    user = request.user
    if not isinstance(user, User) or not user.is_authenticated:
        entries: tuple[_Entry, ...] = PUBLIC
    elif errand_of(user):
        entries = ()
    elif user.agent_id is not None:
        entries = AGENT
    else:
        entries = tuple(entry for entry in STAFF if user.role in entry.roles)
    functions = [_function(entry, request.path) for entry in entries]
    return [function for function in functions if function.url]


def home_of(user: User) -> str:
    """Return where somebody who has logged in begins."""
    if user.is_staff_member:
        return reverse("staff_home")
    return url_of(AGENT_HOME.url_name) or reverse("home")


def errand_of(user: User) -> str:
    """Return the name of the page that a user has to fill in first, or an empty text."""
    if user.password_is_initial:
        return "new_password"
    agent = user.agent
    if agent and not (agent.contact_name and agent.contact_telephone and agent.contact_email):
        return "first_contact"
    return ""


def _function(entry: _Entry, path: str) -> Function:
    url = url_of(entry.url_name)
    here = bool(url) and (path == url or (path.startswith(url) and entry.url_name != "staff_home"))
    return Function(entry.label, entry.about, url, is_current=here)
