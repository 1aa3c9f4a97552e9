"""What is refused of files, rows and months, in sentences for the person who asked."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.errors import Refusal
from reconciliation import wording
from reconciliation.feed import RowCode
from reconciliation.models import FeedFile, QuarantinedRow


class FileIsNotStopped(Refusal):
    code = "FILE_NOT_STOPPED"

    def __init__(self, file: FeedFile) -> None:
        super().__init__(
            _("文件 %(file)s 没有停止,现在的状态是“%(state)s”,无需再试。")
            % {"file": file.name, "state": file.get_state_display()}
        )


class RowHasLeft(Refusal):
    code = "ROW_HAS_LEFT"

    def __init__(self, row: QuarantinedRow) -> None:
        super().__init__(
            _("文件 %(file)s 第 %(line)d 行已离开隔离区:%(left_as)s。")
            % {
                "file": row.feed_file.name,
                "line": row.line_number,
                "left_as": row.get_left_as_display(),
            }
        )


class ImportIsUnderWay(Refusal):
    code = "IMPORT_UNDER_WAY"

    def __init__(self) -> None:
        super().__init__(_("正在导入核心系统的文件,更正尚未保存。请稍后再试。"))


class CorrectionIsRefused(Refusal):
    """What an operator typed cannot be a row: it is said at the field, and nothing changes."""


class RowIsStillFaulty(CorrectionIsRefused):
    code = "ROW_STILL_FAULTY"

    def __init__(self, row_code: RowCode) -> None:
        super().__init__(
            _("更正后的行仍不能导入(%(code)s)。%(reason)s")
            % {"code": row_code, "reason": wording.quarantine_sentence(row_code)}
        )


class AmountIsUnreadable(CorrectionIsRefused):
    code = "AMOUNT_UNREADABLE"

    def __init__(self, amount: str) -> None:
        super().__init__(
            _("实缴金额“%(amount)s”无法读取:应为以元为单位、两位小数的数字,如 12345.67。")
            % {"amount": amount}
        )


class RowIsOfAnotherTax(CorrectionIsRefused):
    code = "ANOTHER_TAX"

    def __init__(self) -> None:
        super().__init__(
            _(
                "更正后的征收项目不是个人所得税(10106),本系统不导入其他税种的缴款。"
                "原记录确属其他税种的,请写明原因后移出隔离区。"
            )
        )
