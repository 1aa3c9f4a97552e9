SELECT count(*)
FROM (
    SELECT month.id
    FROM declarations_agentmonth AS month
    WHERE month.id IN (SELECT id FROM touched_month)
    ORDER BY month.agent_id, month.tax_month
    FOR UPDATE
) AS locked
