-- Locks months in (agent, month) order, and says which tax months they are of.
SELECT DISTINCT tax_month
FROM (
    SELECT tax_month
    FROM declarations_agentmonth
    WHERE id = ANY(%(months)s::bigint[])
    ORDER BY agent_id, tax_month
    FOR UPDATE
) AS locked
