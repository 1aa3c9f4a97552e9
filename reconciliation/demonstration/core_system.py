"""The demonstration's core collection system: it writes feed files as core-feed.md says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from declarations.models import PaymentWatermark
from declarations.taxlaw.tax_month import next_month
from reconciliation import inbox
from reconciliation.demonstration.cast import AGENTS, UNREGISTERED, Agent, Paid, tax_month
from reconciliation.feed import FeedKind, FeedName, Refused, parse_name
from reconciliation.models import FeedDay, FeedFile

ONE_DAY = timedelta(days=1)
# A day on which somebody plays the bank has so many files. What nobody played comes empty, later.
FILES_OF_A_PLAYED_DAY = 20


class NoMoreFiles(Exception):
    """The files that the day was announced to have are all delivered."""


def deliver(
    folder: Path, name: FeedName, rows: Sequence[str], *, count: int = 1, total: str = ""
) -> str:
    """Write a file, then its marker; return its name. `total` stands for a wrong one."""
    if name.kind is FeedKind.PAYMENTS and not total:
        total = f"{sum((Decimal(row.split('|')[9]) for row in rows), Decimal('0.00')):.2f}"
    lines = [
        f"H|{name.kind}|1.0|{name.day}|{name.number:03}|{count}",
        *rows,
        f"T|{len(rows)}|{total}",
    ]
    content = "".join(f"{line}\n" for line in lines).encode("gb18030")
    path = folder / str(name)
    path.write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    # Whole under another name first: a file whose marker is half written would be refused.
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(f"{digest} {len(content)}\n")
    draft.rename(path.with_name(f"{path.name}{inbox.MARKER_SUFFIX}"))
    return str(name)


def registration(agent: Agent, day: date) -> str:
    """Return an agent's row of registration, written on a day."""
    return (
        f"D|{agent.computer_code}|||{agent.name}|01|{agent.document_number}|{agent.status}"
        f"|{agent.office.code}|{agent.office.name}|示例管理员|示例路{agent.number}号|100000"
        f"|010-00000000|1800.00|{day:%Y%m%d}010000"
    )


def payment(
    voucher: str,
    computer_code: str,
    month: date,
    paid: Paid,
    *,
    day: date,
    paid_on: date,
    operation: str = "I",
    line: int = 1,
) -> str:
    """Return a row of payment, written on a day; in the treasury the day after it was paid."""
    in_treasury_on = min(paid_on + ONE_DAY, day) if paid.is_in_treasury else None
    return (
        f"D|{voucher}|{line}|{computer_code}|10106|{paid.item}|{month:%Y%m%d}"
        f"|{next_month(month) - ONE_DAY:%Y%m%d}|{paid.kind}|{paid.amount}|{paid_on:%Y%m%d}"
        f"|{f'{in_treasury_on:%Y%m%d}' if in_treasury_on else ''}|110000|示例银行|110105"
        f"|{operation}|{day:%Y%m%d}180000"
    )


def deliver_registrations(folder: Path, today: date) -> None:
    """Deliver the registrations of all agents but one, before the first payments."""
    day = first_day(today)
    rows = [registration(agent, day) for agent in AGENTS]
    deliver(folder, FeedName(FeedKind.REGISTRATIONS, day, 1), rows)


def first_day(today: date) -> date:
    """Return the first day of the demonstration's payment data."""
    return today - 5 * ONE_DAY


def deliver_refused(folder: Path, today: date) -> None:
    """Deliver a payment file with a wrong TOTAL; the good one of its name comes afterwards."""
    name = FeedName(FeedKind.PAYMENTS, first_day(today) + 2 * ONE_DAY, 1)
    deliver(folder, name, [], total="100.00")


