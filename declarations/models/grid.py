"""What the grid remembers: how each user likes it, and the last import that can be taken back."""

from __future__ import annotations

import uuid

from django.db import models

from declarations.models.declarations import Declaration
from portal.models import User
from portal.sealing import SealedField


class GridLook(models.Model):
    """How a user has set up the grid: widths in pixels by column, and whether rows are low."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="+")
    widths = models.JSONField(default=dict)
    is_dense = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.user}"


class LastImport(models.Model):
    """The last workbook that was imported into a draft, as long as that can be taken back.

    Its lines are those of the draft with primary keys after `after` up to `until`. `replaced` is
    a JSON list of the lines in whose place they came, sealed: public id, source row, cells.
    """

    public_id = models.UUIDField(default=uuid.uuid4, editable=False)
    declaration = models.OneToOneField(
        Declaration, on_delete=models.CASCADE, related_name="last_import"
    )
    imported_at = models.DateTimeField(auto_now_add=True)
    after = models.BigIntegerField()
    until = models.BigIntegerField()
    replaced = SealedField(kind="text")

    def __str__(self) -> str:
        return f"{self.imported_at}"
