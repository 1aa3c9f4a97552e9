"""What withholding agents file: months, declarations, detail lines, totals."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from declarations.taxlaw.identity import normalise_document_number
from portal.models import User, WithholdingAgent
from portal.sealing import BlindIndexField, SealedField, blind_index

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class PaymentWatermark(models.Model):
    """The one row that says how far payment data are complete; the import of the feed writes it.

    `first_day` is the day from which completeness is counted, `complete_to` (缴款数据截至) the last
    day up to which every day is complete: none while the first day itself is not.
    """

    ONLY = 1

    first_day = models.DateField()
    complete_to = models.DateField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="watermark_is_one_row", condition=Q(pk=1)),
            models.CheckConstraint(
                name="watermark_is_not_before_the_first_day",
                condition=Q(complete_to=None) | Q(complete_to__gte=F("first_day")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complete_to}"


class AgentMonthQuerySet(models.QuerySet["AgentMonth"]):
    def visible_to(self, user: User | AnonymousUser) -> AgentMonthQuerySet:
        """Return the months of the agents that a user may read about."""
        return self.filter(agent__in=WithholdingAgent.objects.visible_to(user))

    def to_reconcile(self) -> AgentMonthQuerySet:
        """Return the months with changes that the reconciler has not seen."""
        return self.filter(changed__gt=F("reconciled"))

    def mark_changed(self) -> int:
        """Say that something of these months changed; it starts the count of attempts again."""
        return self.update(changed=F("changed") + 1, attempts=0)

    def with_current_result(self, watermark: date | None) -> AgentMonthQuerySet:
        """Annotate `current_result`: what the stored result means today.

        `checking` while a change is not yet reconciled; a stored *waiting* reads as *mismatched*
        once the watermark has reached the settling day; none for a month without a result.
        """
        return self.annotate(
            current_result=Case(
                When(changed__gt=F("reconciled"), then=Value("checking")),
                When(
                    result=AgentMonth.Result.WAITING,
                    settles_on__lte=watermark or date.min,
                    then=Value("mismatched"),
                ),
                default=F("result"),
                output_field=models.CharField(),
            )
        )


class AgentMonth(models.Model):
    """One agent's tax month: the row that filing, importing and reconciling lock.

    `changed` counts what happened to the month, `reconciled` is the count that the reconciler has
    seen. `result` is its conclusion from them: `waiting` stands for *not agreeing, to be called
    mismatched once payment data are complete to settles_on*.
    """

    class Result(models.TextChoices):
        MATCHED = "matched", _("核对成功")
        WAITING = "waiting", _("未处理")
        MISMATCHED = "mismatched", _("核对不成功")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Its index is that of the constraint: agent, then tax month.
    agent = models.ForeignKey(
        WithholdingAgent, on_delete=models.PROTECT, related_name="months", db_index=False
    )
    tax_month = models.DateField(_("税款所属月份"), help_text=_("税款所属月份的第一天"))
    changed = models.PositiveIntegerField(default=0, editable=False)
    reconciled = models.PositiveIntegerField(default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    result = models.CharField(max_length=10, choices=Result, null=True, editable=False)  # noqa: DJ001  none: nothing to compare
    settles_on = models.DateField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    reopened_at = models.DateTimeField(null=True, editable=False)

    objects = AgentMonthQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="agent_month_one_per_agent_and_tax_month", fields=["agent", "tax_month"]
            ),
            models.CheckConstraint(
                name="agent_month_is_a_first_day",
                condition=Q(tax_month__day=1),
            ),
            models.CheckConstraint(
                name="agent_month_reconciled_is_not_ahead_of_changed",
                condition=Q(reconciled__lte=F("changed")),
            ),
            models.CheckConstraint(
                name="agent_month_closed_only_if_matched_and_not_reopened",
                condition=Q(closed_at=None) | Q(result="matched", reopened_at=None),
            ),
        ]
        indexes = [
            # Holds the months with work and no others: the sweep reads just these.
            models.Index(
                name="agent_month_to_reconcile",
                fields=["agent"],
                condition=Q(changed__gt=F("reconciled")),
            ),
            models.Index(
                name="agent_month_not_agreeing",
                fields=["agent", "tax_month"],
                condition=Q(result__in=["waiting", "mismatched"]),
            ),
        ]

    def __str__(self) -> str:
        return _("%(year)d年%(month)d月") % {
            "year": self.tax_month.year,
            "month": self.tax_month.month,
        }


class Kind(models.TextChoices):
    """The three declarations that are compared with payments of the same kind."""

    REGULAR = "regular", _("申报")
    ADDITIONAL = "additional", _("补税申报")
    REFUND = "refund", _("退税申报")


class DeclarationQuerySet(models.QuerySet["Declaration"]):
    def visible_to(self, user: User | AnonymousUser) -> DeclarationQuerySet:
        """Return what a user may read: an agent its own, staff what was filed in their offices."""
        visible = self.filter(agent_month__agent__in=WithholdingAgent.objects.visible_to(user))
        if isinstance(user, User) and user.agent_id is None:
            return visible.exclude(status=Declaration.Status.DRAFT)
        return visible

    def owned_by(self, user: User | AnonymousUser) -> DeclarationQuerySet:
        """Return what a user may edit and file: an agent its own, staff nothing."""
        if not isinstance(user, User) or not user.is_active or user.agent_id is None:
            return self.none()
        return self.filter(agent_month__agent=user.agent_id)

    def in_force(self) -> DeclarationQuerySet:
        return self.filter(status=Declaration.Status.FILED)


class Declaration(models.Model):
    """One withholding agent's detail declaration of one kind for one tax month, in one version.

    A draft keeps what the clerk typed (DraftLine). Filing turns it into DetailLines and
    DeclaredTotals; from then on nothing of it changes but its status.
    """

    class Status(models.TextChoices):
        DRAFT = "draft", _("草稿")
        FILED = "filed", _("已申报")
        SUPERSEDED = "superseded", _("已被更正")
        WITHDRAWN = "withdrawn", _("已作废")

    class Coverage(models.TextChoices):
        FULL = "full", _("全员全额")
        PARTIAL = "partial", _("非全员全额")

    class Channel(models.TextChoices):
        WEB = "web", _("网上申报")
        API = "api", _("接口申报")
        WINDOW = "window", _("窗口受理")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agent_month = models.ForeignKey(
        AgentMonth, on_delete=models.PROTECT, related_name="declarations"
    )
    kind = models.CharField(_("申报类型"), max_length=10, choices=Kind)
    status = models.CharField(
        _("状态"), max_length=10, choices=Status, default=Status.DRAFT, editable=False
    )
    version = models.PositiveIntegerField(null=True, editable=False)
    coverage = models.CharField(
        _("申报方式"), max_length=7, choices=Coverage, default=Coverage.FULL
    )
    declarant = models.CharField(_("声明人"), max_length=200, blank=True)
    phone = SealedField(kind="telephone")
    address = models.CharField(_("有效联系地址"), max_length=200, blank=True)
    postcode = models.CharField(_("邮政编码"), max_length=20, blank=True)
    own_headcount = models.PositiveIntegerField(_("本期本单位总人数"), null=True, blank=True)
    other_headcount = models.PositiveIntegerField(_("本期非本单位总人数"), null=True, blank=True)
    total_income = models.DecimalField(
        _("全部人员收入总额"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True)
    channel = models.CharField(
        _("渠道"), max_length=6, choices=Channel, default=Channel.WEB, editable=False
    )
    filed_at = models.DateTimeField(_("申报时间"), null=True, editable=False)
    filed_on = models.DateField(_("申报日期"), null=True, editable=False)
    filed_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    receipt_number = models.CharField(  # noqa: DJ001  none: a draft
        _("回执编号"), max_length=32, null=True, unique=True, editable=False
    )
    digest = models.CharField(max_length=64, blank=True, editable=False)
    line_count = models.PositiveIntegerField(_("人次"), default=0, editable=False)
    # How many warnings it was filed with; in the portal somebody confirmed them.
    warning_count = models.PositiveIntegerField(default=0, editable=False)
    # Why the clerk keeps figures that the check found strange.
    findings_remark = models.CharField(
        _("提醒的说明"), max_length=500, blank=True, default="", editable=False
    )
    # What the last check found; none when the draft was not checked since its last change.
    fault_count = models.PositiveIntegerField(null=True, editable=False)

    objects = DeclarationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="declaration_is_a_draft_until_filed",
                condition=Q(
                    status="draft",
                    version=None,
                    filed_at=None,
                    filed_on=None,
                    filed_by=None,
                    receipt_number=None,
                )
                | ~Q(status="draft")
                & Q(
                    version__gte=1,
                    filed_at__isnull=False,
                    filed_on__isnull=False,
                    receipt_number__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="declaration_filed_in_the_portal_has_a_filer",
                condition=Q(status="draft") | Q(channel="window") | Q(filed_by__isnull=False),
            ),
            models.UniqueConstraint(
                name="declaration_one_in_force_per_agent_month_and_kind",
                fields=["agent_month", "kind"],
                condition=Q(status="filed"),
            ),
            models.UniqueConstraint(
                name="declaration_one_draft_per_agent_month_and_kind",
                fields=["agent_month", "kind"],
                condition=Q(status="draft"),
            ),
            models.UniqueConstraint(
                name="declaration_one_of_each_version",
                fields=["agent_month", "kind", "version"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.agent_month} {self.get_kind_display()}"

    def get_absolute_url(self) -> str:
        return reverse("declarations:declaration", args=[self.public_id])


def person_index(document_type: str, document_number: str) -> bytes:
    """Return the blind index by which the lines of a person are found."""
    number = normalise_document_number(document_type, document_number)
    return blind_index("person", document_type, number)


class DraftLine(models.Model):
    """A line of a draft as the clerk typed it: a text for each column, right or wrong.

    `cells` is a JSON object of texts, sealed; `source_row` is the row of the workbook it came from.
    `document_index` finds the same person's lines, filed ones too: none while the cells do not say
    who it is.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    declaration = models.ForeignKey(
        Declaration, on_delete=models.CASCADE, related_name="draft_lines"
    )
    position = models.PositiveIntegerField()
    source_row = models.PositiveIntegerField(null=True)
    cells = SealedField(kind="text")
    document_index: models.Field[bytes | None, bytes | None] = BlindIndexField(  # type: ignore[assignment, misc]  # its types are those of a required one
        null=True
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                name="draft_line_one_per_position",
                fields=["declaration", "position"],
                deferrable=models.Deferrable.DEFERRED,
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}"


