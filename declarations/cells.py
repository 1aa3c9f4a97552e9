"""Reads one value of a declaration: a text, an amount, a code, a yes or no.

There are two readers. The lenient one reads what people type, on a page or in a workbook; the
strict one reads JSON, to the letter of declaration-format.md. Both raise `Wrong`.
"""

from __future__ import annotations

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from functools import lru_cache

from declarations.faults import FaultCode
from declarations.taxlaw.codes import Code, CodeTable

# In no text: controls (but for white space), line separators, bidi controls, what cannot be stored
# (lone surrogates) or was lost already (U+FFFD).
_HARMFUL = (
    r"\x00-\x08\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
    r"\ud800-\udfff\ufffd-\uffff"
)
# Besides, in no name, number or code: what cannot be seen.
_INVISIBLE = r"\u00ad\u180e\u200b-\u200d\u2060-\u2065\u206a-\u206f\ufeff\ufff9-\ufffc"
_IN_NO_TEXT = re.compile(f"[{_HARMFUL}\U000e0001\U000e0020-\U000e007f]")
_IN_NO_NAME = re.compile(f"[{_HARMFUL}{_INVISIBLE}\U000e0001\U000e0020-\U000e007f]")
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,2})?")
_AMOUNT_WITH_COMMAS = re.compile(r"[0-9]{1,3}(,[0-9]{3}){1,4}(\.[0-9]{1,2})?")
_SCIENTIFIC = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]{1,3}")
_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
# What Excel keeps and shows of a number: 385.00000000000006 is its way to say 385.
_EXCEL_DIGITS = Context(prec=15)
_FEN = Decimal("0.01")
_SHOWN = 40
_WORD_LIMIT = 40

_YES = frozenset({"是", "y", "yes", "true"})
_NO = frozenset({"否", "n", "no", "false"})


class Wrong(ValueError):
    """A value cannot be read; the code and the parameters of its fault."""

    def __init__(self, code: FaultCode, **params: str) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class Figure:
    """A number in a workbook's cell, as `repr` writes it."""

    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time in a workbook's cell, in ISO 8601."""

    text: str


@dataclass(frozen=True, slots=True)
class NoValue:
    """An error (`#REF!`) in a workbook's cell, or a formula without a stored value (empty text)."""

    text: str


Cell = str | bool | Figure | Moment | NoValue | None


def shown(text: str) -> str:
    """Return a text short and harmless enough to stand in a fault's parameters."""
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return _IN_NO_NAME.sub(lambda match: f"\\u{{{ord(match.group()):04X}}}", short)


def clean_text(text: str, *, limit: int, remark: bool = False) -> str:
    """Return a text trimmed and in NFC; rare characters stay as they are.

    White space with a line end or a tab in it becomes one space (in a remark line ends stay).
    Wrong: CHARACTERS, TOO_LONG (over `limit` characters).
    """
    bad = (_IN_NO_TEXT if remark else _IN_NO_NAME).search(text)
    if bad:
        raise Wrong(
            FaultCode.CHARACTERS,
            character=f"U+{ord(bad.group()):04X}",
            position=str(bad.start() + 1),
        )
    text = unicodedata.normalize("NFC", text).strip()
    if "\n" in text or "\r" in text or "\t" in text or "\v" in text or "\f" in text:
        text = re.sub(r"\r\n?", "\n", text) if remark else re.sub(r"\s*[\t-\r]\s*", " ", text)
    if len(text) > limit:
        raise Wrong(FaultCode.TOO_LONG, max=str(limit), found=str(len(text)))
    return text


class Reader(ABC):
    """How values are read; each method raises Wrong."""

    @abstractmethod
    def is_blank(self, value: object) -> bool:
        """Tell whether nothing was entered: of an absent value, that it is absent."""

    @abstractmethod
    def text(self, value: object, *, limit: int, remark: bool = False) -> str: ...

    @abstractmethod
    def word(self, value: object) -> str:
        """Read what has one spelling only: a month, a day, one of a few words."""

    @abstractmethod
    def document_number(self, value: object, *, limit: int) -> str: ...

    @abstractmethod
    def amount(self, value: object) -> Decimal: ...

    @abstractmethod
    def count(self, value: object) -> int: ...

    @abstractmethod
    def code(self, value: object, table: CodeTable) -> str: ...

    @abstractmethod
    def yes_no(self, value: object, words: tuple[str, str]) -> bool:
        """Read a truth; `words` are what a person may write for it beside 是 and 否."""


