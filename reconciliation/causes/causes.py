"""A cause, its stable code, and the candidates that failed a test."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """What a difference comes from. The codes are stable: programs may depend on them."""

    IN_TRANSIT = "IN_TRANSIT"
    IN_QUARANTINE = "IN_QUARANTINE"
    OTHER_KIND = "OTHER_KIND"
    NEIGHBOUR_MONTH = "NEIGHBOUR_MONTH"
    OTHER_AGENT = "OTHER_AGENT"
    PAID_TWICE = "PAID_TWICE"
    LATE_FEE_AS_TAX = "LATE_FEE_AS_TAX"
    LINE_DOUBLED = "LINE_DOUBLED"
    LINE_MISSING = "LINE_MISSING"
    DIGITS_SHIFTED = "DIGITS_SHIFTED"
    DIGITS_TRANSPOSED = "DIGITS_TRANSPOSED"
    NOT_PAID = "NOT_PAID"
    NOT_DECLARED = "NOT_DECLARED"
    PARTLY_PAID = "PARTLY_PAID"
    UNEXPLAINED = "UNEXPLAINED"


MOVES = frozenset({Code.OTHER_KIND, Code.NEIGHBOUR_MONTH, Code.OTHER_AGENT})
"""A payment was posted elsewhere."""


class Test(StrEnum):
    """The test that a candidate failed."""

    AMOUNT = "AMOUNT"
    """It comes to another amount than the difference."""
    AMBIGUOUS = "AMBIGUOUS"
    """Something else explains the difference equally well."""
    DIGITS = "DIGITS"
    """The line differs from the person's usual tax by the difference, but by no slip of digits."""


@dataclass(frozen=True)
class Near:
    """A candidate that does not explain the difference, and the test it failed. Yuan."""

    code: Code
    amount: Decimal
    failed: Test
    evidence: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the candidate as an entry of evidence."""
        return {
            "nearest": self.code.value,
            "amount": f"{self.amount:.2f}",
            "failed": self.failed.value,
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True)
class Cause:
    """A part of *declared less paid* of one kind, in yuan with its sign, and what it rests on."""

    code: Code
    kind: str
    amount: Decimal
    evidence: tuple[dict[str, Any], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the cause as `explain_months` prints it."""
        return {
            "code": self.code.value,
            "kind": self.kind,
            "amount": f"{self.amount:.2f}",
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True)
class Piece:
    """A candidate. `cost` is the lower, the better it is supported; `uses` is what it rests on.

    Two pieces that rest on one thing do not go together. A `sure` piece is there whether or not
    the rest of the difference can be explained.
    """

    cause: Cause
    cost: int
    uses: frozenset[object] = field(default_factory=frozenset)
    sure: bool = False

    @property
    def amount(self) -> Decimal:
        return self.cause.amount