def _amount(label: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(label, max_digits=15, decimal_places=2)


def _amount_of_the_form_from_2019(label: Any) -> models.DecimalField[Any, Any]:
    return models.DecimalField(label, max_digits=15, decimal_places=2, null=True)


class DetailLine(models.Model):
    """A filed line (明细): one taxpayer and one income item. Amounts are yuan to the fen.

    The columns from `pension` on belong to the form from tax month 2019-01; they are none before.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    # Its index is that of the constraint: declaration, then line number.
    declaration = models.ForeignKey(
        Declaration, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    line_number = models.PositiveIntegerField()
    name = models.CharField(_("姓名"), max_length=200)
    document_type = models.CharField(_("身份证照类型"), max_length=2)
    document_number = SealedField(kind="document_number")
    document_index = BlindIndexField(
        of=["document_type", "document_number"], key="person", normalise=normalise_document_number
    )
    country = models.CharField(_("国家与地区"), max_length=3)
    occupation = models.CharField(_("职业"), max_length=7)
    employed_here = models.BooleanField(_("本单位人员"))
    resident = models.BooleanField(_("居民个人"), null=True)
    income_item = models.CharField(_("所得项目"), max_length=4)
    income = _amount(_("收入额(人民币)"))
    income_foreign = _amount(_("收入额(外币折合人民币)"))
    exempt_income = _amount(_("免税收入额"))
    deductible_charges = _amount(_("允许扣除的税费"))
    donation = _amount(_("准予扣除的捐赠额"))
    tax_reduction = _amount(_("减免税额"))
    tax_withheld = _amount(_("已扣税额"))
    remark = models.CharField(_("备注"), max_length=500, blank=True)
    facts = models.JSONField(null=True)
    pension = _amount_of_the_form_from_2019(_("基本养老保险费"))
    medical = _amount_of_the_form_from_2019(_("基本医疗保险费"))
    unemployment = _amount_of_the_form_from_2019(_("失业保险费"))
    housing_fund = _amount_of_the_form_from_2019(_("住房公积金"))
    annuity = _amount_of_the_form_from_2019(_("企业(职业)年金"))
    health_insurance = _amount_of_the_form_from_2019(_("商业健康保险"))
    deferred_pension = _amount_of_the_form_from_2019(_("税延养老保险"))
    other_deductions = _amount_of_the_form_from_2019(_("其他扣除"))
    cum_children = _amount_of_the_form_from_2019(_("累计子女教育"))
    cum_education = _amount_of_the_form_from_2019(_("累计继续教育"))
    cum_mortgage = _amount_of_the_form_from_2019(_("累计住房贷款利息"))
    cum_rent = _amount_of_the_form_from_2019(_("累计住房租金"))
    cum_elderly = _amount_of_the_form_from_2019(_("累计赡养老人"))
    cum_infants = _amount_of_the_form_from_2019(_("累计3岁以下婴幼儿照护"))
    cum_private_pension = _amount_of_the_form_from_2019(_("累计个人养老金"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="detail_line_one_per_number", fields=["declaration", "line_number"]
            ),
            models.CheckConstraint(
                name="detail_line_amounts_are_not_negative",
                condition=Q(
                    income__gte=0,
                    income_foreign__gte=0,
                    exempt_income__gte=0,
                    deductible_charges__gte=0,
                    donation__gte=0,
                    tax_reduction__gte=0,
                    tax_withheld__gte=0,
                ),
            ),
        ]
        indexes = [
            # The year of the persons on a page, among hundreds of thousands of lines.
            models.Index(name="detail_line_by_person", fields=["declaration", "document_index"]),
        ]

    def __str__(self) -> str:
        return f"{self.line_number}"


class DeclaredTotal(models.Model):
    """A filed declaration's sums for one income item, kept when it is filed. Yuan to the fen."""

    declaration = models.ForeignKey(Declaration, on_delete=models.PROTECT, related_name="totals")
    income_item = models.CharField(_("所得项目"), max_length=4)
    line_count = models.PositiveIntegerField(_("人次"))
    income = models.DecimalField(_("收入额"), max_digits=20, decimal_places=2)
    tax_reduction = models.DecimalField(_("减免税额"), max_digits=20, decimal_places=2)
    tax_withheld = models.DecimalField(_("已扣税额"), max_digits=20, decimal_places=2)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="declared_total_one_per_income_item", fields=["declaration", "income_item"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.income_item}: {self.tax_withheld}"


class Finding(models.Model):
    """What the check found about a filed line (提醒), kept when it is filed. Amounts are yuan.

    A declaration that was filed in the portal was filed with its warnings confirmed, by `filed_by`
    at `filed_at`; at the window and by the interface they are only kept. The words are made when
    they are shown: `params` are those of the code, and hold no name and no document number.
    """

    declaration = models.ForeignKey(
        Declaration, on_delete=models.PROTECT, related_name="findings", db_index=False
    )
    line_number = models.PositiveIntegerField()
    field = models.CharField(max_length=40)
    code = models.CharField(max_length=40)
    severity = models.CharField(max_length=11)
    # Facts can make an amount as large as their product.
    found = models.DecimalField(max_digits=40, decimal_places=2, null=True)
    expected = models.DecimalField(max_digits=40, decimal_places=2, null=True)
    params = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="finding_is_a_warning_or_information",
                condition=Q(severity__in=["warning", "information"]),
            ),
        ]
        indexes = [models.Index(name="finding_by_line", fields=["declaration", "line_number"])]

    def __str__(self) -> str:
        return f"{self.line_number}: {self.code}"


class FilingKey(models.Model):
    """The key under which an agent filed: the same key and body again gives the same receipt.

    Kept 30 days; `request_digest` is that of what was to be filed.
    """

    agent = models.ForeignKey(WithholdingAgent, on_delete=models.CASCADE, related_name="+")
    key = models.UUIDField()
    request_digest = models.CharField(max_length=64)
    declaration = models.ForeignKey(Declaration, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="filing_key_files_once_per_agent", fields=["agent", "key"])
        ]

    def __str__(self) -> str:
        return f"{self.key}"
