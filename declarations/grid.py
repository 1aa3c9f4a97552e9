"""What the grid's page tells its script: columns, codes and texts; and what the script is answered.

The script holds no sentences: all that it says to a person stands here.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019
from declarations.models import GridLook, LastImport
from declarations.review import Assessed
from declarations.selectors.grid import JudgedLine
from declarations.services.drafts import MAX_DRAFT_LINES
from declarations.taxlaw.codes import Code
from declarations.wording import CODED_COLUMNS, fault_sentence, field_label
from declarations.workbook import (
    HEADINGS_FROM_2019,
    HEADINGS_TO_2018,
    IGNORED_HEADINGS,
    headings_of,
)

# What one request may write and have judged.
ROWS_A_REQUEST = 500
# Longer than any column may be: what is too long is kept and named, within reason.
TYPED_LIMIT = 1000

_KINDS = (
    dict.fromkeys(CODED_COLUMNS, "code")
    | dict.fromkeys(("employed_here", "resident"), "yes_no")
    | dict.fromkeys((*AMOUNTS, *AMOUNTS_FROM_2019), "amount")
    | {"document_number": "document"}
)
_WIDTHS = {
    "name": 104,
    "document_type": 112,
    "document_number": 188,
    "country": 120,
    "occupation": 200,
    "employed_here": 104,
    "resident": 104,
    "income_item": 264,
    "remark": 200,
}


def fields() -> frozenset[str]:
    """Return the columns of the grid, of both forms."""
    return frozenset({*HEADINGS_TO_2018, *HEADINGS_FROM_2019, *_law_columns()})


def setup(tax_month: date, look: GridLook) -> dict[str, Any]:
    """Return what the grid of a month's form needs beside its lines."""
    columns = [_column(name, tax_month) for name in headings_of(tax_month)] + [
        {"field": field, "label": label, "kind": "law", "width": 120, "headings": [label]}
        for field, label in _law_columns().items()
    ]
    return {
        "columns": [
            column | {"width": look.widths.get(column["field"], column["width"])}
            for column in columns
        ],
        "isDense": look.is_dense,
        "codes": {
            column: [_code(entry) for entry in table] for column, table in CODED_COLUMNS.items()
        },
        "yesNo": [["是", _("是")], ["否", _("否")]],
        "ignoredHeadings": list(IGNORED_HEADINGS),
        "maxLines": MAX_DRAFT_LINES,
        "rowsARequest": ROWS_A_REQUEST,
        "typedLimit": TYPED_LIMIT,
        "idleMinutes": settings.SESSION_IDLE_MINUTES[0],
        "texts": _texts(),
    }


def _column(name: str, tax_month: date) -> dict[str, Any]:
    headings = [headings_of(tax_month)[name]]
    for language in ("zh-hans", "en"):
        with override(language):
            headings += [field_label(name, tax_month), field_label(name)]
    kind = _KINDS.get(name, "text")
    return {
        "field": name,
        "label": field_label(name, tax_month),
        "kind": kind,
        "width": _WIDTHS.get(name, 136),
        "headings": list(dict.fromkeys(headings)),
    }


def _code(entry: Code) -> list[str]:
    """Return a code, its name in the reader's language, and its name in the other one."""
    names = [entry.name, entry.english]
    if (get_language() or "").startswith("en"):
        names.reverse()
    return [entry.code, *names]


def _law_columns() -> dict[str, str]:
    return {
        "law_deduction": _("费用扣除标准"),
        "law_taxable": _("应纳税所得额"),
        "law_rate": _("税率"),
        "law_quick_deduction": _("速算扣除数"),
        "law_tax": _("应扣税额"),
        "law_difference": _("差额"),
    }


def imported(last: LastImport | None) -> str | None:
    """Return when the import that can be taken back was made; none without one."""
    if last is None:
        return None
    return format_date(timezone.localtime(last.imported_at), "Y-m-d H:i")


