"""SWDJ: registrations of withholding agents (section 3 of the agreement)."""

from __future__ import annotations

import re
from typing import NamedTuple

from portal.identity_numbers import is_credit_code
from reconciliation.feed.rows import QuarantinedLine, RowCode, real_moment

FIELDS = 16
DOCUMENT_TYPES = frozenset({"01", "02", "03", "04", "05", "06", "99"})
STATUSES = frozenset({"01", "02", "03", "04", "05"})


class RegistrationRow(NamedTuple):
    """A good row: texts as they came, None for an empty field 3, 4 or 15.

    Field 15 is in yuan; fields without a rule may be empty.
    """

    line: int
    computer_code: str
    collection_code: str | None
    credit_code: str | None
    name: str
    document_type: str
    document_number: str
    status: str
    office_code: str
    office_name: str
    tax_administrator: str
    address: str
    postcode: str
    telephone: str
    tax_withheld_last_year: str | None
    updated_at: str
    raw: str

    def __repr__(self) -> str:
        # The row names a person: its text belongs in no log and no traceback.
        return f"RegistrationRow(line={self.line}, computer_code={self.computer_code!r})"


_COMPUTER_CODE = re.compile(r"[0-9A-Z]{8}")
# The agreement says "digits"; no amount in it has more than 18 before the point.
_YUAN = re.compile(r"[0-9]{1,18}\.[0-9]{2}")


def parse_registration(line: int, text: str) -> RegistrationRow | QuarantinedLine:
    """Read one row, in the order of the agreement's codes."""
    fields = text.split("|")
    if len(fields) != FIELDS:
        return QuarantinedLine(line, RowCode.FIELDS, 0, text)
    updated_at = real_moment(fields[15])
    if (
        fields[0] != "D"
        or not _COMPUTER_CODE.fullmatch(fields[1])
        or (fields[3] and not is_credit_code(fields[3]))
        or not fields[4]
        or fields[5] not in DOCUMENT_TYPES
        or fields[7] not in STATUSES
        or (fields[14] and not _YUAN.fullmatch(fields[14]))
        or not updated_at
        # The feed's lines cannot hold these, a row that an operator has corrected could.
        or "\n" in text
        or "\0" in text
    ):
        return QuarantinedLine(line, RowCode.FORMAT, 0, text)
    return RegistrationRow(
        line=line,
        computer_code=fields[1],
        collection_code=fields[2] or None,
        credit_code=fields[3] or None,
        name=fields[4],
        document_type=fields[5],
        document_number=fields[6],
        status=fields[7],
        office_code=fields[8],
        office_name=fields[9],
        tax_administrator=fields[10],
        address=fields[11],
        postcode=fields[12],
        telephone=fields[13],
        tax_withheld_last_year=fields[14] or None,
        updated_at=updated_at,
        raw=text,
    )
