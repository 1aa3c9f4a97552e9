"""What reached the treasury, against what was declared."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from declarations.models import AgentMonth, Kind
from portal.models import User, WithholdingAgent
from portal.sealing import Sealed, SealedField


class FeedKind(models.TextChoices):
    SWDJ = "SWDJ", _("税务登记")
    JKRK = "JKRK", _("缴款入库")


class FeedDay(models.Model):
    """How many files of a kind a business date has: its COUNT, of the day's first imported file.

    An operator can set it.
    """

    kind = models.CharField(max_length=4, choices=FeedKind)
    business_date = models.DateField()
    count = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="feed_day_one_per_kind_and_date", fields=["kind", "business_date"]
            ),
            models.CheckConstraint(
                name="feed_day_count_is_1_to_999", condition=Q(count__gte=1, count__lte=999)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.business_date}: {self.count}"


class FeedFile(models.Model):
    """One delivery of a file, as received, and what became of it.

    The five sums in fen, by outcome, add up to the file's TOTAL (core-feed.md, 1).
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("待导入")
        IMPORTED = "imported", _("已导入")
        REFUSED = "refused", _("已拒收")
        REPEATED = "repeated", _("重复")
        STOPPED = "stopped", _("已停止")

    class RefusalCode(models.TextChoices):
        NAME = "NAME", _("文件名不符合约定")
        MARKER = "MARKER", _("与完成标记不符")
        ENCODING = "ENCODING", _("不是 GB18030 文本")
        HEADER = "HEADER", _("首行有误")
        TRAILER = "TRAILER", _("末行缺失或有误")
        ROWS = "ROWS", _("行数不符")
        AMOUNT = "AMOUNT", _("金额无法读取")
        TOTAL = "TOTAL", _("合计金额不符")
        CHANGED = "CHANGED", _("同名文件已按其他内容导入")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.TextField()
    kind = models.CharField(max_length=4, choices=FeedKind, null=True)  # noqa: DJ001  none: unreadable name
    business_date = models.DateField(null=True)
    number = models.PositiveSmallIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State, default=State.RECEIVED)
    received_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    moved_at = models.DateTimeField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    size = models.BigIntegerField(null=True)
    refusal_code = models.CharField(max_length=8, choices=RefusalCode, blank=True)
    refusal_line = models.PositiveIntegerField(null=True)
    refusal_reason = models.CharField(max_length=40, blank=True)
    refusal_parameters = models.JSONField(default=dict)
    rows = models.PositiveIntegerField(default=0)
    rows_imported = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_stale = models.PositiveIntegerField(default=0)
    rows_not_ours = models.PositiveIntegerField(default=0)
    rows_quarantined = models.PositiveIntegerField(default=0)
    total = models.DecimalField(max_digits=20, decimal_places=2, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="feed_file_imported_once_per_name",
                fields=["name"],
                condition=Q(state="imported"),
            ),
            models.UniqueConstraint(
                name="feed_file_received_once_per_name",
                fields=["name"],
                condition=Q(state__in=["received", "stopped"]),
            ),
            models.CheckConstraint(
                name="feed_file_refused_has_a_code",
                condition=Q(state="refused", refusal_code__gt="")
                | ~Q(state="refused") & Q(refusal_code=""),
            ),
            models.CheckConstraint(
                name="feed_file_rows_add_up",
                condition=~Q(state="imported")
                | Q(
                    rows=F("rows_imported")
                    + F("rows_unchanged")
                    + F("rows_stale")
                    + F("rows_not_ours")
                    + F("rows_quarantined")
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="feed_file_imported_by_day",
                fields=["kind", "business_date"],
                condition=Q(state="imported"),
            )
        ]

    def __str__(self) -> str:
        return self.name


