"""Identity numbers by document type: one person, one number; what is wrong with one; masks.

GB 11643-1999 for the resident number of 18 digits, GB 11643-1989 for that of 15. To mark a valid
number as invalid is much worse than the reverse: only the resident identity card (type 01) is
checked hard, and its area is never more than a doubt. python-stdnum's `stdnum.cn.ric` would refuse
15 digits, residence permits, and who was born before the area's code began.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple

from declarations.faults import Fault, FaultCode
from declarations.taxlaw.areas import doubt_area
from declarations.taxlaw.tax_month import format_tax_month
from portal.identity_numbers import check_digit, same_person_number

RESIDENT_CARD = "01"
# 港澳居民居住证 and 台湾居民居住证: the 18-digit rule, with these areas.
RESIDENCE_PERMIT_AREAS = {"07": ("81", "82"), "08": ("83",)}
PERMANENT_RESIDENCE = "09"
FIELD = "document_number"

# No official text read so far confirms these months: whence doubts, and nothing harder.
OLD_NUMBERS_UNTIL = date(2013, 1, 1)
RESIDENCE_PERMITS_FROM = date(2018, 9, 1)
NEW_PERMANENT_RESIDENCE_FROM = date(2023, 12, 1)

_EIGHTEEN = re.compile(r"[0-9]{17}[0-9X]")
_PERMANENT_RESIDENCE = re.compile(r"[A-Z]{3}[0-9]{12}")
_NEW_PERMANENT_RESIDENCE = re.compile(r"9[0-9]{16}[0-9X]")
# Wide on purpose. A household register (02) bears a resident number or its own, an officer's card
# (04) words, any other document (99) anything.
_FORMS = {
    # Passports, of China and of all other countries.
    "03": re.compile(r"[A-Z0-9]{5,}"),
    # 港澳居民来往内地通行证: how often it was renewed may follow.
    "05": re.compile(r"[HM][0-9]{8}([0-9]{2})?"),
    # 台湾居民来往大陆通行证: 8 digits, earlier 10 and a letter; a letter first for one journey.
    "06": re.compile(r"[A-Z]?[0-9]{7,10}(\(?[A-Z0-9]{1,2}\)?)?"),
}


class Doubt(NamedTuple):
    """What is strange about a number: a finding for the clerk to look at, never a refusal.

    `reason` and its parameters are stable; neither holds any part of the number:

    AREA         nobody born then can have a number of this area: `until` which year there was one;
                 `since` when there is one, long after the tax month; neither: there never was
    OLD_NUMBER   15 digits in or after the month `since` (2013-01)
    NOT_YET      the document did not exist before the month `since`
    FORM         numbers of this document do not look like that
    BIRTH_DATE   its birth date is no date
    CHECK_DIGIT  its check digit is wrong
    """

    reason: str
    params: Mapping[str, str] = MappingProxyType({})


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


def doubt_document_number(document_type: str, number: str, *, tax_month: date) -> list[Doubt]:
    """Return what is strange about a number in a tax month; mostly nothing, in under 1 µs.

    The number may be as typed, and has passed `check_document_number`: nothing is checked again.
    Whether the document fits the country is not asked.
    """
    if document_type == RESIDENT_CARD:
        return _doubt_resident_number(number, tax_month)
    text = normalise_document_number(document_type, number)
    if document_type in RESIDENCE_PERMIT_AREAS:
        return _doubt_residence_permit(text, RESIDENCE_PERMIT_AREAS[document_type], tax_month)
    if document_type == PERMANENT_RESIDENCE:
        return _doubt_permanent_residence(text, tax_month)
    form = _FORMS.get(document_type)
    return [Doubt("FORM")] if form and not form.fullmatch(text) else []


def _doubt_resident_number(number: str, tax_month: date) -> list[Doubt]:
    text = same_person_number(number)
    if len(text) != 18 or not (text.isascii() and text[:17].isdigit()):
        return []
    doubts = []
    area = doubt_area(text[:6], born=int(text[6:10]), seen=tax_month.year)
    if area is not None:
        doubts.append(Doubt("AREA", area))
    if tax_month >= OLD_NUMBERS_UNTIL and len(number.strip()) == 15:
        doubts.append(_doubt_since("OLD_NUMBER", OLD_NUMBERS_UNTIL))
    return doubts


def _doubt_residence_permit(text: str, areas: tuple[str, ...], tax_month: date) -> list[Doubt]:
    """Types 07 and 08: the 18-digit rule, with areas 81 and 82, or 83."""
    doubts = []
    if tax_month < RESIDENCE_PERMITS_FROM:
        doubts.append(_doubt_since("NOT_YET", RESIDENCE_PERMITS_FROM))
    if not _EIGHTEEN.fullmatch(text) or not text.startswith(areas):
        doubts.append(Doubt("FORM"))
    elif fault := _check_resident_number(text, row=None, born_by=None):
        doubts.append(Doubt(fault.params["reason"]))
    return doubts


def _doubt_permanent_residence(text: str, tax_month: date) -> list[Doubt]:
    """Type 09: three letters and 12 digits; of the newer card 18 digits that begin with 9."""
    if _PERMANENT_RESIDENCE.fullmatch(text):
        return []
    if not _NEW_PERMANENT_RESIDENCE.fullmatch(text):
        return [Doubt("FORM")]
    doubts = []
    if tax_month < NEW_PERMANENT_RESIDENCE_FROM:
        doubts.append(_doubt_since("NOT_YET", NEW_PERMANENT_RESIDENCE_FROM))
    if check_digit(text[:17]) != text[17]:
        doubts.append(Doubt("CHECK_DIGIT"))
    return doubts


def _doubt_since(reason: str, month: date) -> Doubt:
    return Doubt(reason, {"since": format_tax_month(month)})


def _check_resident_number(text: str, *, row: int | None, born_by: date | None) -> Fault | None:
    # A real number of 15 digits was given its century and check digit; one without a date was not.
    if len(text) == 15 and re.fullmatch(r"[0-9]{15}", text):
        return _fault("BIRTH_DATE", row, found=f"19{text[6:12]}")
    if len(text) != 18:
        return _fault("LENGTH", row, found=str(len(text)))
    if not _EIGHTEEN.fullmatch(text):
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
