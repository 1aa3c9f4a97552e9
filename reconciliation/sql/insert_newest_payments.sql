INSERT INTO reconciliation_payment ({columns})
SELECT {staged_columns}
FROM staged_payment AS staged
JOIN portal_withholdingagent AS agent USING (computer_code)
JOIN declarations_agentmonth AS month
    ON month.agent_id = agent.id
    AND month.tax_month = date_trunc('month', staged.period_from::date)::date
WHERE staged.is_newest
