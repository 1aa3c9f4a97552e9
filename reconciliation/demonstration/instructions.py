"""What a newcomer reads when the portal has started: accounts, and the month in six steps.

Both languages stand side by side, as nobody has chosen one yet.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from datetime import date

from django.conf import settings

from portal.home import default_home
from portal.models import User, WithholdingAgent
from reconciliation.demonstration.cast import (
    FIRST_LINE,
    NEWCOMER,
    NEWCOMER_PAYS,
    SECOND_LINE,
    Line,
    document_number,
    person_name,
    tax_month,
)
from reconciliation.demonstration.loading import Account, accounts_file

ROLES = {
    "": "扣缴单位 agent, enrolled",
    User.Role.OFFICER: "税务人员 officer",
    User.Role.OPERATOR: "运行人员 operator",
    User.Role.ACCOUNT_ADMIN: "账户管理员 account admin",
}
CHANGED = "(密码已修改 password changed since)"


def instructions(accounts: Sequence[Account], today: date) -> str:
    """Return the text; a password that was changed since is not shown. `today` is Beijing's."""
    month = tax_month(today, 1)
    return f"""\
演示数据:单位、人员、号码均为虚构。 Demonstration: every agent, person and number is made up.

── 账号 Accounts ── {accounts_file()}
{_newcomer()}
{"".join(_account(account) for account in accounts)}
── 六步走完一个月 One month in six steps ──
1. 首页“明细申报初始密码获取”:填上面第一个单位,再登录、改密码、填联系信息。
   On the home page, get the initial password of the first agent above; log in, choose a password,
   give the contact data.
2. “个人所得税明细申报”:{month.year}年{month.month}月申报,添加一行,其余留空。
   Declare {month:%Y-%m} with one line; the rest stays blank:
   {_line(FIRST_LINE)}
3. 校验、向地税机关提交。 Check it and submit it.
4. 银行扣款,核心系统发来文件。在另一个终端运行:
   The bank takes the money, and the core system sends a file. In another terminal run:
   {manage()} demo_pays {NEWCOMER.computer_code} {month:%Y-%m} {NEWCOMER_PAYS}
   几秒钟后自动导入。 The worker imports the file within seconds, without a click.
5. “申报及缴款信息查询”:{FIRST_LINE.tax} 小于 {NEWCOMER_PAYS},核对不成功。
   更正申报,再加一行,提交后“确认”:核对成功,该月关闭。
   The query page: declared is less than paid. Amend with a second line, submit, and confirm (确认):
   the month agrees and is closed.
   {_line(SECOND_LINE)}
6. 税务人员登录(验证码可用备用码):看“核对不成功月份”;在“扣缴单位”查到单位,从“各月核对情况”打开该月。
   Log in as the officer (a recovery code will do as second factor): see the months that do not
   agree; under 扣缴单位 find the agent, its months (各月核对情况), and open the closed one again.
"""


def manage() -> str:
    """Return how `manage.py` is called for this very portal."""
    if not settings.EMBEDDED_SERVERS:
        return "python manage.py"
    home = str(settings.PORTAL_HOME)
    elsewhere = "" if home == str(default_home()) else f"PORTAL_HOME={shlex.quote(home)} "
    return f"{elsewhere}.venv{os.sep}bin{os.sep}python manage.py"


def _newcomer() -> str:
    is_enrolled = User.objects.filter(agent__computer_code=NEWCOMER.computer_code).exists()
    note = "(已开户 enrolled since)" if is_enrolled else ""
    return f"""\
扣缴单位 agent, to enrol{note}:
    计算机代码 computer code  {NEWCOMER.computer_code}
    单位名称 registered name  {NEWCOMER.name}
    证件号码 document number  {NEWCOMER.document_number}"""


def _account(account: Account) -> str:
    user = User.objects.filter(login=account.login).first()
    holds = user is not None and user.check_password(account.password)
    agent = WithholdingAgent.objects.filter(user=user).first() if user else None
    text = f"{ROLES[account.role]}{f' {agent.name}' if agent else ''}:\n"
    text += f"    {account.login}  {account.password if holds else CHANGED}\n"
    if account.otpauth_uri:
        codes = account.recovery_codes
        half = len(codes) // 2
        text += f"    身份验证器 authenticator  {account.otpauth_uri}\n"
        text += f"    备用码 recovery codes     {' '.join(codes[:half])}\n"
        text += f"                              {' '.join(codes[half:])}\n"
    return text


def _line(line: Line) -> str:
    return (
        f"姓名 {person_name(line.person)} · 居民身份证 {document_number(line.person)} · 中国"
        f" · 财会人员 · 本单位 · 工资薪金(0101) · 本期收入 {line.income} · 已扣税额 {line.tax}"
    )
