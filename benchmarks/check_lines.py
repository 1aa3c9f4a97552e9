"""计税逻辑校验 in one process, against a loop in ten lines and against columns of integers.

The peers know nothing but the ordinary wage and skip all other lines; both must find the rows that
the check finds. The columns are ready in memory before the clock starts, which is the processor's:
nothing here waits.
"""

from __future__ import annotations

import gc
import resource
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any

import numpy as np

from benchmarks import setup  # noqa: F401
from benchmarks.made_lines import (
    ANNUAL_TABLE,
    CUMULATIVE,
    MONTHLY,
    MONTHLY_TABLE,
    Made,
    Table,
    due_of,
    make,
)
from benchmarks.measuring import machine
from declarations.review import doubt_persons, review_lines

LINES = 20_000
ROUNDS = 31
DECLARATIONS = 105
"""2.1 million lines: a month of everybody."""

Check = Callable[[Made], list[int]]
ZERO, FEN = Decimal(0), Decimal("0.01")


def checked(made: Made) -> list[int]:
    """Return the rows whose tax differs, out of the full check with all its findings."""
    findings = list(review_lines(made.lines, made.tax_month, year=made.year))
    return [finding.row for finding in findings if finding.field == "tax_withheld"]


def looped_by_the_month(made: Made) -> list[int]:
    """Return the rows whose tax differs, as anybody would write it."""
    above, levels = _levels(MONTHLY_TABLE)
    differing = []
    for row, line in enumerate(made.lines, start=1):
        if line.income_item != "0101" or line.facts:
            continue
        deduction = 3500 if line.country == "001" else 4800
        taxable = line.income + line.income_foreign - line.exempt_income - deduction
        tax = ZERO
        if taxable > 0:
            rate, quick = levels[bisect_left(above, taxable) - 1]
            tax = (taxable * rate - quick).quantize(FEN, ROUND_HALF_UP)
        if abs(tax - line.tax_reduction - line.tax_withheld) > FEN:
            differing.append(row)
    return differing


def looped_cumulatively(made: Made) -> list[int]:
    """Return the rows whose tax differs, with the earlier months out of a dictionary."""
    above, levels = _levels(ANNUAL_TABLE)
    lines: list[Any] = made.lines  # the form from 2019 leaves no amount untold
    differing = []
    for row, line in enumerate(lines, start=1):
        if line.income_item != "0101" or line.facts:
            continue
        taxable = line.income + line.income_foreign - line.exempt_income
        taxable -= line.pension + line.medical + line.unemployment + line.housing_fund
        taxable -= line.annuity + line.health_insurance
        taxable -= line.deferred_pension + line.other_deductions
        taxable -= line.cum_children + line.cum_education + line.cum_mortgage + line.cum_rent
        taxable -= line.cum_elderly + line.cum_infants + line.cum_private_pension
        months, already = 1, ZERO
        earlier = made.year.wages.get((line.document_type, line.document_number))
        if earlier:
            taxable += earlier.income - earlier.exempt - earlier.special - earlier.other
            months += earlier.months
            already = earlier.reduction + earlier.withheld
        taxable -= 5000 * months
        tax = ZERO
        if taxable > 0:
            rate, quick = levels[bisect_left(above, taxable) - 1]
            tax = max((taxable * rate - quick).quantize(FEN, ROUND_HALF_UP) - already, ZERO)
        if abs(tax - line.tax_reduction - line.tax_withheld) > FEN:
            differing.append(row)
    return differing


def _levels(table: Table) -> tuple[list[Decimal], list[tuple[Decimal, Decimal]]]:
    rates = [Decimal(percent) / 100 for percent in table.percents]
    quick = [Decimal(amount) for amount in table.quick]
    return [Decimal(amount) for amount in table.above], list(zip(rates, quick, strict=True))


def vectorised(made: Made) -> list[int]:
    """Return the rows whose tax differs, from whole columns at once."""
    columns = made.columns
    excess = columns["tax_withheld"] + columns["tax_reduction"] - due_of(made.tax_month, columns)
    rows: list[int] = (np.flatnonzero((abs(excess) > 1) & (columns["is_plain"] == 1)) + 1).tolist()
    return rows


def doubted(made: Made) -> list[int]:
    """Return the rows with a strange document number (身份证校验)."""
    return [finding.row for finding in doubt_persons(made.lines, made.tax_month)]


def run() -> dict[str, object]:
    """Measure what memory takes first: the peak of a process does not come down again."""
    tenth = _province(DECLARATIONS // 10)
    whole = _province(DECLARATIONS)
    return {
        "machine": machine(),
        "province": {
            "lines": DECLARATIONS * LINES,
            "lines_per_second": round(DECLARATIONS * LINES / whole.seconds),
            "findings": whole.findings,
            "peak_mib_after_a_tenth": round(tenth.peak_mib),
            "peak_mib_after_the_whole": round(whole.peak_mib),
        },
        "monthly": _compared(MONTHLY, looped_by_the_month),
        "cumulative": _compared(CUMULATIVE, looped_cumulatively),
    }


@dataclass(frozen=True)
class Province:
    """Declarations checked one by one: what the checks alone took, the peak of the process."""

    seconds: float
    findings: int
    peak_mib: float


def _province(declarations: int) -> Province:
    seconds, findings = 0.0, 0
    for number in range(declarations):
        made = make(CUMULATIVE, LINES, first=number * LINES)
        start = time.process_time()
        findings += sum(1 for _ in review_lines(made.lines, made.tax_month, year=made.year))
        seconds += time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Province(seconds, findings, peak)


def _compared(tax_month: date, looped: Check) -> dict[str, object]:
    """Measure the check and its peers in turn, in rounds; and the dear cases by themselves."""
    made = make(tax_month, LINES)
    rows = checked(made)
    if not (rows and rows == looped(made) == vectorised(made)):
        raise AssertionError("the three do not find the same lines")
    checks: dict[str, Check] = {
        "check": checked,
        "loop": looped,
        "columns": vectorised,
        "doubts": doubted,
    }
    rounds = [
        {name: _seconds(check, made) for name, check in checks.items()} for _ in range(ROUNDS)
    ]
    ratios = sorted(each["check"] / each["loop"] for each in rounds)
    per_line = {name: median(each[name] for each in rounds) / LINES * 1e6 for name in checks}
    return {
        "differing": len(rows),
        "ratio_to_the_loop": round(median(ratios), 2),
        "middle_half_of_the_rounds": [
            round(ratios[ROUNDS // 4], 2),
            round(ratios[-ROUNDS // 4], 2),
        ],
        "ratio_to_the_columns": round(median(e["check"] / e["columns"] for e in rounds)),
        "lines_per_second": {name: round(1e6 / each) for name, each in per_line.items()},
        "microseconds_a_line": {name: round(each, 3) for name, each in per_line.items()}
        | {
            "all_differ": _microseconds(make(tax_month, LINES // 10, wrong_every=1)),
            "all_with_a_bonus": _microseconds(make(tax_month, LINES // 10, bonus_every=2)),
        },
    }


def _microseconds(made: Made) -> float:
    """Return what the check takes a line: the median of some rounds."""
    seconds = median(_seconds(checked, made) for _ in range(5))
    return round(seconds / len(made.lines) * 1e6, 1)


def _seconds(check: Check, made: Made) -> float:
    gc.collect()
    start = time.process_time()
    check(made)
    return time.process_time() - start
