"""One person, one number: resident identity numbers of 15 and of 18 digits made equal.

GB 11643-1989 gave 15 digits: 6 of the area, the birth date as YYMMDD, 3 of sequence. GB 11643-1999
has 18: the same with the century, and a check digit. Nothing here says whether a number is valid.
"""

from __future__ import annotations

import unicodedata
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"


def same_person_number(number: str) -> str:
    """Return a document number such that a person's 15 and 18 digits become the same text.

    Compatibility forms (full-width digits) are folded, white space around it is dropped, letters
    become upper case. A text of 15 digits with a date of birth in it gets its century (19, the
    only one that numbers of 15 digits have) and its check digit. All else stays as it is.
    """
    text = unicodedata.normalize("NFKC", number).strip().upper()
    if len(text) != 15 or not (text.isascii() and text.isdigit()):
        return text
    try:
        date(1900 + int(text[6:8]), int(text[8:10]), int(text[10:12]))
    except ValueError:
        return text
    digits = f"{text[:6]}19{text[6:]}"
    return digits + check_digit(digits)


def check_digit(first_seventeen: str) -> str:
    """Return the last character of a resident identity number (ISO 7064, MOD 11-2)."""
    total = sum(
        int(digit) * weight for digit, weight in zip(first_seventeen, _WEIGHTS, strict=True)
    )
    return _CHECK_DIGITS[total % 11]


def mask_document_number(number: str) -> str:
    """Return what everybody may see of a document number, in its own length.

    Of 18 digits the first three and the last four, as people know it: `110***********1234`. Of a
    shorter number a third at most, and nothing of fewer than three characters.
    """
    length = len(number)
    shown = 7 if length >= 18 else length // 3
    head = shown // 2
    hidden = length - shown
    return number[:head] + "*" * hidden + number[head + hidden :]
