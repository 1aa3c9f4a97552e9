"""What is refused of months, drafts and filings, in sentences for the person who asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from declarations.faults import Fault
from declarations.models import AgentMonth, Declaration, Taxpayer
from portal.errors import Refusal


class MonthIsClosed(Refusal):
    code = "MONTH_CLOSED"

    def __init__(self, month: AgentMonth) -> None:
        super().__init__(
            _("%(month)s的明细申报信息与核心系统缴款入库信息一致,如果修改,请联系税务所。")
            % {"month": month}
        )


class MonthIsNotClosed(Refusal):
    code = "MONTH_NOT_CLOSED"

    def __init__(self, month: AgentMonth) -> None:
        super().__init__(_("%(month)s尚未核对成功或已经打开,无需再次打开。") % {"month": month})


class MonthIsNotReopened(Refusal):
    code = "MONTH_NOT_REOPENED"

    def __init__(self, month: AgentMonth) -> None:
        super().__init__(_("%(month)s未被税务所打开,无需关闭。") % {"month": month})


class ReasonIsMissing(Refusal):
    code = "REASON_REQUIRED"

    def __init__(self) -> None:
        super().__init__(_("请填写原因。"))


class MonthIsNotDeclarable(Refusal):
    code = "MONTH_NOT_DECLARABLE"

    def __init__(self, first: str, last: str) -> None:
        super().__init__(
            _("只能申报 %(first)s 至 %(last)s 的税款所属月份。") % {"first": first, "last": last}
        )


class DraftExists(Refusal):
    """There is a draft of that month and kind; `declaration` is it."""

    code = "DRAFT_EXISTS"

    def __init__(self, declaration: Declaration) -> None:
        self.declaration = declaration
        super().__init__(
            _("%(declaration)s已有一份草稿,请继续填写或先删除该草稿。")
            % {"declaration": declaration}
        )


class NotADraft(Refusal):
    code = "NOT_A_DRAFT"

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(
            _("%(declaration)s已经提交,不能再修改。如有错误,请更正申报。")
            % {"declaration": declaration}
        )


class NotInForce(Refusal):
    code = "NOT_IN_FORCE"

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(
            _("%(declaration)s的这一版已不是现行申报,请查看最新的版本。")
            % {"declaration": declaration}
        )


class NothingToTakeBack(Refusal):
    code = "NOTHING_TO_TAKE_BACK"

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(
            _("%(declaration)s的这一版没有更正以前的申报,不能撤销更正。")
            % {"declaration": declaration}
        )


class MonthIsPaid(Refusal):
    code = "MONTH_PAID"

    def __init__(self, declaration: Declaration) -> None:
        super().__init__(
            _("%(declaration)s已有缴款记录,不能作废。如申报有误,请更正申报。")
            % {"declaration": declaration}
        )


class LaterMonthIsDeclared(Refusal):
    code = "LATER_MONTH_DECLARED"

    def __init__(self, month: AgentMonth) -> None:
        super().__init__(
            _("%(month)s已经申报,以前月份的申报不能作废。如申报有误,请更正申报。")
            % {"month": month}
        )


class DraftHasFaults(Refusal):
    """Some of a draft is wrong; `faults` says what."""

    code = "FAULTS"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        super().__init__(
            ngettext(
                "申报表有 %(count)d 处需修改,修改后才能提交。",
                "申报表有 %(count)d 处需修改,修改后才能提交。",
                len(faults),
            )
            % {"count": len(faults)}
        )


class DraftHasChanged(Refusal):
    code = "DRAFT_CHANGED"

    def __init__(self) -> None:
        super().__init__(_("您检查之后,这份申报表在别处又有改动。请重新检查后再提交。"))


class FindingsHaveChanged(Refusal):
    """What the check finds is no longer what was seen: an earlier month was amended, say."""

    code = "FINDINGS_CHANGED"

    def __init__(self) -> None:
        super().__init__(_("您检查之后,校验提醒有变化(例如往月申报已更正)。请重新核实后再提交。"))


class FindingsAreNotConfirmed(Refusal):
    code = "FINDINGS"

    def __init__(self) -> None:
        super().__init__(_("有校验提醒尚未核实。请逐类核实并确认,或修改明细后再提交。"))


class KeyIsUsed(Refusal):
    """A filing key came again with something else to file (409)."""

    code = "KEY_USED"

    def __init__(self) -> None:
        super().__init__(_("这次提交的编号已用于另一份申报,请返回检查页重新提交。"))


class TooManyLines(Refusal):
    code = "TOO_MANY"

    def __init__(self, most: int) -> None:
        super().__init__(
            _("一份草稿最多 %(most)d 行明细,请分次导入或使用接口申报。") % {"most": most}
        )


class AgentIsNotRegistered(Refusal):
    code = "AGENT"

    def __init__(self, computer_code: str) -> None:
        super().__init__(
            _("计算机代码“%(code)s”没有登记信息,请与主管税务所核对。") % {"code": computer_code}
        )


class WorkbookIsRefused(Refusal):
    """A file that cannot be taken in at all; `code` says why.

    `headings` are those that nobody knows.
    """

    def __init__(self, code: str, sentence: str, *, headings: Sequence[str] = ()) -> None:
        self.code = code
        self.headings = headings
        super().__init__(sentence)


@dataclass(frozen=True)
class RowFault:
    """A fault of a workbook's row, as the report shows it: the row's name, the user's heading."""

    row: int
    name: str
    heading: str
    fault: Fault


class WorkbookHasFaults(Refusal):
    """Rows of a workbook are wrong; `faults` has all of them, in the order of the rows."""

    code = "FAULTS"

    def __init__(self, faults: Sequence[RowFault], *, rows: int) -> None:
        self.faults = faults
        self.rows = rows
        self.faulty_rows = len({fault.row for fault in faults})
        super().__init__(
            _(
                "文件共 %(rows)d 行明细,其中 %(faulty)d 行有误,共 %(count)d 处。未导入任何一行,"
                "请按下表修改后重新上传。"
            )
            % {"rows": rows, "faulty": self.faulty_rows, "count": len(faults)}
        )


class PersonIsRegistered(Refusal):
    """The register has that person; `taxpayer` is the row."""

    code = "PERSON_REGISTERED"

    def __init__(self, taxpayer: Taxpayer) -> None:
        self.taxpayer = taxpayer
        super().__init__(
            _("此证照号码已登记,姓名为“%(name)s”(15 位和 18 位身份证号按一人计)。")
            % {"name": taxpayer.name}
        )


class PersonIsGone(Refusal):
    code = "PERSON_GONE"

    def __init__(self) -> None:
        super().__init__(_("此人已在别处从个人基础信息中删除。"))


class LeftBeforeJoining(Refusal):
    code = "LEFT_BEFORE_JOINING"

    def __init__(self, taxpayer: Taxpayer) -> None:
        super().__init__(
            _("%(name)s的入职日期为 %(joined_on)s,离职日期应不早于入职日期。")
            % {"name": taxpayer.name, "joined_on": taxpayer.joined_on}
        )


class RosterIsGone(Refusal):
    code = "ROSTER_GONE"

    def __init__(self) -> None:
        super().__init__(_("这份名单已导入、已放弃或已过期,请重新上传。"))
