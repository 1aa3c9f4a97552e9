"""Numbers of persons and of organisations: what makes two one, and whose check digits are right.

Persons: GB 11643-1989 gave 15 digits: 6 of the area, the birth date as YYMMDD, 3 of sequence.
GB 11643-1999 has 18: the same with the century, and a check digit. Whether one is valid is the
law's matter (`declarations.taxlaw.identity`). Organisations: GB 32100-2015 and GB 11714.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"

# GB 32100-2015, 4.3: no I, O, S, V, Z.
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_VALUES = {character: value for value, character in enumerate(_CREDIT_ALPHABET)}
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))

_ORGANISATION_CODE = re.compile(r"[0-9A-Z]{8}[0-9X]")
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
_ORGANISATION_CHECK_DIGITS = "0X987654321"


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


def is_credit_code(text: str) -> bool:
    """Tell whether 18 characters bear the right check digit (统一社会信用代码, GB 32100-2015, 4.3).

    stdnum.cn.uscc is no help: it refuses the registering authorities A, N and Y, and takes
    lower case and blanks.
    """
    if len(text) != 18 or not set(text) <= _CREDIT_VALUES.keys():
        return False
    pairs = zip(text, _CREDIT_WEIGHTS, strict=False)
    total = sum(_CREDIT_VALUES[character] * weight for character, weight in pairs)
    return text[17] == _CREDIT_ALPHABET[-total % 31]


def is_organisation_code(text: str) -> bool:
    """Tell whether 9 characters bear the right check digit (组织机构代码, GB 11714).

    They stand in a credit code as its 9th to 17th, too. The hyphen before the last, with which it
    is printed, is none of them.
    """
    if not _ORGANISATION_CODE.fullmatch(text):
        return False
    pairs = zip(text, _ORGANISATION_WEIGHTS, strict=False)
    total = sum(int(character, 36) * weight for character, weight in pairs)
    return text[8] == _ORGANISATION_CHECK_DIGITS[total % 11]


def is_strange_credit_code(code: str) -> bool:
    """Tell whether a registered credit code needs a look: what is in it is no organisation code.

    The core system sends only codes whose own check digit is right, and this refuses none. An
    agent without one is not strange.
    """
    return code != "" and not (is_credit_code(code) and is_organisation_code(code[8:17]))


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
