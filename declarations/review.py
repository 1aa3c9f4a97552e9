"""计税逻辑校验: what the law makes of a declaration's lines, and where they differ from it.

Checked are the items that the manual's table marks (是否逻辑校验); what the law makes of the others
is information. Without the facts that the form has no column for every lawful figure passes, and
the finding names them. Lines of additional and refund declarations are not recomputed.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache

from declarations.cases import (
    CUMULATIVE_WAGES,
    JOINED,
    NOTHING_BEFORE,
    ORDINARY_WAGE,
    Setting,
    additional_of,
    case_of,
    other_of,
    special_of,
)
from declarations.findings import Finding, FindingCode, Severity
from declarations.lawful import missing_facts, within
from declarations.lines import Line
from declarations.taxlaw.case import Case, FactsMissing, WrongFact
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.identity import doubt_document_number, normalise_document_number
from declarations.taxlaw.methods import Result, compute, method_of
from declarations.taxlaw.parameters import NotInForce, parameter
from declarations.taxlaw.rates import rate_table
from declarations.taxlaw.tax_month import CUMULATIVE_FROM, format_tax_month
from declarations.taxlaw.wages import basic_deduction
from declarations.year import NOTHING_EARLIER, Year

ZERO = Decimal(0)
CHECKED = frozenset(item.code for item in INCOME_ITEMS if item.checked)
ONCE_A_YEAR = ("0102", "0103")
# Of the lines of one person, which can be a hundred thousand.
_ROWS_NAMED = 5
# A tax rounded half up to the fen is within a fen of a figure as long as the unrounded one is from
# 0.015 below to just below 0.015 above it.
_LOW, _HIGH = Decimal("-0.015"), Decimal("0.015")


@dataclass(frozen=True)
class Assessed:
    """What the law makes of one line, for the page that shows it.

    `result` is none where the law has no rule or has to know more (`missing`). `expected` 应扣税额
    is before the line's own reduction; `difference` is what the line withheld above it. `wrong` is
    a fact that cannot be, if that is why there is no result.
    """

    line: Line
    case: Case | None
    setting: Setting
    result: Result | None
    missing: tuple[str, ...] = ()
    wrong: str = ""

    @property
    def expected(self) -> Decimal | None:
        return self.result.assessment.tax if self.result else None

    @property
    def difference(self) -> Decimal | None:
        if self.result is None:
            return None
        return self.line.tax_withheld - _after_reduction(self.line, self.result.assessment.tax)

    @property
    def agrees(self) -> bool:
        """Tell whether what the line withheld is the law's, to the tolerance of a line."""
        return self.difference is not None and within(self.difference, ZERO)

    def facts_that_would_do(self) -> tuple[str, ...] | None:
        """Return facts that the line does not tell and by which its tax would be lawful, if any."""
        if self.case is None:
            return None
        due = self.line.tax_withheld + _own_reduction(self.line)
        return missing_facts(self.line, self.case, self.setting, due)


def review_lines(
    lines: Sequence[Line],
    tax_month: date,
    *,
    rows: Sequence[int] | None = None,
    persons: Sequence[Hashable] | None = None,
    year: Year = NOTHING_EARLIER,
    bureau: str = "",
) -> Iterator[Finding]:
    """Yield what is found about the lines of a regular declaration, in the order of the lines.

    `rows` are the lines' numbers (from 1 without them), `persons` what `year` names their persons
    by. One line takes microseconds where it agrees with the law; it is explained where it does not.
    """
    numbers = range(1, len(lines) + 1) if rows is None else rows
    persons = [_person(line) for line in lines] if persons is None else persons
    together = _persons_with_several_lines(persons)
    settings = _settings_of(lines, persons, together, tax_month, year, bureau)
    agrees = _QuickCheck(tax_month, year)
    seen = {person: _Seen() for person in together}
    for at, line in enumerate(lines):
        person = persons[at]
        if person in together:
            row = numbers[at]
            yield from seen[person].findings(line, row)
            yield from _once_a_year(line, row, person, tax_month, year)
            yield from _review_line(line, row, settings[at])
        elif not agrees(line, person):
            row = numbers[at]
            yield from _once_a_year(line, row, person, tax_month, year)
            yield from _review_line(line, row, Setting(tax_month, person, year, bureau=bureau))


