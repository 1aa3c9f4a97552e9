"""What the check of a declaration finds (计税逻辑校验): codes and figures, never sentences.

A finding (提醒) never makes a declaration unlawful: the clerk can keep the own figure. The codes
are stable; the wording stands elsewhere, in the user's language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal
from enum import StrEnum


class FindingCode(StrEnum):
    """What was found; the comment names the parameters."""

    # The tax of a line.
    TAX_DIFFERS = "TAX_DIFFERS"  # found, expected
    FACTS_MISSING = "FACTS_MISSING"  # lawful by some facts only; facts; found, expected if known
    NO_RULE = "NO_RULE"  # the month's law computes nothing for this item and person
    WRONG_FACT = "WRONG_FACT"  # fact
    UNUSED_FACTS = "UNUSED_FACTS"  # no method of the line reads them; facts
    REDUCTION_OVER_TAX = "REDUCTION_OVER_TAX"  # found, expected: at most the tax
    # The amounts of a line.
    EXEMPT_OVER_INCOME = "EXEMPT_OVER_INCOME"  # found, expected: at most the income
    DEDUCTION_OVER_LIMIT = "DEDUCTION_OVER_LIMIT"  # found, expected: the most to this month
    # The line among others.
    ONCE_A_YEAR = "ONCE_A_YEAR"  # months: those in which it was declared before
    ITEM_TWICE = "ITEM_TWICE"  # rows: the first lines of the same person and item
    NAME_DIFFERS = "NAME_DIFFERS"  # rows: the line with the same number and another name
    # The person's document.
    NUMBER_DOUBTFUL = "NUMBER_DOUBTFUL"  # reason, and what identity.Doubt says with it


class Severity(StrEnum):
    """How much a finding asks: a `warning` wants a tick or a remark, `information` nothing."""

    WARNING = "warning"
    INFORMATION = "information"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found about one field of one line.

    `row` is the line's number as the caller counts, `field` the plain name of
    declaration-format.md. `found` and `expected` are yuan to the fen, none where it is not about
    an amount. `params` never hold a name or a document number.
    """

    row: int
    field: str
    code: FindingCode
    severity: Severity
    found: Decimal | None = None
    expected: Decimal | None = None
    params: Mapping[str, str] = dataclass_field(default_factory=dict, hash=False)
