-- The rows that belong in quarantine, put together again as they came.
SELECT feed_line, outcome, (amount::numeric * 100)::bigint, concat_ws('|', 'D', {fields})
FROM staged_payment
WHERE outcome IN ('AGENT', 'CONFLICT')
ORDER BY position
