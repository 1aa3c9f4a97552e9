"""The agreement's section 5 once more, in plain Python, row by row: what the months should say.

It shares nothing with the reconciler but the tables that it reads.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from declarations.models import AgentMonth, Declaration, DetailLine
from reconciliation.models import Payment

Outcome = tuple[str | None, dict[str, tuple[Decimal, Decimal]]]


@dataclass(frozen=True)
class Facts:
    """A month's filing days, and declared and paid of the kinds that have either."""

    tax_month: date
    filing_days: list[date]
    sums: dict[str, tuple[Decimal, Decimal]]


def facts_of(month: AgentMonth) -> Facts:
    declared: dict[str, Decimal] = defaultdict(Decimal)
    paid: dict[str, Decimal] = defaultdict(Decimal)
    filing_days = []
    for declaration in Declaration.objects.filter(agent_month=month, status="filed"):
        filing_days.append(declaration.filed_on)
        declared[declaration.kind] += 0
        for line in DetailLine.objects.filter(declaration=declaration):
            declared[declaration.kind] += line.tax_withheld
    for payment in Payment.objects.filter(agent_month=month):
        if payment.is_void or payment.in_treasury_on is None:
            continue
        if payment.kind not in ("late_fee", "fine"):
            paid[payment.kind] += payment.amount
    sums = {
        kind: (declared[kind], paid[kind])
        for kind in ("regular", "additional", "refund")
        if kind in declared or paid.get(kind)
    }
    return Facts(month.tax_month, [day for day in filing_days if day], sums)


def outcome_of(month: AgentMonth, watermark: date | None) -> Outcome:
    """Return the result of a month, and declared and paid of the kinds that have either."""
    facts = facts_of(month)
    return result_of(facts, watermark), facts.sums


def result_of(facts: Facts, watermark: date | None) -> str | None:
    if not facts.sums:
        return None
    return _result(facts.tax_month, facts.sums, facts.filing_days, watermark)


def _result(
    tax_month: date,
    sums: dict[str, tuple[Decimal, Decimal]],
    filing_days: list[date],
    watermark: date | None,
) -> str:
    one_yuan = 1 if tax_month >= date(2012, 8, 1) else 0
    unequal = [
        (declared, paid)
        for declared, paid in sums.values()
        if declared != paid and not (paid == 0 and declared <= one_yuan)
    ]
    if not unequal:
        return "matched"
    if filing_days and any(declared < paid for declared, paid in unequal):
        return "mismatched"
    year, month = (
        (tax_month.year + 1, 1) if tax_month.month == 12 else (tax_month.year, tax_month.month + 1)
    )
    deadline = date(year, month, 7 if tax_month <= date(2011, 7, 1) else 15)
    settles_on = max([deadline, *filing_days]) + timedelta(days=3)
    return "mismatched" if watermark and watermark >= settles_on else "waiting"