def judged(line: JudgedLine, tax_month: date) -> dict[str, Any]:
    """Return what is wrong with a line, in words, and its computed columns."""
    return {
        "id": str(line.checked.line.public_id),
        "faults": [
            [fault.field, fault.code.value, fault_sentence(fault, tax_month)]
            for fault in line.checked.faults
        ],
        "law": _computed(line.assessed),
    }


def _computed(assessed: Assessed | None) -> dict[str, str]:
    if assessed is None or assessed.result is None:
        return {}
    outcome = assessed.result.assessment
    return {
        "law_deduction": _yuan(outcome.deduction),
        "law_taxable": _yuan(outcome.taxable),
        "law_rate": f"{(outcome.rate * 100).normalize():f}%",
        "law_quick_deduction": _yuan(outcome.quick_deduction),
        "law_tax": _yuan(outcome.tax),
        "law_difference": _yuan(assessed.difference or Decimal(0)),
    }


def _yuan(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _texts() -> dict[str, str]:
    return {
        "grid": _("明细列表"),
        "rowNumber": _("行号"),
        "newRow": _("新行"),
        "saving": _("正在保存"),
        "saved": _("已保存 %(time)s"),
        "offline": _("未保存:暂时连不上服务器,系统会自动重试。"),
        "loggedOut": _("未保存:登录已失效。请在新标签页登录,再回到本页重试。"),
        "refused": _("未保存:%(sentence)s"),
        "failed": _("未保存:系统暂时无法保存,您填写的内容还在本页上,系统会自动重试。"),
        "loadFailed": _("系统暂时无法读取明细。您的数据已保存,请稍后刷新本页。"),
        "count": _("共 %(count)s 行"),
        "noFaults": _("没有错误"),
        "faults": _("有误 %(cells)s 处,共 %(rows)s 行"),
        "checking": _("正在检查,还有 %(rows)s 行"),
        "pasted": _("已粘贴 %(rows)s 行、%(columns)s 列。"),
        "appended": _("新增 %(rows)s 行。"),
        "lockedSkipped": _("跳过 %(cells)s 个由系统计算的单元格。"),
        "columnsLeftOut": _("有 %(columns)s 列在表格中没有对应的栏目,没有粘贴。"),
        "headingsRecognised": _("已按第一行的标题对应各列。"),
        "tooMany": _("最多 %(most)s 行,粘贴后将有 %(rows)s 行。没有粘贴,请分次申报或使用接口。"),
        "tooManyRows": _("最多 %(most)s 行,不能再添加。"),
        "tidied": _("已规范 %(cells)s 个单元格的写法。"),
        "tidiedOne": _("已规范:%(before)s → %(after)s"),
        "locked": _("这一栏由系统计算,不能填写。"),
        "cut": _("内容超过 %(most)s 个字符,已截断。"),
        "undone": _("已撤销。"),
        "redone": _("已重做。"),
        "nothingToUndo": _("没有可撤销的操作。"),
        "nothingToRedo": _("没有可重做的操作。"),
        "deleted": _("已删除 %(rows)s 行。可以撤销。"),
        "filled": _("已填充 %(cells)s 个单元格。"),
        "copied": _("已复制 %(rows)s 行、%(columns)s 列。"),
        "leaving": _("按 Tab 或 Shift+Tab 离开表格。"),
        "noFaultFound": _("没有找到错误。"),
        "at": _("第 %(row)s 行,%(column)s"),
        "row": _("第 %(row)s 行"),
        "choices": _("可选的代码"),
        "total": _("合计"),
        "conflictBlank": _("(空)"),
        "conflictDeleted": _("(该行已删除)"),
        "conflictMine": _("我的:%(value)s"),
        "conflictTheirs": _("别处的:%(value)s"),
        "wholeRow": _("整行"),
        "importTakenBack": _("已撤销导入:删除 %(taken)s 行,恢复 %(back)s 行。"),
        "importOf": _("将撤销 %(time)s 的导入。"),
        "merged": _("草稿在别处有修改,已合并显示。"),
        "filing": _("草稿已经提交或删除,不能再修改。"),
    }
