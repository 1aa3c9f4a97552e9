UPDATE staged_payment
SET outcome = 'AGENT', is_newest = false
WHERE NOT EXISTS (
    SELECT FROM portal_withholdingagent AS agent
    WHERE agent.computer_code = staged_payment.computer_code
)
