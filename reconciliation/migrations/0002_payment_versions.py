"""The view of all versions of the payment records, and the tables whose rows are evidence."""

from django.db import migrations

COLUMNS = """
    payment.voucher_number, payment.line_number, payment.agent_month_id, payment.kind,
    payment.item, payment.amount, payment.paid_on, payment.in_treasury_on, payment.is_void,
    payment.operation, payment.row_updated_at, payment.feed_file_id, payment.feed_line,
    payment.imported_at
"""
CONTENT = """
    concat_ws(
        '|', agent.computer_code, payment.item, to_char(payment.period_from, 'YYYYMMDD'),
        to_char(payment.period_to, 'YYYYMMDD'),
        array_position(
            ARRAY['regular', 'additional', 'refund', 'late_fee', 'fine'], payment.kind::text
        ),
        payment.amount, to_char(payment.paid_on, 'YYYYMMDD'),
        coalesce(to_char(payment.in_treasury_on, 'YYYYMMDD'), ''),
        payment.treasury, payment.bank, payment.office_code, payment.is_void
    )
"""
JOINS = """
    JOIN declarations_agentmonth AS month ON month.id = payment.agent_month_id
    JOIN portal_withholdingagent AS agent ON agent.id = month.agent_id
"""
# ruff: noqa: S608  made of the constants above
VIEW = f"""
CREATE VIEW reconciliation_paymentversion AS
SELECT {COLUMNS}, true AS is_newest, {CONTENT} AS content
FROM reconciliation_payment AS payment {JOINS}
UNION ALL
SELECT {COLUMNS}, false, {CONTENT}
FROM reconciliation_supersededpayment AS payment {JOINS}
"""
TABLES = (
    "reconciliation_supersededpayment",
    "reconciliation_registrationversion",
    "reconciliation_monthresult",
)


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


KEEP_FILES = """
CREATE FUNCTION refuse_to_delete_a_finished_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.finished_at IS NULL THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a finished file of the feed is evidence: it is never deleted'
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER evidence_rows BEFORE DELETE ON reconciliation_feedfile
    FOR EACH ROW EXECUTE FUNCTION refuse_to_delete_a_finished_file();
"""
KEEP_FILES_BACK = """
DROP TRIGGER evidence_rows ON reconciliation_feedfile;
DROP FUNCTION refuse_to_delete_a_finished_file();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reconciliation", "0001_initial"),
        ("declarations", "0002_filed_is_never_changed"),
    ]

    operations = [
        migrations.RunSQL(VIEW, "DROP VIEW reconciliation_paymentversion"),
        *(evidence(table) for table in TABLES),
        migrations.RunSQL(KEEP_FILES, KEEP_FILES_BACK),
    ]
