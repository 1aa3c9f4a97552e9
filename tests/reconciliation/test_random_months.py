"""Months made by chance: the reconciler against the agreement in plain Python."""

import os
import random
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from declarations.models import (
    AgentMonth,
    Declaration,
    DeclaredTotal,
    DetailLine,
    PaymentWatermark,
)
from reconciliation.models import Comparison, FeedFile, Payment
from reconciliation.services.reconciling import reconcile_all
from tests.declarations.builders import ZHANG, an_agent
from tests.reconciliation.plain import facts_of, result_of

MONTHS = int(os.environ.get("RANDOM_MONTHS", "600"))
TAX_MONTHS = [date(2006, 4, 1), date(2011, 7, 1), date(2011, 8, 1), date(2012, 7, 1)]
TAX_MONTHS += [date(2012, 8, 1), date(2019, 12, 1)]
NOW = datetime(2020, 6, 1, tzinfo=UTC)


class Chance(random.Random):
    """Makes months in which everything of section 5 happens often."""

    def amount(self) -> Decimal:
        return Decimal(self.choice([0, 0, 50, 100, 101, 5000, 5000, 7000])).scaleb(-2)

    def declarations(self, month: AgentMonth) -> None:
        for kind in ("regular", "additional", "refund"):
            for version in range(1, self.choice([1, 1, 2, 3])):
                status = self.choice(["superseded", "withdrawn"])
                self.declare(month, kind, version, status)
            if self.random() < 0.5:
                self.declare(month, kind, 9, "filed")

    def declare(self, month: AgentMonth, kind: str, version: int, status: str) -> None:
        taxes = [self.amount() for _ in range(self.randrange(3))]
        declaration = Declaration.objects.create(
            agent_month=month,
            kind=kind,
            version=version,
            status=status,
            channel="window",
            filed_at=NOW,
            filed_on=month.tax_month + timedelta(days=self.choice([20, 37, 39, 47, 60])),
            receipt_number=f"{month.pk}-{kind}-{version}",
        )
        DetailLine.objects.bulk_create(
            DetailLine(
                declaration=declaration,
                line_number=number,
                name="某某",
                document_type="01",
                document_number=ZHANG,
                country="001",
                occupation="2010000",
                employed_here=True,
                income_item="0101",
                income=0,
                income_foreign=0,
                exempt_income=0,
                deductible_charges=0,
                donation=0,
                tax_reduction=0,
                tax_withheld=tax,
            )
            for number, tax in enumerate(taxes, 1)
        )
        if taxes:
            DeclaredTotal.objects.create(
                declaration=declaration,
                income_item="0101",
                line_count=len(taxes),
                income=0,
                tax_reduction=0,
                tax_withheld=sum(taxes),
            )

    def payments(self, month: AgentMonth, file: FeedFile) -> list[Payment]:
        return [
            Payment(
                voucher_number=f"{month.pk}",
                line_number=number,
                agent_month=month,
                kind=self.choice(Payment.Kind.values),
                item="01",
                amount=self.amount(),
                period_from=month.tax_month,
                period_to=month.tax_month,
                paid_on=month.tax_month,
                in_treasury_on=self.choice([month.tax_month] * 4 + [None]),
                is_void=self.random() < 0.2,
                operation="I",
                row_updated_at=NOW,
                feed_file=file,
                feed_line=1,
                imported_at=NOW,
            )
            for number in range(1, self.randrange(1, 6))
        ]


@pytest.mark.django_db
def test_random_months_come_to_what_the_agreement_says_whatever_the_watermark() -> None:
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}")  # noqa: T201  shown when the test fails
    chance = Chance(seed)
    file = FeedFile.objects.create(name="made", state="repeated")
    agents = [an_agent(f"{n:08}") for n in range(-(-MONTHS // len(TAX_MONTHS)))]
    months = AgentMonth.objects.bulk_create(
        AgentMonth(agent=agent, tax_month=tax_month, changed=1)
        for agent in agents
        for tax_month in TAX_MONTHS
    )
    payments = []
    for month in months:
        chance.declarations(month)
        payments += chance.payments(month, file)
    Payment.objects.bulk_create(payments)

    reconcile_all(changed_only=True)

    facts = {month.pk: facts_of(month) for month in months}
    stored: dict[int, dict[str, tuple[Decimal, Decimal]]] = {month.pk: {} for month in months}
    for row in Comparison.objects.all():
        stored[row.agent_month_id][row.kind] = (row.declared, row.paid)
    assert stored == {pk: fact.sums for pk, fact in facts.items()}
    seen: Counter[str | None] = Counter()
    for watermark in watermarks():
        PaymentWatermark.objects.update_or_create(
            defaults={"first_day": date(2000, 1, 1), "complete_to": watermark}
        )
        results = dict(
            AgentMonth.objects.with_current_result(watermark).values_list("pk", "current_result")  # type: ignore[misc]  # an annotation
        )
        assert results == {pk: result_of(fact, watermark) for pk, fact in facts.items()}
        seen.update(results.values())
    assert set(seen) == {"matched", "waiting", "mismatched", None}


def watermarks() -> list[date | None]:
    """Both sides of the settling days: the deadline's and those of the filing days."""
    days: list[date | None] = [None]
    for tax_month in TAX_MONTHS:
        days += [tax_month + timedelta(days=n) for n in (0, 39, 40, 41, 42, 49, 50, 62, 63)]
    return days


@pytest.mark.django_db
def test_reconciling_again_changes_nothing() -> None:
    agent = an_agent()
    month = AgentMonth.objects.create(agent=agent, tax_month=TAX_MONTHS[0], changed=1)
    Chance(1).declare(month, "regular", 1, "filed")
    reconcile_all(changed_only=True)
    month.refresh_from_db()
    before = (month.result, month.settles_on, month.closed_at, month.results.count())

    assert reconcile_all(changed_only=True).total() == 0
    assert reconcile_all(changed_only=False).total() == 1

    month.refresh_from_db()
    assert (month.result, month.settles_on, month.closed_at, month.results.count()) == before
