"""The root of the offices: what the feed names first hangs under it."""

from typing import Any

from django.db import migrations


def create_root(apps: Any, schema_editor: Any) -> None:
    apps.get_model("portal", "Office").objects.get_or_create(code="0", defaults={"name": "税务局"})


class Migration(migrations.Migration):
    dependencies = [("portal", "0001_initial")]

    operations = [migrations.RunPython(create_root, migrations.RunPython.noop)]
