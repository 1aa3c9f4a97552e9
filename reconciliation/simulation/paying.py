"""How an agent pays a month: vouchers, their rows day by day, and what goes wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from declarations.taxlaw.tax_month import next_month, previous_month
from reconciliation.simulation.books import (
    ADDITIONAL,
    AGENT,
    FIELDS,
    FINE,
    FORMAT,
    KINDS,
    LATE_FEE,
    PERIOD,
    REFUND,
    REGULAR,
    SPAN,
    Code,
    Mistake,
    Place,
    Record,
    Row,
    Story,
)
from reconciliation.simulation.cast import Agent
from reconciliation.simulation.chance import Chance
from reconciliation.simulation.income import text
from reconciliation.simulation.mistakes import misspelt, shifted, transposed
from reconciliation.simulation.options import Rates
from reconciliation.simulation.results import deadline_of, is_small

# What happens to one of the vouchers of a kind; the others go their way.
OF_A_VOUCHER = (
    Code.PAID_TWICE,
    Code.NEIGHBOUR_MONTH,
    Code.OTHER_KIND,
    Code.DIGITS_TRANSPOSED,
    Code.DIGITS_SHIFTED,
    Code.IN_TRANSIT,
    Code.IN_QUARANTINE,
    Code.OTHER_AGENT,
    Code.OTHER_ITEM,
    Code.PARTLY_PAID,
    Code.UNEXPLAINED,
)
ONE_DAY = timedelta(days=1)
# 滞纳金: a day's share of the tax, in ten-thousandths (Tax Collection Law, article 32).
LATE_FEE_A_DAY = 5


@dataclass
class Paying:
    """The payments of one agent's month."""

    story: Story
    chance: Chance
    rates: Rates
    neighbours: list[Agent]
    records: list[Record] = field(default_factory=list)
    _vouchers: int = 0

    def pay(self, kind: str, codes: list[Code]) -> None:
        """Pay what is due of a kind, with these mistakes among what goes wrong."""
        chance, story, rates = self.chance, self.story, self.rates
        due: dict[str, int] = {}
        for line in story.lines[kind]:
            if line.tax:
                due[line.feed_item] = due.get(line.feed_item, 0) + line.tax
        if not due:
            return
        if is_small(story.month, sum(due.values())) and chance.happens(rates.small_tax_unpaid):
            self.records += [one for voucher in self._vouchers_of(kind, due, []) for one in voucher]
            return
        deadline = deadline_of(story.month)
        is_late = Code.LATE_FEE_AS_TAX in codes or chance.happens(rates.late_payment)
        if is_late:
            paid_on = deadline + chance.days(1, 45)
        else:
            paid_on = next_month(story.month) + chance.days(0, deadline.day - 1)
        of_vouchers = [code for code in OF_A_VOUCHER if code in codes]
        vouchers = self._vouchers_of(kind, due, of_vouchers)
        if len(vouchers) == 1 and Code.PARTLY_PAID in of_vouchers:
            of_vouchers.remove(Code.PARTLY_PAID)
        never = Code.NOT_PAID in codes and not chance.happens(rates.corrected)
        for voucher in vouchers:
            code = of_vouchers.pop() if of_vouchers else None
            self.records += voucher
            if Code.NOT_PAID in codes:
                if not never:
                    self._take(voucher, deadline + chance.days(30, 150))
            elif code is None:
                self._pay_in_order(voucher, paid_on)
            else:
                self._go_wrong(code, voucher, paid_on)
            if not is_late and chance.happens(0.5):
                paid_on = min(paid_on + chance.days(0, 3), deadline)
        if is_late and kind != REFUND and Code.NOT_PAID not in codes:
            total = sum(record.owed for voucher in vouchers for record in voucher)
            self._late_fee(
                kind, total, paid_on, (paid_on - deadline).days, Code.LATE_FEE_AS_TAX in codes
            )

    def pay_fine(self, paid_on: date) -> None:
        """Pay a fine, which is nobody's tax."""
        amount = self.chance.randrange(5_000, 200_000)
        record = Record(self._voucher(), 1, "01", rows=[])
        self.records.append(record)
        self._send(record, paid_on, kind=FINE, amount=amount)

    def _voucher(self) -> str:
        self._vouchers += 1
        month = self.story.month
        number = self.story.agent.number
        return f"M{number:06}{month.year:04}{month.month:02}{self._vouchers:02}"

    def _vouchers_of(self, kind: str, due: dict[str, int], wrong: list[Code]) -> list[list[Record]]:
        """Return the vouchers that pay what is due, a record an item, enough to go wrong."""
        chance = self.chance
        number = max(len(wrong), 1)
        if wrong and (Code.PARTLY_PAID in wrong or chance.happens(0.5)):
            number += 1
        halves = False
        if number == 1 and chance.happens(self.rates.split_payment):
            number = chance.randint(2, 3)
            halves = number == 2 and chance.happens(0.3)
        parts: list[dict[str, int]] = [{} for _ in range(number)]
        for item, amount in due.items():
            if amount < 200 * number:
                parts[0][item] = amount
                continue
            rest = amount
            for part in parts[:-1]:
                if halves:
                    share = amount // 2
                else:
                    share = amount * chance.randint(20, 70) // (100 * (number - 1))
                part[item] = share
                rest -= share
            parts[-1][item] = rest
        place = Place(self.story.agent.number, self.story.month, kind)
        return [
            [
                Record(voucher, line, item, place, amount)
                for line, (item, amount) in enumerate(part.items(), 1)
            ]
            for part in parts
            if part
            for voucher in [self._voucher()]
        ]

    def _pay_in_order(self, voucher: list[Record], paid_on: date) -> None:
        chance = self.chance
        if not chance.happens(self.rates.reversed_payment):
            self._take(voucher, paid_on)
            return
        # The bank takes the money back, and the agent pays again.
        back_on = paid_on + chance.days(3, 15)
        again_on = back_on + chance.days(1, 20)
        number = self._voucher()
        again = []
        for record in voucher:
            self._send(record, paid_on)
            self._correct(record, back_on, operation="X")
            again.append(replace(record, voucher=number, owes_from=back_on, rows=[]))
            record.owes_until = back_on
        self.records += again
        self._take(again, again_on)

    def _take(self, voucher: list[Record], paid_on: date) -> None:
        """Let the bank take a voucher's money, and the treasury have it within days."""
        chance = self.chance
        rates = self.rates
        in_two_steps = chance.happens(0.4)
        wait = chance.days(1, 3) if in_two_steps else chance.days(0, 2)
        for record in voucher:
            if in_two_steps:
                self._send(record, paid_on, in_treasury_on=None)
                self._correct(record, paid_on + wait, in_treasury_on=paid_on + wait)
                if chance.happens(rates.row_out_of_order):
                    record.rows[0] = replace(record.rows[0], day=paid_on + wait + chance.days(1, 3))
            else:
                self._send(record, paid_on, day=paid_on + wait)
            if chance.happens(rates.row_sent_again):
                row = chance.choice(record.rows)
                record.rows.append(replace(row, day=row.day + chance.days(1, 20)))

    def _send(self, record: Record, paid_on: date, **changes: object) -> None:
        """Send a record's first row: right, in the treasury, but for the changes."""
        agent = self.story.agent
        day = changes.get("day", paid_on)
        assert isinstance(day, date)  # noqa: S101  for the types
        row = Row(
            day=day,
            updated_at=self.chance.time_of(day),
            operation="I",
            agent=agent.number,
            computer_code=agent.computer_code,
            item=record.item,
            month=self.story.month,
            kind=record.place.kind if record.place else REGULAR,
            amount=record.owed,
            paid_on=paid_on,
            in_treasury_on=day,
        )
        record.rows.append(replace(row, **changes))  # type: ignore[arg-type]  # names of fields

    def _correct(self, record: Record, day: date, **changes: object) -> None:
        """Send a newer row of a record."""
        newer = {"operation": "U", "day": day, "updated_at": self.chance.time_of(day), **changes}
        record.rows.append(replace(record.rows[-1], **newer))  # type: ignore[arg-type]  # names

    def _corrected_on(self, record: Record) -> date | None:
        if not self.chance.happens(self.rates.corrected):
            return None
        return record.rows[-1].day + self.chance.days(3, 60)

    def _late_fee(self, kind: str, total: int, paid_on: date, days: int, as_tax: bool) -> None:
        amount = total * LATE_FEE_A_DAY * days // 10_000
        if not amount:
            return
        record = Record(self._voucher(), 1, "01")
        self.records.append(record)
        if as_tax:
            record.mistake = Mistake(Code.LATE_FEE_AS_TAX)
            self._send(record, paid_on, kind=kind, amount=amount)
            day = self._corrected_on(record)
            if day:
                self._correct(record, day, kind=LATE_FEE)
        else:
            self._send(record, paid_on, kind=LATE_FEE, amount=amount)

    # --- What goes wrong with a voucher ---

    def _go_wrong(self, code: Code, voucher: list[Record], paid_on: date) -> None:
        if code is Code.PAID_TWICE:
            self._paid_twice(voucher, paid_on)
        elif code is Code.PARTLY_PAID:
            if self.chance.happens(self.rates.corrected):
                self._take(voucher, deadline_of(self.story.month) + self.chance.days(20, 150))
        elif code is Code.IN_TRANSIT:
            self._in_transit(voucher, paid_on)
        elif code is Code.IN_QUARANTINE:
            self._in_quarantine(voucher, paid_on)
        elif code in (Code.NEIGHBOUR_MONTH, Code.OTHER_KIND, Code.OTHER_AGENT):
            self._elsewhere(code, voucher, paid_on)
        else:
            self._one_record(code, voucher, paid_on)

    def _paid_twice(self, voucher: list[Record], paid_on: date) -> None:
        self._take(voucher, paid_on)
        number = self._voucher()
        mistake = Mistake(Code.PAID_TWICE, {"repeats": voucher[0].voucher})
        again_on = paid_on + self.chance.days(0, 10)
        corrected_on: date | None = None
        for record in voucher:
            again = Record(number, record.line, record.item, mistake=mistake)
            self.records.append(again)
            kind = record.place.kind if record.place else REGULAR
            self._send(again, again_on, kind=kind, amount=record.owed)
            if record is voucher[0]:
                corrected_on = self._corrected_on(again)
            if corrected_on:
                self._correct(again, corrected_on, operation="X")

    def _in_transit(self, voucher: list[Record], paid_on: date) -> None:
        arrives_on = None
        if self.chance.happens(self.rates.corrected):
            arrives_on = paid_on + self.chance.days(20, 90)
        for record in voucher:
            self._send(record, paid_on, in_treasury_on=None)
            if arrives_on:
                self._correct(record, arrives_on, in_treasury_on=arrives_on)

    def _in_quarantine(self, voucher: list[Record], paid_on: date) -> None:
        spoilt = self.chance.choice((AGENT, FORMAT, PERIOD, SPAN, FIELDS))
        changes: dict[str, object] = {"spoilt": spoilt}
        right: dict[str, object] = {"spoilt": ""}
        if spoilt == AGENT:
            agent = self.story.agent
            code = misspelt(agent.computer_code, self.chance)
            changes |= {"agent": None, "computer_code": code}
            right |= {"agent": agent.number, "computer_code": agent.computer_code}
            if code is None:
                changes, right = {"spoilt": FORMAT}, {"spoilt": ""}
        self._send_wrong(voucher, paid_on, changes, right)

    def _elsewhere(self, code: Code, voucher: list[Record], paid_on: date) -> None:
        story, chance = self.story, self.chance
        changes: dict[str, object]
        right: dict[str, object]
        if code is Code.NEIGHBOUR_MONTH:
            month = chance.choice((previous_month, next_month))(story.month)
            changes, right = {"month": month}, {"month": story.month}
            facts = {"posted_to_month": month.isoformat()[:7]}
        elif code is Code.OTHER_KIND:
            kind = voucher[0].place.kind if voucher[0].place else REGULAR
            others = [other for other in (*KINDS, LATE_FEE) if other != kind]
            if kind == REGULAR:
                others = [ADDITIONAL, ADDITIONAL, REFUND, LATE_FEE]
            other = chance.choice(others)
            changes, right = {"kind": other}, {"kind": kind}
            facts = {"posted_to_kind": other}
        else:
            others_here = [
                one
                for one in self.neighbours
                if one.number != story.agent.number and one.first_month <= story.month
            ]
            if not others_here:
                self._take(voucher, paid_on)
                return
            agent = chance.choice(others_here)
            changes = {"agent": agent.number, "computer_code": agent.computer_code}
            right = {"agent": story.agent.number, "computer_code": story.agent.computer_code}
            facts = {"posted_to_agent": agent.computer_code}
        mistake = Mistake(code, facts)
        for record in voucher:
            record.mistake = mistake
        self._send_wrong(voucher, paid_on, changes, right)

    def _send_wrong(
        self,
        voucher: list[Record],
        paid_on: date,
        changes: dict[str, object],
        right: dict[str, object],
    ) -> None:
        """Send a voucher's rows as they should not be; perhaps they are put right later."""
        day: date | None = None
        for record in voucher:
            self._send(record, paid_on, **changes)
            if record is voucher[0]:
                day = self._corrected_on(record)
            if day:
                self._correct(record, day, **right)

    def _one_record(self, code: Code, voucher: list[Record], paid_on: date) -> None:
        """Let one record of a voucher be wrong in its amount or its item."""
        chance = self.chance
        record = max(voucher, key=lambda one: one.owed)
        self._take([one for one in voucher if one is not record], paid_on)
        right: dict[str, object] = {"amount": record.owed}
        amount: int | None = None
        if code is Code.OTHER_ITEM:
            item = chance.choice([one for one in ("01", "02", "04", "08") if one != record.item])
            record.mistake = Mistake(code, {"right_item": record.item, "posted_to_item": item})
            self._send_wrong([record], paid_on, {"item": item}, {"item": record.item})
            return
        if code is Code.DIGITS_TRANSPOSED:
            amount = transposed(record.owed, chance)
        elif code is Code.DIGITS_SHIFTED:
            amount = shifted(record.owed, chance)
        elif chance.happens(0.5):
            amount = unknown(record.owed, chance)
        else:
            # Money of which nobody knows what it is for.
            self._take([record], paid_on)
            stray = Record(self._voucher(), 1, record.item, mistake=Mistake(code))
            self.records.append(stray)
            kind = record.place.kind if record.place else REGULAR
            self._send(stray, paid_on + chance.days(0, 9), kind=kind, amount=unknown(0, chance))
            day = self._corrected_on(stray)
            if day:
                self._correct(stray, day, operation="X")
            return
        if amount is None:
            self._take([record], paid_on)
            return
        facts = {} if code is Code.UNEXPLAINED else {"right_amount": text(record.owed)}
        record.mistake = Mistake(code, facts)
        self._send_wrong([record], paid_on, {"amount": amount}, right)


def unknown(amount: int, chance: Chance) -> int:
    """Return another amount, for no reason."""
    change = chance.randint(101, max(20_000, amount))
    if amount > change + 100 and chance.happens(0.5):
        return amount - change
    return amount + change
