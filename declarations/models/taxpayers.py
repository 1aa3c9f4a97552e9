"""The register of persons (个人基础信息), and a list of persons that waits to come into it."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from declarations.taxlaw.identity import normalise_document_number
from portal.models import User, WithholdingAgent
from portal.sealing import BlindIndexField, SealedField

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class TaxpayerQuerySet(models.QuerySet["Taxpayer"]):
    def owned_by(self, user: User | AnonymousUser) -> TaxpayerQuerySet:
        """Return the persons of the user's agent; staff have none."""
        if not isinstance(user, User) or not user.is_active or user.agent_id is None:
            return self.none()
        return self.filter(agent=user.agent_id)

    def left_by(self, day: date) -> TaxpayerQuerySet:
        """Return the persons who had left on a day (离职)."""
        return self.filter(left_on__lte=day)

    def there_on(self, day: date) -> TaxpayerQuerySet:
        """Return the persons who had not left on a day (在职)."""
        return self.exclude(left_on__lte=day)


class Taxpayer(models.Model):
    """A person of an agent's register, reused every month. Declarations keep data of their own.

    One person is one row, whether with 15 or 18 digits. `resident` is none where nobody said.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Its index is that of the constraint: agent, then document.
    agent = models.ForeignKey(
        WithholdingAgent, on_delete=models.PROTECT, related_name="taxpayers", db_index=False
    )
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
    joined_on = models.DateField(_("入职日期"), null=True)
    left_on = models.DateField(_("离职日期"), null=True)
    remark = models.CharField(_("备注"), max_length=500, blank=True)

    objects = TaxpayerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="taxpayer_one_per_agent_and_document", fields=["agent", "document_index"]
            ),
            models.CheckConstraint(
                name="taxpayer_did_not_leave_before_joining",
                condition=Q(joined_on=None) | Q(left_on=None) | Q(left_on__gte=F("joined_on")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("taxpayers:taxpayer", args=[self.public_id])


class Roster(models.Model):
    """A list of persons that was uploaded and checked, and waits to be taken into the register.

    An agent has one at most. It goes when it is taken in or given up, and after a day.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    agent = models.OneToOneField(WithholdingAgent, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    # JSON: the right rows, and what is wrong with the others.
    content = SealedField()

    def __str__(self) -> str:
        return f"{self.public_id}"

    def get_absolute_url(self) -> str:
        return reverse("taxpayers:roster")
