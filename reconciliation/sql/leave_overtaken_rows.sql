-- A row in quarantine that a newer record of its key has overtaken has nothing left to say.
UPDATE reconciliation_quarantinedrow AS waiting
SET left_at = %(now)s, left_as = 'stale'
FROM reconciliation_payment AS stored
WHERE waiting.left_at IS NULL
    AND waiting.code IN ('AGENT', 'CONFLICT')
    AND waiting.voucher_number = stored.voucher_number
    AND waiting.voucher_line = stored.line_number
    AND waiting.row_updated_at < stored.row_updated_at
RETURNING waiting.feed_file_id, waiting.code, 'stale'
