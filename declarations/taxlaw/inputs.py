"""The inputs of the methods: what each is called, what it may say, which column of a line has it.

The names are those of the worked examples, and the keys of a line's `facts`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Input:
    """One input. `kind` is amount, price, count, rate, flag, choice or accrued.

    A `needed` one has no lawful default: without it the law has no answer.
    """

    key: str
    kind: str
    choices: tuple[str, ...] = ()
    needed: bool = False


def amount(key: str, *, needed: bool = False) -> Input:
    return Input(key, "amount", needed=needed)


def unit_price(key: str) -> Input:
    return Input(key, "price")


def count(key: str, *, needed: bool = False) -> Input:
    return Input(key, "count", needed=needed)


def rate(key: str, *, needed: bool = False) -> Input:
    return Input(key, "rate", needed=needed)


def flag(key: str) -> Input:
    return Input(key, "flag")


def choice(key: str, choices: tuple[str, ...]) -> Input:
    return Input(key, "choice", choices)


DONATIONS = (amount("donation"), amount("donation_full"))
JOINED = (
    amount("income"),
    amount("extra"),
    amount("exempt"),
    amount("month_tax_already"),
    *DONATIONS,
    rate("reduction_rate"),
)
CUMULATIVE_WAGE = (
    amount("cum_income"),
    amount("cum_exempt"),
    amount("cum_basic"),
    amount("cum_special"),
    amount("cum_additional"),
    amount("cum_other"),
    *DONATIONS,
    amount("cum_reduction"),
    amount("cum_withheld"),
)
CUMULATIVE_LABOUR = (
    amount("cum_income"),
    amount("cum_exempt"),
    amount("cum_basic"),
    amount("cum_other"),
    amount("cum_reduction"),
    amount("cum_withheld"),
)
