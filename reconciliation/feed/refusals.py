"""Why a whole file is refused: codes and parameters, worded elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class RefusalCode(StrEnum):
    """The agreement's codes, in its order: where several apply, the first counts."""

    NAME = "NAME"
    MARKER = "MARKER"
    ENCODING = "ENCODING"
    HEADER = "HEADER"
    TRAILER = "TRAILER"
    ROWS = "ROWS"
    AMOUNT = "AMOUNT"
    TOTAL = "TOTAL"
    CHANGED = "CHANGED"


class Reason(StrEnum):
    """What exactly was wrong; the comment names the parameters that go with it."""

    NAME_UNREADABLE = "name_unreadable"
    MARKER_UNREADABLE = "marker_unreadable"
    SIZE_DIFFERS = "size_differs"  # stated, found: bytes
    DIGEST_DIFFERS = "digest_differs"  # stated, found: SHA-256
    NOT_GB18030 = "not_gb18030"
    NUL = "nul"
    FILE_EMPTY = "file_empty"
    HEADER_UNREADABLE = "header_unreadable"
    HEADER_OF_ANOTHER_FILE = "header_of_another_file"
    NUMBER_ABOVE_COUNT = "number_above_count"  # number, count
    COUNT_DIFFERS = "count_differs"  # stated, expected
    TRAILER_MISSING = "trailer_missing"
    TRAILER_UNREADABLE = "trailer_unreadable"
    LINE_UNREADABLE = "line_unreadable"
    LINE_TOO_LONG = "line_too_long"  # limit: bytes
    ROWS_DIFFER = "rows_differ"  # stated, found
    AMOUNT_UNREADABLE = "amount_unreadable"  # amount: its first 40 characters
    TOTAL_DIFFERS = "total_differs"  # stated, found: yuan
    CONTENT_CHANGED = "content_changed"  # for the caller, who knows the earlier file


@dataclass(frozen=True)
class FileRefusal:
    """A file's refusal: code, line (None where no line is to blame), reason and parameters."""

    code: RefusalCode
    reason: Reason
    line: int | None = None
    parameters: Mapping[str, str | int] = field(default_factory=dict)


class Refused(Exception):
    """The file cannot be taken, for the `refusal` it carries."""

    def __init__(self, refusal: FileRefusal) -> None:
        super().__init__(f"{refusal.code}: {refusal.reason}, line {refusal.line}")
        self.refusal = refusal
