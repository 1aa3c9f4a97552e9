"""Words for what the check finds (提醒): a heading and a sentence per code, as the reader speaks.

A sentence says what is wrong, what is there, what would be right and what to do. Nothing of a
person stands in it: neither findings nor their parameters hold a name or a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from declarations.findings import Finding, FindingCode, Severity
from declarations.law_words import NAMES, Words
from declarations.wording import field_label
from portal.templatetags.amounts import yuan

ZERO = Decimal(0)

HEADINGS: Words = {
    FindingCode.TAX_DIFFERS: gettext_lazy("已扣税额与应扣税额不符"),
    FindingCode.FACTS_MISSING: gettext_lazy("缺少计税事实"),
    FindingCode.NO_RULE: gettext_lazy("本月税法没有计税规定"),
    FindingCode.WRONG_FACT: gettext_lazy("计税事实无效"),
    FindingCode.UNUSED_FACTS: gettext_lazy("计税事实未采用"),
    FindingCode.REDUCTION_OVER_TAX: gettext_lazy("减免税额超过应扣税额"),
    FindingCode.EXEMPT_OVER_INCOME: gettext_lazy("免税收入额超过收入额"),
    FindingCode.DEDUCTION_OVER_LIMIT: gettext_lazy("扣除额超过标准"),
    FindingCode.ONCE_A_YEAR: gettext_lazy("一年一次的奖金申报过"),
    FindingCode.ITEM_TWICE: gettext_lazy("同一人同一所得项目重复"),
    FindingCode.NAME_DIFFERS: gettext_lazy("同一证照号码姓名不同"),
    FindingCode.NUMBER_DOUBTFUL: gettext_lazy("证照号码存疑"),
}


@dataclass(frozen=True)
class WordedFinding:
    """A finding as it is read; amounts are yuan."""

    code: str
    row: int
    heading: str
    field: str
    found: Decimal | None
    expected: Decimal | None
    sentence: str
    is_warning: bool


def worded(findings: Iterable[Finding], tax_month: date) -> list[WordedFinding]:
    """Return findings in the reader's language, in the words of a month's form."""
    return [
        WordedFinding(
            code=finding.code.value,
            row=finding.row,
            heading=finding_heading(finding.code),
            field=field_label(finding.field, tax_month),
            found=finding.found,
            expected=finding.expected,
            sentence=finding_sentence(finding, tax_month),
            is_warning=finding.severity == Severity.WARNING,
        )
        for finding in findings
    ]


def finding_heading(code: FindingCode) -> str:
    """Return what a kind of finding is called."""
    return str(HEADINGS[code])


def finding_sentence(finding: Finding, tax_month: date) -> str:
    """Return what is wrong, what is there, what is right and what to do."""
    return _SENTENCES[finding.code](
        {
            **{key: _listed(text) for key, text in finding.params.items()},
            "field": field_label(finding.field, tax_month),
            "found": yuan(finding.found),
            "expected": yuan(finding.expected),
            "difference": yuan(abs((finding.found or ZERO) - (finding.expected or ZERO))),
            "is_computed": "yes" if finding.expected is not None else "",
        }
    )


def _listed(text: str) -> str:
    """Return a list of a parameter (`2006-01, 2006-03`, names of facts) as it is read."""
    separator = pgettext("between items of a list", "、")
    return separator.join(str(NAMES.get(item, item)) for item in text.split(", "))


Params = Mapping[str, str]


def _said(text: Callable[[], str]) -> Callable[[Params], str]:
    return lambda params: text() % params


def _facts_missing(params: Params) -> str:
    if params["is_computed"]:
        return (
            _(
                "已扣税额按已填内容应为 %(expected)s,现为 %(found)s;有些事实可使现数正确:"
                "%(facts)s。请补填计税事实,或核对税额"
            )
            % params
        )
    return _("缺少计税事实:%(facts)s,无法核对已扣税额 %(found)s。请补填后重新校验") % params


def _doubtful(params: Params) -> str:
    return _DOUBTS[params["reason"]](params)


def _area(params: Params) -> str:
    if "until" in params:
        return (
            _("身份证号前 6 位的行政区划在 %(until)s 年已撤销,出生日期在其后;请对照证件核对号码")
            % params
        )
    if "since" in params:
        return (
            _("身份证号前 6 位的行政区划在 %(since)s 年才设立,晚于所属月份;请对照证件核对号码")
            % params
        )
    return _("身份证号前 6 位不是已知的行政区划;请对照证件核对号码")


_DOUBTS: Mapping[str, Callable[[Params], str]] = {
    "AREA": _area,
    "OLD_NUMBER": _said(lambda: _("15 位身份证号自 %(since)s 起已停止使用;请换填 18 位号码")),
    "NOT_YET": _said(lambda: _("这种证照自 %(since)s 起才有;请核对证照类型和税款所属月份")),
    "FORM": _said(lambda: _("证照号码不是这种证照的样式;请对照证件核对证照类型和号码")),
    "BIRTH_DATE": _said(lambda: _("证照号码中的出生日期不存在;请对照证件核对号码")),
    "CHECK_DIGIT": _said(lambda: _("证照号码的末位校验码不符;请对照证件核对号码")),
}

_SENTENCES: Mapping[FindingCode, Callable[[Params], str]] = {
    FindingCode.TAX_DIFFERS: _said(
        lambda: _(
            "已扣税额应为 %(expected)s(应扣税额减去减免税额),现为 %(found)s,差 %(difference)s;"
            "请核对,如确按现数扣缴,可保留并说明原因"
        )
    ),
    FindingCode.FACTS_MISSING: _facts_missing,
    FindingCode.NO_RULE: _said(
        lambda: _("本月税法对这一所得项目没有计税规定,无法核对税额;请核对所得项目")
    ),
    FindingCode.WRONG_FACT: _said(
        lambda: _("计税事实“%(fact)s”的值无效,无法计算应扣税额;请改填或删除")
    ),
    FindingCode.UNUSED_FACTS: _said(
        lambda: _("计税事实“%(facts)s”与这一所得项目的计税方法无关,未予采用;如系误填请删除")
    ),
    FindingCode.REDUCTION_OVER_TAX: _said(
        lambda: _("减免税额应不超过应扣税额 %(expected)s,现为 %(found)s;请核对减免税额")
    ),
    FindingCode.EXEMPT_OVER_INCOME: _said(
        lambda: _("%(field)s应不超过收入额合计 %(expected)s,现为 %(found)s;请核对两栏")
    ),
    FindingCode.DEDUCTION_OVER_LIMIT: _said(
        lambda: _("%(field)s到本月最多 %(expected)s,现为 %(found)s;请核对扣除标准和月数")
    ),
    FindingCode.ONCE_A_YEAR: _said(
        lambda: _(
            "这种奖金的计税办法对每个人一年只用一次,本年 %(months)s 已经申报;"
            "请核对,其余奖金并入当月工资、薪金"
        )
    ),
    FindingCode.ITEM_TWICE: _said(
        lambda: _("同一人的同一所得项目在第 %(rows)s 行已有;重复填写的请删除,分次支付的请保留")
    ),
    FindingCode.NAME_DIFFERS: _said(
        lambda: _("同一证照号码在第 %(rows)s 行是另一个姓名;请核对姓名和证照号码")
    ),
    FindingCode.NUMBER_DOUBTFUL: _doubtful,
}
