"""The law as it is printed, and made-up cases of every method in every month of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from declarations.taxlaw.case import Case
from declarations.taxlaw.inputs import Input
from declarations.taxlaw.methods import Method, compute

# Nothing random, and nothing kept: the same cases in every run.
quick = settings(derandomize=True, database=None, deadline=None, max_examples=100)
few = settings(quick, max_examples=40)

# The printed tables: up to which amount (none: above), the rate in percent, the quick deduction.
Printed = tuple[tuple[int | None, int, int], ...]
NINE_LEVELS: Printed = (
    (500, 5, 0),
    (2000, 10, 25),
    (5000, 15, 125),
    (20000, 20, 375),
    (40000, 25, 1375),
    (60000, 30, 3375),
    (80000, 35, 6375),
    (100000, 40, 10375),
    (None, 45, 15375),
)
SEVEN_LEVELS_2011: Printed = (
    (1500, 3, 0),
    (4500, 10, 105),
    (9000, 20, 555),
    (35000, 25, 1005),
    (55000, 30, 2755),
    (80000, 35, 5505),
    (None, 45, 13505),
)
SEVEN_LEVELS_2018: Printed = (
    (3000, 3, 0),
    (12000, 10, 210),
    (25000, 20, 1410),
    (35000, 25, 2660),
    (55000, 30, 4410),
    (80000, 35, 7160),
    (None, 45, 15160),
)
ANNUAL: Printed = (
    (36000, 3, 0),
    (144000, 10, 2520),
    (300000, 20, 16920),
    (420000, 25, 31920),
    (660000, 30, 52920),
    (960000, 35, 85920),
    (None, 45, 181920),
)
LABOUR: Printed = ((20000, 20, 0), (50000, 30, 2000), (None, 40, 7000))

MONTHS = tuple(
    date(year, month, 1)
    for year in range(2006, 2027)
    for month in range(1, 13)
    if (year, month) <= (2026, 11)
)


def month(text: str) -> date:
    """Return the first day of `YYYY-MM`."""
    return date.fromisoformat(f"{text}-01")


def monthly_table(tax_month: date) -> Printed:
    """Return what is printed for a month's wage."""
    if tax_month < date(2011, 9, 1):
        return NINE_LEVELS
    return SEVEN_LEVELS_2011 if tax_month < date(2018, 10, 1) else SEVEN_LEVELS_2018


def deduction(tax_month: date, country: str) -> int:
    """Return what is printed as a month's deduction."""
    if tax_month >= date(2018, 10, 1):
        return 5000
    if country != "001":
        return 4800
    if tax_month < date(2008, 3, 1):
        return 1600
    return 2000 if tax_month < date(2011, 9, 1) else 3500


def tax_of(
    tax_month: str | date,
    item: str,
    inputs: Mapping[str, Any],
    *,
    resident: bool = True,
    country: str = "001",
    bureau: str = "",
) -> Decimal:
    """Return the tax of a case."""
    day = month(tax_month) if isinstance(tax_month, str) else tax_month
    return compute(Case(day, item, resident, country, inputs, bureau)).assessment.tax


@cache
def fen(most: int = 2_000_000) -> st.SearchStrategy[Decimal]:
    """Amounts in yuan to the fen, small ones and those round the bounds as well."""
    bounds = sorted({up_to for up_to, _, _ in (*NINE_LEVELS, *ANNUAL) if up_to})
    near = [bound * 100 + more for bound in bounds for more in (-1, 0, 1)]
    numbers = st.integers(0, 20_000 * 100) | st.integers(0, most * 100) | st.sampled_from(near)
    return numbers.map(lambda number: Decimal(number) / 100)


COUNTRIES = st.sampled_from(("001", "003", "200"))


@st.composite
def cases(draw: st.DrawFn, method: Method) -> Case:
    """Cases of one method: any month of it, any inputs that it reads."""
    tax_month = draw(_months_of(method))
    inputs: dict[str, Any] = {"method": method.chosen} if method.chosen else {}
    for each in method.inputs:
        inputs[each.key] = draw(_given(each, tax_month))
    resident = draw(st.booleans()) if method.who is None else method.who
    return Case(tax_month, draw(st.sampled_from(method.items)), resident, draw(COUNTRIES), inputs)


@cache
def _months_of(method: Method) -> st.SearchStrategy[date]:
    end = method.end or date.max
    return st.sampled_from([day for day in MONTHS if method.start <= day < end])


def _given(read: Input, tax_month: date) -> st.SearchStrategy[Any]:
    if read.kind == "accrued":
        return _accrued(1 + (tax_month >= date(2007, 8, 1)) + (tax_month >= date(2008, 10, 1)))
    return _value(read)


@cache
def _accrued(periods: int) -> st.SearchStrategy[dict[str, Decimal]]:
    keys = ("1999-11-01..2007-08-14", "2007-08-15..2008-10-08", "2008-10-09..")[:periods]
    return st.dictionaries(st.sampled_from(keys), fen(), min_size=1)


@cache
def _value(read: Input) -> st.SearchStrategy[Any]:
    if read.key == "reduction_rate":
        return st.sampled_from([Decimal(0), Decimal("0.5"), Decimal("0.85"), Decimal(1)])
    if read.kind == "amount":
        return fen() if read.needed else st.just(Decimal(0)) | fen()
    if read.kind == "price":
        return fen(1000)
    if read.kind == "count":
        return st.integers(1, 40).map(Decimal)
    if read.kind == "rate":
        return st.integers(1, 40).map(lambda number: Decimal(number) / 1000)
    if read.kind == "flag":
        return st.booleans()
    assert read.kind == "choice"
    return st.sampled_from(read.choices)


def name_of(method: Method) -> str:
    """Return a method's name and first month: what a test of it is called."""
    return f"{method.name}-{method.start:%Y-%m}"