class QuarantinedRow(models.Model):
    """A row that could not be loaded, kept as it came. It stays here for good.

    While `left_at` is none the row is in quarantine; `left_as` says what became of it.
    """

    class Code(models.TextChoices):
        FIELDS = "FIELDS", _("字段数不符")
        FORMAT = "FORMAT", _("字段格式不符")
        PERIOD = "PERIOD", _("所属期起晚于止")
        SPAN = "SPAN", _("所属期跨月")
        AGENT = "AGENT", _("无此计算机代码的登记")
        CONFLICT = "CONFLICT", _("与已有记录冲突")

    class LeftAs(models.TextChoices):
        IMPORTED = "imported", _("已导入")
        UNCHANGED = "unchanged", _("与已有记录相同")
        STALE = "stale", _("已被较新的记录取代")
        DISMISSED = "dismissed", _("已由运行人员处理")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    feed_file = models.ForeignKey(FeedFile, on_delete=models.PROTECT, related_name="quarantine")
    line_number = models.PositiveIntegerField()
    kind = models.CharField(max_length=4, choices=FeedKind)
    code = models.CharField(max_length=8, choices=Code)
    raw = SealedField(kind="text")
    # What the row says of itself, by its newest correction: the release looks these up.
    computer_code = models.CharField(max_length=8, blank=True)
    voucher_number = models.CharField(max_length=20, blank=True)
    voucher_line = models.PositiveSmallIntegerField(null=True)
    row_updated_at = models.DateTimeField(null=True)
    amount = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    left_at = models.DateTimeField(null=True)
    left_as = models.CharField(max_length=9, choices=LeftAs, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="quarantined_row_once_per_line", fields=["feed_file", "line_number"]
            ),
            models.CheckConstraint(
                name="quarantined_row_leaves_as_something",
                condition=Q(left_at=None, left_as="") | Q(left_at__isnull=False, left_as__gt=""),
            ),
        ]
        indexes = [
            models.Index(
                name="quarantined_row_by_agent",
                fields=["computer_code"],
                condition=Q(left_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"{self.feed_file}:{self.line_number} {self.code}"

    @property
    def text(self) -> Sealed:
        """The row as it is tried: its newest correction, or as it came. Prefetch `corrections`."""
        corrections = list(self.corrections.all())
        return corrections[-1].text if corrections else self.raw


class QuarantineCorrection(models.Model):
    """A row in quarantine, typed anew by an operator, and what became of it at once.

    The newest one is tried again while the row is in quarantine. None is ever changed.
    """

    class Outcome(models.TextChoices):
        IMPORTED = "imported", _("已导入")
        UNCHANGED = "unchanged", _("与已有记录相同")
        STALE = "stale", _("已被较新的记录取代")
        AGENT = "AGENT", _("无此计算机代码的登记")
        CONFLICT = "CONFLICT", _("与已有记录冲突")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    row = models.ForeignKey(QuarantinedRow, on_delete=models.PROTECT, related_name="corrections")
    text = SealedField(kind="text")
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=200)
    outcome = models.CharField(max_length=9, choices=Outcome)

    class Meta:
        ordering = ("pk",)
        constraints = [
            models.CheckConstraint(
                name="quarantine_correction_has_a_reason", condition=Q(reason__gt="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.row}: {self.outcome}"


class RegistrationVersion(models.Model):
    """A registration row that was accepted, or came too late (stale), as it came, sealed.

    The newest one of an agent is what the WithholdingAgent shows.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agent = models.ForeignKey(
        WithholdingAgent, on_delete=models.PROTECT, related_name="registration_versions"
    )
    row = SealedField(kind="text")
    row_index = models.BinaryField(max_length=32)
    row_updated_at = models.DateTimeField()
    is_stale = models.BooleanField(default=False)
    feed_file = models.ForeignKey(FeedFile, on_delete=models.PROTECT, related_name="+")
    feed_line = models.PositiveIntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(name="registration_version_by_agent", fields=["agent", "row_updated_at"])
        ]

    def __str__(self) -> str:
        return f"{self.agent} {self.row_updated_at:%Y-%m-%d}"


class PaymentRow(models.Model):
    """The columns of a JKRK row (core-feed.md, 2). Amounts are yuan to the fen, never negative."""

    class Kind(models.TextChoices):
        REGULAR = "regular", _("申报")
        ADDITIONAL = "additional", _("补税")
        REFUND = "refund", _("退税")
        LATE_FEE = "late_fee", _("滞纳金")
        FINE = "fine", _("罚款")

    voucher_number = models.CharField(_("税票号码"), max_length=20)
    line_number = models.PositiveSmallIntegerField(_("税票明细序号"))
    # Months and finished files are never deleted, by trigger: checking both again for every row
    # costs half of a file's import.
    agent_month = models.ForeignKey(
        AgentMonth, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
    kind = models.CharField(_("税款种类"), max_length=10, choices=Kind)
    item = models.CharField(_("征收品目"), max_length=2)
    amount = models.DecimalField(_("实缴金额"), max_digits=16, decimal_places=2)
    period_from = models.DateField(_("税款所属期起"))
    period_to = models.DateField(_("税款所属期止"))
    paid_on = models.DateField(_("缴款日期"))
    in_treasury_on = models.DateField(_("入库日期"), null=True)
    treasury = models.TextField(_("国库代码"))
    bank = models.TextField(_("银行"))
    office_code = models.TextField(_("主管税务机关"))
    is_void = models.BooleanField(_("作废"))
    operation = models.CharField(_("操作标志"), max_length=1)
    row_updated_at = models.DateTimeField(_("更新时间"))
    feed_file = models.ForeignKey(
        FeedFile,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
    )
    feed_line = models.PositiveIntegerField()
    imported_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.voucher_number}-{self.line_number}"


COUNTED = Q(
    kind__in=["regular", "additional", "refund"], in_treasury_on__isnull=False, is_void=False
)


class PaymentQuerySet(models.QuerySet["Payment"]):
    def counted(self) -> PaymentQuerySet:
        """Return what counts as paid: in the treasury, not void, of the three kinds."""
        return self.filter(COUNTED)

    def in_transit(self) -> PaymentQuerySet:
        """Return what the bank took and the treasury has not: shown, not counted."""
        return self.filter(
            kind__in=["regular", "additional", "refund"], in_treasury_on=None, is_void=False
        )


class Payment(PaymentRow):
    """A payment record as the core system says it today: the newest row of its key."""

    objects = PaymentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="payment_one_per_voucher_line", fields=["voucher_number", "line_number"]
            ),
            models.CheckConstraint(
                name="payment_amount_is_not_negative", condition=Q(amount__gte=0)
            ),
        ]


class SupersededPayment(PaymentRow):
    """A row of a payment record that a newer one has overtaken, or that came too late (stale)."""

    is_stale = models.BooleanField(default=False)
    superseded_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                name="superseded_payment_by_voucher", fields=["voucher_number", "line_number"]
            )
        ]


class PaymentVersion(models.Model):
    """Every version of a payment record, newest or not: a view over both tables.

    `content` is what makes two rows of one key and time a repeat or a conflict (core-feed.md, 2).
    """

    pk = models.CompositePrimaryKey("feed_file_id", "feed_line")
    voucher_number = models.CharField(max_length=20)
    line_number = models.PositiveSmallIntegerField()
    agent_month = models.ForeignKey(AgentMonth, on_delete=models.DO_NOTHING, related_name="+")
    kind = models.CharField(max_length=10, choices=PaymentRow.Kind)
    item = models.CharField(max_length=2)
    amount = models.DecimalField(max_digits=16, decimal_places=2)
    paid_on = models.DateField()
    in_treasury_on = models.DateField(null=True)
    is_void = models.BooleanField()
    operation = models.CharField(max_length=1)
    row_updated_at = models.DateTimeField()
    feed_file = models.ForeignKey(FeedFile, on_delete=models.DO_NOTHING, related_name="+")
    feed_line = models.PositiveIntegerField()
    imported_at = models.DateTimeField()
    is_newest = models.BooleanField()
    content = models.TextField()

    class Meta:
        managed = False
        db_table = "reconciliation_paymentversion"

    def __str__(self) -> str:
        return f"{self.voucher_number}-{self.line_number} {self.row_updated_at:%Y-%m-%d %H:%M:%S}"


class Relation(models.TextChoices):
    LESS = "less", _("小于")
    EQUAL = "equal", _("等于")
    GREATER = "greater", _("大于")


class Comparison(models.Model):
    """Declared and paid tax of one kind in one month; what follows is generated. Yuan to the fen.

    A kind with nothing declared and nothing paid has no row: it is equal.
    """

    pk = models.CompositePrimaryKey("agent_month_id", "kind")
    # Months are never deleted, by trigger: checking it again for each costs as much as comparing.
    agent_month = models.ForeignKey(
        AgentMonth,
        on_delete=models.PROTECT,
        related_name="comparisons",
        db_constraint=False,
        db_index=False,
    )
    kind = models.CharField(max_length=10, choices=Kind)
    declared = models.DecimalField(max_digits=20, decimal_places=2)
    paid = models.DecimalField(max_digits=20, decimal_places=2)
    small_tax = models.DecimalField(max_digits=4, decimal_places=2)
    relation = models.GeneratedField(
        expression=Case(
            When(declared=F("paid"), then=Value("equal")),
            When(paid=0, declared__lte=F("small_tax"), then=Value("equal")),
            When(declared__lt=F("paid"), then=Value("less")),
            default=Value("greater"),
        ),
        output_field=models.CharField(max_length=7),
        choices=Relation,
        db_persist=True,
    )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.declared} / {self.paid}"


class MonthResult(models.Model):
    """What a month's reconciliation concluded, kept each time that it changed.

    `sums` is {kind: [declared, paid]} as texts in yuan; `generation` is the `changed` it had seen.
    """

    agent_month = models.ForeignKey(
        AgentMonth,
        on_delete=models.PROTECT,
        related_name="results",
        db_constraint=False,
        db_index=False,
    )
    generation = models.PositiveIntegerField()
    concluded_at = models.DateTimeField()
    result = models.CharField(max_length=10, choices=AgentMonth.Result, null=True)  # noqa: DJ001  none: nothing to compare
    settles_on = models.DateField(null=True)
    sums = models.JSONField()

    class Meta:
        indexes = [models.Index(name="month_result_by_month", fields=["agent_month", "-id"])]

    def __str__(self) -> str:
        return f"{self.result}"


class NightlyRun(models.Model):
    """The nightly work of one business day (Asia/Shanghai): it runs once."""

    business_day = models.DateField(unique=True)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.business_day}"
