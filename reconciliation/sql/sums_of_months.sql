-- Declared and paid by kind, for some months. One statement reads one snapshot: both sides are of
-- the same instant. Kinds of a month with neither have no row.
WITH declared AS (
    SELECT
        declaration.agent_month_id,
        declaration.kind,
        sum(total.tax_withheld) AS amount,
        max(declaration.filed_on) AS filed_on
    FROM declarations_declaration AS declaration
    LEFT JOIN declarations_declaredtotal AS total ON total.declaration_id = declaration.id
    WHERE declaration.agent_month_id = ANY(%(months)s::bigint[]) AND declaration.status = 'filed'
    GROUP BY declaration.agent_month_id, declaration.kind
),
paid AS (
    SELECT agent_month_id, kind, sum(amount) AS amount
    FROM reconciliation_payment
    WHERE agent_month_id = ANY(%(months)s::bigint[])
        AND kind IN ('regular', 'additional', 'refund')
        AND in_treasury_on IS NOT NULL AND NOT is_void
    GROUP BY agent_month_id, kind
    HAVING sum(amount) > 0
)
SELECT
    agent_month_id,
    kind,
    coalesce(declared.amount, 0) AS declared,
    coalesce(paid.amount, 0) AS paid,
    declared.filed_on
FROM declared
FULL JOIN paid USING (agent_month_id, kind)
