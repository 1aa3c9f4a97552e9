"""An agent's months, one after the other: what was due, how it was declared and paid."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from declarations.taxlaw.tax_month import next_month
from reconciliation.simulation.books import (
    ADDITIONAL,
    KINDS,
    REFUND,
    REGULAR,
    Code,
    Mistake,
    Record,
    Slip,
    Story,
)
from reconciliation.simulation.cast import Agent
from reconciliation.simulation.chance import Chance
from reconciliation.simulation.income import WAGES, Line, Payroll, text
from reconciliation.simulation.mistakes import drawn, shifted, transposed
from reconciliation.simulation.options import Options
from reconciliation.simulation.paying import ONE_DAY, Paying, unknown
from reconciliation.simulation.results import deadline_of

# Made in a declared line; these three may as well be made in a payment.
OF_A_LINE = (Code.LINE_MISSING, Code.LINE_DOUBLED)
OF_EITHER = (Code.DIGITS_TRANSPOSED, Code.DIGITS_SHIFTED, Code.UNEXPLAINED)


@dataclass
class Life:
    """What an agent does in all its months. `neighbours` are those with nearly the same code."""

    options: Options
    agent: Agent
    neighbours: list[Agent]
    stories: dict[date, Story] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    other_taxes: list[tuple[date, str]] = field(default_factory=list)

    def live(self) -> None:
        """Let all months come to pass."""
        payroll = Payroll(self.options, self.agent)
        for month in self.options.tax_months:
            if month < self.agent.first_month:
                continue
            chance = Chance(self.options.seed, "month", self.agent.number, month)
            self.stories[month] = self._month(payroll, month, chance)

    def _month(self, payroll: Payroll, month: date, chance: Chance) -> Story:
        rates = self.options.rates
        lines = self._lines(payroll, month, chance)
        story = Story(self.agent, month, lines, _heads(lines[REGULAR]))
        if self.agent.partial_coverage:
            taxed = [line for line in lines[REGULAR] if line.tax]
            lines[REGULAR] = taxed or lines[REGULAR]
        codes = drawn(rates, chance) if any(story.due(kind) for kind in lines) else []
        self._declare(story, codes, chance)
        self._pay(story, codes, chance)
        if chance.happens(rates.other_tax):
            self.other_taxes.append(_other_tax(story, chance))
        return story

    def _lines(self, payroll: Payroll, month: date, chance: Chance) -> dict[str, list[Line]]:
        lines = {REGULAR: payroll.lines(month)}
        if chance.happens(self.options.rates.additional):
            extra = [payroll.other_line(month, chance) for _ in range(chance.randint(1, 2))]
            lines[ADDITIONAL] = extra
        taxed = [line for line in lines[REGULAR] if line.item == WAGES and line.tax >= 100]
        if taxed and chance.happens(self.options.rates.refund):
            line = chance.choice(taxed)
            tax = line.tax * chance.randint(5, 60) // 100
            lines[REFUND] = [replace(line, tax=tax)]
        return lines

    def _declare(self, story: Story, codes: list[Code], chance: Chance) -> None:
        rates = self.options.rates
        deadline = deadline_of(story.month)
        if Code.NOT_DECLARED in codes:
            if not chance.happens(rates.corrected):
                return
            filed_on = deadline + chance.days(30, 120)
        elif chance.happens(rates.late_declaration):
            filed_on = deadline + chance.days(1, 40)
        else:
            filed_on = next_month(story.month) + chance.days(0, deadline.day - 1)
        # A declaration of an agent whom nobody knows yet would be refused.
        story.filed_on = max(filed_on, self.agent.registered_on + ONE_DAY)
        if chance.happens(rates.repeated_declaration):
            story.repeated_on = story.filed_on + chance.days(0, 5)
        for code in (*OF_A_LINE, *OF_EITHER):
            if code not in codes or (code in OF_EITHER and chance.happens(0.5)):
                continue
            slip = _slip(story, code, chance)
            if slip is None:
                continue
            if code in OF_EITHER:
                codes.remove(code)
            if chance.happens(rates.corrected):
                slip.fixed_on = story.filed_on + chance.days(3, 60)
            story.slips.append(slip)

    def _pay(self, story: Story, codes: list[Code], chance: Chance) -> None:
        paying = Paying(story, chance, self.options.rates, self.neighbours)
        due = [kind for kind in KINDS if story.due(kind)]
        # Mostly it is the month's ordinary tax that something happens to.
        struck = chance.choice([REGULAR, REGULAR, *due]) if due else REGULAR
        if struck not in due:
            struck = due[0] if due else REGULAR
        for kind in due:
            paying.pay(kind, codes if kind == struck else [])
        if chance.happens(self.options.rates.fine):
            paying.pay_fine(deadline_of(story.month) + chance.days(1, 40))
        self.records += paying.records


def _heads(lines: list[Line]) -> tuple[int, int, int]:
    """Return persons employed here, persons elsewhere, and what all were paid."""
    here = {line.person for line in lines if line.item == WAGES}
    elsewhere = {line.person for line in lines} - here
    return len(here), len(elsewhere), sum(line.income for line in lines)


def _slip(story: Story, code: Code, chance: Chance) -> Slip | None:
    """Return a mistake in a declared line that has none yet; none if no line will do."""
    kinds = [REGULAR, REGULAR, *story.lines]
    kind = chance.choice(kinds)
    lines = story.lines[kind]
    used = {slip.line for slip in story.slips if slip.kind == kind}
    free = [at for at, line in enumerate(lines) if line.tax >= 100 and at not in used]
    if not free or (code is Code.LINE_MISSING and len(lines) - len(used) < 2):
        return None
    at = chance.choice(free)
    line = lines[at]
    if code is Code.LINE_MISSING:
        return Slip(Mistake(code), kind, at)
    if code is Code.LINE_DOUBLED:
        return Slip(Mistake(code), kind, at, doubled=True)
    if code is Code.DIGITS_TRANSPOSED:
        declared = transposed(line.tax, chance)
    elif code is Code.DIGITS_SHIFTED:
        declared = shifted(line.tax, chance)
    else:
        declared = unknown(line.tax, chance)
    if declared is None:
        return None
    facts = {} if code is Code.UNEXPLAINED else {"right_amount": text(line.tax)}
    return Slip(Mistake(code, facts), kind, at, declared)


def _other_tax(story: Story, chance: Chance) -> tuple[date, str]:
    """Return a row of a tax that is not individual income tax, and its day."""
    day = next_month(story.month) + chance.days(0, 27)
    tax = chance.choice(("10101", "10102", "10104", ""))
    month = story.month.isoformat().replace("-", "")
    row = (
        f"D|O{story.agent.number:06}{month}|1|{story.agent.computer_code}|{tax}|01|{month}|{month}"
        f"|1|{text(chance.randrange(1, 10**7))}|{day:%Y%m%d}|{day:%Y%m%d}|110000|模拟银行|110105|I"
        f"|{chance.time_of(day)}"
    )
    return day, row


def rows_of(record: Record, last_day: date) -> Iterator[tuple[date, str]]:
    """Yield a record's rows, as the feed has them, with the days of their files, to a day."""
    for row in record.rows:
        if row.day <= last_day:
            yield row.day, row.text(record.voucher, record.line)
