"""Corrections of rows in quarantine: evidence, as is the text of the row that they correct."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.sealing

TABLE = "reconciliation_quarantinecorrection"
EVIDENCE = f"""
CREATE TRIGGER evidence_rows BEFORE UPDATE OR DELETE ON {TABLE}
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_evidence();
CREATE TRIGGER evidence_table BEFORE TRUNCATE ON {TABLE}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_evidence();
CREATE TRIGGER evidence_text BEFORE UPDATE ON reconciliation_quarantinedrow
    FOR EACH ROW WHEN (OLD.raw IS DISTINCT FROM NEW.raw)
    EXECUTE FUNCTION refuse_to_change_evidence();
"""
EVIDENCE_BACK = f"""
DROP TRIGGER evidence_rows ON {TABLE};
DROP TRIGGER evidence_table ON {TABLE};
DROP TRIGGER evidence_text ON reconciliation_quarantinedrow;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0002_payment_versions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="QuarantineCorrection",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("text", portal.sealing.SealedField()),
                ("at", models.DateTimeField(auto_now_add=True)),
                ("reason", models.CharField(max_length=200)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("imported", "已导入"),
                            ("unchanged", "与已有记录相同"),
                            ("stale", "已被较新的记录取代"),
                            ("AGENT", "无此计算机代码的登记"),
                            ("CONFLICT", "与已有记录冲突"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "row",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="reconciliation.quarantinedrow",
                    ),
                ),
            ],
            options={
                "ordering": ("pk",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("reason__gt", "")),
                        name="quarantine_correction_has_a_reason",
                    )
                ],
            },
        ),
        migrations.RunSQL(EVIDENCE, EVIDENCE_BACK),
    ]
