"""JKRK: payment records (section 2 of the agreement)."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from reconciliation.feed.refusals import FileRefusal, Reason, RefusalCode, Refused
from reconciliation.feed.rows import (
    BEIJING_OFFSET,
    SECOND_DAY,
    QuarantinedLine,
    RowCode,
    iso_day,
    real_day,
    real_moment,
)

FIELDS = 17
INCOME_TAX = "10106"


class PaymentKind(StrEnum):
    """税款种类 of a payment record."""

    REGULAR = "regular"
    ADDITIONAL = "additional"
    REFUND = "refund"
    LATE_FEE = "late_fee"
    FINE = "fine"


KINDS = dict(zip("12345", (kind.value for kind in PaymentKind), strict=True))


class PaymentRow(NamedTuple):
    """A good row, fit for COPY: days as YYYY-MM-DD, yuan as they came, an empty day as None.

    Treasury, bank and office know no rule: any text without LF and NUL, the empty one too.
    """

    line: int
    voucher_number: str
    line_number: int
    computer_code: str
    item: str
    tax_month: str
    period_from: str
    period_to: str
    kind: str
    amount: str
    paid_on: str
    in_treasury_on: str | None
    treasury: str
    bank: str
    office: str
    is_void: bool
    operation: str
    updated_at: str
    raw: str


class NotOurs(NamedTuple):
    """A row of another tax: counted, its amount too, and skipped."""

    line: int
    fen: int


_AMOUNT = re.compile(r"[0-9]{1,14}\.[0-9]{2}")
_VOUCHER_NUMBER = re.compile(r"[0-9A-Z]{1,20}")
_LINE_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_COMPUTER_CODE = re.compile(r"[0-9A-Z]{8}")
_ITEM = re.compile(r"0[1-9]")
_OPERATION = re.compile(r"[IUX]")

# A whole good row but for what only a calendar knows. Nearly all rows match, and one match is
# much quicker than looking at 17 fields; whatever does not match goes the careful way, which
# alone decides what is wrong with it.
_GOOD = re.compile(
    r"D\|([0-9A-Z]{1,20})\|([1-9][0-9]{0,2})\|([0-9A-Z]{8})\|10106\|(0[1-9])"
    r"\|([0-9]{8}\|[0-9]{8})\|([1-5])\|([0-9]{1,14})\.([0-9]{2})\|([0-9]{8})\|([0-9]{8}|)"
    r"\|([^|]*)\|([^|]*)\|([^|]*)\|([IUX])"
    r"\|([0-9]{8})([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])"
)


def parse_payment(line: int, text: str) -> PaymentRow | NotOurs | QuarantinedLine:
    """Read one row, rule by rule, in the order of the agreement's codes.

    Raises Refused with AMOUNT where the amount of a row with 17 fields cannot be read.
    """
    fields = text.split("|")
    if len(fields) != FIELDS:
        return QuarantinedLine(line, RowCode.FIELDS, 0, text)
    fen = _fen(line, fields[9])
    if fields[4] != INCOME_TAX:
        return NotOurs(line, fen)

    days = [real_day(fields[6]), real_day(fields[7]), real_day(fields[10])]
    in_treasury_on = real_day(fields[11]) if fields[11] else None
    updated_at = real_moment(fields[16])
    if (
        fields[0] != "D"
        or not _VOUCHER_NUMBER.fullmatch(fields[1])
        or not _LINE_NUMBER.fullmatch(fields[2])
        or not _COMPUTER_CODE.fullmatch(fields[3])
        or not _ITEM.fullmatch(fields[5])
        or fields[8] not in KINDS
        or None in days
        or (fields[11] and not in_treasury_on)
        or not _OPERATION.fullmatch(fields[15])
        or not updated_at
        # The feed's lines cannot hold these, a row that an operator has corrected could.
        or "\n" in text
        or "\0" in text
    ):
        return QuarantinedLine(line, RowCode.FORMAT, fen, text)
    if fields[6] > fields[7]:
        return QuarantinedLine(line, RowCode.PERIOD, fen, text)
    period = _period(f"{fields[6]}|{fields[7]}")
    if not period:
        return QuarantinedLine(line, RowCode.SPAN, fen, text)
    return PaymentRow(
        line=line,
        voucher_number=fields[1],
        line_number=int(fields[2]),
        computer_code=fields[3],
        item=fields[5],
        tax_month=period[0],
        period_from=period[1],
        period_to=period[2],
        kind=KINDS[fields[8]],
        amount=fields[9],
        paid_on=days[2] or "",
        in_treasury_on=in_treasury_on,
        treasury=fields[12],
        bank=fields[13],
        office=fields[14],
        is_void=fields[15] == "X",
        operation=fields[15],
        updated_at=updated_at,
        raw=text,
    )


def parse_good_payment(line: int, text: str) -> tuple[PaymentRow, int] | None:
    """Return a good row and its fen, quickly; None sends the row to `parse_payment`.

    The text is a line of the feed: it holds neither LF nor NUL.
    """
    found = _GOOD.fullmatch(text)
    if not found:
        return None
    (
        voucher_number,
        line_number,
        computer_code,
        item,
        period_text,
        kind,
        yuan,
        fen,
        paid,
        in_treasury,
        treasury,
        bank,
        office,
        operation,
        day,
        hour,
        minute,
        second,
    ) = found.groups()
    period = _period(period_text)
    paid_on = iso_day(paid)
    updated_on = iso_day(day)
    in_treasury_on = iso_day(in_treasury) if in_treasury else None
    if not period or not paid_on or not updated_on or (in_treasury and not in_treasury_on):
        return None
    if day < SECOND_DAY:
        return None
    tax_month, period_from, period_to = period
    # Past the class's own __new__, which takes twice as long.
    row = tuple.__new__(
        PaymentRow,
        (
            line,
            voucher_number,
            int(line_number),
            computer_code,
            item,
            tax_month,
            period_from,
            period_to,
            KINDS[kind],
            f"{yuan}.{fen}",
            paid_on,
            in_treasury_on,
            treasury,
            bank,
            office,
            operation == "X",
            operation,
            f"{updated_on} {hour}:{minute}:{second}{BEIJING_OFFSET}",
            text,
        ),
    )
    return row, int(yuan + fen)


def _fen(line: int, amount: str) -> int:
    if not _AMOUNT.fullmatch(amount):
        parameters = {"amount": amount[:40]}
        raise Refused(FileRefusal(RefusalCode.AMOUNT, Reason.AMOUNT_UNREADABLE, line, parameters))
    return int(amount.replace(".", ""))


@lru_cache(maxsize=20_000)
def _period(text: str) -> tuple[str, str, str] | None:
    """Return tax month, first and last day of YYYYMMDD|YYYYMMDD within one month, else None."""
    first, last = iso_day(text[:8]), iso_day(text[9:])
    if not first or not last or first > last or first[:7] != last[:7]:
        return None
    return f"{first[:7]}-01", first, last
