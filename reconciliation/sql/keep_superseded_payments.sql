-- The stored rows that a newer one overtakes leave their place and stay as versions; so do rows
-- that were overtaken within the file, and those that came too late.
WITH overtaken AS (
    DELETE FROM reconciliation_payment AS stored
    USING staged_payment AS staged
    WHERE staged.is_newest AND staged.is_contested
        AND stored.voucher_number = staged.voucher_number
        AND stored.line_number = staged.voucher_line::smallint
    RETURNING stored.*
)
INSERT INTO reconciliation_supersededpayment ({columns}, is_stale, superseded_at)
SELECT {columns}, false, %(now)s
FROM overtaken
UNION ALL
SELECT {staged_columns}, staged.outcome = 'stale', %(now)s
FROM staged_payment AS staged
JOIN portal_withholdingagent AS agent USING (computer_code)
JOIN declarations_agentmonth AS month
    ON month.agent_id = agent.id
    AND month.tax_month = date_trunc('month', staged.period_from::date)::date
WHERE staged.outcome IN ('imported', 'stale') AND NOT staged.is_newest
