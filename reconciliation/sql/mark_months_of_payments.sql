-- The months that staged rows belong to, and those that a correction takes a record from: made if
-- need be, locked in (agent, month) order, and marked as changed. A row that came too late needs
-- its month, and changes nothing in it.
INSERT INTO declarations_agentmonth AS month
    (public_id, agent_id, tax_month, changed, reconciled, attempts)
SELECT gen_random_uuid(), touched.agent_id, touched.tax_month, max(touched.changes), 0, 0
FROM (
    SELECT agent.id AS agent_id, staged.tax_month, staged.changes
    FROM (
        SELECT
            computer_code,
            date_trunc('month', period_from::date)::date AS tax_month,
            max((outcome = 'imported')::int) AS changes
        FROM staged_payment
        WHERE outcome IN ('imported', 'stale')
        GROUP BY 1, 2
    ) AS staged
    JOIN portal_withholdingagent AS agent USING (computer_code)
    UNION ALL
    SELECT earlier.agent_id, earlier.tax_month, 1
    FROM staged_payment AS staged
    JOIN reconciliation_payment AS stored
        ON stored.voucher_number = staged.voucher_number
        AND stored.line_number = staged.voucher_line::smallint
    JOIN declarations_agentmonth AS earlier ON earlier.id = stored.agent_month_id
    WHERE staged.is_newest AND staged.is_contested
) AS touched
GROUP BY touched.agent_id, touched.tax_month
ORDER BY touched.agent_id, touched.tax_month
ON CONFLICT (agent_id, tax_month) DO UPDATE
SET changed = month.changed + excluded.changed,
    attempts = CASE WHEN excluded.changed > 0 THEN 0 ELSE month.attempts END
