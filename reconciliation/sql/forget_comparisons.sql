DELETE FROM reconciliation_comparison
WHERE agent_month_id = ANY(%(months)s::bigint[])
