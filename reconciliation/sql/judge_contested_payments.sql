-- What becomes of a row whose key is stored already or stands in the file twice (core-feed.md, 2).
-- A row is measured against all that came before it: the stored versions, and the rows above it.
WITH repeated AS (
    SELECT voucher_number, voucher_line
    FROM staged_payment
    WHERE outcome = 'imported'
    GROUP BY voucher_number, voucher_line
    HAVING count(*) > 1
),
contested AS (
    SELECT
        staged.position,
        staged.voucher_number,
        staged.voucher_line::smallint AS line_number,
        {updated_at} AS row_updated_at,
        concat_ws(
            '|', staged.computer_code, staged.item, staged.period_from, staged.period_to,
            staged.kind, staged.amount::numeric(16, 2), staged.paid_on, staged.in_treasury_on,
            staged.treasury, staged.bank, staged.office_code, staged.operation = 'X'
        ) AS content
    FROM staged_payment AS staged
    WHERE staged.outcome = 'imported'
        AND (
            EXISTS (
                SELECT FROM reconciliation_payment AS stored
                WHERE stored.voucher_number = staged.voucher_number
                    AND stored.line_number = staged.voucher_line::smallint
            )
            OR EXISTS (
                SELECT FROM repeated
                WHERE repeated.voucher_number = staged.voucher_number
                    AND repeated.voucher_line = staged.voucher_line
            )
        )
),
versions AS (
    SELECT position, voucher_number, line_number, row_updated_at, content
    FROM contested
    UNION ALL
    SELECT 0, stored.voucher_number, stored.line_number, stored.row_updated_at, stored.content
    FROM reconciliation_paymentversion AS stored
    JOIN (SELECT DISTINCT voucher_number, line_number FROM contested) AS keys
        USING (voucher_number, line_number)
),
sequenced AS (
    SELECT
        *,
        max(row_updated_at) OVER earlier AS newest_before,
        first_value(content) OVER same_time AS content_of_first,
        row_number() OVER same_time = 1 AS is_first
    FROM versions
    WINDOW
        earlier AS (
            PARTITION BY voucher_number, line_number ORDER BY position
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ),
        same_time AS (
            PARTITION BY voucher_number, line_number, row_updated_at ORDER BY position
        )
),
judged AS (
    SELECT
        position,
        voucher_number,
        line_number,
        CASE
            WHEN newest_before IS NULL OR row_updated_at > newest_before THEN 'imported'
            WHEN is_first THEN 'stale'
            WHEN content = content_of_first THEN 'unchanged'
            ELSE 'CONFLICT'
        END AS outcome
    FROM sequenced
    WHERE position > 0
),
ranked AS (
    SELECT
        position,
        outcome,
        position = max(position) FILTER (WHERE outcome = 'imported')
            OVER (PARTITION BY voucher_number, line_number) AS is_newest
    FROM judged
)
UPDATE staged_payment
SET outcome = ranked.outcome,
    is_newest = coalesce(ranked.is_newest, false),
    is_contested = true
FROM ranked
WHERE ranked.position = staged_payment.position
