"""填表说明: how each column is filled in, of the form to 2018-12 and of that from 2019-01.

The rules to 2018-12 are those of the bureau's manual (section 5). Those from 2019-01 say the same
in terms of the law of today: 个人所得税法 of 2018, and 个人所得税扣缴申报管理办法(试行) of 2018.
Amounts and rates stand in none of them: they are the law's (`declarations.taxlaw`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.wording import field_label
from declarations.workbook import headings_of


@dataclass(frozen=True)
class Rule:
    """What is to be filled in under a heading; `column` names it in code."""

    column: str
    label: str
    text: str


@dataclass(frozen=True)
class FillingRules:
    """The rules of a month's form, in the order of the manual."""

    general: list[str]
    head: list[Rule]
    columns: list[Rule]
    relations: list[str]


def rule_of(column: str, tax_month: date) -> str:
    """Return how a column of a month's form is filled in; empty where nothing is said of it."""
    rules = _FROM_2019 if tax_month >= CUMULATIVE_FROM else _TO_2018
    text = rules.get(column)
    return str(text) if text else ""


def filling_rules(tax_month: date) -> FillingRules:
    """Return the rules of the form of a tax month, in the reader's language."""
    is_from_2019 = tax_month >= CUMULATIVE_FROM
    return FillingRules(
        general=[str(text) for text in _GENERAL],
        head=[Rule(column, str(label), str(text)) for column, label, text in _HEAD],
        columns=[
            Rule(column, field_label(column, tax_month), rule_of(column, tax_month))
            for column in headings_of(tax_month)
        ],
        relations=[str(text) for text in (_RELATIONS_FROM_2019 if is_from_2019 else _RELATIONS)],
    )


_GENERAL: tuple[Promise, ...] = (
    _("本表依据税收征收管理法及其实施细则、个人所得税法及其实施条例填报。"),
    _("适用于扣缴义务人申报扣缴的个人所得税。应区分纳税人、所得项目,逐人逐项填写。"),
    _("不能按期报送的,应在规定的报送期限内提出申请,经主管税务机关批准,可以适当延期。"),
    _("未按期报送的,依照税收征收管理法第六十二条的规定处罚。"),
    _("用中文填写,也可同时用中文和英文填写。"),
)

_HEAD: tuple[tuple[str, Promise, Promise], ...] = (
    ("computer_code", _("计算机代码"), _("税务登记中的计算机代码,由系统带出。")),
    ("agent", _("扣缴义务人名称"), _("单位全称,不用简称,由系统带出。")),
    ("filed_on", _("填表日期"), _("填制本表的日期,申报时由系统填写。")),
    ("tax_month", _("所得期间"), _("支付所得的月份,不是所得归属的月份。")),
    ("declarant", _("声明人"), _("填写扣缴义务人名称。")),
)

_TO_2018: Mapping[str, Promise] = {
    "name": _("在中国境内无住所的纳税人,用中文和英文两种文字填写。"),
    "document_type": _("填写有效证件的名称或代码,如居民身份证、护照。"),
    "document_number": _("按证件填写。居民身份证号码须通过校验,否则不能保存和提交。"),
    "country": _("按国家和地区编码表填写代码、名称或两者。"),
    "occupation": _("按职业编码表填写代码、名称或两者。"),
    "employed_here": _("在本单位任职、受雇的填“是”,其他人员填“否”。"),
    "income_item": _("按所得项目编码表填写。同一人有多项所得的,每项填一行。"),
    "income": _("以人民币支付的收入,不减除任何费用。"),
    "income_foreign": _("以外币支付的收入,折合成人民币填写。没有的留空。"),
    "exempt_income": _(
        "按规定缴付的基本养老保险费、基本医疗保险费、失业保险费、住房公积金,国务院规定的政府"
        "特殊津贴、院士津贴等,以及税法规定的其他免税所得。只适用于工资、薪金所得,其他项目不填。"
    ),
    "deductible_charges": _(
        "只适用于四类所得。劳务报酬所得:劳务发生中实际缴纳的税费。特许权使用费所得:提供特许权中"
        "发生的中介费和相关税费。财产租赁所得:修缮费和出租中发生的相关税费。财产转让所得:财产"
        "原值和转让中发生的合理税费。"
    ),
    "donation": _("除法律、法规另有规定外,不超过应纳税所得额的 30%。可以超过的,在备注中说明依据。"),
    "tax_reduction": _("当期按规定减免的税额。有减免的,须在备注中说明依据。"),
    "tax_withheld": _("当期实际扣缴的税款。有减免税的,已扣税额=应扣税额-减免税额。"),
    "remark": _("填写减免税的依据,以及其他需要说明的情况。"),
}

