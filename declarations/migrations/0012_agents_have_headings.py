"""The headings of agents' own workbooks."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0011_workbooks_that_wait"),
        ("portal", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="AgentHeading",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("heading", models.CharField(max_length=100)),
                ("column", models.CharField(blank=True, max_length=30)),
                (
                    "agent",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="portal.withholdingagent",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["agent", "heading"], name="agent_heading_means_one_column"
                    )
                ],
            },
        ),
    ]
