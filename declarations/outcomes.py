"""What the law makes of a line, in words and figures beside what was declared."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from declarations.explaining import Explanation, explain, percent
from declarations.law_words import name_label
from declarations.review import Assessed
from declarations.taxlaw.case import WrongFact
from declarations.taxlaw.methods import method_of
from declarations.taxlaw.parameters import NotInForce
from portal.templatetags.amounts import NOTHING, yuan

ZERO = Decimal(0)
# The computed and locked columns, beside the typed ones.
COMPUTED = ("deduction", "taxable", "rate", "quick_deduction", "tax")


class State(StrEnum):
    """How a line stands to the law of its month."""

    AGREES = "agrees"
    DIFFERS = "differs"
    FACTS_MISSING = "facts_missing"
    WRONG_FACT = "wrong_fact"
    NO_RULE = "no_rule"


# In the colours of a badge: what the law does not compute is no fault.
_BADGES = {
    State.AGREES: "done",
    State.DIFFERS: "fault",
    State.FACTS_MISSING: "info",
    State.WRONG_FACT: "fault",
    State.NO_RULE: "neutral",
}


@dataclass(frozen=True)
class Figure:
    name: str
    label: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """A line beside the law: its state and sentence, the figures, and how they came about."""

    state: State
    sentence: str
    figures: list[Figure]
    explanation: Explanation | None

    @property
    def badge(self) -> str:
        return _BADGES[self.state]


def outcome_of(assessed: Assessed) -> Outcome:
    """Return what to say about a line that was assessed, explained."""
    state = state_of(assessed)
    figures = [
        Figure(name, name_label(name), text)
        for name, text in zip(COMPUTED, computed_texts(assessed), strict=True)
    ]
    figures.append(Figure("difference", difference_label(), yuan(assessed.difference)))
    explanation = explain(assessed.result) if assessed.result else None
    return Outcome(state, _sentence(assessed, state), figures, explanation)


def state_of(assessed: Assessed) -> State:
    """Return how a line stands to the law; it lacks facts if some would make its tax lawful."""
    if assessed.wrong:
        return State.WRONG_FACT
    if assessed.missing:
        return State.FACTS_MISSING
    if assessed.result is None:
        return State.NO_RULE
    if assessed.agrees:
        return State.AGREES
    return State.DIFFERS if assessed.facts_that_would_do() is None else State.FACTS_MISSING


def computed_texts(assessed: Assessed | None) -> list[str]:
    """Return the figures of COMPUTED as they are read; nothing where the law has no answer."""
    if assessed is None or assessed.result is None:
        return [NOTHING] * len(COMPUTED)
    found = assessed.result.assessment
    return [
        yuan(found.deduction),
        yuan(found.taxable),
        percent(found.rate),
        yuan(found.quick_deduction),
        yuan(found.tax),
    ]


def computed_labels() -> list[str]:
    """Return the headings of COMPUTED."""
    return [name_label(name) for name in COMPUTED]


def difference_label() -> str:
    """Return the heading of what was withheld above the tax of the law."""
    return pgettext("已扣税额与应扣税额", "差额")


def mark_of(assessed: Assessed) -> tuple[str, bool]:
    """Return the word that marks a line's difference, and whether it is off; empty if it agrees."""
    state = state_of(assessed)
    return _word(assessed, state), state in (State.DIFFERS, State.WRONG_FACT)


def _word(assessed: Assessed, state: State) -> str:
    match state:
        case State.DIFFERS:
            is_over = assessed.difference is not None and assessed.difference > ZERO
            return _("多扣") if is_over else _("少扣")
        case State.FACTS_MISSING:
            return _("缺少事实")
        case State.WRONG_FACT:
            return _("计税事实有误")
        case State.NO_RULE:
            return _("没有规定")
        case _:
            return ""


def _sentence(assessed: Assessed, state: State) -> str:
    match state:
        case State.AGREES:
            return _("与税法一致")
        case State.DIFFERS:
            amount = {"amount": yuan(abs(assessed.difference or ZERO))}
            if assessed.difference is not None and assessed.difference > ZERO:
                return _("与应扣税额相差 %(amount)s 元(多扣)") % amount
            return _("与应扣税额相差 %(amount)s 元(少扣)") % amount
        case State.FACTS_MISSING:
            facts = assessed.facts_that_would_do() or assessed.missing
            return _("缺少事实:%(facts)s") % {"facts": _named(assessed, facts)}
        case State.WRONG_FACT:
            return _("计税事实有误:%(facts)s") % {"facts": _named(assessed, (assessed.wrong,))}
        case _:
            return _("本月税法没有规定")


def _named(assessed: Assessed, facts: tuple[str, ...]) -> str:
    try:
        method = method_of(assessed.case).name if assessed.case else ""
    except (NotInForce, WrongFact):
        method = ""
    separator = pgettext("between items of a list", "、")
    return separator.join(name_label(fact, method) for fact in facts)
