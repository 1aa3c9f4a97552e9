"""Codes and parameters of the feed in sentences: where it is wrong, what stands there, the cure."""

from __future__ import annotations

from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from declarations.taxlaw.codes import INCOME_ITEMS
from reconciliation.feed.refusals import Reason
from reconciliation.models import FeedFile, QuarantineCorrection, QuarantinedRow

_REFUSALS = {
    Reason.NAME_UNREADABLE: gettext_lazy(
        "文件名“%(file)s”不符合“种类_日期_序号.txt”的约定(如 JKRK_20060508_001.txt)。"
        "请核心系统改正文件名后重新发送。"
    ),
    Reason.MARKER_UNREADABLE: gettext_lazy(
        "完成标记“%(file)s.ok”无法读取:应为一行,文件的 SHA-256、一个空格、字节数。"
        "请核心系统重新生成标记后重新发送。"
    ),
    Reason.SIZE_DIFFERS: gettext_lazy(
        "完成标记写明文件为 %(stated)s 字节,收到的是 %(found)s 字节,传送可能中断。"
        "请核心系统重新发送文件和标记。"
    ),
    Reason.DIGEST_DIFFERS: gettext_lazy(
        "文件的 SHA-256 与完成标记不符:标记为 %(stated)s,收到的是 %(found)s。"
        "请核心系统重新发送文件和标记。"
    ),
    Reason.NOT_GB18030: gettext_lazy(
        "第 %(line)s 行不是 GB18030 编码的文本。请核心系统按 GB18030 编码重新生成后发送。"
    ),
    Reason.NUL: gettext_lazy("第 %(line)s 行含有空字符(NUL)。请核心系统去掉空字符后重新发送。"),
    Reason.FILE_EMPTY: gettext_lazy(
        "文件是空的,缺少首行。当日没有数据时也应有首行和末行,请核心系统重新发送。"
    ),
    Reason.HEADER_UNREADABLE: gettext_lazy(
        "第 %(line)s 行(首行)无法读取:应为 H|种类|1.0|日期|序号|文件数。"
        "请核心系统改正首行后重新发送。"
    ),
    Reason.HEADER_OF_ANOTHER_FILE: gettext_lazy(
        "第 %(line)s 行(首行)的种类、日期或序号与文件名“%(file)s”不一致。"
        "请核心系统核对是哪个文件,改正后重新发送。"
    ),
    Reason.NUMBER_ABOVE_COUNT: gettext_lazy(
        "第 %(line)s 行(首行)写明当日共 %(count)s 个文件,本文件序号却是 %(number)s。"
        "请核心系统改正文件数或序号后重新发送。"
    ),
    Reason.COUNT_DIFFERS: gettext_lazy(
        "第 %(line)s 行(首行)写明当日共 %(stated)s 个文件,"
        "而当日首个已导入文件写明 %(expected)s 个。请与核心系统核实:"
        "已导入的有误时,在“当日文件数”中改正,再请核心系统重新发送本文件。"
    ),
    Reason.TRAILER_MISSING: gettext_lazy(
        "到第 %(line)s 行为止没有末行(T|行数|合计),文件可能不完整。请核心系统重新发送完整的文件。"
    ),
    Reason.TRAILER_UNREADABLE: gettext_lazy(
        "第 %(line)s 行(末行)无法读取:应为 T|行数|合计。请核心系统改正末行后重新发送。"
    ),
    Reason.LINE_UNREADABLE: gettext_lazy(
        "第 %(line)s 行不是数据行:首行与末行之间每行都应以 D| 开头,不能有空行。"
        "请核心系统改正后重新发送。"
    ),
    Reason.LINE_TOO_LONG: gettext_lazy(
        "第 %(line)s 行过长,超过 %(limit)s 字节。请核心系统检查该行是否缺少换行,改正后重新发送。"
    ),
    Reason.ROWS_DIFFER: gettext_lazy(
        "第 %(line)s 行(末行)写明 %(stated)s 行数据,实际有 %(found)s 行。"
        "请核心系统核对有无缺漏,重新发送。"
    ),
    Reason.AMOUNT_UNREADABLE: gettext_lazy(
        "第 %(line)s 行的实缴金额“%(amount)s”无法读取:应为以元为单位、两位小数的数字,如 12345.67。"
        "请核心系统改正该行后重新发送。"
    ),
    Reason.TOTAL_DIFFERS: gettext_lazy(
        "第 %(line)s 行(末行)写明合计 %(stated)s 元,各行金额相加为 %(found)s 元。"
        "请核心系统核对金额后重新发送。"
    ),
    Reason.CONTENT_CHANGED: gettext_lazy(
        "文件名“%(file)s”已按其他内容导入过,已导入的内容保持不变。"
        "更正的记录请核心系统用新的序号或日期发送。"
    ),
}

