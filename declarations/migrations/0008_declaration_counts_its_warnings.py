"""How many warnings a declaration was filed with stands on its receipt."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0007_findings_are_never_changed"),
    ]

    operations = [
        migrations.AddField(
            model_name="declaration",
            name="warning_count",
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
    ]
