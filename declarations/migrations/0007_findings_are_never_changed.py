"""What was found when a declaration was filed is evidence, as its lines are."""

from django.db import migrations

TABLE = "declarations_finding"


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0006_finding"),
        ("portal", "0003_audit_is_append_only"),
    ]

    operations = [
        migrations.RunSQL(
            f"""
            CREATE TRIGGER evidence_rows BEFORE UPDATE OR DELETE ON {TABLE}
                FOR EACH ROW EXECUTE FUNCTION refuse_to_change_evidence();
            CREATE TRIGGER evidence_table BEFORE TRUNCATE ON {TABLE}
                FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_evidence();
            """,
            f"DROP TRIGGER evidence_rows ON {TABLE}; DROP TRIGGER evidence_table ON {TABLE};",
        ),
    ]
