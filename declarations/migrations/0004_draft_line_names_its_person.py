"""Lines of drafts are found by person; none in those from before until they are saved again."""

from django.db import migrations

import portal.sealing


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0003_draft_remembers_its_faults"),
    ]

    operations = [
        migrations.AddField(
            model_name="draftline",
            name="document_index",
            field=portal.sealing.BlindIndexField(editable=False, null=True),
        ),
    ]
