-- A month's conclusion goes into its history when it differs from the last one there.
INSERT INTO reconciliation_monthresult
    (agent_month_id, generation, concluded_at, result, settles_on, sums)
SELECT month.id, month.changed, %(now)s, concluded.result, concluded.settles_on, concluded.sums
FROM unnest(%(months)s::bigint[], %(results)s::text[], %(settles_on)s::date[], %(sums)s::jsonb[])
    AS concluded (id, result, settles_on, sums)
JOIN declarations_agentmonth AS month ON month.id = concluded.id
LEFT JOIN LATERAL (
    SELECT earlier.result, earlier.settles_on, earlier.sums
    FROM reconciliation_monthresult AS earlier
    WHERE earlier.agent_month_id = month.id
    ORDER BY earlier.id DESC
    LIMIT 1
) AS last ON true
WHERE (concluded.result, concluded.settles_on, concluded.sums)
    IS DISTINCT FROM (last.result, last.settles_on, coalesce(last.sums, '{}'))
