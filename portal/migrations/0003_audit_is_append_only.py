"""Rows that are evidence are added and never changed: the function for it, and the audit's use."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION refuse_to_change_evidence() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is evidence: its rows are never changed or deleted', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$
"""
TRIGGERS = """
CREATE TRIGGER evidence_rows BEFORE UPDATE OR DELETE ON portal_auditentry
    FOR EACH ROW EXECUTE FUNCTION refuse_to_change_evidence();
CREATE TRIGGER evidence_table BEFORE TRUNCATE ON portal_auditentry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_evidence();
REVOKE UPDATE, DELETE, TRUNCATE ON portal_auditentry FROM CURRENT_USER;
"""
BACK = """
GRANT UPDATE, DELETE, TRUNCATE ON portal_auditentry TO CURRENT_USER;
DROP TRIGGER evidence_rows ON portal_auditentry;
DROP TRIGGER evidence_table ON portal_auditentry;
"""


class Migration(migrations.Migration):
    dependencies = [("portal", "0002_root_office")]

    operations = [
        migrations.RunSQL(FUNCTION, "DROP FUNCTION refuse_to_change_evidence()"),
        migrations.RunSQL(TRIGGERS, BACK),
    ]
