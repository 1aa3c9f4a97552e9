-- The comparisons of months that the caller has locked and cleared, and what a month's result
-- follows from. The law is told: the small tax of each tax month.
WITH sums AS MATERIALIZED (
    {sums_of_months}
),
comparison AS (
    INSERT INTO reconciliation_comparison (agent_month_id, kind, declared, paid, small_tax)
    SELECT sums.agent_month_id, sums.kind, sums.declared, sums.paid, law.small_tax
    FROM sums
    JOIN declarations_agentmonth AS month ON month.id = sums.agent_month_id
    JOIN unnest(%(tax_months)s::date[], %(small_taxes)s::numeric[]) AS law (tax_month, small_tax)
        USING (tax_month)
    RETURNING agent_month_id, kind, relation
)
SELECT
    month.id,
    month.tax_month,
    array_agg(DISTINCT comparison.relation),
    max(sums.filed_on),
    coalesce(bool_or(sums.paid > 0), false),
    coalesce(
        jsonb_object_agg(sums.kind, jsonb_build_array(sums.declared::text, sums.paid::text))
            FILTER (WHERE sums.kind IS NOT NULL),
        '{}'
    )::text
FROM declarations_agentmonth AS month
LEFT JOIN sums ON sums.agent_month_id = month.id
LEFT JOIN comparison ON comparison.agent_month_id = sums.agent_month_id
    AND comparison.kind = sums.kind
WHERE month.id = ANY(%(months)s)
GROUP BY month.id