def deliver_history(folder: Path, today: date) -> None:
    """Deliver the payments of the months before last in the first file, then a file a day."""
    first = first_day(today)
    days: dict[date, list[str]] = {first + n * ONE_DAY: [] for n in range(4)}
    for number, (agent, paid) in enumerate(_payments(), start=1):
        if paid.month == 1:
            continue
        month = tax_month(today, paid.month)
        paid_on = tax_month(today, paid.month - 1).replace(day=10)
        days[first].append(
            payment(
                f"DEMO{number:06}", agent.computer_code, month, paid, day=first, paid_on=paid_on
            )
        )
    month, paid_on = tax_month(today, 2), tax_month(today, 1).replace(day=10)
    waiting = first + 3 * ONE_DAY
    days[waiting].append(
        payment(
            "DEMO900001",
            UNREGISTERED.computer_code,
            month,
            UNREGISTERED.paid[0],
            day=waiting,
            paid_on=paid_on,
        )
    )
    for day, rows in days.items():
        deliver(folder, FeedName(FeedKind.PAYMENTS, day, 1), rows)


def deliver_last_night(folder: Path, today: date) -> None:
    """Deliver yesterday's payments: those of last month."""
    yesterday = today - ONE_DAY
    rows = [
        payment(
            f"DEMO{number:06}",
            agent.computer_code,
            tax_month(today, 1),
            paid,
            day=yesterday,
            paid_on=yesterday,
        )
        for number, (agent, paid) in enumerate(_payments(), start=1)
        if paid.month == 1
    ]
    deliver(folder, FeedName(FeedKind.PAYMENTS, yesterday, 1), rows)


def deliver_missing(folder: Path, today: date) -> list[str]:
    """Deliver an empty file for each that is still to come of the days before today."""
    watermark = PaymentWatermark.objects.first()
    if watermark is None:
        return []
    day = watermark.complete_to + ONE_DAY if watermark.complete_to else watermark.first_day
    delivered = _numbers_from(folder, day)
    counts = dict(
        FeedDay.objects.filter(kind=FeedKind.PAYMENTS, business_date__gte=day).values_list(
            "business_date", "count"
        )
    )
    names = []
    while day < today:
        count = counts.get(day, 1)
        for number in sorted(set(range(1, count + 1)) - delivered.get(day, set())):
            name = FeedName(FeedKind.PAYMENTS, day, number)
            names.append(deliver(folder, name, [], count=count))
        day += ONE_DAY
    return names


def deliver_payment(folder: Path, today: date, computer_code: str, month: date, paid: Paid) -> str:
    """Deliver today's next payment file, with one payment. NoMoreFiles."""
    announced = FeedDay.objects.filter(kind=FeedKind.PAYMENTS, business_date=today).first()
    count = announced.count if announced else FILES_OF_A_PLAYED_DAY
    number = max(_numbers_from(folder, today).get(today, set()), default=0) + 1
    if number > count:
        raise NoMoreFiles
    row = payment(
        f"DEMO{today:%Y%m%d}{number:03}", computer_code, month, paid, day=today, paid_on=today
    )
    name = FeedName(FeedKind.PAYMENTS, today, number)
    return deliver(folder, name, [row], count=count)


def _payments() -> Iterator[tuple[Agent, Paid]]:
    for agent in AGENTS:
        for paid in agent.paid:
            yield agent, paid


def _numbers_from(folder: Path, day: date) -> dict[date, set[int]]:
    """Return the numbers of the payment files from a day on that were imported or wait."""
    numbers: dict[date, set[int]] = {}
    for business_date, number in _imported(day):
        numbers.setdefault(business_date, set()).add(number)
    for name in _waiting(folder):
        numbers.setdefault(name.business_date, set()).add(name.number)
    return numbers


def _imported(day: date) -> Iterable[tuple[date, int]]:
    imported = FeedFile.objects.filter(
        kind=FeedKind.PAYMENTS, state=FeedFile.State.IMPORTED, business_date__gte=day
    )
    for business_date, number in imported.values_list("business_date", "number"):
        if business_date is not None and number is not None:
            yield business_date, number


def _waiting(folder: Path) -> Iterator[FeedName]:
    for text in inbox.complete_files(folder):
        try:
            name = parse_name(text)
        except Refused:
            continue
        if name.kind is FeedKind.PAYMENTS:
            yield name
