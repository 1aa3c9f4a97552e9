"""An agent's months, and how far payment data are known."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from portal.models import User, WithholdingAgent

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
