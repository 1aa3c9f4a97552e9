"""Identity numbers by document type: one person, one number; what is wrong with one; masks.

GB 11643-1999 for the resident number of 18 digits, GB 11643-1989 for that of 15. To mark a valid
number as invalid is much worse than the reverse: areas are not looked at, and only the resident
identity card (type 01) is checked hard. python-stdnum's `stdnum.cn.ric` would refuse 15 digits,
areas that its table does not know, and residence permits.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from declarations.faults import Fault, FaultCode
from portal.identity_numbers import check_digit, same_person_number

RESIDENT_CARD = "01"
# 港澳居民居住证 and 台湾居民居住证: the 18-digit rule, with these areas.
RESIDENCE_PERMIT_AREAS = {"07": ("81", "82"), "08": ("83",)}
FIELD = "document_number"


def normalise_document_number(document_type: str, number: str) -> str:
    """Return a number such that one person has one: NFKC, trimmed, upper case.

    A resident card's 15 digits become the 18 of the same person. A number that is no number stays
    as it is otherwise: this says nothing about validity.
    """
    if document_type == RESIDENT_CARD:
        return same_person_number(number)
    return unicodedata.normalize("NFKC", number).strip().upper()


def check_document_number(
    document_type: str,
    number: str,
    *,
    row: int | None = None,
    born_by: date | None = None,
) -> Fault | None:
    """Return what makes a number refusable: a bad number of type 身份证; no other type is checked.

    `born_by` is the last day on which the person can have been born; without it any real date will
    do. The number may be as typed: it is normalised first.
    """
    if document_type != RESIDENT_CARD:
        return None
    return _check_resident_number(
        normalise_document_number(document_type, number), row=row, born_by=born_by
    )


def doubt_document_number(
    document_type: str, number: str, *, row: int | None = None
) -> Fault | None:
    """Return what is strange about a residence permit's number: a finding, never a refusal.

    Types 07 and 08 follow the 18-digit rule, with areas 81 and 82, or 83 (unconfirmed).
    """
    areas = RESIDENCE_PERMIT_AREAS.get(document_type)
    if areas is None:
        return None
    text = normalise_document_number(document_type, number)
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return _fault("LENGTH" if len(text) != 18 else "DIGITS", row, found=str(len(text)))
    if not text.startswith(areas):
        return _fault("AREA", row, found=text[:2])
    return _check_resident_number(text, row=row, born_by=None)


def _check_resident_number(text: str, *, row: int | None, born_by: date | None) -> Fault | None:
    # A real number of 15 digits was given its century and check digit; one without a date was not.
    if len(text) == 15 and re.fullmatch(r"[0-9]{15}", text):
        return _fault("BIRTH_DATE", row, found=f"19{text[6:12]}")
    if len(text) != 18:
        return _fault("LENGTH", row, found=str(len(text)))
    if not re.fullmatch(r"[0-9]{17}[0-9X]", text):
        return _fault("DIGITS", row)
    birth = text[6:14]
    try:
        born = date(int(birth[:4]), int(birth[4:6]), int(birth[6:]))
    except ValueError:
        return _fault("BIRTH_DATE", row, found=birth)
    if born_by is not None and born > born_by:
        return _fault("BIRTH_DATE", row, found=birth)
    expected = check_digit(text[:-1])
    if text[-1] != expected:
        return _fault("CHECK_DIGIT", row, expected=expected, found=text[-1])
    return None


def _fault(reason: str, row: int | None, **params: str) -> Fault:
    return Fault(FIELD, FaultCode.IDENTITY, {"reason": reason, **params}, row)


def mask_document_number(number: str) -> str:
    """Return a number as others may see it: `110***********1234`, of the same length.

    Three characters before and four after the stars; of a short number less than half is shown.
    """
    text = number.strip()
    if len(text) >= 15:
        head, tail = 3, 4
    else:
        head, tail = len(text) // 5, len(text) // 4
    hidden = len(text) - head - tail
    return text[:head] + "*" * hidden + text[len(text) - tail :]


def mask_name(name: str) -> str:
    """Return a name as others may see it: `张*`, its first character and a star for each other.

    Combining marks and variation selectors stay with their character; white space stays.
    """
    masked: list[str] = []
    for character in name.strip():
        if unicodedata.category(character).startswith("M"):
            if len(masked) == 1:
                masked[0] += character
        elif not masked:
            masked.append(character)
        else:
            masked.append(character if character.isspace() else "*")
    return "".join(masked) if len(masked) > 1 else "*" * len(masked)
