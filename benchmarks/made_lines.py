"""Made declarations of wages: columns of fen, and the lines and earlier months that they make.

All persons were born in January 1900. Of a thousand lines ten withhold some fen too much and ten
a single fen, which is within the tolerance; two are the bonus of a person with a wage, two are of
labour service, two have facts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from declarations.lines import AMOUNTS, AMOUNTS_FROM_2019, Line
from declarations.taxlaw.case import CHINA
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.year import Earlier, Year
from portal.identity_numbers import check_digit

Fen = NDArray[np.int64]
Columns = Mapping[str, Fen]

MONTHLY = date(2014, 6, 1)
CUMULATIVE = date(2025, 6, 1)
MONTHS_BEFORE = 5

JAPAN = "002"
SPECIAL = ("pension", "medical", "unemployment", "housing_fund")
OTHER = ("annuity", "health_insurance", "deferred_pension", "other_deductions")
ADDITIONAL = (
    "cum_children",
    "cum_education",
    "cum_mortgage",
    "cum_rent",
    "cum_elderly",
    "cum_infants",
)
AREAS = ("110101", "130104", "310101", "320102", "440103", "510104", "610102", "999999")


class Table(NamedTuple):
    """A table as it is printed: yuan above which its levels begin, percents, quick deductions."""

    above: tuple[int, ...]
    percents: tuple[int, ...]
    quick: tuple[int, ...]


PERCENTS = (3, 10, 20, 25, 30, 35, 45)
MONTHLY_TABLE = Table(
    (0, 1500, 4500, 9000, 35000, 55000, 80000),
    PERCENTS,
    (0, 105, 555, 1005, 2755, 5505, 13505),
)
ANNUAL_TABLE = Table(
    (0, 36000, 144000, 300000, 420000, 660000, 960000),
    PERCENTS,
    (0, 2520, 16920, 31920, 52920, 85920, 181920),
)


@dataclass(frozen=True)
class Made:
    """A made declaration, twice: as columns (`earlier_` those of the year) and as lines.

    `is_plain` is 1 for ordinary wages without facts, `is_chinese` by the country.
    """

    tax_month: date
    columns: Columns
    lines: list[Line]
    year: Year


def tax_on(table: Table, taxable: Fen) -> Fen:
    """Return the tax on amounts in fen, rounded half up to the fen: exact, in integers."""
    above, percents, quick = (np.array(column) for column in table)
    taxable = np.maximum(taxable, 0)
    level = np.maximum(np.searchsorted(above * 100, taxable) - 1, 0)
    tax: Fen = (taxable * percents[level] - quick[level] * 10_000 + 50) // 100
    return tax


def due_of(tax_month: date, columns: Columns) -> Fen:
    """Return the tax of each line as if it were an ordinary wage, before its reduction, in fen."""
    taxable = columns["income"] + columns["income_foreign"] - columns["exempt_income"]
    if tax_month < CUMULATIVE_FROM:
        deduction = np.where(columns["is_chinese"], 3500_00, 4800_00)
        return tax_on(MONTHLY_TABLE, taxable - deduction)
    for column in AMOUNTS_FROM_2019:
        taxable = taxable - columns[column]
    taxable = taxable + columns["earlier_income"] - columns["earlier_exempt"]
    taxable = taxable - columns["earlier_special"] - columns["earlier_other"]
    due = tax_on(ANNUAL_TABLE, taxable - 5000_00 * (columns["earlier_months"] + 1))
    due -= columns["earlier_reduction"] + columns["earlier_withheld"]
    return np.maximum(due, np.int64(0))


def make(
    tax_month: date,
    size: int,
    *,
    first: int = 0,
    wrong_every: int = 100,
    bonus_every: int = 500,
) -> Made:
    """Return a declaration of so many lines; its persons are numbered from `first`."""
    n = np.arange(first, first + size)
    columns = _wages(n) | (_from_2019(n) if tax_month >= CUMULATIVE_FROM else {})
    due = due_of(tax_month, columns)
    columns["tax_reduction"] = np.where(n % 250 == 20, due // 2, 0)
    excess = np.where(n % wrong_every == wrong_every // 2, 2 + n * 31 % 500, n % 100 == 60)
    columns["tax_withheld"] = due - columns["tax_reduction"] + excess
    # A bonus is the second line of the person before.
    is_bonus = n % bonus_every == 1
    is_labour = (n % 500 == 251) & ~is_bonus
    has_facts = (n % 500 == 401) & ~is_bonus
    _put(columns, is_bonus, income=12_000_00, tax_withheld=360_00)
    _put(columns, is_labour, income=3000_00, tax_withheld=440_00)
    columns["is_plain"] = np.where(is_bonus | is_labour | has_facts, 0, 1)
    lines = _lines(
        columns,
        persons=(n - is_bonus).tolist(),
        items=np.where(is_bonus, "0102", np.where(is_labour, "02", "0101")).tolist(),
        facts=[{"months": "6"} if has else {} for has in has_facts.tolist()],
    )
    return Made(tax_month, columns, lines, _year(columns, lines))


def _wages(n: Fen) -> dict[str, Fen]:
    """2,000 to 20,000 yuan, of every 50th five times as much."""
    nothing = np.zeros_like(n)
    return dict.fromkeys(AMOUNTS, nothing) | {
        "income": (2000_00 + n * 7919 % 18_000_00) * np.where(n % 50 == 0, 5, 1),
        "income_foreign": np.where(n % 100 == 7, 1000_00, 0),
        "exempt_income": np.where(n % 20 == 0, 200_00, 0),
        "is_chinese": np.where(n % 100 == 7, 0, 1),
    }


def _from_2019(n: Fen) -> dict[str, Fen]:
    """Deductions of most, and five earlier months of all but every 50th."""
    wages, months = _wages(n), MONTHS_BEFORE + 1
    insured = np.where(n % 20 == 11, 0, wages["income"])
    columns = dict.fromkeys(AMOUNTS_FROM_2019, np.zeros_like(n)) | {
        "pension": insured * 80 // 1000,
        "medical": insured * 20 // 1000,
        "unemployment": insured * 5 // 1000,
        "housing_fund": insured * 120 // 1000,
        "annuity": np.where(n % 10 == 4, insured * 40 // 1000, 0),
        "health_insurance": np.where(n % 20 == 6, 200_00, 0),
        "cum_children": np.where(n % 2 == 0, 2000_00 * months, 0),
        "cum_education": np.where(n % 10 == 9, 400_00 * months, 0),
        "cum_mortgage": np.where(n % 3 == 0, 1000_00 * months, 0),
        "cum_rent": np.where(n % 3 == 1, 1500_00 * months, 0),
        "cum_elderly": np.where(n % 5 < 3, 3000_00 * months, 0),
        "cum_infants": np.where(n % 20 == 13, 2000_00 * months, 0),
        "cum_private_pension": np.where(n % 20 == 17, 1000_00 * months, 0),
    }
    before = np.where(n % 50 == 5, 0, MONTHS_BEFORE)
    income = wages["income"] + wages["income_foreign"]
    special = sum((columns[column] for column in SPECIAL), np.zeros_like(n))
    other = sum((columns[column] for column in OTHER), np.zeros_like(n))
    additional = sum((columns[column] for column in ADDITIONAL), np.zeros_like(n))
    counted = income - wages["exempt_income"] - special - other - 5000_00
    withheld = tax_on(ANNUAL_TABLE, counted * before - additional * before // months)
    return columns | {
        "earlier_months": before,
        "earlier_income": income * before,
        "earlier_exempt": wages["exempt_income"] * before,
        "earlier_special": special * before,
        "earlier_other": other * before,
        "earlier_reduction": np.where(n % 250 == 20, withheld // 2, 0),
        "earlier_withheld": np.where(n % 250 == 20, withheld - withheld // 2, withheld),
    }


def _put(columns: dict[str, Fen], where: NDArray[np.bool_], **amounts: int) -> None:
    """Leave nothing in these lines' own columns but some amounts."""
    for column in AMOUNTS + AMOUNTS_FROM_2019:
        if column in columns:
            columns[column] = np.where(where, amounts.get(column, 0), columns[column])