_QUARANTINE = {
    QuarantinedRow.Code.FIELDS: gettext_lazy(
        "字段数不对:缴款入库应为 17 个字段,税务登记应为 16 个。"
        "请在此更正,或请核心系统用新文件重新发送该行,然后在此处理。"
    ),
    QuarantinedRow.Code.FORMAT: gettext_lazy(
        "有字段不符合约定的格式(如代码、日期、种类)。"
        "请在此更正,或请核心系统用新文件重新发送该行,然后在此处理。"
    ),
    QuarantinedRow.Code.PERIOD: gettext_lazy(
        "税款所属期起晚于税款所属期止。请在此更正,或请核心系统用新文件重新发送该行,然后在此处理。"
    ),
    QuarantinedRow.Code.SPAN: gettext_lazy(
        "税款所属期跨了月份,无法归入一个月。"
        "请在此更正,或请核心系统按月拆分后用新文件发送,然后在此处理。"
    ),
    QuarantinedRow.Code.AGENT: gettext_lazy(
        "没有该计算机代码的登记信息。登记信息到达后自动导入;"
        "代码有误的,请在此更正;长期未到的,请与核心系统核实。"
    ),
    QuarantinedRow.Code.CONFLICT: gettext_lazy(
        "与已导入的记录更新时间相同而内容不同,或征收管理码已属于另一单位。已导入的保持不变;"
        "核心系统发送更新的记录后自动离开,或在此处理。"
    ),
}


def refusal_sentence(file: FeedFile) -> str:
    """Say why a file was refused: the place, what stands there, what is to be done about it."""
    sentence = _REFUSALS[Reason(file.refusal_reason)]
    return str(sentence) % {
        **file.refusal_parameters,
        "file": file.name,
        "line": file.refusal_line,
    }


def quarantine_sentence(code: str) -> str:
    """Say why rows of a code are in quarantine, and how they leave it."""
    return str(_QUARANTINE[QuarantinedRow.Code(code)])


def correction_sentence(correction: QuarantineCorrection) -> str:
    """Say what became of a row that was corrected."""
    row = correction.row
    named = {"file": row.feed_file.name, "line": row.line_number}
    if row.left_at:
        sentence = _("文件 %(file)s 第 %(line)d 行已更正,离开隔离区:%(became)s。")
        return sentence % {**named, "became": correction.get_outcome_display()}
    sentence = _("文件 %(file)s 第 %(line)d 行的更正已保存,该行仍在隔离区。%(reason)s")
    return sentence % {**named, "reason": quarantine_sentence(row.code)}


def item_name(item: str) -> str:
    """Return the name of an item (征收品目) `01`…`09`, without that of a single income item."""
    entry = next((code for code in INCOME_ITEMS if code.code[:2] == item), None)
    if entry is None:
        return _("品目 %(item)s") % {"item": item}
    if (get_language() or "").startswith("en"):
        return entry.english.split(" - ")[0]
    return entry.name.split("-")[0]
