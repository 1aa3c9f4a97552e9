"""Workbooks on their way into a draft: one that waits, and those that have come in."""

from __future__ import annotations

import uuid

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from declarations.models.declarations import Declaration
from portal.models import WithholdingAgent
from portal.sealing import SealedField


class WaitingImport(models.Model):
    """A workbook that was uploaded for a draft and checked, and waits to be taken in or mended.

    A draft has one at most. It goes when it is taken in or given up, when the draft is filed, and
    after a day.
    """

    class Mode(models.TextChoices):
        APPEND = "append", _("追加:接在现有明细之后")
        UPDATE = "update", _("更新:按证照号码和所得项目更新现有明细,没有的新增")
        REPLACE = "replace", _("全部替换:先删除草稿中现有的明细")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    declaration = models.OneToOneField(Declaration, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    mode = models.CharField(max_length=7, choices=Mode)
    # SHA-256 of the file.
    digest = models.BinaryField(max_length=32)
    # JSON: the sheet's headings, its rows as texts, and what is wrong with them.
    content = SealedField()

    def __str__(self) -> str:
        return f"{self.public_id}"

    def get_absolute_url(self) -> str:
        return reverse("declarations:waiting_import", args=[self.declaration.public_id])


class ImportedFile(models.Model):
    """A file that came into a draft, by the SHA-256 of its bytes: the same again is asked about."""

    declaration = models.ForeignKey(Declaration, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32)
    imported_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="imported_file_once_per_draft", fields=["declaration", "digest"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.imported_at}"


class AgentHeading(models.Model):
    """A heading of an agent's own workbooks, and the column that stands under it: none if empty."""

    HEADING_LIMIT = 100

    agent = models.ForeignKey(WithholdingAgent, on_delete=models.PROTECT, related_name="+")
    heading = models.CharField(max_length=HEADING_LIMIT)
    column = models.CharField(max_length=30, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="agent_heading_means_one_column", fields=["agent", "heading"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.heading}: {self.column or '-'}"