def _lines(
    columns: Columns, persons: list[int], items: list[str], facts: list[dict[str, str]]
) -> list[Line]:
    amounts = [column for column in AMOUNTS + AMOUNTS_FROM_2019 if column in columns]
    rows = zip(*(_yuan(columns[column]) for column in amounts), strict=True)
    here = columns["is_chinese"].tolist()
    resident = True if "pension" in columns else None
    return [
        Line(
            name=f"某某{person}",
            document_type="01",
            document_number=_document(person),
            country=CHINA if is_chinese else JAPAN,
            occupation="2010000",
            employed_here=True,
            income_item=item,
            facts=told,
            resident=resident,
            **dict(zip(amounts, row, strict=True)),
        )
        for person, item, told, is_chinese, row in zip(
            persons, items, facts, here, rows, strict=True
        )
    ]


def _year(columns: Columns, lines: list[Line]) -> Year:
    if "earlier_months" not in columns:
        return Year()
    keys = ("income", "exempt", "special", "other", "reduction", "withheld")
    sums = zip(*(_yuan(columns[f"earlier_{key}"]) for key in keys), strict=True)
    january = date(CUMULATIVE.year, 1, 1)
    months = columns["earlier_months"].tolist()
    return Year(
        wages={
            line.person: Earlier(january, count, **dict(zip(keys, amounts, strict=True)))
            for line, count, amounts in zip(lines, months, sums, strict=True)
            if count and line.income_item == "0101"
        }
    )


def _yuan(fen: Fen) -> list[Decimal]:
    return [Decimal(amount).scaleb(-2) for amount in fen.tolist()]


def _document(n: int) -> str:
    n, sequence = divmod(n, 1000)
    n, day = divmod(n, 31)
    digits = f"{AREAS[-1] if sequence == 999 else AREAS[n % 7]}190001{day + 1:02}{sequence:03}"
    return digits + check_digit(digits)
