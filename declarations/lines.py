"""A detail line (明细): its columns, and what is refused of it.

Lines come as texts from a page or a workbook (`check_line`) and as JSON (`check_json_line`); the
rules are the same, only the reading of a value differs. All faults of a line come at once. What the
law makes of a line is not looked at here, but for what declaration-format.md refuses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date
from decimal import Decimal
from typing import Any

from declarations.cells import LENIENT, STRICT, Cell, Reader, Wrong, clean_text, json_type, shown
from declarations.column_check import ColumnCheck
from declarations.faults import Fault, FaultCode
from declarations.taxlaw.case import CHINA
from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.donation_ceiling import donation_limit
from declarations.taxlaw.facts import ACCRUAL_PERIODS, ACCRUED, FACTS
from declarations.taxlaw.identity import normalise_document_number
from declarations.taxlaw.tax_month import CUMULATIVE_FROM, format_tax_month

Fact = str | bool | Mapping[str, str | bool]

ZERO = Decimal("0.00")

FACT_TEXT_LIMIT = 100

# Income items by the columns that are theirs.
WAGES = frozenset(entry.code for entry in INCOME_ITEMS if entry.code.startswith("01"))
WITH_CHARGES = frozenset(
    entry.code for entry in INCOME_ITEMS if entry.code[:2] in {"02", "04", "06", "07"}
)
# 其他所得 ended with 2018: IIT Law (2018), article 2.
OTHER_INCOME = "09"

COLUMNS_OF_BOTH_FORMS = (
    "name",
    "document_type",
    "document_number",
    "country",
    "occupation",
    "employed_here",
    "income_item",
    "income",
    "income_foreign",
    "exempt_income",
    "deductible_charges",
    "donation",
    "tax_reduction",
    "tax_withheld",
    "remark",
    "facts",
)
AMOUNTS = (
    "income",
    "income_foreign",
    "exempt_income",
    "deductible_charges",
    "donation",
    "tax_reduction",
    "tax_withheld",
)
REQUIRED_AMOUNTS = frozenset({"income", "tax_withheld"})
# Of a resident's wages from 2019-01: this month's, and those that are cumulative.
AMOUNTS_FROM_2019 = (
    "pension",
    "medical",
    "unemployment",
    "housing_fund",
    "annuity",
    "health_insurance",
    "deferred_pension",
    "other_deductions",
    "cum_children",
    "cum_education",
    "cum_mortgage",
    "cum_rent",
    "cum_elderly",
    "cum_infants",
    "cum_private_pension",
)
COLUMNS_FROM_2019 = ("resident", *AMOUNTS_FROM_2019)
COLUMNS = (*COLUMNS_OF_BOTH_FORMS, *COLUMNS_FROM_2019)
_COLUMN_SET = frozenset(COLUMNS)


@dataclass(frozen=True, slots=True)
class Line:
    """One taxpayer and one income item, in the columns of both forms. Amounts are yuan.

    The columns of the form from 2019-01 (`resident` and from `pension` on) are none before it.
    `facts` has texts and booleans only (interest that accrued, by period): a JSON number is kept as
    its plain decimal text.
    """

    name: str
    document_type: str
    document_number: str
    country: str
    occupation: str
    employed_here: bool
    income_item: str
    income: Decimal
    tax_withheld: Decimal
    income_foreign: Decimal = ZERO
    exempt_income: Decimal = ZERO
    deductible_charges: Decimal = ZERO
    donation: Decimal = ZERO
    tax_reduction: Decimal = ZERO
    remark: str = ""
    facts: Mapping[str, Fact] = dataclass_field(default_factory=dict, hash=False)
    resident: bool | None = None
    pension: Decimal | None = None
    medical: Decimal | None = None
    unemployment: Decimal | None = None
    housing_fund: Decimal | None = None
    annuity: Decimal | None = None
    health_insurance: Decimal | None = None
    deferred_pension: Decimal | None = None
    other_deductions: Decimal | None = None
    cum_children: Decimal | None = None
    cum_education: Decimal | None = None
    cum_mortgage: Decimal | None = None
    cum_rent: Decimal | None = None
    cum_elderly: Decimal | None = None
    cum_infants: Decimal | None = None
    cum_private_pension: Decimal | None = None

    @property
    def total_income(self) -> Decimal:
        """Return 收入额合计: the income in yuan and the foreign one in yuan."""
        return self.income + self.income_foreign

    @property
    def person(self) -> tuple[str, str]:
        """Return what makes the taxpayer one person: the document's type and its one number."""
        return (
            self.document_type,
            normalise_document_number(self.document_type, self.document_number),
        )


def check_line(
    cells: Mapping[str, Cell | Mapping[str, object]],
    tax_month: date,
    row: int | None = None,
    *,
    born_by: date | None = None,
) -> Line | list[Fault]:
    """Return the line that texts of a page or a workbook make, or all its faults.

    Keys are the columns' names; a blank text is an absent value. `row` goes into the faults,
    `born_by` is the last day on which a taxpayer can have been born (today).
    """
    return _Check(cells, LENIENT, tax_month, row, born_by).line()


def check_json_line(
    data: object, tax_month: date, row: int | None = None, *, born_by: date | None = None
) -> Line | list[Fault]:
    """Return the line that a JSON object makes, to the letter of the format, or all its faults."""
    if not isinstance(data, dict):
        params = {"expected": "object", "found": json_type(data)}
        return [Fault("", FaultCode.TYPE, params, row)]
    return _Check(data, STRICT, tax_month, row, born_by).line()


