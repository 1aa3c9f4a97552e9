"""A made province: agents, declarations and payments of the size of the notice of 2010.

Rows are written by set-based statements, past the services: what is measured is what reads them.
Sealed values are random bytes of the usual length; nobody's number is in them.
"""

from __future__ import annotations

from django.db import connection

AGENTS = 36_000
LINES_PER_DECLARATION = 59
"""2.11 million persons of 35,963 agents."""

OFFICES = """
INSERT INTO portal_office (code, name, parent_id)
SELECT 'B' || lpad(n::text, 3, '0'), 'Office ' || n, (SELECT id FROM portal_office WHERE code = '0')
FROM generate_series(1, 100) AS n
ON CONFLICT DO NOTHING
"""
MAKE_AGENTS = """
INSERT INTO portal_withholdingagent (
    public_id, computer_code, collection_code, credit_code, name, document_type, document_number,
    document_index, status, office_id, administrator, address, postcode, telephone,
    registered_at, registration_index, contact_name, contact_telephone, contact_email
)
SELECT
    gen_random_uuid(), lpad(n::text, 8, '0'), NULL, '', 'Agent ' || n, '01', made.sealed,
    sha256(n::text::bytea), '01', office.id, '', '', '', made.sealed, '2006-01-01',
    sha256(n::text::bytea), '', made.sealed, made.sealed
FROM generate_series(1, %(agents)s) AS n
JOIN portal_office AS office ON office.code = 'B' || lpad((n %% 100 + 1)::text, 3, '0'),
    LATERAL (SELECT '\\x5301'::bytea || sha256(n::text::bytea) || sha256('') AS sealed) AS made
"""
MAKE_MONTHS = """
INSERT INTO declarations_agentmonth (public_id, agent_id, tax_month, changed, reconciled, attempts)
SELECT gen_random_uuid(), agent.id, month::date, 1, 0, 0
FROM portal_withholdingagent AS agent,
    generate_series(%(first)s::date, %(last)s::date, '1 month') AS month
"""
MAKE_DECLARATIONS = """
INSERT INTO declarations_declaration (
    public_id, agent_month_id, kind, status, version, coverage, declarant, phone, address,
    postcode, created_at, channel, filed_at, filed_on, receipt_number, digest, line_count
)
SELECT
    gen_random_uuid(), month.id, 'regular', 'filed', 1, 'full', '',
    '\\x5301'::bytea || sha256(''), '', '', now(), 'window',
    now(), month.tax_month + 35, 'R' || month.id, '', %(lines)s
FROM declarations_agentmonth AS month
"""
MAKE_LINES = """
INSERT INTO declarations_detailline (
    public_id, declaration_id, line_number, name, document_type, document_number, document_index,
    country, occupation, employed_here, income_item, income, income_foreign, exempt_income,
    deductible_charges, donation, tax_reduction, tax_withheld, remark
)
SELECT
    gen_random_uuid(), declaration.id, n, '某某' || n, '01',
    '\\x5301'::bytea || made.digest || made.tail,
    made.digest, '001', '2010000', true,
    CASE n %% 10 WHEN 0 THEN '02' ELSE '0101' END, 3000 + n, 0, 0, 0, 0, 0,
    (declaration.id %% 1000 + n * 10) / 100.0, ''
FROM declarations_declaration AS declaration,
    generate_series(1, %(lines)s) AS n,
    LATERAL (
        SELECT sha256((declaration.id * 64 + n)::text::bytea) AS digest,
            '\\x00112233445566778899aabbccdd'::bytea AS tail
    ) AS made
"""
MAKE_TOTALS = """
INSERT INTO declarations_declaredtotal
    (declaration_id, income_item, line_count, income, tax_reduction, tax_withheld)
SELECT declaration_id, income_item, count(*), sum(income), 0, sum(tax_withheld)
FROM declarations_detailline
GROUP BY declaration_id, income_item
"""
MAKE_FILE = """
INSERT INTO reconciliation_feedfile (
    public_id, name, state, received_at, attempts, finished_at, sha256, refusal_code,
    refusal_reason, refusal_parameters, rows, rows_imported, rows_unchanged, rows_stale,
    rows_not_ours, rows_quarantined
)
SELECT gen_random_uuid(), 'made', 'repeated', now(), 1, now(), '', '', '', '{}', 0, 0, 0, 0, 0, 0
"""
# One payment an item; of every 33rd month the second is a fen short.
MAKE_PAYMENTS = """
INSERT INTO reconciliation_payment (
    voucher_number, line_number, agent_month_id, kind, item, amount, period_from, period_to,
    paid_on, in_treasury_on, treasury, bank, office_code, is_void, operation, row_updated_at,
    feed_file_id, feed_line, imported_at
)
SELECT
    'M' || total.id, 1, declaration.agent_month_id, 'regular', left(total.income_item, 2),
    total.tax_withheld
        - CASE WHEN total.income_item = '02' AND declaration.id %% 33 = 0 THEN 0.01 ELSE 0 END,
    month.tax_month, month.tax_month + 27, month.tax_month + 35, month.tax_month + 36, '1100',
    'ICBC', '', false, 'I', now(), file.id, 1, now()
FROM declarations_declaredtotal AS total
JOIN declarations_declaration AS declaration ON declaration.id = total.declaration_id
JOIN declarations_agentmonth AS month ON month.id = declaration.agent_month_id,
    (SELECT max(id) AS id FROM reconciliation_feedfile) AS file
"""


def make_agents(agents: int = AGENTS) -> None:
    """Make so many agents with the codes 00000001 and on, in 100 offices."""
    with connection.cursor() as cursor:
        cursor.execute(OFFICES)
        cursor.execute(MAKE_AGENTS, {"agents": agents})
        cursor.execute("ANALYZE portal_withholdingagent")


def make_months(first: str, last: str, lines: int = LINES_PER_DECLARATION) -> None:
    """Make every agent's months from `first` to `last`, declared and paid, to be reconciled."""
    parameters: dict[str, str | int] = {"first": first, "last": last, "lines": lines}
    with connection.cursor() as cursor:
        for statement in (
            MAKE_MONTHS,
            MAKE_DECLARATIONS,
            MAKE_LINES,
            MAKE_TOTALS,
            MAKE_FILE,
            MAKE_PAYMENTS,
        ):
            cursor.execute(statement, parameters)
        cursor.execute("VACUUM ANALYZE")
