"""A computation as it is shown: steps, each with its numbers and the texts that it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any, NamedTuple

from declarations.taxlaw.parameters import parameter
from declarations.taxlaw.rates import NO_LEVEL, ZERO, Level, rate_table

FEN = Decimal("0.01")
NOTHING = Decimal("0.00")
# Far below any figure of the law: what a division cut off ends before it.
_NOISE = Decimal("1e-12")
# Room for the largest amounts beside it.
_WIDE = Context(prec=80)


def to_fen(amount: Decimal) -> Decimal:
    """Round yuan to the fen, half up: once, on the final tax."""
    # 1655 may have come back from a division as 1654.999…9: that is no half to be rounded.
    return amount.quantize(_NOISE, context=_WIDE).quantize(FEN, ROUND_HALF_UP, context=_WIDE)


class Term(NamedTuple):
    """A number in a formula: what is done with it (`+ - × ÷`, or `min`), its name, its value."""

    operator: str
    name: str
    value: Decimal


def of(name: str, value: Decimal) -> Term:
    """Begin a formula, or add to it."""
    return Term("+", name, value)


plus = of


def minus(name: str, value: Decimal) -> Term:
    return Term("-", name, value)


def times(name: str, value: Decimal) -> Term:
    return Term("×", name, value)


def divided_by(name: str, value: Decimal) -> Term:
    return Term("÷", name, value)


def at_most(name: str, value: Decimal) -> Term:
    """Cap what stands before: the smaller of the two."""
    return Term("min", name, value)


class Step(NamedTuple):
    """One line of an explanation: `name` = the terms from left to right = `value`.

    A step named `level` found a rate: its first term is the amount that was looked up, its second
    the quick deduction. `note` is a stable word for what was decided here (`below_zero`: less than
    nothing counts as nothing); `references` are citations (`texts.cite`).
    """

    name: str
    value: Decimal
    terms: tuple[Term, ...]
    references: tuple[str, ...] = ()
    note: str = ""


class Assessment(NamedTuple):
    """What the law makes of a line. Amounts are yuan; only `tax` is rounded, to the fen.

    `taxable` 应纳税所得额, `rate` 税率 as a fraction, `quick_deduction` 速算扣除数, `tax` 应扣税额
    of this line, never below 0, `deduction` 费用扣除标准.
    """

    taxable: Decimal
    rate: Decimal
    quick_deduction: Decimal
    tax: Decimal
    deduction: Decimal = ZERO


@dataclass
class Working:
    """The steps of one computation, in a month whose law holds."""

    day: date
    steps: list[Step] = field(default_factory=list)

    def step(
        self,
        name: str,
        value: Decimal,
        *terms: Term,
        by: Iterable[str] = (),
        note: str = "",
        floor: bool = False,
    ) -> Decimal:
        """Write a step down and return its value; with `floor` nothing if it is below 0."""
        if floor and value < ZERO:
            value, note = NOTHING, note or "below_zero"
        self.steps.append(Step(name, value, terms, tuple(by), note))
        return value

    def level(
        self, table: str, amount: Decimal, name: str = "taxable", *, at_least_first: bool = False
    ) -> Level:
        """Look an amount up in a rate table; `at_least_first` gives nothing the lowest level."""
        rates = rate_table(table, self.day)
        level = rates.level(amount)
        if at_least_first and level is NO_LEVEL:
            level = rates.levels[0]
        self.steps.append(
            Step(
                "level",
                level.rate,
                (of(name, amount), of("quick_deduction", level.quick_deduction)),
                parameter(table).cited(self.day),
            )
        )
        return level

    def value(self, name: str) -> Decimal:
        """Return a parameter's value in force; NotInForce without one."""
        value: Decimal = parameter(name).at(self.day)
        return value

    def values(self, name: str) -> Any:
        """Return a parameter that is a mapping or a list."""
        return parameter(name).at(self.day)

    def cited(self, *names: str) -> tuple[str, ...]:
        """Return what the parameters of these names rest on."""
        return tuple(
            dict.fromkeys(text for name in names for text in parameter(name).cited(self.day))
        )
