"""The shape of what people type about months, files and rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from declarations.models import Kind
from declarations.refusals import AgentIsNotRegistered, MonthIsNotDeclarable
from declarations.selectors import is_declarable, latest_declarable_month
from declarations.taxlaw.tax_month import EARLIEST, format_tax_month, parse_tax_month
from portal.forms import PasswordField
from portal.models import Office, OfficeQuerySet, WithholdingAgentQuerySet
from portal.selectors import agent_of_code
from reconciliation.models import FeedFile, FeedKind, QuarantinedRow


class TaxMonthField(forms.CharField):
    """A tax month as `2006-04`; the value is its first day, or none."""

    widget = forms.TextInput(
        attrs={"placeholder": "2006-04", "inputmode": "numeric", "autocomplete": "off"}
    )

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse_tax_month(text)
        except ValueError:
            raise forms.ValidationError(
                _("税款所属月份应为四位年份、短横、两位月份,如 2006-04,现为“%(value)s”。"),
                params={"value": text[:20]},
            ) from None


class DeskFilterForm(forms.Form):
    """Which of the months that do not agree to show. It goes into the address."""

    month = TaxMonthField(label=_("税款所属月份"), required=False, max_length=7)
    office: forms.ModelChoiceField[Office] = forms.ModelChoiceField(
        label=_("主管税务机关"),
        queryset=None,
        to_field_name="code",
        required=False,
        empty_label=_("全部"),
    )

    def __init__(self, *args: Any, offices: OfficeQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["office"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101  for the type checker
        field.queryset = offices


class FileFilterForm(forms.Form):
    """In which state the files to show are."""

    state = forms.ChoiceField(
        label=_("状态"),
        required=False,
        choices=[("", _("全部")), *FeedFile.State.choices],
    )


class QuarantineFilterForm(forms.Form):
    """With which code the rows to show are in quarantine."""

    code = forms.ChoiceField(
        label=_("代码"),
        required=False,
        choices=[("", _("全部")), *QuarantinedRow.Code.choices],
    )


class ReasonForm(forms.Form):
    """Why something is done that the audit keeps."""

    reason = forms.CharField(
        label=_("原因"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("将记入审计日志。请勿填写自然人的姓名和证件号码。"),
        error_messages={"required": _("请填写原因。")},
    )


class WithdrawalForm(ReasonForm):
    """作废: why, and the password."""

    password = PasswordField(_("密码"), autocomplete="current-password")


class WindowForm(forms.Form):
    """窗口受理: a file, and for a workbook whose declaration of which month and kind it is."""

    file = forms.FileField(
        label=_("文件"),
        help_text=_("JSON Lines(.jsonl)或工作簿(.xlsx、.csv),不超过 5 MB"),
        error_messages={"required": _("请选择文件"), "missing": _("请选择文件")},
        widget=forms.FileInput(attrs={"accept": ".jsonl,.xlsx,.csv"}),
    )
    code = forms.CharField(
        label=_("计算机代码或征收管理码"),
        help_text=_("只用于工作簿"),
        required=False,
        max_length=40,
    )
    month = TaxMonthField(
        label=_("税款所属月份"), help_text=_("只用于工作簿"), required=False, max_length=20
    )
    kind = forms.ChoiceField(
        label=_("申报类型"),
        help_text=_("只用于工作簿"),
        choices=[("", _("请选择")), *Kind.choices],
        required=False,
    )

    def __init__(self, *args: Any, agents: WithholdingAgentQuerySet, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._agents = agents

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        self.file_kind = file.name.lower().rpartition(".")[2]
        if self.file_kind not in ("jsonl", "xlsx", "csv"):
            raise forms.ValidationError(_("请选择 .jsonl、.xlsx 或 .csv 文件"))
        return file

    @property
    def is_workbook(self) -> bool:
        return getattr(self, "file_kind", "jsonl") != "jsonl"

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.is_workbook:
            return given
        for field, sentence in (
            ("code", _("工作簿须填写计算机代码")),
            ("month", _("工作簿须填写税款所属月份")),
            ("kind", _("工作簿须选择申报类型")),
        ):
            if field in given and not given[field]:
                self.add_error(field, sentence)
        if given.get("month") and not is_declarable(given["month"]):
            first, last = map(format_tax_month, (EARLIEST, latest_declarable_month()))
            self.add_error("month", str(MonthIsNotDeclarable(first, last)))
        if given.get("code"):
            agent = agent_of_code(given["code"])
            given["agent"] = agent and self._agents.filter(pk=agent.pk).first()
            if given["agent"] is None:
                self.add_error("code", str(AgentIsNotRegistered(given["code"])))
        return given


class CorrectionForm(ReasonForm):
    """A row of the feed, typed anew. Whether it is one, `reconciliation.feed` decides."""

    text = forms.CharField(
        label=_("更正后的记录"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_("整行录入,字段之间以 | 分隔:缴款入库 17 个字段,税务登记 16 个。"),
        error_messages={"required": _("请录入更正后的整行记录。")},
    )

    field_order = ["text", "reason"]


class DayCountForm(ReasonForm):
    """How many files a business date has in all."""

    kind = forms.ChoiceField(label=_("文件种类"), choices=FeedKind.choices)
    business_date = forms.DateField(
        label=_("业务日期"),
        widget=forms.TextInput(attrs={"placeholder": "2006-05-08", "autocomplete": "off"}),
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": _("请填写业务日期。"),
            "invalid": _("业务日期应为年-月-日,如 2006-05-08。"),
        },
    )
    count = forms.IntegerField(
        label=_("当日文件数"),
        min_value=1,
        max_value=999,
        help_text=_("该种类在该业务日期一共有几个文件,1 至 999。"),
        error_messages={
            "required": _("请填写当日文件数。"),
            "invalid": _("当日文件数应为 1 至 999 的整数。"),
            "min_value": _("当日文件数应为 1 至 999 的整数。"),
            "max_value": _("当日文件数应为 1 至 999 的整数。"),
        },
    )

    field_order = ["kind", "business_date", "count", "reason"]
