"""Jobs, and what came with them, sealed."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("portal", "0004_recovery_codes"),
    ]

    operations = [
        migrations.CreateModel(
            name="Job",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("kind", models.CharField(max_length=60)),
                ("subject", models.UUIDField()),
                ("language", models.CharField(max_length=10)),
                ("parameters", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "排队中"),
                            ("running", "进行中"),
                            ("done", "已完成"),
                            ("refused", "未通过"),
                            ("cancelled", "已取消"),
                            ("stopped", "系统未能完成"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("phase", models.CharField(blank=True, max_length=20)),
                ("done", models.PositiveIntegerField(null=True)),
                ("total", models.PositiveIntegerField(null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("started_at", models.DateTimeField(null=True)),
                ("heartbeat_at", models.DateTimeField(null=True)),
                ("cancel_asked_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("seen_at", models.DateTimeField(null=True)),
                ("result", models.JSONField(default=dict)),
                ("error_code", models.CharField(blank=True, max_length=40)),
                ("sentence", portal.sealing.SealedField(null=True)),
                ("report", portal.sealing.SealedField(null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.withholdingagent",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="JobInput",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("content", portal.sealing.SealedField()),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="input",
                        to="portal.job",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                condition=models.Q(("finished_at", None)), fields=["created_at"], name="job_to_run"
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at", None), ("state__in", ["waiting", "running"])),
                    models.Q(
                        ("finished_at__isnull", False),
                        ("state__in", ["done", "refused", "cancelled", "stopped"]),
                    ),
                    _connector="OR",
                ),
                name="job_that_ended_says_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("finished_at", None)),
                fields=("kind", "subject"),
                name="job_one_unfinished_per_kind_and_subject",
            ),
        ),
    ]
