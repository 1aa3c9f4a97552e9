"""What an agent declared for the same persons in the year before a month."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from django.db import connection

from declarations.cases import CUMULATIVE_WAGES
from declarations.models import Declaration, Kind
from declarations.review import ONCE_A_YEAR
from declarations.taxlaw.parameters import NotInForce, parameter
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.year import NOTHING_EARLIER, ZERO, Earlier, LastYear, Year
from portal.models import WithholdingAgent

_STATEMENT = Path(__file__).parent.parent / "sql" / "paid_by_person.sql"
_LABOUR, _OPTIONS, _BONUS = "02", "0109", "0102"


def year_to_date(agent: WithholdingAgent, tax_month: date, persons: Collection[bytes]) -> Year:
    """Return what the earlier months of the year say of persons, named by their document index.

    Counted are declarations in force, regular + additional - refund. Before 2019-01 the law asks
    for the bonuses alone. Two queries however many persons and lines; three where last year's
    wages matter.
    """
    if not persons:
        return NOTHING_EARLIER
    is_cumulative = tax_month >= CUMULATIVE_FROM
    asks_last_year = is_cumulative and _is_deducted_at_once(tax_month)
    january = tax_month.replace(month=1)
    since = january.replace(year=january.year - 1) if asks_last_year else january
    declared = list(_in_force(agent, since, tax_month))
    this_year = [each for each in declared if each.tax_month >= january]
    if not is_cumulative:
        regular = [each for each in this_year if each.kind == Kind.REGULAR]
        return Year(bonuses=dict(_bonuses(january, _paid(regular, persons, items=[_BONUS]))))

    items = [*CUMULATIVE_WAGES, _LABOUR, _OPTIONS, *ONCE_A_YEAR]
    paid = _paid(this_year, persons, items=items)
    filed = {each.tax_month for each in this_year if each.kind == Kind.REGULAR}
    months = [january.replace(month=month) for month in range(1, tax_month.month)]
    return Year(
        wages=_earlier(january, paid, "wages"),
        labour=_earlier(january, paid, _LABOUR),
        options=_earlier(january, paid, _OPTIONS),
        bonuses=dict(_bonuses(january, paid)),
        unfiled=tuple(month for month in months if month not in filed),
        last_year=_last_year([each for each in declared if each.tax_month < january], persons)
        if asks_last_year
        else None,
    )


class _Declared(NamedTuple):
    pk: int
    kind: str
    tax_month: date


class _Paid(NamedTuple):
    """A row of the statement: the months as bits, the amounts in yuan."""

    person: bytes
    what: str
    shown: int
    told: int
    income: Decimal
    exempt: Decimal
    special: Decimal | None
    other: Decimal | None
    donation: Decimal
    reduction: Decimal
    withheld: Decimal


def _in_force(agent: WithholdingAgent, since: date, before: date) -> Iterator[_Declared]:
    declarations = Declaration.objects.in_force().filter(
        agent_month__agent=agent,
        agent_month__tax_month__gte=since,
        agent_month__tax_month__lt=before,
    )
    return map(_Declared._make, declarations.values_list("pk", "kind", "agent_month__tax_month"))


def _paid(
    declared: Sequence[_Declared],
    persons: Collection[bytes],
    *,
    items: Sequence[str],
    wages: Sequence[str] = CUMULATIVE_WAGES,
) -> list[_Paid]:
    """Sum up what persons were paid, the `wages` together and each other item by itself."""
    if not declared:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            _STATEMENT.read_text(encoding="utf-8"),
            {
                "declarations": [each.pk for each in declared],
                "month_bits": [1 << each.tax_month.month for each in declared],
                "signs": [-1 if each.kind == Kind.REFUND else 1 for each in declared],
                "are_regular": [each.kind == Kind.REGULAR for each in declared],
                # One text: psycopg2 would write an expression for each of 20,000 persons.
                "persons": "{" + ",".join(rf'"\\x{person.hex()}"' for person in persons) + "}",
                "items": list(items),
                "wages": list(wages),
            },
        )
        return [_Paid(bytes(person), *row) for person, *row in cursor.fetchall()]


def _earlier(january: date, paid: Sequence[_Paid], what: str) -> dict[Hashable, Earlier]:
    return {
        row.person: Earlier(
            first_month=_months(january, row.shown or row.told)[0],
            months=row.shown.bit_count(),
            income=row.income,
            exempt=row.exempt,
            special=row.special or ZERO,
            other=row.other or ZERO,
            donation=row.donation,
            reduction=row.reduction,
            withheld=row.withheld,
        )
        for row in paid
        if row.what == what
    }


def _bonuses(
    january: date, paid: Sequence[_Paid]
) -> Iterator[tuple[tuple[bytes, str], tuple[date, ...]]]:
    for row in paid:
        if row.what in ONCE_A_YEAR and row.shown:
            yield (row.person, row.what), _months(january, row.shown)


def _last_year(
    declared: Sequence[_Declared], persons: Collection[bytes]
) -> dict[Hashable, LastYear] | None:
    months = {each.tax_month.month for each in declared if each.kind == Kind.REGULAR}
    if len(months) < 12:
        return None
    wages = [*CUMULATIVE_WAGES, _BONUS]
    return {
        row.person: LastYear(row.shown.bit_count(), row.income)
        for row in _paid(declared, persons, items=wages, wages=wages)
    }


def _is_deducted_at_once(tax_month: date) -> bool:
    """Tell whether last year can give this year's whole deduction: STA 2020 No. 19."""
    try:
        parameter("deduction_at_once").at(tax_month)
    except NotInForce:
        return False
    return True


@lru_cache(maxsize=4096)
def _months(january: date, bits: int) -> tuple[date, ...]:
    return tuple(january.replace(month=month) for month in range(1, 13) if bits >> month & 1)
