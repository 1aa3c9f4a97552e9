"""The register of persons, and a list of persons that waits to come into it."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import portal.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0008_declaration_counts_its_warnings"),
        ("portal", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Roster",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("content", portal.sealing.SealedField()),
                (
                    "agent",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.withholdingagent",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Taxpayer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=200, verbose_name="姓名")),
                ("document_type", models.CharField(max_length=2, verbose_name="身份证照类型")),
                ("document_number", portal.sealing.SealedField()),
                ("document_index", portal.sealing.BlindIndexField(editable=False)),
                ("country", models.CharField(max_length=3, verbose_name="国家与地区")),
                ("occupation", models.CharField(max_length=7, verbose_name="职业")),
                ("employed_here", models.BooleanField(verbose_name="本单位人员")),
                ("resident", models.BooleanField(null=True, verbose_name="居民个人")),
                ("joined_on", models.DateField(null=True, verbose_name="入职日期")),
                ("left_on", models.DateField(null=True, verbose_name="离职日期")),
                ("remark", models.CharField(blank=True, max_length=500, verbose_name="备注")),
                (
                    "agent",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="taxpayers",
                        to="portal.withholdingagent",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("agent", "document_index"),
                        name="taxpayer_one_per_agent_and_document",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("joined_on", None),
                            ("left_on", None),
                            ("left_on__gte", models.F("joined_on")),
                            _connector="OR",
                        ),
                        name="taxpayer_did_not_leave_before_joining",
                    ),
                ],
            },
        ),
    ]
