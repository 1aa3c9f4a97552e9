-- Declared and paid by kind and item (01 to 09) of one month: every item with a line or a counted
-- payment, be it of 0.00.
WITH declared AS (
    SELECT
        declaration.kind,
        left(total.income_item, 2) AS item,
        sum(total.tax_withheld) AS amount,
        sum(total.line_count) AS line_count
    FROM declarations_declaration AS declaration
    JOIN declarations_declaredtotal AS total ON total.declaration_id = declaration.id
    WHERE declaration.agent_month_id = %(month)s AND declaration.status = 'filed'
    GROUP BY declaration.kind, left(total.income_item, 2)
),
paid AS (
    SELECT kind, item, sum(amount) AS amount
    FROM reconciliation_payment
    WHERE agent_month_id = %(month)s
        AND kind IN ('regular', 'additional', 'refund')
        AND in_treasury_on IS NOT NULL AND NOT is_void
    GROUP BY kind, item
)
SELECT
    kind,
    item,
    coalesce(declared.amount, 0) AS declared,
    coalesce(paid.amount, 0) AS paid,
    coalesce(declared.line_count, 0) AS line_count
FROM declared
FULL JOIN paid USING (kind, item)
ORDER BY kind, item
