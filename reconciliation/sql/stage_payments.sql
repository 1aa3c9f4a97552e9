-- Rows of payment as they came, a text for each field: nothing is rounded or lost here.
-- `position` is their order of arrival; `outcome` is what became of a row, until told otherwise.
CREATE TEMPORARY TABLE staged_payment (
    position bigint GENERATED ALWAYS AS IDENTITY,
    feed_file_id bigint NOT NULL DEFAULT %(feed_file_id)s,
    feed_line integer NOT NULL,
    quarantined_row_id bigint,
    voucher_number text NOT NULL,
    voucher_line text NOT NULL,
    computer_code text NOT NULL,
    tax text NOT NULL,
    item text NOT NULL,
    period_from text NOT NULL,
    period_to text NOT NULL,
    kind text NOT NULL,
    amount text NOT NULL,
    paid_on text NOT NULL,
    in_treasury_on text NOT NULL,
    treasury text NOT NULL,
    bank text NOT NULL,
    office_code text NOT NULL,
    operation text NOT NULL,
    updated_at text NOT NULL,
    outcome text NOT NULL DEFAULT 'imported',
    is_newest boolean NOT NULL DEFAULT true,
    is_contested boolean NOT NULL DEFAULT false
) ON COMMIT DROP
