"""What programs send: a declaration in one of its two forms, a workbook, a key, a query."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from threading import BoundedSemaphore
from typing import IO, Any, Final, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers
from rest_framework.exceptions import APIException, ErrorDetail
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from declarations.jsonlines import MAX_FILE_BYTES, MAX_LINE_BYTES
from declarations.models import Declaration, Kind
from declarations.selectors.filed import ORDERS
from declarations.sheet_reader import MAX_BYTES
from declarations.taxlaw.tax_month import is_covered, parse_tax_month
from portal.problems import Busy, TooLarge

S = TypeVar("S", bound=serializers.Serializer[Any])

JSON: Final = "application/json"
JSON_LINES: Final = "application/x-ndjson"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv"

# Of those that are read while a program waits; each takes up to two seconds and 50 MB.
_AT_ONCE: Final = 2
_WAIT_SECONDS: Final = 5
_places = BoundedSemaphore(_AT_ONCE)


@dataclass(frozen=True)
class Sent:
    """The bytes of a body, and the media type that they came as."""

    content: bytes
    media_type: str

    @property
    def as_lines(self) -> bool:
        """Tell whether it is a declaration's head and detail lines, a text each."""
        return self.media_type == JSON_LINES


class BytesParser(BaseParser):
    """Takes a body as it is, up to so many bytes; what is in it is for others to read."""

    most = 0

    def parse(  # type: ignore[override]  # the stubs know forms and JSON alone
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Sent:
        content = stream.read(self.most + 1)
        if len(content) > self.most:
            raise TooLarge(_("请求的内容最多 %(max)d 字节。") % {"max": self.most})
        return Sent(content, self.media_type)


class DeclarationParser(BytesParser):
    media_type = JSON
    most = MAX_LINE_BYTES


class LinesParser(BytesParser):
    media_type = JSON_LINES
    most = MAX_FILE_BYTES


class WorkbookParser(BytesParser):
    media_type = XLSX
    most = MAX_BYTES


class CsvParser(BytesParser):
    media_type = CSV
    most = MAX_BYTES


def sent_by(request: Request) -> Sent:
    """Return what a request sent; an empty body is an empty text."""
    sent = request.data
    return sent if isinstance(sent, Sent) else Sent(b"", JSON)


class IdempotencyKeyIsWrong(APIException):
    """The header is missing, or no UUID."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_detail = gettext_lazy("请在 Idempotency-Key 中给出一个 UUID,重试时不变。")
    default_code = "idempotency_key"


def key_of(request: Request) -> uuid.UUID:
    """Return the Idempotency-Key of a request, in the usual spelling of a UUID."""
    text = request.headers.get("Idempotency-Key", "")
    try:
        key = uuid.UUID(text)
    except ValueError:
        raise IdempotencyKeyIsWrong from None
    if str(key) != text.lower():
        raise IdempotencyKeyIsWrong
    return key


@contextmanager
def place() -> Iterator[None]:
    """Take one of the places for reading declarations; Busy when none becomes free."""
    if not _places.acquire(timeout=_WAIT_SECONDS):
        raise Busy
    try:
        yield
    finally:
        _places.release()


class TaxMonthField(serializers.Field[date, Any, str, Any]):
    """A tax month from 2006-01 on, `YYYY-MM`: the date of its first day."""

    def to_internal_value(self, data: Any) -> date:
        try:
            month = parse_tax_month(data if isinstance(data, str) else "")
        except ValueError:
            raise serializers.ValidationError(
                _("税款所属月份应写作 2006-04 的样式"), code="month"
            ) from None
        if not is_covered(month):
            raise serializers.ValidationError(
                _("税款所属月份应为 2006-01 或以后"), code="not_in_force"
            )
        return month


class FiledQuery(serializers.Serializer[Any]):
    """Which filed declarations to list."""

    month = TaxMonthField(required=False)
    kind = serializers.ChoiceField(Kind.choices, required=False)
    status = serializers.ChoiceField(
        [each for each in Declaration.Status.values if each != Declaration.Status.DRAFT],
        required=False,
    )
    ordering = serializers.ChoiceField(list(ORDERS), default="-filed_at")


class CheckQuery(serializers.Serializer[Any]):
    explain = serializers.ChoiceField(["0", "1"], default="0")


class UploadQuery(serializers.Serializer[Any]):
    """Into which draft a workbook is to come, and whether in place of its lines."""

    month = TaxMonthField()
    kind = serializers.ChoiceField(Kind.choices, default=Kind.REGULAR)
    replace = serializers.ChoiceField(["0", "1"], default="0")


class NoQuery(serializers.Serializer[Any]):
    """No parameter of its own."""


def query_of(
    request: Request, shape: type[serializers.Serializer[Any]], *, is_paged: bool = False
) -> dict[str, Any]:
    """Return the parameters of a query; ValidationError (400) for unknown, double or wrong ones."""
    wrong = {}
    given = request.query_params
    known = set(shape().fields) | ({"page", "page_size"} if is_paged else set())
    for name in sorted(given):
        if name not in known:
            wrong[name[:100]] = [ErrorDetail(_("没有这一参数"), "unknown_parameter")]
        elif len(given.getlist(name)) > 1:
            wrong[name] = [ErrorDetail(_("参数重复"), "duplicate_parameter")]
    if wrong:
        raise serializers.ValidationError(wrong)
    query = shape(data=given)
    query.is_valid(raise_exception=True)
    return dict(query.validated_data)
