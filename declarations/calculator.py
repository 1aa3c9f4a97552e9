"""The calculator: one income and what is told of it, and why the law has no answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _

from declarations.explaining import cited
from declarations.law_of_month import parameter_title
from declarations.law_words import method_title, name_label
from declarations.taxlaw.case import Case, Given, WrongFact
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.methods import METHODS as ALL_METHODS
from declarations.taxlaw.methods import Result, compute, method_of, methods_of
from declarations.taxlaw.parameters import NotInForce, parameter, parameters
from declarations.taxlaw.tax_month import format_tax_month
from declarations.taxlaw.wages import basic_deduction
from declarations.wording import code_label

AT_ONCE = "annual_60000"
# Enough for an office behind one address.
CALCULATIONS: Final = 120
CALCULATIONS_WITHIN: Final = timedelta(minutes=1)


def calculate(case: Case) -> Result:
    """Compute a case, its basic deduction to date told by `cum_basic`, `months` or `variant`.

    A cumulative case that tells none of them lacks `months`: without a deduction its tax would be
    too high. NotInForce, FactsMissing, WrongFact as from `compute`.
    """
    method = method_of(case)
    if any(each.key == "cum_basic" for each in method.inputs) and not case.has("cum_basic"):
        case = replace(case, inputs={**case.inputs, "cum_basic": _basic_to_date(case)})
    return compute(case)


def _basic_to_date(case: Case) -> Given:
    """STA Announcement 2018 No. 61, article 6; 2020 No. 13, article 1; 2020 No. 19, article 1."""
    if case.choice("variant", (AT_ONCE,)):
        at_once: Decimal = parameter("deduction_at_once").at(case.tax_month)
        return at_once
    months = case.divisor("months")
    if months > case.tax_month.month or months % 1:
        raise WrongFact("months", months)
    return basic_deduction(case.tax_month, case.country) * months


def missing_sentence(fact: str, case: Case) -> str:
    """Return what to fill in, for a fact that the law has to know of a case."""
    if fact == "months" and _has_basis(case):
        return _("请填写月数,或直接填写累计减除费用")
    return _("请填写%(field)s") % {"field": name_label(fact, _method_name(case))}


def wrong_sentence(fact: str, case: Case) -> str:
    """Return what is wrong with a fact of a case, and what is right."""
    field = name_label(fact, _method_name(case))
    if fact == "months" and _has_basis(case):
        return _("%(field)s应为 1 至 %(most)s 的整数") % {
            "field": field,
            "most": case.tax_month.month,
        }
    return _("%(field)s的值不能用于这一所得项目和月份,请改填") % {"field": field}


def _has_basis(case: Case) -> bool:
    methods = methods_of(case.tax_month, case.income_item, case.resident)
    return any(each.key == "cum_basic" for method in methods for each in method.inputs)


def _method_name(case: Case) -> str:
    try:
        return method_of(case).name
    except (NotInForce, WrongFact):
        return ""


def not_in_force_sentence(error: NotInForce, case: Case) -> str:
    """Return why the law of the month has no rule, and what to do."""
    month = format_tax_month(case.tax_month)
    if error.name in INCOME_ITEMS:
        return _no_rule_for_the_item(error.name, month)
    started = {method.chosen: method for method in ALL_METHODS if method.chosen}
    if error.name in started:
        method = started[error.name]
        return _not_yet(method_title(method.name), format_tax_month(method.start), month)
    known = {each.name: each for each in parameters()}
    if error.name not in known:
        return _("%(month)s 没有这种计税方法。请选择其他方法。") % {"month": month}
    rule = known[error.name]
    if error.day < rule.history[-1].start:
        since = format_tax_month(rule.history[-1].start)
        return _not_yet(parameter_title(rule), since, month)
    ended = rule.block(error.day)
    return _(
        "“%(rule)s”执行到 %(since)s 以前,以后尚无规定(依据:%(texts)s)。请先向主管税务所咨询再填报。"
    ) % {
        "rule": parameter_title(rule),
        "since": format_tax_month(ended.start),
        "texts": "; ".join(cited(ended.references)),
    }


def _not_yet(rule: str, since: str, month: str) -> str:
    return _("“%(rule)s”自 %(since)s 起执行,现为 %(month)s。请选择其他方法或月份。") % {
        "rule": rule,
        "since": since,
        "month": month,
    }


def _no_rule_for_the_item(item: str, month: str) -> str:
    label = code_label(INCOME_ITEMS, item)
    if item == "09":
        return _(
            "%(item)s执行到 2018-12 为止,%(month)s 没有这一项目。"
            "担保、受赠房屋、礼品等收入自 2019-01 起按偶然所得(08)填报。"
        ) % {"item": label, "month": month}
    if item == "0103":
        return _(
            "%(item)s自 2019-01 起只适用于非居民个人。居民个人的数月奖金并入普通月工资(0101)填报。"
        ) % {"item": label}
    return _("%(month)s 的法律没有 %(item)s 的计算规则。请检查月份和所得项目。") % {
        "item": label,
        "month": month,
    }
