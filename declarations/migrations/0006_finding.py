"""What was found about filed lines, and why the clerk keeps the figures."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0005_detail_line_by_person"),
    ]

    operations = [
        migrations.AddField(
            model_name="declaration",
            name="findings_remark",
            field=models.CharField(
                blank=True, default="", editable=False, max_length=500, verbose_name="提醒的说明"
            ),
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line_number", models.PositiveIntegerField()),
                ("field", models.CharField(max_length=40)),
                ("code", models.CharField(max_length=40)),
                ("severity", models.CharField(max_length=11)),
                ("found", models.DecimalField(decimal_places=2, max_digits=40, null=True)),
                ("expected", models.DecimalField(decimal_places=2, max_digits=40, null=True)),
                ("params", models.JSONField(default=dict)),
                (
                    "declaration",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="declarations.declaration",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["declaration", "line_number"], name="finding_by_line")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["warning", "information"])),
                        name="finding_is_a_warning_or_information",
                    )
                ],
            },
        ),
    ]
