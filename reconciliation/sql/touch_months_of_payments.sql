-- The months that the imported rows belong to, now and before a correction moved them.
CREATE TEMPORARY TABLE touched_month ON COMMIT DROP AS
SELECT month.id
FROM staged_payment AS staged
JOIN portal_withholdingagent AS agent USING (computer_code)
JOIN declarations_agentmonth AS month
    ON month.agent_id = agent.id AND month.tax_month = date_trunc('month', staged.period_from::date)
WHERE staged.outcome = 'imported'
UNION
SELECT stored.agent_month_id
FROM staged_payment AS staged
JOIN reconciliation_payment AS stored
    ON stored.voucher_number = staged.voucher_number
    AND stored.line_number = staged.voucher_line::smallint
WHERE staged.is_newest AND staged.is_contested
