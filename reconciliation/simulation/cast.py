"""Who plays: made-up withholding agents and persons, with numbers right in form and nobody's.

Agents and persons are called 模拟 (simulated). Persons were born before 1920. Credit codes bear an
area that does not exist. Agents live in neighbourhoods of ten, whose computer codes differ in one
digit, at a place that differs from neighbourhood to neighbourhood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from portal.identity_numbers import check_digit
from reconciliation.simulation.chance import Chance, compact
from reconciliation.simulation.options import MOST_PERSONS, Options

NEIGHBOURS = 10
STEMS = "甲乙丙丁戊己庚辛壬癸"
OFFICES = 100

_AREAS = ("110105", "110106", "110107", "110108")
_FIRST_BIRTH = date(1901, 1, 1)
_BIRTHDAYS = 6900
# The registration form names a person who is not on the payroll.
_REGISTRANT = MOST_PERSONS - 1

_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_NO_AREA = "990000"


@dataclass(frozen=True, slots=True)
class Registration:
    """What the register says of an agent since a day: a row of SWDJ."""

    day: date
    updated_at: str
    computer_code: str
    collection_code: str
    credit_code: str
    name: str
    document_number: str
    status: str
    office: int
    administrator: str
    street: int
    telephone: str
    withheld_last_year: int

    def text(self) -> str:
        """Return the row."""
        office = f"{11010000 + self.office}|模拟第{self.office}税务所"
        last_year = f"{self.withheld_last_year // 100}.{self.withheld_last_year % 100:02}"
        return (
            f"D|{self.computer_code}|{self.collection_code}|{self.credit_code}|{self.name}|01"
            f"|{self.document_number}|{self.status}|{office}|{self.administrator}"
            f"|模拟路{self.street}号|100000|{self.telephone}|{last_year}|{self.updated_at}"
        )


@dataclass
class Agent:
    """A withholding agent, by its number in the world, from 0."""

    number: int
    computer_code: str
    registrations: list[Registration] = field(default_factory=list)
    first_month: date = date.min
    persons: int = 1
    partial_coverage: bool = False

    @property
    def registered_on(self) -> date:
        return self.registrations[0].day

    @property
    def name(self) -> str:
        return self.registrations[0].name


def computer_code(number: int) -> str:
    """Return an agent's code: its place of difference, then the neighbourhood and the neighbour."""
    neighbourhood, neighbour = divmod(number, NEIGHBOURS)
    place = 1 + neighbourhood % 7
    digits = f"{neighbourhood:06}"
    return f"{place}{digits[: place - 1]}{neighbour}{digits[place - 1 :]}"


def document_number(agent: int, person: int) -> str:
    """Return the identity number of an agent's person, another for each."""
    day, sequence = divmod(agent * MOST_PERSONS + person, 1000)
    area, day = divmod(day, _BIRTHDAYS)
    born = _FIRST_BIRTH + timedelta(days=day)
    digits = f"{_AREAS[area]}{compact(born)}{sequence:03}"
    return digits + check_digit(digits)


def person_name(person: int) -> str:
    """Return a name such as 模拟甲丙, of the person's number."""
    return "模拟" + "".join(STEMS[int(digit)] for digit in str(person))


def credit_code(number: int) -> str:
    """Return a credit code (GB 32100-2015) in an area that nobody has."""
    digits = f"M{number:07}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(int(one, 36) * weight for one, weight in zip(digits, weights, strict=True))
    first = f"91{_NO_AREA}{digits}{'0X987654321'[total % 11]}"
    total = sum(_CREDIT_ALPHABET.index(one) * pow(3, at, 31) for at, one in enumerate(first))
    return first + _CREDIT_ALPHABET[-total % 31]


def make_agent(options: Options, number: int) -> Agent:
    """Make an agent with all its registrations, whenever they come."""
    chance = Chance(options.seed, "agent", number)
    rates = options.rates
    agent = Agent(number, computer_code(number), first_month=options.first_month)
    quarters = chance.choice((1, 1, 2, 2, 3, 4, 6, 13))
    agent.persons = max(1, min(400, options.persons * quarters * chance.randint(75, 125) // 400))
    agent.partial_coverage = chance.happens(rates.partial_coverage)
    day = options.first_day
    if chance.happens(rates.late_agent):
        month = chance.randint(1, 3)
        agent.first_month = options.tax_months[min(month, options.months - 1)]
        # Some are registered only after their first payment has come.
        day = agent.first_month + chance.days(30, 55)
    agent.registrations.append(
        Registration(
            day=day,
            updated_at=chance.time_of(day),
            computer_code=agent.computer_code,
            collection_code=f"SW{number:08}" if chance.happens(0.8) else "",
            credit_code=credit_code(number) if chance.happens(0.9) else "",
            name=f"模拟第{number + 1:05}号有限公司",
            document_number=document_number(number, _REGISTRANT),
            status="01",
            office=1 + number // NEIGHBOURS % OFFICES,
            administrator=f"模拟管理员{chance.choice(STEMS)}",
            street=chance.randint(1, 999),
            telephone=f"010-0000{chance.randrange(10**4):04}",
            withheld_last_year=chance.randrange(10**8),
        )
    )
    agent.registrations += _changes(options, agent)
    return agent


def _changes(options: Options, agent: Agent) -> Iterator[Registration]:
    """Yield later versions, and some that are sent again."""
    said = agent.registrations[0]
    for month in options.tax_months:
        chance = Chance(options.seed, "registration", agent.number, month)
        if not chance.happens(options.rates.registration_change):
            continue
        day = month + chance.days(1, 27)
        if day <= said.day:
            continue
        what = chance.randrange(6)
        if what == 0:
            yield replace(said, day=day)
            continue
        said = replace(said, day=day, updated_at=chance.time_of(day))
        if what == 1:
            said = replace(said, administrator=f"模拟管理员{chance.choice(STEMS)}")
        elif what == 2:
            said = replace(said, street=chance.randint(1, 999))
        elif what == 3:
            said = replace(said, telephone=f"010-0000{chance.randrange(10**4):04}")
        elif what == 4:
            said = replace(said, status=chance.choice(("01", "02", "03", "04")))
        else:
            said = replace(said, office=chance.randint(1, OFFICES))
        yield said