def assess_lines(
    lines: Sequence[Line],
    tax_month: date,
    *,
    persons: Sequence[Hashable] | None = None,
    year: Year = NOTHING_EARLIER,
    bureau: str = "",
) -> list[Assessed]:
    """Return what the law makes of each line of a regular declaration, explained."""
    persons = [_person(line) for line in lines] if persons is None else persons
    together = _persons_with_several_lines(persons)
    settings = _settings_of(lines, persons, together, tax_month, year, bureau)
    return [
        _assess(line, settings.get(at) or Setting(tax_month, persons[at], year, bureau=bureau))
        for at, line in enumerate(lines)
    ]


def _person(line: Line) -> tuple[str, str]:
    # The cells are clean: only 15 digits may be the number of somebody who also has 18.
    number = line.document_number
    if len(number) == 15:
        number = normalise_document_number(line.document_type, number)
    return line.document_type, number


def _persons_with_several_lines(persons: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    """Return the persons with more than one line, each with the places of its lines."""
    first: dict[Hashable, int] = {}
    together: dict[Hashable, list[int]] = {}
    for at, person in enumerate(persons):
        if first.setdefault(person, at) != at:
            together.setdefault(person, [first[person]]).append(at)
    return together


def _settings_of(
    lines: Sequence[Line],
    persons: Sequence[Hashable],
    together: dict[Hashable, list[int]],
    tax_month: date,
    year: Year,
    bureau: str,
) -> dict[int, Setting]:
    """Return where the lines of persons with several stand: after the wages that they join.

    Ordinary wages come first, then what is joined to them, each bearing what the tax grows by; a
    bonus and one-off pay see the wage of the month.
    """
    settings = {}
    for person, places in together.items():
        before, wage = NOTHING_BEFORE, NOTHING_BEFORE
        for at in sorted(places, key=lambda at: (_rank(lines[at], tax_month), at)):
            line = lines[at]
            stands_apart = _rank(line, tax_month) == 2
            setting = Setting(tax_month, person, year, wage if stands_apart else before, bureau)
            settings[at] = setting
            if not stands_apart:
                result = _assess(line, setting).result
                before = before.with_line(line, result.assessment.tax if result else ZERO)
                if line.income_item == ORDINARY_WAGE:
                    wage = before
    return settings


def _rank(line: Line, tax_month: date) -> int:
    """Return 0 for the ordinary wage, 1 for what is joined to it, 2 for what stands by itself."""
    if line.income_item == ORDINARY_WAGE:
        return 0
    joined = CUMULATIVE_WAGES if tax_month >= CUMULATIVE_FROM else JOINED
    return 1 if line.income_item in joined else 2


class _QuickCheck:
    """Tells of most lines in one glance that nothing is to be said about them.

    It knows the ordinary wage alone, by the month and cumulatively; all else is looked at in full.
    """

    def __init__(self, tax_month: date, year: Year) -> None:
        self.tax_month = tax_month
        self.earlier = year.wages
        self.is_cumulative = tax_month >= CUMULATIVE_FROM
        self.limits = _limits(tax_month)
        self.monthly = rate_table("rates_monthly", tax_month)
        self.annual = rate_table("rates_annual", tax_month) if self.is_cumulative else self.monthly

    def __call__(self, line: Line, person: Hashable) -> bool:
        if line.income_item != ORDINARY_WAGE or line.facts or line.donation:
            return False
        income = line.income + line.income_foreign
        if line.exempt_income > income:
            return False
        taxable = income - line.exempt_income
        if self.is_cumulative and line.resident is not False:
            return self._cumulative(line, person, taxable)
        taxable -= basic_deduction(self.tax_month, line.country)
        return self._is_close(line, self.monthly.tax(taxable) if taxable > ZERO else ZERO)

    def _cumulative(self, line: Line, person: Hashable, taxable: Decimal) -> bool:
        additional = additional_of(line) + (line.cum_private_pension or ZERO)
        if additional:
            for column, limit in self.limits:
                if (getattr(line, column) or ZERO) > limit:
                    return False
        taxable -= additional + special_of(line) + other_of(line)
        months = 1
        earlier = self.earlier.get(person)
        if earlier is not None:
            if earlier.donation:
                return False
            taxable += earlier.income - earlier.exempt - earlier.special - earlier.other
            months = self.tax_month.month - earlier.first_month.month + 1
        taxable -= basic_deduction(self.tax_month, line.country) * months
        if taxable <= ZERO:
            return self._is_close(line, ZERO)
        due = self.annual.tax(taxable)
        if earlier is not None:
            due -= earlier.withheld + earlier.reduction
        return self._is_close(line, due if due > ZERO else ZERO)

    def _is_close(self, line: Line, due: Decimal) -> bool:
        if line.tax_reduction:
            # A reduction larger than the tax is a finding of its own.
            if line.tax_reduction > due:
                return False
            due -= line.tax_reduction
        return _LOW <= due - line.tax_withheld < _HIGH


def _assess(line: Line, setting: Setting) -> Assessed:
    case: Case | None = None
    try:
        case = case_of(line, setting)
        return Assessed(line, case, setting, compute(case))
    except FactsMissing as missing:
        return Assessed(line, case, setting, None, missing.facts)
    except WrongFact as wrong:
        return Assessed(line, case, setting, None, wrong=wrong.fact)
    except NotInForce:
        return Assessed(line, case, setting, None)


def _review_line(line: Line, row: int, setting: Setting) -> Iterator[Finding]:
    """Yield what is found about a line by itself, in its setting."""
    severity = Severity.WARNING if line.income_item in CHECKED else Severity.INFORMATION
    if line.exempt_income > line.total_income:
        yield Finding(
            row,
            "exempt_income",
            FindingCode.EXEMPT_OVER_INCOME,
            severity,
            line.exempt_income,
            line.total_income,
        )
    for column, found, limit in _over_limits(line, setting.tax_month):
        code = FindingCode.DEDUCTION_OVER_LIMIT
        yield Finding(row, column, code, Severity.WARNING, found, limit)
    try:
        case = case_of(line, setting)
        if line.facts:
            yield from _unread_facts(line, row, case)
        tax = compute(case).assessment.tax
    except NotInForce:
        yield Finding(row, "income_item", FindingCode.NO_RULE, Severity.INFORMATION)
    except WrongFact as wrong:
        params = {"fact": wrong.fact}
        yield Finding(row, "facts", FindingCode.WRONG_FACT, Severity.WARNING, params=params)
    except FactsMissing as missing:
        yield from _without_facts(line, row, case, setting, missing.facts, severity)
    else:
        yield from _tax_of_the_line(line, row, case, setting, tax, severity)


def _unread_facts(line: Line, row: int, case: Case) -> Iterator[Finding]:
    unread = line.facts.keys() - {each.key for each in method_of(case).inputs} - _ALWAYS_READ
    if unread:
        params = {"facts": ", ".join(sorted(unread))}
        code = FindingCode.UNUSED_FACTS
        yield Finding(row, "facts", code, Severity.INFORMATION, params=params)


def _tax_of_the_line(
    line: Line, row: int, case: Case, setting: Setting, tax: Decimal, severity: Severity
) -> Iterator[Finding]:
    reduction = _own_reduction(line)
    if reduction > tax:
        code = FindingCode.REDUCTION_OVER_TAX
        yield Finding(row, "tax_reduction", code, severity, reduction, tax)
    expected = _after_reduction(line, tax)
    if within(line.tax_withheld, expected):
        return
    facts = missing_facts(line, case, setting, line.tax_withheld + reduction)
    if facts is None:
        code, params = FindingCode.TAX_DIFFERS, {}
    else:
        code, severity = FindingCode.FACTS_MISSING, Severity.INFORMATION
        params = {"facts": ", ".join(facts)}
    yield Finding(row, "tax_withheld", code, severity, line.tax_withheld, expected, params)


def _without_facts(
    line: Line,
    row: int,
    case: Case,
    setting: Setting,
    needed: tuple[str, ...],
    severity: Severity,
) -> Iterator[Finding]:
    """What the law cannot compute passes if any facts would make it lawful."""
    facts = missing_facts(line, case, setting, line.tax_withheld + _own_reduction(line))
    code, params = FindingCode.FACTS_MISSING, {"facts": ", ".join(facts or needed)}
    if facts is not None:
        severity = Severity.INFORMATION
    yield Finding(row, "tax_withheld", code, severity, line.tax_withheld, None, params)


def _own_reduction(line: Line) -> Decimal:
    """Return the line's reduction, unless the facts have taken it off already."""
    return ZERO if _TAKES_OFF_ITSELF & line.facts.keys() else line.tax_reduction


def _after_reduction(line: Line, tax: Decimal) -> Decimal:
    """Return 已扣税额 = 应扣税额 - 减免税额, never below 0: the manual of 2006, section 5 G(k)."""
    return max(tax - _own_reduction(line), ZERO)


_TAKES_OFF_ITSELF = frozenset({"cum_reduction", "reduction_rate"})
# Facts that choose or inform, and are read whatever the method.
_ALWAYS_READ = frozenset({"method", "variant", "months", "months_split"})


@lru_cache(maxsize=1024)
def _limits(tax_month: date) -> tuple[tuple[str, Decimal], ...]:
    """Return the most that a resident can have deducted by a month, by column, in yuan."""
    if tax_month < CUMULATIVE_FROM:
        return ()
    amounts = parameter("special_additional").at(tax_month)
    months = tax_month.month
    limits = {
        "cum_education": amounts["education"] * months + amounts["certificate"],
        "cum_mortgage": amounts["mortgage"] * months,
        "cum_rent": amounts["rent"] * months,
        "cum_elderly": amounts["elderly"] * months,
        "cum_infants": None if "infant" in amounts else ZERO,
        "cum_private_pension": amounts.get("private_pension", ZERO),
    }
    return tuple((column, limit) for column, limit in limits.items() if limit is not None)


def _over_limits(line: Line, tax_month: date) -> Iterator[tuple[str, Decimal, Decimal]]:
    """Yield the cumulative deductions above what the law gives so far, with the most it gives."""
    for column, limit in _limits(tax_month):
        found: Decimal | None = getattr(line, column)
        if found and found > limit:
            yield column, found, limit


def _once_a_year(
    line: Line, row: int, person: Hashable, tax_month: date, year: Year
) -> Iterator[Finding]:
    """The annual bonus, and from 2019 a non-resident's for several months, once a calendar year."""
    if line.income_item not in ONCE_A_YEAR:
        return
    if line.income_item == "0103" and tax_month < CUMULATIVE_FROM:
        return
    months = year.bonuses.get((person, line.income_item), ())
    if months:
        params = {"months": ", ".join(format_tax_month(month) for month in months)}
        code = FindingCode.ONCE_A_YEAR
        yield Finding(row, "income_item", code, Severity.WARNING, params=params)


class _Seen:
    """The lines of one person so far: their rows by item, the first few, and the first by name."""

    def __init__(self) -> None:
        self.rows: dict[str, list[str]] = {}
        self.names: dict[str, str] = {}

    def findings(self, line: Line, row: int) -> Iterator[Finding]:
        """Yield what is strange about a line beside those before it, and remember it."""
        warning = Severity.WARNING
        same = self.rows.setdefault(line.income_item, [])
        if same:
            params = {"rows": ", ".join(same)}
            yield Finding(row, "income_item", FindingCode.ITEM_TWICE, warning, params=params)
        other = next((first for name, first in self.names.items() if name != line.name), None)
        if other is not None:
            params = {"rows": other}
            yield Finding(row, "name", FindingCode.NAME_DIFFERS, warning, params=params)
        if len(same) < _ROWS_NAMED:
            same.append(str(row))
        self.names.setdefault(line.name, str(row))


def doubt_persons(
    lines: Sequence[Line], tax_month: date, *, rows: Sequence[int] | None = None
) -> Iterator[Finding]:
    """身份证校验: yield what is strange about documents' numbers, in declarations of any kind."""
    numbers = range(1, len(lines) + 1) if rows is None else rows
    for row, line in zip(numbers, lines, strict=True):
        for doubt in doubt_document_number(
            line.document_type, line.document_number, tax_month=tax_month
        ):
            yield Finding(
                row,
                "document_number",
                FindingCode.NUMBER_DOUBTFUL,
                Severity.WARNING,
                params={"reason": doubt.reason, **doubt.params},
            )
