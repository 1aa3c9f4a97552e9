"""What an agent's persons earn month by month, and the tax that the law withholds from it.

Amounts are whole fen. Wages (0101) by the method of the month, fees for services (02) and chance
income (08).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from declarations.taxlaw.case import CHINA, Case, Given
from declarations.taxlaw.methods import compute
from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from declarations.taxlaw.wages import basic_deduction
from reconciliation.simulation.cast import Agent
from reconciliation.simulation.chance import Chance
from reconciliation.simulation.options import Options

WAGES, SERVICES, WINNINGS = "0101", "02", "08"
# The numbers of persons: of those on the payroll, then of those who are paid now and then.
PERSONS_HERE, PERSONS_ELSEWHERE = 400, 90
OCCUPATIONS = ("2010000", "2060300", "2060000", "2090000", "1050000")


@dataclass(frozen=True, slots=True)
class Line:
    """A person's income of one item in a month, and its tax. `insured` is 三险一金."""

    person: int
    item: str
    income: int
    tax: int
    insured: int = 0

    @property
    def feed_item(self) -> str:
        """Return 征收品目: the first two digits."""
        return self.item[:2]


@dataclass(slots=True)
class Employee:
    """A person on the payroll, with the year's sums so far."""

    person: int
    wage: int
    insured: int
    year: int = 0
    months: int = 0
    income: int = 0
    special: int = 0
    withheld: int = 0


@dataclass
class Payroll:
    """An agent's payroll. Ask for the months in their order: it changes from one to the next."""

    options: Options
    agent: Agent
    employees: list[Employee] = field(default_factory=list)
    _next: int = 0

    def lines(self, month: date) -> list[Line]:
        """Return everybody's income in a month."""
        chance = Chance(self.options.seed, "payroll", self.agent.number, month)
        self._change(month, chance)
        lines = [self._wage(employee, month, chance) for employee in self.employees]
        if chance.happens(0.25):
            for _ in range(chance.randint(1, 2)):
                lines.append(self.other_line(month, chance))
        return lines

    def other_line(self, month: date, chance: Chance) -> Line:
        """Return what somebody who is not employed here is paid."""
        item = chance.choice((SERVICES, SERVICES, WINNINGS))
        income = chance.randrange(100_000, 900_000)
        tax = tax_of(Case(month, item, inputs={"income": yuan(income)}))
        return Line(PERSONS_HERE + chance.randrange(PERSONS_ELSEWHERE), item, income, tax)

    def _change(self, month: date, chance: Chance) -> None:
        if not self.employees:
            for _ in range(self.agent.persons):
                self._hire(chance)
            return
        for employee in list(self.employees):
            if chance.happens(0.01) and len(self.employees) > 1:
                self.employees.remove(employee)
            elif chance.happens(0.03):
                employee.wage += employee.wage * chance.randint(3, 12) // 100
        if chance.happens(min(0.5, 0.012 * len(self.employees))) and self._next < PERSONS_HERE:
            self._hire(chance)

    def _hire(self, chance: Chance) -> None:
        deduction = fen(basic_deduction(self.options.first_month, CHINA))
        low, high = chance.choice(((50, 95), (100, 180), (100, 250), (150, 400), (300, 1500)))
        wage = deduction * chance.randint(low * 10, high * 10) // 1000
        if chance.happens(0.6):
            wage -= wage % 1000
        insured = wage * chance.randint(80, 180) // 1000
        if chance.happens(self.options.rates.small_tax):
            # At the lowest rates that makes up to about a yuan of tax.
            wage = deduction + insured + chance.randint(100, 3_000)
        self.employees.append(Employee(self._next, wage, insured))
        self._next += 1

    def _wage(self, employee: Employee, month: date, chance: Chance) -> Line:
        income = employee.wage
        if chance.happens(0.08):
            income += income * chance.randint(1, 400) // 1000
        insured = employee.insured
        if month >= CUMULATIVE_FROM:
            tax = _cumulative(employee, month, income)
        else:
            inputs: dict[str, Given] = {"income": yuan(income), "exempt": yuan(insured)}
            tax = tax_of(Case(month, WAGES, inputs=inputs))
        return Line(employee.person, WAGES, income, tax, insured)


def _cumulative(employee: Employee, month: date, income: int) -> int:
    """Return the month's tax of a resident from 2019-01, and add the month to the year."""
    if employee.year != month.year:
        employee.year = month.year
        employee.months = employee.income = employee.special = employee.withheld = 0
    employee.months += 1
    employee.income += income
    employee.special += employee.insured
    tax = tax_of(
        Case(
            month,
            WAGES,
            inputs={
                "cum_income": yuan(employee.income),
                "cum_basic": basic_deduction(month, CHINA) * employee.months,
                "cum_special": yuan(employee.special),
                "cum_withheld": yuan(employee.withheld),
            },
        )
    )
    employee.withheld += tax
    return tax


def tax_of(case: Case) -> int:
    """Return what the law withholds, in fen."""
    return fen(compute(case).assessment.tax)


def yuan(amount: int) -> Decimal:
    """Return fen as yuan."""
    return Decimal(amount).scaleb(-2)


def fen(amount: Decimal) -> int:
    """Return yuan as fen."""
    return int(amount * 100)


def text(amount: int) -> str:
    """Return fen as files write yuan: `-12.30`."""
    sign = "-" if amount < 0 else ""
    return f"{sign}{abs(amount) // 100}.{abs(amount) % 100:02}"