class _Check(ColumnCheck):
    """The checking of one line."""

    def __init__(
        self,
        cells: Mapping[str, Any],
        reader: Reader,
        tax_month: date,
        row: int | None,
        born_by: date | None,
    ) -> None:
        super().__init__(cells, reader, row, born_by)
        self.tax_month = tax_month

    def line(self) -> Line | list[Fault]:
        self._read()
        self.check_document()
        self._form()
        self._columns_of_the_item()
        self._remark_and_donation()
        if self.faults:
            return self.faults
        return Line(**self.values)

    def _read(self) -> None:
        self.refuse_unknown(_COLUMN_SET)
        self.read_person()
        self.read("income_item", lambda value: self.reader.code(value, INCOME_ITEMS))
        for column in AMOUNTS:
            self.read(column, self.reader.amount, required=column in REQUIRED_AMOUNTS)
        self.read_remark()
        if "facts" in self.cells:
            self._facts(self.cells["facts"])

    def _facts(self, facts: object) -> None:
        if not isinstance(facts, Mapping):
            self.fault("facts", FaultCode.TYPE, expected="object", found=json_type(facts))
            return
        try:
            self.values["facts"] = {
                key: _accrued(value) if key == ACCRUED else _fact(value)
                for key, value in _known_keys(facts, FACTS)
            }
        except Wrong as wrong:
            self.fault("facts", wrong.code, **wrong.params)

    def _form(self) -> None:
        """The columns from 2019-01, and the item that ended before it."""
        month = format_tax_month(self.tax_month)
        if self.tax_month < CUMULATIVE_FROM:
            for column in COLUMNS_FROM_2019:
                if column in self.cells:
                    self.fault(column, FaultCode.NOT_IN_FORCE, tax_month=month)
            return
        if self._known("income_item") == OTHER_INCOME:
            self.fault(
                "income_item", FaultCode.NOT_IN_FORCE, tax_month=month, income_item=OTHER_INCOME
            )
        country = self._known("country")
        if "resident" not in self.cells and country == CHINA:
            self.values["resident"] = True
        elif "resident" in self.cells or country is not None:
            self.read_resident(required=True)
        for column in AMOUNTS_FROM_2019:
            self.read(column, self.reader.amount, required=False)
            self.values.setdefault(column, ZERO)

    def _columns_of_the_item(self) -> None:
        item = self._known("income_item")
        if item is None:
            return
        if item not in WAGES:
            self._refuse_amounts(item, "exempt_income")
        if item not in WITH_CHARGES:
            self._refuse_amounts(item, "deductible_charges")
        if self.tax_month >= CUMULATIVE_FROM and (
            item not in WAGES or self._known("resident") is False
        ):
            self._refuse_amounts(item, *AMOUNTS_FROM_2019)

    def _refuse_amounts(self, item: str, *columns: str) -> None:
        for column in columns:
            if self.values.get(column):
                self.fault(column, FaultCode.NOT_APPLICABLE, income_item=item)

    def _remark_and_donation(self) -> None:
        if self.values.get("remark") or "remark" in self._faulty():
            return
        if self.values.get("tax_reduction"):
            self.fault("remark", FaultCode.REMARK_REQUIRED, column="tax_reduction")
        donation = self.values.get("donation")
        needed = ("income_item", "country", "income")
        if not donation or any(column not in self.values for column in needed):
            return
        if self._faulty() & {"income_foreign", "exempt_income", "deductible_charges", "resident"}:
            return
        limit = donation_limit(
            tax_month=self.tax_month,
            income_item=self.values["income_item"],
            country=self.values["country"],
            resident=self.values.get("resident"),
            income=self.values["income"] + self.values.get("income_foreign", ZERO),
            exempt_income=self.values.get("exempt_income", ZERO),
            deductible_charges=self.values.get("deductible_charges", ZERO),
            facts=self.values.get("facts", {}),
        )
        if limit is not None and donation > limit:
            self.fault(
                "donation", FaultCode.DONATION_LIMIT, limit=f"{limit:.2f}", value=f"{donation:.2f}"
            )

    def _known(self, column: str) -> Any:
        return self.values.get(column)

    def _faulty(self) -> set[str]:
        return {fault.field for fault in self.faults}


def _known_keys(facts: Mapping[str, object], known: frozenset[str]) -> Iterator[tuple[str, object]]:
    for key, value in facts.items():
        if key not in known:
            raise Wrong(FaultCode.UNKNOWN_KEY, key=shown(key))
        yield key, value


def _accrued(value: object) -> dict[str, str | bool]:
    """Return interest by the period in which it accrued."""
    if not isinstance(value, Mapping):
        raise Wrong(FaultCode.TYPE, expected="object", found=json_type(value))
    return {period: _fact(interest) for period, interest in _known_keys(value, ACCRUAL_PERIODS)}


def _fact(value: object) -> str | bool:
    """Return a fact's value; a number as its plain decimal text, the same for 12 and 12.0."""
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal)):
        number = Decimal(value)
        if not number.is_finite() or not -7 <= number.adjusted() <= 15 or len(str(number)) > 30:
            raise Wrong(FaultCode.NUMBER)
        return f"{number.normalize():f}" if number else "0"
    if isinstance(value, str):
        return clean_text(value, limit=FACT_TEXT_LIMIT)
    raise Wrong(FaultCode.TYPE, expected="scalar", found=json_type(value))
