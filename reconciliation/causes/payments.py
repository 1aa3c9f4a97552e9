"""What happened to a payment itself: under way, held back, made twice, a late fee in truth."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

from declarations.taxlaw.tax_month import filing_deadline
from reconciliation.causes.books import KINDS, ZERO, Books, Cell, HeldRow, Voucher, vouchers_of
from reconciliation.causes.causes import Cause, Code, Piece

DAYS_BETWEEN_TWO = timedelta(days=31)
"""A payment that repeats one of longer ago is taken for another one."""

LATE_FEE_A_DAY = Decimal("0.0005")
"""Law on the Administration of Tax Collection (2001), article 32."""

DAYS_OF_HOLIDAYS = 10
"""By so many days holidays may have moved the deadline."""

FEN = Decimal("0.01")


def evidence_of(voucher: Voucher, **more: object) -> tuple[dict[str, object], ...]:
    """Return an entry for each line of a voucher."""
    return tuple({**payment.as_json, **more} for payment in voucher.payments)


def used(voucher: Voucher) -> frozenset[object]:
    """Return what a piece of this voucher rests on."""
    return frozenset(("payment", payment.voucher, payment.line) for payment in voucher.payments)


def in_transit(books: Books, cell: Cell) -> Iterator[Piece]:
    """Yield the vouchers that the bank took and the treasury has not."""
    payments = books.payments_of.get(cell, ())
    for voucher in vouchers_of(payment for payment in payments if not payment.in_treasury):
        if voucher.amount:
            cause = Cause(Code.IN_TRANSIT, cell.kind, voucher.amount, evidence_of(voucher))
            yield Piece(cause, 0, used(voucher), sure=True)


def in_quarantine(books: Books, cell: Cell) -> Iterator[Piece]:
    """Yield the vouchers with rows in quarantine that may be of this cell."""
    groups: dict[str, list[HeldRow]] = defaultdict(list)
    for row in books.held:
        if row.kind == cell.kind and cell.month in row.months:
            groups[row.voucher or f"{row.file}:{row.file_line}"].append(row)
    for rows in groups.values():
        amount = sum((row.amount for row in rows), ZERO)
        if not amount:
            continue
        sure = all(len(row.months) == 1 and row.names_the_agent for row in rows)
        evidence = tuple(row.as_json for row in rows)
        uses = frozenset(("held", row.file, row.file_line) for row in rows)
        cause = Cause(Code.IN_QUARANTINE, cell.kind, amount, evidence)
        yield Piece(cause, 0 if sure else 1, uses, sure=sure)


def paid_twice(books: Books, cell: Cell) -> Iterator[Piece]:
    """Yield the vouchers that repeat an earlier one of the cell, item by item."""
    first: dict[object, Voucher] = {}
    for voucher in books.counted.get(cell, ()):
        earlier = first.setdefault(voucher.content, voucher)
        if earlier is voucher or voucher.paid_on - earlier.paid_on > DAYS_BETWEEN_TWO:
            first[voucher.content] = voucher
            continue
        evidence = evidence_of(voucher, repeats=earlier.number)
        cause = Cause(Code.PAID_TWICE, cell.kind, -voucher.amount, evidence)
        # Two honest equal halves are paid on one day; a repetition is often of a later one.
        later = voucher.paid_on > earlier.paid_on
        yield Piece(cause, 1, used(voucher), sure=later and cell not in books.lines_of)


def late_fees_as_tax(books: Books, cell: Cell) -> Iterator[Piece]:
    """Yield the vouchers that are to the fen the late fee of tax paid on the same day.

    Of one voucher, or of all others of the day; a broken fen is rounded or dropped.
    """
    days: dict[date, list[Voucher]] = defaultdict(list)
    for voucher in vouchers_of(books.payments_of.get(cell, ())):
        days[voucher.paid_on].append(voucher)
    counted = {voucher.number for voucher in books.counted.get(cell, ())}
    deadline = filing_deadline(cell.month)
    for day, vouchers in days.items():
        late = (day - deadline).days
        for fee in vouchers if late > 0 else ():
            if fee.number not in counted:
                continue
            others = [voucher for voucher in vouchers if voucher is not fee]
            for taxed in [[voucher] for voucher in others] + [others] * (len(others) > 1):
                tax = sum((voucher.amount for voucher in taxed), ZERO)
                days_late = _days_late(fee.amount, tax, late)
                if days_late is None:
                    continue
                sum_ = {
                    "late_fee_of": [voucher.number for voucher in taxed],
                    "tax": f"{tax:.2f}",
                    "days_late": days_late,
                }
                evidence = evidence_of(fee, **sum_)
                cause = Cause(Code.LATE_FEE_AS_TAX, cell.kind, -fee.amount, evidence)
                yield Piece(cause, 1, used(fee), sure=days_late == late)


def _days_late(fee: Decimal, tax: Decimal, late: int) -> int | None:
    """Return the days for which so much is the late fee of a tax, both in yuan; none if for none.

    Holidays may have moved the deadline.
    """
    for days in range(late, max(0, late - DAYS_OF_HOLIDAYS - 1), -1):
        exact = tax * LATE_FEE_A_DAY * days
        if fee and fee in (exact.quantize(FEN, ROUND_DOWN), exact.quantize(FEN, ROUND_HALF_UP)):
            return days
    return None


def posted_as_late_fee(books: Books, cell: Cell) -> Iterator[Piece]:
    """Yield the late fees of the month that are none: nothing was late, or far too large."""
    if cell.kind not in KINDS:
        return
    deadline = filing_deadline(cell.month)
    for kind in ("late_fee", "fine"):
        for voucher in books.counted.get(Cell(cell.month, kind), ()):
            days = max((voucher.paid_on - deadline).days, 0)
            largest = max(books.declared(cell), books.paid(cell)) * LATE_FEE_A_DAY * (days + 1)
            if kind == "late_fee" and voucher.amount <= largest:
                continue
            evidence = evidence_of(voucher, posted_to_kind=kind)
            cause = Cause(Code.OTHER_KIND, cell.kind, voucher.amount, evidence)
            sure = kind == "late_fee" and days == 0
            yield Piece(cause, 1 if sure else 2, used(voucher), sure=sure)
