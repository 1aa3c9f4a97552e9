"""All months of a province, against one GROUP BY over the lines and one over the payments."""

from __future__ import annotations

from django.db import connection

from benchmarks import setup  # noqa: F401
from benchmarks.measuring import machine, measured
from benchmarks.province import make_agents, make_months
from declarations.models import AgentMonth
from reconciliation.services.reconciling import reconcile_all

DECLARED = """
SELECT declaration.agent_month_id, declaration.kind, left(line.income_item, 2),
    sum(line.tax_withheld)
FROM declarations_detailline AS line
JOIN declarations_declaration AS declaration ON declaration.id = line.declaration_id
WHERE declaration.status = 'filed'
GROUP BY declaration.agent_month_id, declaration.kind, left(line.income_item, 2)
"""
PAID = """
SELECT agent_month_id, kind, item, sum(amount)
FROM reconciliation_payment
WHERE in_treasury_on IS NOT NULL AND NOT is_void
GROUP BY agent_month_id, kind, item
"""


def run() -> dict[str, object]:
    """Measure both in one run, the statements first: they warm the cache for what follows."""
    make_agents()
    make_months("2006-03-01", "2006-05-01")
    connection.close()  # and with it the memory that making the rows took
    with measured() as grouping, connection.cursor() as cursor:
        for statement in (DECLARED, PAID):
            cursor.execute(f"SELECT count(*) FROM ({statement}) AS sums")  # noqa: S608  ours
    with measured() as reconciling:
        results = reconcile_all(changed_only=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM declarations_detailline")
        lines = cursor.fetchone()[0]
    AgentMonth.objects.filter(pk__in=AgentMonth.objects.order_by("?")[:3240]).mark_changed()
    with measured() as usual:
        reconcile_all(changed_only=True)
    return {
        "machine": machine(),
        "months": results.total(),
        "lines": lines,
        "results": dict(results),
        "reconcile_seconds": round(reconciling.seconds, 2),
        "group_by_seconds": round(grouping.seconds, 2),
        "ratio": round(reconciling.seconds / grouping.seconds, 2),
        "three_percent_changed_seconds": round(usual.seconds, 2),
        "process_peak_mib": round(reconciling.process_mib),
        "database_peak_mib": round(reconciling.database_mib),
    }
