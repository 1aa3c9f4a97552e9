"""What a row in quarantine says, as far as it can be read."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

from reconciliation.causes.books import HeldRow

_AMOUNT = re.compile(r"[0-9]{1,14}\.[0-9]{2}")
_CODE = re.compile(r"[0-9A-Z]{8}")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")
_DAY = re.compile(r"([0-9]{4})(0[1-9]|1[0-2])[0-9]{2}")
_KINDS = {"1": "regular", "2": "additional", "3": "refund"}
_INCOME_TAX = "10106"
_LEAST_FIELDS = 10
"""Up to the amount; what comes behind does not matter here."""


def read_held_row(file: str, file_line: int, code: str, text: str) -> tuple[str, HeldRow] | None:
    """Return the computer code that a payment row bears, and the row; none if it says too little.

    A void row, one of another tax and one that is not in the treasury by its own words are none.
    """
    fields = text.split("|")
    if len(fields) < _LEAST_FIELDS or fields[4] != _INCOME_TAX or "X" in fields[14:16]:
        return None
    days = [_DAY.fullmatch(field) for field in fields[6:8]]
    months = tuple(
        sorted({date(int(day[1]), int(day[2]), 1) for day in days if day and day[1] > "0000"})
    )
    if not (
        months
        and _CODE.fullmatch(fields[3])
        and fields[8] in _KINDS
        and _AMOUNT.fullmatch(fields[9])
    ):
        return None
    row = HeldRow(
        file=file,
        file_line=file_line,
        code=code,
        voucher=fields[1],
        line=int(fields[2]) if _NUMBER.fullmatch(fields[2]) else 0,
        months=months,
        kind=_KINDS[fields[8]],
        amount=Decimal(fields[9]),
    )
    return fields[3], row


def codes_one_off(computer_code: str) -> list[str]:
    """Return the codes that differ from this one in one character."""
    return [
        f"{computer_code[:at]}{other}{computer_code[at + 1 :]}"
        for at, own in enumerate(computer_code)
        for other in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        if other != own
    ]
