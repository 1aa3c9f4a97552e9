"""The likely causes of a month's difference. Pure: facts in, causes out (docs/causes.md)."""

from reconciliation.causes.books import Books, Cell, HeldRow, Line, Payment
from reconciliation.causes.causes import Cause, Code, Near
from reconciliation.causes.explaining import Explanation, explain

__all__ = [
    "Books",
    "Cause",
    "Cell",
    "Code",
    "Explanation",
    "HeldRow",
    "Line",
    "Near",
    "Payment",
    "explain",
]
