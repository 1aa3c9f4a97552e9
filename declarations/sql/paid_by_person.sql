-- What persons were paid in some declarations, by person and by what the law adds up: regular and
-- additional declarations count, refunds come off. Months are bits, 1 << month of the year;
-- `shown` are those of the regular declarations.
SELECT
    line.document_index,
    CASE WHEN line.income_item = ANY(%(wages)s) THEN 'wages' ELSE line.income_item END AS what,
    coalesce(bit_or(declared.month_bit) FILTER (WHERE declared.is_regular), 0) AS shown,
    bit_or(declared.month_bit) AS told,
    sum(declared.sign * (line.income + line.income_foreign)) AS income,
    sum(declared.sign * line.exempt_income) AS exempt,
    sum(declared.sign * (line.pension + line.medical + line.unemployment + line.housing_fund))
        AS special,
    -- The charges are those of labour services; a wage has none.
    sum(
        declared.sign * (
            line.annuity + line.health_insurance + line.deferred_pension + line.other_deductions
            + line.deductible_charges
        )
    ) AS other,
    sum(declared.sign * line.donation) AS donation,
    sum(declared.sign * line.tax_reduction) AS reduction,
    sum(declared.sign * line.tax_withheld) AS withheld
FROM unnest(
    %(declarations)s::bigint[], %(month_bits)s::int[], %(signs)s::int[], %(are_regular)s::bool[]
) AS declared (id, month_bit, sign, is_regular)
JOIN declarations_detailline AS line ON line.declaration_id = declared.id
WHERE
    -- Says the join once more, in constants: else the planner reads the whole table for many
    -- persons. As it is, these declarations' lines are all that is ever read.
    line.declaration_id = ANY(%(declarations)s::bigint[])
    AND line.document_index = ANY(%(persons)s::bytea[])
    AND line.income_item = ANY(%(items)s)
GROUP BY line.document_index, what