class LenientReader(Reader):
    """Reads what people type: any width, thousands commas, names for codes, 是 and 否."""

    def is_blank(self, value: object) -> bool:
        return value is None or (isinstance(value, str) and not value.strip())

    def text(self, value: object, *, limit: int, remark: bool = False) -> str:
        if isinstance(value, Figure) and remark:
            return excel_number(value)
        return clean_text(self._text(value), limit=limit, remark=remark)

    def word(self, value: object) -> str:
        return self.text(value, limit=_WORD_LIMIT)

    def document_number(self, value: object, *, limit: int) -> str:
        if isinstance(value, Figure):
            raise Wrong(FaultCode.PRECISION)
        text = clean_text(self._text(value), limit=limit)
        if _SCIENTIFIC.fullmatch(text):
            raise Wrong(FaultCode.PRECISION)
        # The mark that Excel puts before a number to keep it a text.
        return unicodedata.normalize("NFKC", text.removeprefix("'")).strip().upper()

    def amount(self, value: object) -> Decimal:
        if isinstance(value, Figure):
            text = excel_number(value)
        elif isinstance(value, str):
            text = re.sub(r"\s", "", value.translate(_WIDTH))
        elif isinstance(value, NoValue):
            raise Wrong(FaultCode.NO_VALUE, value=shown(value.text))
        else:
            raise Wrong(FaultCode.AMOUNT, value=shown(_typed(value)))
        if _AMOUNT.fullmatch(text):
            return Decimal(text).quantize(_FEN)
        if _AMOUNT_WITH_COMMAS.fullmatch(text):
            return Decimal(text.replace(",", "")).quantize(_FEN)
        raise Wrong(FaultCode.AMOUNT, value=shown(_typed(value)))

    def count(self, value: object) -> int:
        text = excel_number(value) if isinstance(value, Figure) else _typed(value)
        text = re.sub(r"[\s,]", "", text.translate(_WIDTH))
        if not re.fullmatch(r"[0-9]{1,9}", text):
            raise Wrong(FaultCode.COUNT, value=shown(_typed(value)))
        return int(text)

    def code(self, value: object, table: CodeTable) -> str:
        text = excel_number(value) if isinstance(value, Figure) else self._text(value)
        return _find_code(clean_text(text, limit=500), table).code

    def yes_no(self, value: object, words: tuple[str, str]) -> bool:
        if isinstance(value, bool):
            return value
        text = _typed(value)
        folded = re.sub(r"\s", "", text.translate(_WIDTH)).casefold()
        if folded in _YES or folded == words[0]:
            return True
        if folded in _NO or folded == words[1]:
            return False
        raise Wrong(FaultCode.YES_NO, value=shown(text))

    def _text(self, value: object) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, NoValue):
            raise Wrong(FaultCode.NO_VALUE, value=shown(value.text))
        kinds = {Figure: "number", Moment: "date", bool: "boolean"}
        raise Wrong(
            FaultCode.NOT_TEXT,
            found=kinds.get(type(value), type(value).__name__),
            value=shown(_typed(value)),
        )


class StrictReader(Reader):
    """Reads JSON to the letter: texts, amounts as ASCII texts, codes alone, true and false."""

    def is_blank(self, value: object) -> bool:
        return False

    def text(self, value: object, *, limit: int, remark: bool = False) -> str:
        return clean_text(_json_text(value), limit=limit, remark=remark)

    def word(self, value: object) -> str:
        return _json_text(value)

    def document_number(self, value: object, *, limit: int) -> str:
        text = clean_text(_json_text(value), limit=limit)
        return unicodedata.normalize("NFKC", text).strip().upper()

    def amount(self, value: object) -> Decimal:
        text = _json_text(value)
        if not _AMOUNT.fullmatch(text):
            raise Wrong(FaultCode.AMOUNT, value=shown(text))
        return Decimal(text).quantize(_FEN)

    def count(self, value: object) -> int:
        if type(value) is not int:
            raise Wrong(FaultCode.TYPE, expected="integer", found=json_type(value))
        if not 0 <= value < 10**9:
            raise Wrong(FaultCode.COUNT, value=str(value))
        return value

    def code(self, value: object, table: CodeTable) -> str:
        text = _json_text(value)
        if text not in table:
            raise _not_in_table(text, table)
        return text

    def yes_no(self, value: object, words: tuple[str, str]) -> bool:
        if type(value) is not bool:
            raise Wrong(FaultCode.TYPE, expected="boolean", found=json_type(value))
        return value


def json_type(value: object) -> str:
    """Return the name that JSON has for a value's type."""
    names: Mapping[type, str] = {
        str: "string",
        bool: "boolean",
        int: "number",
        Decimal: "number",
        float: "number",
        type(None): "null",
        list: "array",
        dict: "object",
    }
    return names.get(type(value), type(value).__name__)


def _json_text(value: object) -> str:
    if not isinstance(value, str):
        raise Wrong(FaultCode.TYPE, expected="string", found=json_type(value))
    return value


def _typed(value: object) -> str:
    if isinstance(value, Figure):
        return excel_number(value)
    if isinstance(value, (Moment, NoValue)):
        return value.text
    return str(value)


def excel_number(figure: Figure) -> str:
    """Return a number as Excel shows it, in 15 digits and without an exponent."""
    number = Decimal(figure.text)
    if not number.is_finite() or number.adjusted() > 20 or number.adjusted() < -20:
        return figure.text
    text = f"{_EXCEL_DIGITS.plus(number):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=4096)
def _find_code(text: str, table: CodeTable) -> Code:
    entry = table.find(text)
    if entry is None:
        raise _not_in_table(text, table)
    return entry


def _not_in_table(text: str, table: CodeTable) -> Wrong:
    return Wrong(
        FaultCode.CODE,
        table=table.name,
        value=shown(text),
        nearest="; ".join(str(entry) for entry in table.nearest(text)),
    )


LENIENT: Reader = LenientReader()
STRICT: Reader = StrictReader()
