-- Compares both sides of months that the caller has locked and cleared, concludes, and writes all
-- of it down. One statement reads one snapshot: both sides are of the same instant.
--
-- What the rules say is told: the law of each tax month, and what the agreement (section 5) makes
-- of each case. A month closes when it matches, unless staff hold it open; a match that later data
-- undo opens it by itself.
WITH sums AS MATERIALIZED (
    {sums_of_months}
),
law AS MATERIALIZED (
    SELECT *
    FROM unnest(%(tax_months)s::date[], %(deadlines)s::date[], %(small_taxes)s::numeric[])
        AS law (tax_month, deadline, small_tax)
),
month AS MATERIALIZED (
    SELECT month.id, month.changed, month.reconciled, law.deadline, law.small_tax
    FROM declarations_agentmonth AS month
    JOIN law USING (tax_month)
    WHERE month.id = ANY(%(months)s::bigint[])
),
comparison AS (
    INSERT INTO reconciliation_comparison (agent_month_id, kind, declared, paid, small_tax)
    SELECT sums.agent_month_id, sums.kind, sums.declared, sums.paid, month.small_tax
    FROM sums
    JOIN month ON month.id = sums.agent_month_id
    RETURNING agent_month_id, kind, declared, paid, relation
),
compared AS (
    SELECT
        agent_month_id,
        bool_or(relation = 'less') AS has_less,
        bool_or(relation = 'greater') AS has_greater,
        bool_or(paid > 0) AS something_paid,
        jsonb_object_agg(kind, jsonb_build_array(declared::text, paid::text)) AS sums
    FROM comparison
    GROUP BY agent_month_id
),
filed AS (
    SELECT agent_month_id, max(filed_on) AS filed_on
    FROM sums
    GROUP BY agent_month_id
),
concluded AS (
    SELECT
        month.id,
        month.changed,
        month.reconciled,
        agreement.result,
        CASE
            WHEN agreement.result IS NOT NULL
                THEN least(
                    greatest(month.deadline, filed.filed_on) + %(days_to_settle)s,
                    DATE '9999-12-31'
                )
        END AS settles_on,
        coalesce(compared.sums, '{}') AS sums
    FROM month
    LEFT JOIN compared ON compared.agent_month_id = month.id
    LEFT JOIN filed ON filed.agent_month_id = month.id
    JOIN unnest(
        %(has_less)s::boolean[], %(has_greater)s::boolean[], %(has_declaration)s::boolean[],
        %(something_paid)s::boolean[], %(results)s::text[]
    ) AS agreement (has_less, has_greater, has_declaration, something_paid, result)
        ON agreement.has_less = coalesce(compared.has_less, false)
        AND agreement.has_greater = coalesce(compared.has_greater, false)
        AND agreement.has_declaration = (filed.filed_on IS NOT NULL)
        AND agreement.something_paid = coalesce(compared.something_paid, false)
),
history AS (
    -- A conclusion goes into the month's history when it differs from the last one there.
    INSERT INTO reconciliation_monthresult
        (agent_month_id, generation, concluded_at, result, settles_on, sums)
    SELECT
        concluded.id, concluded.changed, %(now)s, concluded.result, concluded.settles_on,
        concluded.sums
    FROM concluded
    LEFT JOIN LATERAL (
        SELECT earlier.result, earlier.settles_on, earlier.sums
        FROM reconciliation_monthresult AS earlier
        WHERE earlier.agent_month_id = concluded.id AND concluded.reconciled > 0
        ORDER BY earlier.id DESC
        LIMIT 1
    ) AS last ON true
    WHERE (concluded.result, concluded.settles_on, concluded.sums)
        IS DISTINCT FROM (last.result, last.settles_on, coalesce(last.sums, '{}'))
)
UPDATE declarations_agentmonth AS month
SET result = concluded.result,
    settles_on = concluded.settles_on,
    closed_at = CASE
        WHEN concluded.result = 'matched' AND month.reopened_at IS NULL
            THEN coalesce(month.closed_at, %(now)s)
    END,
    reconciled = month.changed,
    attempts = 0
FROM concluded
WHERE concluded.id = month.id
