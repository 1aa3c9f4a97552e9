INSERT INTO declarations_agentmonth (public_id, agent_id, tax_month, changed, reconciled, attempts)
SELECT DISTINCT ON (agent.id, tax_month)
    gen_random_uuid(), agent.id, tax_month, 0, 0, 0
FROM (
    SELECT DISTINCT computer_code, date_trunc('month', period_from::date)::date AS tax_month
    FROM staged_payment
    WHERE outcome IN ('imported', 'stale')
) AS staged
JOIN portal_withholdingagent AS agent USING (computer_code)
WHERE NOT EXISTS (
    SELECT FROM declarations_agentmonth AS month
    WHERE month.agent_id = agent.id AND month.tax_month = staged.tax_month
)
ORDER BY agent.id, tax_month
ON CONFLICT DO NOTHING
