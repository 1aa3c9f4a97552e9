"""Digits as clerks mistype them, and which mistakes befall a month."""

from __future__ import annotations

from reconciliation.simulation.books import Code
from reconciliation.simulation.chance import Chance
from reconciliation.simulation.options import Rates

# A clerk's letter for a digit: a code that nobody has, for computer codes here are digits.
LOOKS_LIKE = {"0": "O", "1": "I", "2": "Z", "5": "S", "6": "G", "8": "B"}


def transposed(amount: int, chance: Chance) -> int | None:
    """Return an amount with two digits beside each other exchanged; none if that is no change."""
    digits = str(amount)
    places = [
        at
        for at in range(len(digits) - 1)
        if digits[at] != digits[at + 1] and not (at == 0 and digits[1] == "0")
    ]
    if not places:
        return None
    at = chance.choice(places)
    return int(f"{digits[:at]}{digits[at + 1]}{digits[at]}{digits[at + 2 :]}")


def shifted(amount: int, chance: Chance) -> int:
    """Return an amount whose point has slipped by a digit: ten times it, or a tenth."""
    if amount % 10 == 0 and amount >= 100 and chance.happens(0.5):
        return amount // 10
    return amount * 10


def misspelt(computer_code: str, chance: Chance) -> str | None:
    """Return a code with a letter that looks like its digit; none if none of its digits does."""
    places = [at for at, digit in enumerate(computer_code) if digit in LOOKS_LIKE]
    if not places:
        return None
    at = chance.choice(places)
    return f"{computer_code[:at]}{LOOKS_LIKE[computer_code[at]]}{computer_code[at + 1 :]}"


def drawn(rates: Rates, chance: Chance) -> list[Code]:
    """Return what goes wrong in a month, mostly nothing; no code twice."""
    found = [code for code in Code if chance.happens(getattr(rates, code.lower()))]
    if found and chance.happens(rates.combined):
        others = [code for code in Code if code not in found and getattr(rates, code.lower())]
        if others:
            found.append(chance.choice(others))
    return found
