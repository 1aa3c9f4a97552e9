"""One income of one person in one month: what the law has to know of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation

CHINA = "001"
ZERO = Decimal(0)
_DIGITS = 18

Given = Decimal | int | str | bool | Mapping[str, object]


class FactsMissing(LookupError):
    """The law cannot say what the tax is without these facts."""

    def __init__(self, *facts: str) -> None:
        super().__init__(", ".join(facts))
        self.facts = facts


class WrongFact(ValueError):
    """A fact has a value that it cannot have."""

    def __init__(self, fact: str, value: object) -> None:
        super().__init__(f"{fact}: {value!r}")
        self.fact = fact
        self.value = value


def amount_of(key: str, value: object) -> Decimal:
    """Return a value as a Decimal; WrongFact for what is no number of 0 or more.

    Nor is what no column of the form can hold, 18 digits before the point.
    """
    if isinstance(value, bool) or not isinstance(value, (Decimal, int, str)):
        raise WrongFact(key, value)
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise WrongFact(key, value) from None
    if not number.is_finite() or number < 0:
        raise WrongFact(key, value)
    if number and not -_DIGITS <= number.adjusted() < _DIGITS:
        raise WrongFact(key, value)
    return number


@dataclass(frozen=True)
class Case:
    """One income item of one person in the month of payment.

    `inputs` has the keys of the worked examples: amounts in yuan as Decimal or plain decimal text,
    choices as text, an absent amount is 0. `resident` matters from 2019-01, `country` (a code of
    the manual's table) to 2018-12. `bureau` names whose local parameters hold, if any.
    """

    tax_month: date
    income_item: str
    resident: bool = True
    country: str = CHINA
    inputs: Mapping[str, Given] = field(default_factory=dict)
    bureau: str = ""

    def amount(self, key: str) -> Decimal:
        """Return an input as a Decimal, absent 0; WrongFact for what is no number of 0 or more."""
        return amount_of(key, self.inputs[key]) if key in self.inputs else ZERO

    def told(self, key: str) -> Decimal:
        """Return an input that must be given; FactsMissing without it."""
        if key not in self.inputs:
            raise FactsMissing(key)
        return self.amount(key)

    def divisor(self, key: str) -> Decimal:
        """Return an input that must be given and above 0; FactsMissing without it."""
        number = self.amount(key)
        if not number:
            raise FactsMissing(key)
        return number

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """Return an input that is one of the choices, absent an empty text; else WrongFact."""
        value = self.inputs.get(key, "")
        if value and value not in choices:
            raise WrongFact(key, value)
        return str(value)

    def flag(self, key: str) -> bool:
        """Return an input that is true or false, absent false; else WrongFact."""
        value = self.inputs.get(key, False)
        if value in (True, "true", "是"):
            return True
        if value in (False, "false", "否", ""):
            return False
        raise WrongFact(key, value)

    def has(self, *keys: str) -> bool:
        """Tell whether any of these inputs is given."""
        return any(key in self.inputs for key in keys)
