"""A filed declaration is superseded or withdrawn, and nothing else of it ever changes."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION refuse_to_change_a_filed_declaration() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    as_before declarations_declaration;
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' THEN
        as_before := NEW;
        as_before.status := OLD.status;
        IF as_before IS NOT DISTINCT FROM OLD AND (
            NEW.status = OLD.status
            OR OLD.status = 'filed' AND NEW.status IN ('superseded', 'withdrawn')
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'a filed declaration is never changed or deleted'
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER evidence_rows BEFORE UPDATE OR DELETE ON declarations_declaration
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_a_filed_declaration();
"""
BACK = """
DROP TRIGGER evidence_rows ON declarations_declaration;
DROP FUNCTION refuse_to_change_a_filed_declaration();
"""
TABLES = ("declarations_detailline", "declarations_declaredtotal")


def evidence(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER evidence_rows BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION refuse_to_change_evidence();
        CREATE TRIGGER evidence_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_evidence();
        """,
        f"DROP TRIGGER evidence_rows ON {table}; DROP TRIGGER evidence_table ON {table};",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("declarations", "0001_initial"),
        ("portal", "0003_audit_is_append_only"),
    ]

    operations = [
        migrations.RunSQL(FUNCTION, BACK),
        *(evidence(table) for table in TABLES),
        # Comparisons and results point at months without a check of their own.
        migrations.RunSQL(
            """
            CREATE TRIGGER evidence_rows BEFORE DELETE ON declarations_agentmonth
                FOR EACH ROW EXECUTE FUNCTION refuse_to_change_evidence()
            """,
            "DROP TRIGGER evidence_rows ON declarations_agentmonth",
        ),
        # A month's counters are updated often: room for the new row beside the old.
        migrations.RunSQL(
            "ALTER TABLE declarations_agentmonth SET (fillfactor = 70)",
            "ALTER TABLE declarations_agentmonth RESET (fillfactor)",
        ),
    ]
