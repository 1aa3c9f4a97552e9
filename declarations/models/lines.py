"""The lines of a declaration, typed and filed, and what the check found about filed ones."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from declarations.models.declarations import Declaration
from declarations.taxlaw.identity import normalise_document_number
from portal.sealing import BlindIndexField, SealedField, blind_index


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
