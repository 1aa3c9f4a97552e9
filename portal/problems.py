"""How the API says no: one shape for every error (RFC 9457, application/problem+json)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from portal.errors import Refusal

MEDIA_TYPE: Final = "application/problem+json"
_KEPT_HEADERS: Final = ("retry-after", "www-authenticate", "allow")

Fault = Mapping[str, Any]


class TooLarge(exceptions.APIException):
    """The body is larger than the operation takes."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = _("请求的内容太大。")
    default_code = "too_large"


class Busy(exceptions.APIException):
    """More is under way than the machine can bear: 503, try again."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_detail = _("现在正在处理的申报较多,请稍后重试。")
    default_code = "busy"
    wait = 5  # seconds, for Retry-After


def problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what a view raised into a problem: `status`, `title`, `detail`, `code`, `errors`.

    A Refusal is 409 with its code and sentence. `errors` names each faulty field by `pointer`. None
    for a fault of ours, which propagates.
    """
    if isinstance(error, Refusal):
        return problem_response(HTTPStatus.CONFLICT, error.code, str(error))
    if isinstance(error, RequestDataTooBig):
        error = TooLarge()
    elif isinstance(error, SuspiciousOperation):
        error = exceptions.ParseError()
    answer = exception_handler(error, context)
    if answer is None:
        return None
    if isinstance(error, Http404):
        error = exceptions.NotFound()  # its own words may name a model
    elif not isinstance(error, exceptions.APIException):
        error = exceptions.PermissionDenied()
    status = HTTPStatus(answer.status_code)
    if isinstance(error, exceptions.ValidationError):
        faults = _faults(error.get_full_details(), "")
        detail = faults[0]["message"] if faults else str(error.default_detail)
        problem = problem_response(status, "INVALID", detail, faults)
    else:
        codes = error.get_codes()
        code = codes.upper() if isinstance(codes, str) else "INVALID"
        problem = problem_response(status, code, str(error.detail))
    for name, value in answer.headers.items():
        if name.lower() in _KEPT_HEADERS:
            problem.headers[name] = value
    return problem


def problem_response(
    status: HTTPStatus, code: str, detail: str, faults: Sequence[Fault] = ()
) -> Response:
    """Return a problem; each fault has its `code`, `pointer` and `message`, and maybe `params`."""
    return Response(_body(status, code, detail, faults), status=status, content_type=MEDIA_TYPE)


def bare_problem(status: HTTPStatus, code: str, detail: str) -> HttpResponse:
    """Return a problem of a request that came to no view of the API."""
    body = json.dumps(_body(status, code, detail, ()), ensure_ascii=False)
    return HttpResponse(body, status=status, content_type=MEDIA_TYPE)


def _body(status: HTTPStatus, code: str, detail: str, faults: Sequence[Fault]) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "code": code,
        "errors": [{**fault, "params": dict(fault.get("params", {}))} for fault in faults],
    }


def _faults(details: Any, pointer: str) -> list[dict[str, str]]:
    """Flatten DRF's nested details, each with the JSON pointer of what it is about."""
    if isinstance(details, list):
        faults = []
        for place, detail in enumerate(details):
            here = pointer if _is_fault(detail) else f"{pointer}/{place}"
            faults += _faults(detail, here)
        return faults
    if _is_fault(details):
        code, message = str(details["code"]), str(details["message"])
        return [{"code": code.upper(), "pointer": pointer, "message": message}]
    return [
        fault
        for name, detail in details.items()
        for fault in _faults(detail, f"{pointer}/{name}" if name != "non_field_errors" else pointer)
    ]


def _is_fault(detail: Any) -> bool:
    return isinstance(detail, dict) and detail.keys() == {"message", "code"}
