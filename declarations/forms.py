"""The shapes of what a clerk types. A line is kept as typed, right or wrong, until it is filed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from declarations.cells import LENIENT, Wrong
from declarations.declaration import (
    ADDRESS_LIMIT,
    DECLARANT_LIMIT,
    PHONE_LIMIT,
    POSTCODE_LIMIT,
)
from declarations.faults import Fault
from declarations.findings import FindingCode
from declarations.models import Declaration, Kind, WaitingImport
from declarations.taxlaw.tax_month import parse_tax_month
from declarations.wording import fault_sentence
from portal.forms import PasswordField


class MonthField(forms.CharField):
    """A tax month, typed or picked as `2006-04`: the date of its first day."""

    def clean(self, value: Any) -> date | None:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_tax_month(text)
        except ValueError:
            raise ValidationError(
                _("税款所属月份应写作 2006-04 的样式,现为“%(value)s”"),
                code="month",
                params={"value": text},
            ) from None


class NewDeclarationForm(forms.Form):
    """新增明细表: the month, the kind, and what to start with."""

    month = MonthField(
        label=_("税款所属月份"),
        help_text=_("实际支付所得的月份,例如 2006-04"),
        max_length=20,
        error_messages={"required": _("请填写税款所属月份")},
        widget=forms.TextInput(attrs={"type": "month"}),
    )
    kind = forms.ChoiceField(
        label=_("申报类型"), choices=Kind.choices, initial=Kind.REGULAR, widget=forms.RadioSelect
    )
    coverage = forms.ChoiceField(
        label=_("申报方式"),
        choices=Declaration.Coverage.choices,
        initial=Declaration.Coverage.FULL,
        widget=forms.RadioSelect,
        help_text=_(
            "全员全额:无论收入额是否达到征税标准,所有取得应税收入的个人都申报;"
            "非全员全额:没有达到征税标准的人员不申报。"
        ),
    )
    start = forms.ChoiceField(
        label=_("从哪里开始"),
        choices=[
            ("blank", _("空白表")),
            ("in_force", _("复制本月现行申报(更正申报)")),
            ("previous", _("复制上月申报")),
            ("register", _("个人基础信息:列出当月在职人员,金额待填")),
        ],
        initial="blank",
        widget=forms.RadioSelect,
    )


class FigureField(forms.CharField):
    """A figure of the head, read as those of the lines are: any width, thousands commas."""

    def __init__(self, column: str, read: Callable[[object], Any], **options: Any) -> None:
        super().__init__(required=False, max_length=40, **options)
        self._column = column
        self._read = read

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return self._read(text)
        except Wrong as wrong:
            fault = Fault(self._column, wrong.code, wrong.params)
            raise ValidationError(fault_sentence(fault), code=wrong.code.value) from None


class HeaderForm(forms.Form):
    """单位基础信息 of a draft. What is missing is named by the check, and may wait until then."""

    coverage = forms.ChoiceField(
        label=_("申报方式"), choices=Declaration.Coverage.choices, widget=forms.RadioSelect
    )
    declarant = forms.CharField(
        label=_("声明人"),
        help_text=_("填写扣缴义务人名称"),
        max_length=DECLARANT_LIMIT,
        required=False,
    )
    phone = forms.CharField(
        label=_("有效联系电话"),
        max_length=PHONE_LIMIT,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    address = forms.CharField(label=_("有效联系地址"), max_length=ADDRESS_LIMIT, required=False)
    postcode = forms.CharField(label=_("邮政编码"), max_length=POSTCODE_LIMIT, required=False)
    own_headcount = FigureField(
        "own_headcount",
        LENIENT.count,
        label=_("本期本单位总人数"),
        help_text=_("非全员全额申报时填写;全员全额时由系统计算"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    other_headcount = FigureField(
        "other_headcount",
        LENIENT.count,
        label=_("本期非本单位总人数"),
        help_text=_("非全员全额申报时填写;全员全额时由系统计算"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )
    total_income = FigureField(
        "total_income",
        LENIENT.amount,
        label=_("全部人员收入总额"),
        help_text=_("单位:元。非全员全额申报时填写;全员全额时由系统计算"),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("coverage") == Declaration.Coverage.FULL:
            cleaned |= {"own_headcount": None, "other_headcount": None, "total_income": None}
        return cleaned


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("工作簿"),
        help_text=_(".xlsx 或 .csv 文件,不超过 5 MB、20,000 行明细;第一行为标题"),
        error_messages={
            "required": _("请选择文件"),
            "empty": _("文件是空的,请选择填好的文件"),
            "missing": _("请选择文件"),
        },
        widget=forms.FileInput(attrs={"accept": ".xlsx,.csv"}),
    )
    mode = forms.ChoiceField(
        label=_("导入方式"),
        choices=WaitingImport.Mode.choices,
        initial=WaitingImport.Mode.APPEND,
        widget=forms.RadioSelect,
    )


class PasswordForm(forms.Form):
    """The password of whoever does what cannot be undone."""

    password = PasswordField(_("密码"), autocomplete="current-password")


class FilingForm(forms.Form):
    """向地税机关提交: the declaration of truth and the password, for what the check page showed.

    Each kind of warning has a tick of its own. It stands beside the warnings, outside the form's
    element: hence the attribute. Which ones are needed is for the service to say.
    """

    HTML_ID = "filing"

    key = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.RegexField(r"^[0-9a-f]{64}$", widget=forms.HiddenInput)
    noted = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    findings_remark = forms.CharField(
        label=_("保留原因(可不填)"),
        help_text=_("对以上提醒的统一说明,不超过 500 字;请勿填写证照号码"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "form": HTML_ID}),
    )
    truth = forms.BooleanField(
        label=_(
            "我声明:此扣缴申报是根据国家税收法律、法规的规定填报的,我确信它是真实的、可靠的、完整的。"
        ),
        error_messages={"required": _("请阅读并确认声明")},
    )
    password = PasswordField(_("密码"), autocomplete="current-password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ticks = {
            self.tick(code): forms.BooleanField(
                label=_("我已核实以上各行,按实际扣缴情况申报"),
                required=False,
                widget=forms.CheckboxInput(attrs={"form": self.HTML_ID}),
            )
            for code in FindingCode
        }
        self.fields = ticks | self.fields

    @staticmethod
    def tick(code: FindingCode) -> str:
        """Return the name of the tick for a kind of warning."""
        return f"confirmed_{code.value}"

    def confirmed(self) -> set[FindingCode]:
        """Return the kinds of warnings that were ticked."""
        return {code for code in FindingCode if self.cleaned_data.get(self.tick(code))}


class VerificationForm(forms.Form):
    """回执验证: what stands on a receipt, typed or pasted with spaces."""

    receipt_number = forms.CharField(
        label=_("回执编号"),
        help_text=_("例如 11010001-200604-1-001"),
        max_length=60,
        error_messages={"required": _("请填写回执编号")},
    )
    digest = forms.CharField(
        label=_("摘要(SHA-256)"),
        help_text=_("回执上的 64 位数字和字母,可以带空格和换行"),
        max_length=200,
        error_messages={"required": _("请填写摘要")},
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocapitalize": "off"}),
    )

    def clean_receipt_number(self) -> str:
        return "".join(str(self.cleaned_data["receipt_number"]).split()).upper()

    def clean_digest(self) -> str:
        digest = "".join(str(self.cleaned_data["digest"]).split()).lower()
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise ValidationError(_("摘要应为 64 位数字和字母 a 至 f"), code="digest")
        return digest
