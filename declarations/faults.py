"""What is wrong with a declaration: codes and parameters, never sentences.

The wording stands elsewhere, in the user's language; these codes are stable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from enum import StrEnum


class FaultCode(StrEnum):
    """Why a field of a declaration is refused; the comment names the parameters."""

    # The text as such.
    REQUIRED = "REQUIRED"  # nothing there
    TYPE = "TYPE"  # JSON of another type; expected, found
    TOO_LONG = "TOO_LONG"  # max, found (characters)
    CHARACTERS = "CHARACTERS"  # NUL, control, bidi, lone surrogate; character (U+202E), position
    NOT_TEXT = "NOT_TEXT"  # a number, a date or an error stands in a text cell; found, value
    PRECISION = "PRECISION"  # a document number stored as a number: digits are lost
    NO_VALUE = "NO_VALUE"  # a formula without a stored value, or an error; value
    UNKNOWN_KEY = "UNKNOWN_KEY"  # key
    DUPLICATE_KEY = "DUPLICATE_KEY"  # key
    # What it says.
    AMOUNT = "AMOUNT"  # not 0 or more with at most 13 digits and 2 decimals; value
    COUNT = "COUNT"  # not a whole number of persons; value
    CODE = "CODE"  # not in the code table; table, value, nearest (up to three, by a semicolon)
    YES_NO = "YES_NO"  # value
    MONTH = "MONTH"  # not YYYY-MM; value
    DAY = "DAY"  # not YYYY-MM-DD; value
    COMPUTER_CODE = "COMPUTER_CODE"  # not 8 of 0-9A-Z; value
    IDENTITY = "IDENTITY"  # type 01 only; reason LENGTH, DIGITS, BIRTH_DATE or CHECK_DIGIT
    NOT_IN_FORCE = "NOT_IN_FORCE"  # the month's law or form does not know it; tax_month
    NOT_APPLICABLE = "NOT_APPLICABLE"  # not for this line or this coverage; income_item or coverage
    REMARK_REQUIRED = "REMARK_REQUIRED"  # a reduction without its reason
    DONATION_LIMIT = "DONATION_LIMIT"  # over 30% and no remark; limit, value
    TOO_MANY = "TOO_MANY"  # more lines than a declaration may have; max, found
    # Of the register of persons.
    BEFORE = "BEFORE"  # a person left before joining; joined_on
    SAME_PERSON = "SAME_PERSON"  # an earlier row of the file is the same person; first (its row)
    # A line of a JSON Lines file as a whole; the field is empty.
    JSON = "JSON"  # not JSON; position
    ENCODING = "ENCODING"  # not UTF-8; position
    BOM = "BOM"  # a byte order mark before the first line
    BLANK_LINE = "BLANK_LINE"  # an empty line between declarations
    LINE_TOO_LONG = "LINE_TOO_LONG"  # max (bytes)
    TOO_DEEP = "TOO_DEEP"  # max
    NUMBER = "NUMBER"  # NaN, Infinity, or a number of too many digits


class FileCode(StrEnum):
    """Why a file is refused whole; the comment names the parameters."""

    EMPTY = "EMPTY"  # no byte in it
    TOO_LARGE = "TOO_LARGE"  # max (bytes)
    NOT_A_WORKBOOK = "NOT_A_WORKBOOK"  # neither .xlsx nor .csv by its content
    OLD_FORMAT = "OLD_FORMAT"  # .xls, .et, .xlsb: to be saved as .xlsx
    ENCRYPTED = "ENCRYPTED"  # a password protects it
    MACROS = "MACROS"
    EMBEDDED_OBJECTS = "EMBEDDED_OBJECTS"  # OLE objects, ActiveX
    EXTERNAL_LINKS = "EXTERNAL_LINKS"  # links to other files, queries, DDE
    DTD = "DTD"  # a document type or an entity in its XML
    BOMB = "BOMB"  # more in it than a workbook of its size can have: members, bytes, ratio
    BAD_ARCHIVE = "BAD_ARCHIVE"  # double, outside, overlapping or lying members
    ENCODING = "ENCODING"  # XML not in UTF-8, CSV neither in UTF-8 nor in GB18030
    UNREADABLE = "UNREADABLE"  # the reader gave up
    CRASHED = "CRASHED"  # the reader died: of memory, or of what is in the file
    TIMEOUT = "TIMEOUT"  # the reader took too long
    BUSY = "BUSY"  # other files are being read; try again
    TOO_MANY_ROWS = "TOO_MANY_ROWS"  # max
    TOO_MANY_COLUMNS = "TOO_MANY_COLUMNS"  # max
    MISSING_HEADINGS = "MISSING_HEADINGS"  # headings, by a semicolon
    UNKNOWN_HEADINGS = "UNKNOWN_HEADINGS"  # headings: `H 奖金`, by a semicolon
    DUPLICATE_HEADINGS = "DUPLICATE_HEADINGS"  # headings, by a semicolon
    TEMPLATE = "TEMPLATE"  # one of our workbooks, for something else; kind
    NO_LINES = "NO_LINES"  # headings and nothing under them


class FileRefused(ValueError):
    """A file is refused whole."""

    def __init__(self, code: FileCode, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with one field.

    `field` is the plain name of declaration-format.md, empty for a whole line. `row` is the sheet's
    own row number, or for JSON the index in `lines`, from 0; none for the head of a declaration.
    The parameters never hold a document number.
    """

    field: str
    code: FaultCode
    params: Mapping[str, str] = dataclass_field(default_factory=dict, hash=False)
    row: int | None = None

    @property
    def pointer(self) -> str:
        """Return where the field stands in a JSON declaration: `lines/11/document_number`."""
        if self.row is None:
            return self.field
        return f"lines/{self.row}/{self.field}" if self.field else f"lines/{self.row}"
