"""The causes of a difference in sentences: what it is, what it rests on, what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from declarations.models import Kind
from reconciliation.causes import Cause, Code
from reconciliation.models import PaymentRow, QuarantinedRow

_NAMES = {
    Code.IN_TRANSIT: gettext_lazy("在途缴款"),
    Code.IN_QUARANTINE: gettext_lazy("缴款记录在隔离区"),
    Code.OTHER_KIND: gettext_lazy("记入了其他税款种类"),
    Code.NEIGHBOUR_MONTH: gettext_lazy("记入了相邻月份"),
    Code.OTHER_AGENT: gettext_lazy("记入了计算机代码只差一位的单位"),
    Code.PAID_TWICE: gettext_lazy("重复缴款"),
    Code.LATE_FEE_AS_TAX: gettext_lazy("滞纳金按税款入库"),
    Code.LINE_DOUBLED: gettext_lazy("明细重复申报"),
    Code.LINE_MISSING: gettext_lazy("漏报明细"),
    Code.DIGITS_SHIFTED: gettext_lazy("金额多一位或少一位"),
    Code.DIGITS_TRANSPOSED: gettext_lazy("金额相邻两位数字颠倒"),
    Code.NOT_PAID: gettext_lazy("已申报未缴款"),
    Code.NOT_DECLARED: gettext_lazy("已缴款未申报"),
    Code.PARTLY_PAID: gettext_lazy("只缴了一部分"),
    Code.UNEXPLAINED: gettext_lazy("原因不明"),
}

_ADVICE = {
    Code.IN_TRANSIT: gettext_lazy("无需操作,入库后自动核对。数日仍未入库的,请与银行核实。"),
    Code.IN_QUARANTINE: gettext_lazy(
        "由税务机关更正该记录,或由核心系统重新发送;单位无需重复缴款。"
    ),
    Code.OTHER_KIND: gettext_lazy("请联系主管税务所,更正税票的税款种类。"),
    Code.NEIGHBOUR_MONTH: gettext_lazy("请联系主管税务所,更正税票的税款所属期。"),
    Code.OTHER_AGENT: gettext_lazy("请联系主管税务所,更正税票的计算机代码。"),
    Code.PAID_TWICE: gettext_lazy("请核对银行扣款记录;确属重复的,向主管税务所申请退税。"),
    Code.LATE_FEE_AS_TAX: gettext_lazy("请联系主管税务所,将该税票的税款种类更正为滞纳金。"),
    Code.LINE_DOUBLED: gettext_lazy("请更正申报,删去重复的一行。"),
    Code.LINE_MISSING: gettext_lazy("请核实该人本月有无所得;有的,更正申报,补上该行。"),
    Code.DIGITS_SHIFTED: gettext_lazy(
        "请核对原始凭证:申报有误的,更正申报;缴款有误的,联系主管税务所。"
    ),
    Code.DIGITS_TRANSPOSED: gettext_lazy(
        "请核对原始凭证:申报有误的,更正申报;缴款有误的,联系主管税务所。"
    ),
    Code.NOT_PAID: gettext_lazy("请缴纳税款;已缴的,持银行回单联系主管税务所。"),
    Code.NOT_DECLARED: gettext_lazy("请补充申报该月明细;缴款有误的,联系主管税务所。"),
    Code.PARTLY_PAID: gettext_lazy("请缴纳余下的税款;多报的,更正申报。"),
    Code.UNEXPLAINED: gettext_lazy("请逐行核对申报和税票,或联系主管税务所。"),
}

_FAILED = {
    "AMOUNT": gettext_lazy("金额与差额不符"),
    "AMBIGUOUS": gettext_lazy("另有同样可能的解释"),
    "DIGITS": gettext_lazy("与平时税额之差正好等于差额,但不是数字颠倒或错位"),
}


@dataclass(frozen=True)
class CauseInWords:
    """A cause as a page shows it. `amount` is its part of declared less paid, in yuan."""

    code: str
    kind: str
    name: str
    amount: Decimal
    evidence: list[str]
    advice: str


def in_words(causes: Iterable[Cause], *, to_staff: bool) -> list[CauseInWords]:
    """Say the causes of a month. Agents are not told which other agent it is; nobody is named."""
    return [
        CauseInWords(
            code=cause.code.value,
            kind=str(Kind(cause.kind).label),
            name=str(_NAMES[cause.code]),
            amount=cause.amount,
            evidence=[_entry(cause.code, entry, to_staff=to_staff) for entry in cause.evidence],
            advice=str(_ADVICE[cause.code]),
        )
        for cause in causes
    ]


def _entry(code: Code, entry: Mapping[str, Any], *, to_staff: bool) -> str:
    if "nearest" in entry:
        return _("最接近的是“%(name)s”%(amount)s 元,未采用:%(failed)s。") % {
            "name": _NAMES[Code(entry["nearest"])],
            "amount": entry["amount"],
            "failed": _FAILED[entry["failed"]],
        }
    if entry.get("one_of"):
        alone = {name: value for name, value in entry.items() if name != "one_of"}
        return _("可能其一:%(entry)s") % {"entry": _entry(code, alone, to_staff=to_staff)}
    if "voucher_number" in entry:
        voucher = _("税票 %(voucher_number)s 第 %(line_number)s 行") % entry
        return f"{voucher}{_of_voucher(code, entry, to_staff=to_staff)}"
    return _of_line(code, entry)


def _of_voucher(code: Code, entry: Mapping[str, Any], *, to_staff: bool) -> str:
    if code == Code.IN_TRANSIT:
        return _(":银行已收款,尚未入库。")
    if code == Code.IN_QUARANTINE:
        reason = QuarantinedRow.Code(entry["quarantine"]).label
        return _(":%(reason)s(文件 %(file)s 第 %(file_line)s 行)。") % {**entry, "reason": reason}
    if code == Code.OTHER_KIND:
        posted = PaymentRow.Kind(entry["posted_to_kind"]).label
        if "belongs_to_kind" in entry:
            belongs = Kind(entry["belongs_to_kind"]).label
            return _(":记入“%(posted)s”,应属“%(belongs)s”。") % {
                "posted": posted,
                "belongs": belongs,
            }
        return _(":记入了“%(posted)s”。") % {"posted": posted}
    if code == Code.NEIGHBOUR_MONTH:
        if "belongs_to_month" in entry:
            return _(":应属 %(belongs_to_month)s。") % entry
        return _(":记入了 %(posted_to_month)s。") % entry
    if code == Code.OTHER_AGENT:
        if not to_staff:
            return _(":涉及计算机代码只差一位的另一单位。")
        if "belongs_to_agent" in entry:
            return _(":应属计算机代码 %(belongs_to_agent)s。") % entry
        return _(":记入了计算机代码 %(posted_to_agent)s。") % entry
    if code == Code.PAID_TWICE:
        return _(":品目和金额与税票 %(repeats)s 完全相同。") % entry
    if code == Code.LATE_FEE_AS_TAX:
        return _(
            ":正好是税票 %(late_fee_of)s 税款 %(tax)s 元"
            "逾期 %(days_late)s 天的滞纳金(每日万分之五)。"
        ) % {**entry, "late_fee_of": "、".join(entry["late_fee_of"])}
    if "right_amount" in entry:
        return _(":缴款 %(paid_amount)s 元,应为 %(right_amount)s 元。") % entry
    return _("。")


def _of_line(code: Code, entry: Mapping[str, Any]) -> str:
    if code == Code.LINE_DOUBLED:
        return (
            _(
                "明细第 %(declared_line)s 行与第 %(repeats_line)s 行"
                "是同一人、同一所得项目、同一税额。"
            )
            % entry
        )
    if code == Code.LINE_MISSING:
        return _(
            "有一人所得项目 %(income_item)s 在 %(months)s 申报税额 %(usual_tax)s 元,该月没有"
            "(见 %(like_month)s 申报第 %(like_line)s 行)。"
        ) % {
            "income_item": entry["income_item"],
            "months": "、".join(entry["usual_in"]),
            "usual_tax": entry["usual_tax"],
            "like_month": entry["like_line"]["tax_month"],
            "like_line": entry["like_line"]["declared_line"],
        }
    if entry["usual_in"]:
        return _(
            "明细第 %(declared_line)s 行申报 %(declared_amount)s 元,应为 %(right_amount)s 元"
            "(该人在 %(months)s 的税额)。"
        ) % {**entry, "months": "、".join(entry["usual_in"])}
    return (
        _("明细第 %(declared_line)s 行申报 %(declared_amount)s 元,应为 %(right_amount)s 元。")
        % entry
    )
