"""Workbooks that wait to come into a draft, and the files that have come in."""

import uuid

import django.db.models.deletion
from django.db import migrations, models

import portal.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0010_grid_look_and_last_import"),
    ]

    operations = [
        migrations.CreateModel(
            name="WaitingImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "mode",
                    models.CharField(
                        choices=[
                            ("append", "追加:接在现有明细之后"),
                            ("update", "更新:按证照号码和所得项目更新现有明细,没有的新增"),
                            ("replace", "全部替换:先删除草稿中现有的明细"),
                        ],
                        max_length=7,
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("content", portal.sealing.SealedField()),
                (
                    "declaration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="declarations.declaration",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ImportedFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.BinaryField(max_length=32)),
                ("imported_at", models.DateTimeField()),
                (
                    "declaration",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="declarations.declaration",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["declaration", "digest"], name="imported_file_once_per_draft"
                    )
                ],
            },
        ),
    ]
