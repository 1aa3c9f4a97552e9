"""The explanation of a figure: the steps of its computation, to read and as JSON.

Both say the same, in the reader's language: what each step is, its formula with the numbers in it,
what came out, and the legal texts that it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from declarations.law_words import (
    COUNTS,
    PRICES,
    SHARES,
    method_title,
    name_label,
    note_sentence,
)
from declarations.taxlaw.methods import Result
from declarations.taxlaw.texts import cite
from declarations.taxlaw.working import Step, Term, to_fen

ONE = Decimal(1)
# Names that say that donations come off later, which they need not.
_BEFORE_DONATION = {
    "taxable_before_donation": "taxable",
    "cumulative_taxable_before_donation": "cumulative_taxable",
}


@dataclass(frozen=True)
class Row:
    """A step as it is read; all is text in the reader's language."""

    name: str
    label: str
    formula: str
    value: str
    note: str
    citations: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """How a figure came about: the method's title, and a row for each step."""

    title: str
    rows: tuple[Row, ...]


def explain(result: Result) -> Explanation:
    """Return the explanation of a result in the language of the moment."""
    speaker = _Speaker(result)
    return Explanation(
        method_title(result.method.name),
        tuple(
            Row(
                step.name,
                speaker.label(step.name, is_last=step is result.steps[-1]),
                speaker.formula(step),
                written(step.name, step.value),
                note_sentence(step.note),
                tuple(cited(step.references)),
            )
            for step in result.steps
        ),
    )


def explained_json(result: Result) -> list[dict[str, Any]]:
    """Return the steps of a result as JSON: amounts in yuan and fractions as plain decimal text.

    `note` is the sentence, `note_code` its stable word.
    """
    speaker = _Speaker(result)
    return [
        {
            "name": step.name,
            "label": speaker.label(step.name, is_last=step is result.steps[-1]),
            "formula": speaker.formula(step),
            "value": plain(step.name, step.value),
            "terms": [
                {
                    "operator": term.operator,
                    "name": term.name,
                    "label": speaker.label(term.name),
                    "value": plain(term.name, term.value),
                }
                for term in step.terms
            ],
            "note": note_sentence(step.note),
            "note_code": step.note,
            "references": references_json(step.references),
        }
        for step in result.steps
    ]


def cited(references: Iterable[str]) -> list[str]:
    """Return what citations are called in the reader's language."""
    citations = [cite(reference) for reference in references]
    english = speaks_english()
    return [citation.english if english else citation.chinese for citation in citations]


def references_json(references: Sequence[str]) -> list[dict[str, str]]:
    """Return citations as JSON: the stable one, and what it is called."""
    return [
        {"citation": reference, "text": text}
        for reference, text in zip(references, cited(references), strict=True)
    ]


def speaks_english() -> bool:
    """Tell whether the reader's language is English."""
    return (get_language() or "").startswith("en")


def written(name: str, value: Decimal) -> str:
    """Return a number as it is read: 3,400.00 yuan, 15%, 12 months."""
    if name in SHARES:
        return percent(value)
    if name in COUNTS:
        return f"{_trimmed(value):,f}"
    if name in PRICES and -value.as_tuple().exponent > 2:  # type: ignore[operator]  # finite
        return f"{value:,f}"
    return f"{to_fen(value):,.2f}"


def plain(name: str, value: Decimal) -> str:
    """Return a number for programs: an amount with two decimals, a share as a fraction."""
    if name in SHARES or name in COUNTS or name in PRICES:
        return f"{_trimmed(value):f}"
    return f"{to_fen(value):.2f}"


def percent(share: Decimal) -> str:
    """Return a share in per cent: `3%`, `0.5%`."""
    return f"{_trimmed(share * 100):f}%"


def _trimmed(value: Decimal) -> Decimal:
    return value.normalize() if value else Decimal(0)


class _Speaker:
    """Finds the words for the steps of one result."""

    def __init__(self, result: Result) -> None:
        self.method = result.method.name
        names = {step.name for step in result.steps}
        self.has_donation = "donation_limit" in names
        self.is_cumulative = "cumulative_taxable_before_donation" in names

    def label(self, name: str, *, is_last: bool = False) -> str:
        if not self.has_donation:
            name = _BEFORE_DONATION.get(name, name)
        elif self.is_cumulative and name in ("taxable", "taxable_before_donation"):
            name = f"cumulative_{name}"
        if is_last and name == "tax_due":
            name = "tax"  # nothing comes off it any more
        elif name == "tax" and not is_last:
            name = "tax_due"
        return name_label(name, self.method)

    def formula(self, step: Step) -> str:
        """Return `收入额 5,000.00 - 费用扣除标准 1,600.00 = 3,400.00`.

        Idle terms (zeros, × 1) are left out, but for the first. It is `≈` where the numbers as they
        are written do not make the value to the fen, and `< 0` where the law takes 0 for less.
        """
        if step.name == "level":
            return self._level(step)
        terms = _busy(step.terms)
        left = self._left(terms)
        if len(terms) == 1 and terms[0].value == step.value:
            return left
        if step.note in ("below_zero", "nothing_refunded"):
            return f"{left} < 0"
        sign = "=" if _value_of(terms) == _as_written(step.name, step.value) else "≈"
        return f"{left} {sign} {written(step.name, step.value)}"

    def _level(self, step: Step) -> str:
        amount, quick = step.terms
        if not step.value:
            return _("%(amount)s,不适用税率") % {"amount": self._term(amount)}
        return _("%(amount)s 对应税率 %(rate)s,速算扣除数 %(quick)s") % {
            "amount": self._term(amount),
            "rate": percent(step.value),
            "quick": written(quick.name, quick.value),
        }

    def _left(self, terms: Sequence[Term]) -> str:
        """Write terms that are worked off from left to right."""
        text = self._term(terms[0])
        is_sum = False
        for term in terms[1:]:
            if term.operator == "min":
                text = _("%(first)s 与 %(second)s 中较小的") % {
                    "first": text,
                    "second": self._term(term),
                }
                continue
            if term.operator in "×÷" and is_sum:
                text, is_sum = f"({text})", False
            is_sum = is_sum or term.operator in "+-"
            text = f"{text} {term.operator} {self._term(term)}"
        return text

    def _term(self, term: Term) -> str:
        return f"{self.label(term.name)} {written(term.name, term.value)}"


def _busy(terms: Sequence[Term]) -> list[Term]:
    """Leave out the terms that change nothing; a formula begins with what others come off."""
    first, *others = terms
    busy = [term for term in others if not _is_idle(term)]
    if first.value or not busy or busy[0].operator != "+":
        busy.insert(0, first)
    return busy


def _is_idle(term: Term) -> bool:
    return not term.value if term.operator in "+-" else term == ("×", term.name, ONE)


def _value_of(terms: Sequence[Term]) -> Decimal:
    """Work terms off as they are written, from left to right."""
    value = Decimal(0)
    for term in terms:
        number = _as_written(term.name, term.value)
        match term.operator:
            case "+":
                value += number
            case "-":
                value -= number
            case "×":
                value *= number
            case "÷":
                value /= number
            case "min":
                value = min(value, number)
    return value


def _as_written(name: str, value: Decimal) -> Decimal:
    return Decimal(plain(name, value))
