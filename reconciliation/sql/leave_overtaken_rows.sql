-- A row in quarantine that a newer record of its key has overtaken has nothing left to say.
UPDATE reconciliation_quarantinedrow AS waiting
SET left_at = %(now)s, left_as = 'stale'
WHERE waiting.left_at IS NULL
    AND waiting.code IN ('AGENT', 'CONFLICT')
    AND (
        EXISTS (
            SELECT FROM reconciliation_payment AS stored
            WHERE stored.voucher_number = waiting.voucher_number
                AND stored.line_number = waiting.voucher_line
                AND stored.row_updated_at > waiting.row_updated_at
        )
        OR waiting.kind = 'SWDJ' AND EXISTS (
            SELECT FROM portal_withholdingagent AS agent
            WHERE agent.computer_code = waiting.computer_code
                AND agent.registered_at > waiting.row_updated_at
        )
    )
RETURNING waiting.feed_file_id, waiting.code, 'stale'
