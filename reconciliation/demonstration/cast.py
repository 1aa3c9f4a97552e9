"""Who plays in the demonstration: agents, persons, what they declared and what the bank took.

Everything is made up. Computer codes begin with DEMO; people were born before 1920, all in one
district, and are named 示例甲, 示例乙 and so on. The tax of each line is what the law of 2019
withholds: 3 % of wages above 5,000 a month while a year's taxable wages stay within 36,000, and
20 % of four fifths of a fee above 4,000 for services.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from declarations.taxlaw.tax_month import previous_month
from portal.identity_numbers import check_digit

STEMS = "甲乙丙丁戊己庚辛壬癸"
AREA = "110105"
WAGES, SERVICES = "0101", "02"
REGULAR, ADDITIONAL, REFUND, LATE_FEE, FINE = "1", "2", "3", "4", "5"


@dataclass(frozen=True)
class Office:
    """A tax office as registrations name it."""

    code: str
    name: str


FIRST_OFFICE = Office("11010501", "示例第一税务所")
SECOND_OFFICE = Office("11010502", "示例第二税务所")


@dataclass(frozen=True)
class Line:
    """A person's income in one month, and the tax withheld from it."""

    person: int
    income: str
    tax: str
    item: str = WAGES
    occupation: str = "2060300"


@dataclass(frozen=True)
class Paid:
    """A payment: for which month (1 is last month), of which kind, for which item."""

    month: int
    amount: str
    kind: str = REGULAR
    item: str = "01"
    is_in_treasury: bool = True


@dataclass(frozen=True)
class Declared:
    """A declaration of a month (1 is last month)."""

    month: int
    lines: tuple[Line, ...]
    kind: str = "regular"


@dataclass(frozen=True)
class Agent:
    """A withholding agent, and what it has done."""

    number: int
    status: str = "01"
    office: Office = FIRST_OFFICE
    declared: tuple[Declared, ...] = ()
    paid: tuple[Paid, ...] = field(default=())

    @property
    def computer_code(self) -> str:
        return f"DEMO{self.number:04}"

    @property
    def name(self) -> str:
        return f"示例第{'一二三四五六七八九'[self.number - 1]}有限公司"

    @property
    def document_number(self) -> str:
        """Return the number of the person named on the registration form."""
        return document_number(900 + self.number)


def document_number(person: int) -> str:
    """Return the identity number of a person: right in form, and nobody's."""
    born = date(1901, 1, 1) + timedelta(days=7 * person)
    digits = f"{AREA}{born:%Y%m%d}{person % 1000:03}"
    return digits + check_digit(digits)


def person_name(person: int) -> str:
    """Return a name such as 示例甲, after the tenth 示例甲二."""
    rounds, stem = divmod(person, len(STEMS))
    return f"示例{STEMS[stem]}{'一二三四五六七八九十'[rounds] if rounds else ''}"


def tax_month(today: date, months_ago: int) -> date:
    """Return the first day of a month: 1 is last month."""
    month = today.replace(day=1)
    for _ in range(months_ago):
        month = previous_month(month)
    return month


# What the newcomer declares, first without the second line, and what the bank then takes.
NEWCOMER = Agent(1)
FIRST_LINE, SECOND_LINE = Line(0, "8000.00", "90.00"), Line(1, "7000.00", "60.00")
NEWCOMER_PAYS = "150.00"

_CLERK, _SELLER = Line(2, "8000.00", "90.00"), Line(3, "7000.00", "60.00")
_DRIVER = Line(4, "6500.00", "45.00")
_TEACHER = Line(5, "10000.00", "1600.00", SERVICES, "2010000")
_FIRST_TWO = (_CLERK, _SELLER)
_ALL_THREE = (_CLERK, _SELLER, _DRIVER)

# The one whose password is printed: months of every result.
ENROLLED = Agent(
    2,
    declared=(
        Declared(4, _FIRST_TWO),
        Declared(3, _FIRST_TWO),
        Declared(2, _ALL_THREE),
        Declared(1, _ALL_THREE),
    ),
    # The third person's tax of two months ago was never paid; last month's is on its way.
    paid=(
        Paid(4, "150.00"),
        Paid(3, "150.00"),
        Paid(2, "150.00"),
        Paid(1, "195.00", is_in_treasury=False),
    ),
)

AGENTS = (
    NEWCOMER,
    ENROLLED,
    # Additional tax was paid and not declared.
    Agent(
        3,
        declared=(
            Declared(2, (Line(6, "7500.00", "75.00"),)),
            Declared(1, (Line(6, "7500.00", "75.00"),)),
        ),
        paid=(Paid(2, "75.00"), Paid(2, "320.00", ADDITIONAL, "02"), Paid(1, "75.00")),
    ),
    # Agrees in total and not by item; late fees and a fine are shown and not compared.
    Agent(
        4,
        declared=(
            Declared(3, (Line(7, "8000.00", "90.00"), _TEACHER)),
            Declared(2, (Line(7, "8000.00", "90.00"),)),
        ),
        paid=(
            Paid(3, "1690.00"),
            Paid(2, "90.00"),
            Paid(2, "1.35", LATE_FEE),
            Paid(2, "200.00", FINE),
        ),
    ),
    # Everything agrees, a refund of what was withheld too much as well.
    Agent(
        5,
        declared=(
            Declared(3, (Line(8, "7000.00", "60.00"), Line(9, "7000.00", "90.00"))),
            Declared(3, (Line(9, "7000.00", "30.00"),), "refund"),
            Declared(2, (Line(8, "7000.00", "60.00"),)),
            Declared(1, (Line(8, "7000.00", "60.00"),)),
        ),
        paid=(Paid(3, "150.00"), Paid(3, "30.00", REFUND), Paid(2, "60.00"), Paid(1, "60.00")),
    ),
    # Paid and never declared.
    Agent(6, paid=(Paid(2, "2400.00"),)),
    # May not enrol.
    Agent(7, status="02"),
    # Of another office: declared and never paid.
    Agent(8, office=SECOND_OFFICE, declared=(Declared(2, (_TEACHER,)),)),
)

# Its payment waits in quarantine: no registration has come yet.
UNREGISTERED = Agent(9, paid=(Paid(2, "75.00"),))


def declarations(today: date) -> Iterator[dict[str, Any]]:
    """Yield what was handed in at the window, as the window's files say it.

    Last month's came yesterday, so that its settling day is still to come, those before on the
    tenth of the month that followed.
    """
    for agent in AGENTS:
        for declared in agent.declared:
            month = tax_month(today, declared.month)
            filed_on = tax_month(today, declared.month - 1).replace(day=10)
            if declared.month == 1:
                filed_on = today - timedelta(days=1)
            yield {
                "computer_code": agent.computer_code,
                "tax_month": f"{month:%Y-%m}",
                "kind": declared.kind,
                "coverage": "full",
                "declarant": "示例会计",
                "phone": "010-00000000",
                "address": f"示例路{agent.number}号",
                "postcode": "100000",
                "own_headcount": None,
                "other_headcount": None,
                "total_income": None,
                "lines": [_line(line) for line in declared.lines],
                "filed_on": filed_on.isoformat(),
            }


def _line(line: Line) -> dict[str, Any]:
    return {
        "name": person_name(line.person),
        "document_type": "01",
        "document_number": document_number(line.person),
        "country": "001",
        "occupation": line.occupation,
        "employed_here": line.item == WAGES,
        "income_item": line.item,
        "income": line.income,
        "tax_withheld": line.tax,
    }
