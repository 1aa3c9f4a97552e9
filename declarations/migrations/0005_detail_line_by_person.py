"""Filed lines are found by person; the index of the declaration alone stood twice."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    # The table is large: it is read and written while the index is made.
    atomic = False

    dependencies = [
        ("declarations", "0004_draft_line_names_its_person"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="detailline",
            index=models.Index(
                fields=["declaration", "document_index"], name="detail_line_by_person"
            ),
        ),
        migrations.AlterField(
            model_name="detailline",
            name="declaration",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="lines",
                to="declarations.declaration",
            ),
        ),
    ]
