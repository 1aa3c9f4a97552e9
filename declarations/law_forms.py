"""The shapes of what the law has to know: the case of the calculator, and the facts of a line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from declarations.calculator import AT_ONCE
from declarations.cells import LENIENT, Wrong, shown
from declarations.explaining import percent
from declarations.faults import Fault
from declarations.forms import MonthField
from declarations.law_words import choice_label, name_label, period_label
from declarations.lines import Fact
from declarations.taxlaw.case import CHINA, Case
from declarations.taxlaw.codes import COUNTRIES, INCOME_ITEMS
from declarations.taxlaw.facts import ACCRUAL_PERIODS, ACCRUED
from declarations.taxlaw.inputs import Input
from declarations.taxlaw.methods import Method, methods_of
from declarations.taxlaw.parameters import parameter
from declarations.taxlaw.tax_month import CUMULATIVE_FROM, is_covered, parse_tax_month
from declarations.wording import code_label, fault_sentence

_TYPED_LIMIT = 40
_PRICE = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?)\s*%")
_FRACTION = re.compile(r"[01](?:\.[0-9]{1,6})?")
_PERIODS = tuple(sorted(ACCRUAL_PERIODS))

_HELP: Mapping[str, str | Promise] = {
    "extra": _("由本所得项目支付、并入当月工资、薪金计税的金额,单位:元"),
    "exempt": _("包括按规定缴付的三险一金,单位:元"),
    "month_tax_already": _("同一月份的工资、薪金已经扣缴的税额,单位:元"),
    "donation": _("通过公益性社会组织或国家机关的捐赠,在限额内扣除,单位:元"),
    "donation_full": _("国家规定可以全额扣除的捐赠,单位:元"),
    "reduction_rate": _("残疾、孤老、烈属等的减征比例,例如 50%"),
    "cum_income": _("本年在本单位至本月的合计,单位:元"),
    "cum_exempt": _("本年在本单位至本月的合计,单位:元"),
    "cum_basic": _("至本月的合计,单位:元;留空时按月数计算"),
    "cum_special": _("三险一金,本年在本单位至本月的合计,单位:元"),
    "cum_additional": _("子女教育、赡养老人等,本年在本单位至本月的合计,单位:元"),
    "cum_other": _("年金、商业健康保险等,本年在本单位至本月的合计,单位:元"),
    "cum_reduction": _("本年在本单位至本月的合计,单位:元"),
    "cum_withheld": _("本年在本单位至上月的合计,单位:元"),
    "cum_surtax": _("本年至本月的合计,单位:元"),
    "salary": _("发放当月的工资、薪金,单位:元"),
    "year_income": _("本年各月收入额的合计,单位:元"),
    "year_exempt": _("本年各月的合计,单位:元"),
    "seafarer": _("一年内在船航行时间累计满 183 天;2018 年及以前按船员的费用扣除标准计算"),
    "months": _("至本月的任职受雇月数;2020 年 7 月起,本年首次取得工资、薪金的填本月的月份数"),
    "variant": _("2021 年起,上年各月均有申报且全年收入不超过 6 万元的"),
    "local_avg_annual_wage": _("上年全年的平均工资,不乘免税倍数,单位:元"),
    "years": _("实际工作年限,超过上限的照实填写"),
    "market": _("单位:元;有小数的照实填写"),
    "strike": _("单位:元;有小数的照实填写"),
    "option_income": _("已知所得额的填写,不再填市价、施权价和数量,单位:元"),
    "deductible_tax": _("支付时缴纳的税费、中介费等,单位:元"),
    "holding": _("上市公司的股息、红利填写;不填的按持股 1 个月以内计税"),
    "repair_balance": _("以前未扣完的余额与本月支出之和,单位:元"),
    "base": _("按核定征收率计税的收入额或转让价,单位:元"),
}
_HELP_OF_METHODS: Mapping[tuple[str, str], str | Promise] = {
    ("early_retirement", "months"): _("办理内部退养手续后至法定离退休年龄之间的月数"),
    ("options_over_months", "months"): _("取得期权所得的境内工作月份数,超过上限的照实填写"),
    ("options", "cum_withheld"): _("本年以前各次已扣的税额,单位:元;各次所得应合并填写"),
    ("severance", "exempt"): _("领取一次性补偿收入时缴纳的三险一金,单位:元"),
    ("severance_over_years", "exempt"): _("领取一次性补偿收入时缴纳的三险一金,单位:元"),
}
_HELP_OF_KINDS: Mapping[str, str | Promise] = {
    "amount": _("单位:元"),
    "price": _("单位:元"),
    "count": _("填整数"),
    "rate": _("例如 1% 或 0.01"),
    "accrued": _("填这段时间孳生的利息,单位:元"),
}
_NEEDED: Mapping[str, str | Promise] = {
    "amount": _("必填,单位:元"),
    "count": _("必填,填整数"),
    "rate": _("必填,例如 1% 或 0.01"),
}


class Choice(forms.ChoiceField):
    """One of a list; whoever has none of it took an old page or an old address."""

    default_error_messages = {"invalid_choice": _("所选的值不在列表中,请重新选择")}


class CaseForm(forms.Form):
    """Whose income of what kind in which month; asks only for what makes a difference there."""

    month = MonthField(
        label=_("税款所属月份"),
        help_text=_("实际支付所得的月份,例如 2006-04"),
        max_length=20,
        error_messages={"required": _("请填写税款所属月份")},
        widget=forms.TextInput(attrs={"type": "month"}),
    )

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self.fields["item"] = Choice(
            label=_("所得项目"),
            choices=[(entry.code, code_label(INCOME_ITEMS, entry.code)) for entry in INCOME_ITEMS],
        )
        month = _month_in(data)
        if month is None:
            return
        if month >= CUMULATIVE_FROM:
            self.fields["resident"] = Choice(
                label=_("居民身份"),
                choices=[("yes", _("居民个人")), ("no", _("非居民个人"))],
                required=False,
                help_text=_("有住所,或一个纳税年度内居住累计满 183 天的,为居民个人"),
            )
        elif len(set(parameter("basic_deduction").at(month).values())) > 1:
            self.fields["country"] = Choice(
                label=_("国家和地区"),
                choices=[(entry.code, code_label(COUNTRIES, entry.code)) for entry in COUNTRIES],
                required=False,
                help_text=_("决定费用扣除标准"),
            )
        methods = methods_of(month, str(data.get("item", "")), data.get("resident") != "no")
        if len(methods) > 1:
            self.fields["method"] = _method_field(methods)

    def clean_month(self) -> date:
        month: date = self.cleaned_data["month"]
        if not is_covered(month):
            raise ValidationError(_("税款所属月份应为 2006-01 或以后"), code="month")
        return month

    def case(self) -> Case:
        """Return the case that a valid form chose, nothing told of it yet but the method."""
        chosen = self.cleaned_data
        method = chosen.get("method")
        return Case(
            tax_month=chosen["month"],
            income_item=chosen["item"],
            resident=chosen.get("resident") != "no",
            country=chosen.get("country") or CHINA,
            inputs={"method": method} if method else {},
            bureau=settings.BUREAU,
        )


def _method_field(methods: Sequence[Method]) -> Choice:
    return Choice(
        label=name_label("method"),
        choices=[(each.chosen, choice_label("method", each.chosen)) for each in methods],
        required=False,
    )


def _month_in(data: Mapping[str, Any]) -> date | None:
    try:
        month = parse_tax_month(str(data.get("month", "")).strip())
    except ValueError:
        return None
    return month if is_covered(month) else None


class FactField(forms.CharField):
    """A number of an input; what is typed becomes plain decimal text, as facts have it."""

    def __init__(self, kind: str, **options: Any) -> None:
        mode = "numeric" if kind == "count" else "decimal"
        attributes = {"autocomplete": "off", "inputmode": mode}
        super().__init__(
            required=False,
            max_length=_TYPED_LIMIT,
            widget=forms.TextInput(attrs=attributes),
            **options,
        )
        self.kind = kind

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        if not text:
            return ""
        try:
            number = self._read(text)
        except Wrong as wrong:
            params = {"field": str(self.label), **wrong.params}
            sentence = fault_sentence(Fault("", wrong.code, params))
            raise ValidationError(sentence, code=wrong.code.value) from None
        return f"{number.normalize():f}" if number else "0"

    def _read(self, text: str) -> Decimal:
        match self.kind:
            case "count":
                return Decimal(LENIENT.count(text))
            case "price":
                return self._price(text)
            case "rate":
                return self._rate(text)
            case _:
                return LENIENT.amount(text)

    def _price(self, text: str) -> Decimal:
        if not _PRICE.fullmatch(_narrow(text)):
            raise ValidationError(
                _("%(field)s应为不小于 0、最多六位小数的数字,现为“%(value)s”"),
                code="PRICE",
                params={"field": self.label, "value": shown(text)},
            )
        return Decimal(_narrow(text))

    def _rate(self, text: str) -> Decimal:
        narrow = _narrow(text)
        per_cent = _PERCENT.fullmatch(narrow)
        number = Decimal(100)
        if per_cent:
            number = Decimal(per_cent[1]) / 100
        elif _FRACTION.fullmatch(narrow):
            number = Decimal(narrow)
        if number > 1:
            raise ValidationError(
                _("%(field)s应写作百分数(例如 1%%)或小数(例如 0.01),现为“%(value)s”"),
                code="RATE",
                params={"field": self.label, "value": shown(text)},
            )
        return number


def _narrow(text: str) -> str:
    return re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", text))


class FactsForm(forms.Form):
    """A field for each input of a method; `facts()` is what was told."""

    def __init__(
        self,
        inputs: Sequence[Input],
        data: Mapping[str, Any] | None = None,
        *,
        initial: Mapping[str, Fact] | None = None,
        prefix: str = "facts",
        tax_month: date | None = None,
        method: str = "",
        methods: Sequence[Method] = (),
    ) -> None:
        super().__init__(data, initial=_typed(initial or {}), prefix=prefix)
        if len(methods) > 1:
            self.fields["method"] = _method_field(methods)
        for each in inputs:
            if each.key == "cum_basic":
                self._add_basis(tax_month)
            if each.kind == ACCRUED:
                self._add_periods(tax_month)
            else:
                self.fields[each.key] = _field(each, method)

    def facts(self) -> dict[str, Fact]:
        """Return what was told of a valid form, as the facts of a line have it."""
        return facts_of(self.cleaned_data)

    def _add_basis(self, tax_month: date | None) -> None:
        """Add what the basic deduction of the year to date can be told by."""
        self.fields["months"] = FactField(
            "count", label=name_label("months"), help_text=_HELP["months"]
        )
        at_once = parameter("deduction_at_once").history[-1].start
        if tax_month is None or tax_month >= at_once:
            self.fields["variant"] = Choice(
                label=name_label("variant"),
                choices=[
                    ("", choice_label("variant", "")),
                    (AT_ONCE, choice_label("variant", AT_ONCE)),
                ],
                required=False,
                help_text=str(_HELP["variant"]),
            )

    def _add_periods(self, tax_month: date | None) -> None:
        known = parameter("savings_interest").at(tax_month) if tax_month else ACCRUAL_PERIODS
        for place, period in enumerate(_PERIODS):
            if period in known:
                self.fields[f"{ACCRUED}_{place}"] = FactField(
                    "amount", label=period_label(period), help_text=_HELP_OF_KINDS["accrued"]
                )


def facts_form(
    inputs: Sequence[Input],
    data: Mapping[str, Any] | None = None,
    *,
    initial: Mapping[str, Fact] | None = None,
    prefix: str = "facts",
    tax_month: date | None = None,
    method: str = "",
    methods: Sequence[Method] = (),
) -> FactsForm:
    """Return a form of a method's inputs, bound to `data` or filled with facts (`initial`).

    Its fields are named `PREFIX-KEY`. `method` is the method's name, for the words; `tax_month`
    leaves out what its law does not know yet; of several `methods` one can be chosen.
    """
    return FactsForm(
        inputs,
        data,
        initial=initial,
        prefix=prefix,
        tax_month=tax_month,
        method=method,
        methods=methods,
    )


def facts_of(cleaned: Mapping[str, Any]) -> dict[str, Fact]:
    """Return the facts of a line that cleaned fields tell: no blank one, no box left unticked."""
    facts: dict[str, Fact] = {}
    accrued: dict[str, str | bool] = {}
    for key, value in cleaned.items():
        if not value:
            continue
        if key.startswith(f"{ACCRUED}_"):
            accrued[_PERIODS[int(key.partition("_")[2])]] = value
        else:
            facts[key] = value
    return facts | {ACCRUED: accrued} if accrued else facts


def _typed(facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Return facts as their fields show them."""
    typed: dict[str, Any] = {}
    for key, value in facts.items():
        if key == ACCRUED and isinstance(value, Mapping):
            typed |= {
                f"{ACCRUED}_{place}": value[period]
                for place, period in enumerate(_PERIODS)
                if period in value
            }
        else:
            typed[key] = _as_percent(key, value)
    return typed


def _as_percent(key: str, value: Fact) -> Fact:
    if key in ("reduction_rate", "assessed_rate") and isinstance(value, str):
        return percent(Decimal(value)) if _FRACTION.fullmatch(value) else value
    return value


def _field(each: Input, method: str) -> forms.Field:
    label, help_text = name_label(each.key, method), _help(each, method)
    if each.kind == "flag":
        return forms.BooleanField(label=label, help_text=help_text, required=False)
    if each.kind == "choice":
        choices = [("", choice_label(each.key, "", method))]
        choices += [(choice, choice_label(each.key, choice, method)) for choice in each.choices]
        return Choice(label=label, choices=choices, help_text=help_text, required=False)
    return FactField(each.kind, label=label, help_text=help_text)


def _help(each: Input, method: str) -> str:
    particular = _HELP_OF_METHODS.get((method, each.key)) or _HELP.get(each.key)
    in_general = _NEEDED[each.kind] if each.needed else _HELP_OF_KINDS.get(each.kind, "")
    return str(particular or in_general)
