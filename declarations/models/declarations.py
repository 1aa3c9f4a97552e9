"""A declaration: its head, its sums by income item, and the key under which it was filed."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from declarations.models.months import AgentMonth
from portal.models import User, WithholdingAgent
from portal.sealing import SealedField

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


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

    @property
    def is_in_force(self) -> bool:
        return self.status == self.Status.FILED


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