_FROM_2019: Mapping[str, Promise] = {
    **_TO_2018,
    "resident": _(
        "在中国境内有住所,或者无住所而一个纳税年度内在境内居住累计满 183 天的,填“是”。"
        "国家与地区为中国的可以不填,按“是”处理。"
    ),
    "income": _("本月支付的收入,不减除任何费用。工资、薪金所得的累计数由系统按以前月份计算。"),
    "exempt_income": _(
        "税法规定的免税所得。只适用于工资、薪金所得。社会保险费和住房公积金另有栏目,不在此填写。"
    ),
    "pension": _("本月按规定缴付的个人部分。只适用于居民个人的工资、薪金所得。"),
    "medical": _("本月按规定缴付的个人部分。只适用于居民个人的工资、薪金所得。"),
    "unemployment": _("本月按规定缴付的个人部分。只适用于居民个人的工资、薪金所得。"),
    "housing_fund": _("本月按规定缴存的个人部分。只适用于居民个人的工资、薪金所得。"),
    "cum_children": _(
        "纳税人向本单位提供信息的,填本年在本单位截至本月可扣除的累计金额,不是本月金额。"
    ),
    "cum_education": _(
        "填本年在本单位截至本月可扣除的累计金额:学历(学位)教育按月计,职业资格在取得证书的当年一次计入。"
    ),
    "cum_mortgage": _("填本年在本单位截至本月可扣除的累计金额。同一年度不能再扣除住房租金。"),
    "cum_rent": _("填本年在本单位截至本月可扣除的累计金额。同一年度不能再扣除住房贷款利息。"),
    "cum_elderly": _("填本年在本单位截至本月可扣除的累计金额。与兄弟姐妹分摊的,填本人分摊的部分。"),
    "cum_infants": _("自 2022 年 1 月起。填本年在本单位截至本月可扣除的累计金额。"),
    "cum_private_pension": _(
        "填本年截至本月按规定缴付、在本单位扣除的个人养老金累计金额,凭缴费凭证。"
    ),
    "annuity": _("本月按规定缴付的企业年金、职业年金个人部分,不超过规定的比例和基数。"),
    "health_insurance": _("本月按规定可以扣除的商业健康保险支出,不超过规定的限额。"),
    "deferred_pension": _("本月按规定可以扣除的税收递延型商业养老保险支出,不超过规定的限额。"),
    "other_deductions": _("本月按规定可以扣除的其他支出。其内容在备注中说明。"),
}

_RELATIONS: tuple[Promise, ...] = (
    _("应扣税额=应纳税所得额×税率-速算扣除数"),
    _(
        "应纳税所得额=收入额合计-免税收入额-允许扣除的税费-费用扣除标准-准予扣除的捐赠额;"
        "全年一次性奖金等另有规定的除外"
    ),
    _("收入额合计=收入额(人民币)+收入额(外币折合人民币)"),
    _("已扣税额=应扣税额-减免税额"),
)

_RELATIONS_FROM_2019: tuple[Promise, ...] = (
    _(
        "居民个人的工资、薪金所得:累计应纳税所得额=累计收入-累计免税收入-累计减除费用-累计专项扣除"
        "-累计专项附加扣除-累计其他扣除-准予扣除的捐赠额"
    ),
    _("应扣税额=累计应纳税所得额×预扣率-速算扣除数-累计减免税额-以前月份累计已扣税额;小于零的为零"),
    _("其他所得:应扣税额=应纳税所得额×税率-速算扣除数"),
    _("已扣税额=应扣税额-减免税额"),
)
