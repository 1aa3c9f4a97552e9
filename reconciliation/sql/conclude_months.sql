-- What was concluded about months, written to them. A month closes when it matches, unless staff
-- hold it open; a match that later data undo opens it by itself.
UPDATE declarations_agentmonth AS month
SET result = concluded.result,
    settles_on = concluded.settles_on,
    closed_at = CASE
        WHEN concluded.result = 'matched' AND month.reopened_at IS NULL
            THEN coalesce(month.closed_at, %(now)s)
    END,
    reconciled = month.changed,
    attempts = 0
FROM unnest(%(months)s::bigint[], %(results)s::text[], %(settles_on)s::date[])
    AS concluded (id, result, settles_on)
WHERE concluded.id = month.id
