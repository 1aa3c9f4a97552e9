"""How each user likes the grid, and the last import that can be taken back."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0009_taxpayer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="GridLook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("widths", models.JSONField(default=dict)),
                ("is_dense", models.BooleanField(default=False)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LastImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False)),
                ("imported_at", models.DateTimeField(auto_now_add=True)),
                ("after", models.BigIntegerField()),
                ("until", models.BigIntegerField()),
                ("replaced", portal.sealing.SealedField()),
                (
                    "declaration",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="last_import",
                        to="declarations.declaration",
                    ),
                ),
            ],
        ),
    ]
