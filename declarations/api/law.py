"""What programs may ask of the law: its values for a month, and the tax of one income."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import IO, Any

from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ParseError, Throttled
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from declarations.api import described
from declarations.api.bodies import TaxMonthField
from declarations.calculator import (
    CALCULATIONS,
    CALCULATIONS_WITHIN,
    calculate,
    missing_sentence,
    not_in_force_sentence,
    wrong_sentence,
)
from declarations.explaining import explained_json, plain
from declarations.law_of_month import law_json, law_of_month
from declarations.taxlaw.case import CHINA, Case, FactsMissing, WrongFact
from declarations.taxlaw.codes import COUNTRIES, INCOME_ITEMS
from declarations.taxlaw.examples import shown
from declarations.taxlaw.facts import FACTS
from declarations.taxlaw.methods import Result
from declarations.taxlaw.parameters import NotInForce
from declarations.taxlaw.tax_month import is_covered
from portal.http import client_address, network
from portal.limits import LoginIsClosed, reserve
from portal.problems import TooLarge, problem_response

UNPROCESSABLE = HTTPStatus.UNPROCESSABLE_ENTITY
MOST_BYTES = 256 * 1024


class ExactJSONParser(JSONParser):
    """Reads JSON numbers as decimals: an amount is never a binary fraction."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        text = stream.read(MOST_BYTES + 1)
        if len(text) > MOST_BYTES:
            raise TooLarge
        try:
            return json.loads(text, parse_float=Decimal, parse_constant=_refuse)
        except (ValueError, RecursionError):
            raise ParseError(_("不是 JSON 格式,或编码不是 UTF-8")) from None


def _refuse(constant: str) -> None:
    raise ValueError(constant)


class InputsField(serializers.Field[Any, Any, Any, Any]):
    """What the law has to know, by the keys of a line's facts; the values are the law's to read."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            raise serializers.ValidationError(_("inputs 应为 JSON 对象"), code="type")
        unknown = sorted(data.keys() - FACTS)
        if unknown:
            wrong = ErrorDetail(_("没有这一数据项"), "unknown_key")
            raise serializers.ValidationError({key[:100]: [wrong] for key in unknown})
        return data


class CaseSerializer(serializers.Serializer[Case]):
    """One income item of one person in a month of payment."""

    tax_month = TaxMonthField()
    income_item = serializers.ChoiceField([entry.code for entry in INCOME_ITEMS])
    country = serializers.ChoiceField([entry.code for entry in COUNTRIES], default=CHINA)
    resident = serializers.BooleanField(default=True)
    inputs = InputsField()


class LawView(APIView):
    """The law in force for a month: its values with their sources, and how each item is computed.

    Titles are in the language that is asked for (`Accept-Language`).
    """

    @described.READ_LAW
    def get(self, request: Request, tax_month: date) -> Response:
        if not is_covered(tax_month):
            raise Http404
        return Response(law_json(law_of_month(tax_month)))


class ComputeView(APIView):
    """The tax of one income by the law of its month, with the explanation of every step.

    NOT_IN_FORCE, FACTS_MISSING and WRONG_FACT are problems (422) whose `errors` point to the input.
    """

    parser_classes = (ExactJSONParser,)

    @described.COMPUTE
    def post(self, request: Request) -> Response:
        serializer = CaseSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        case = Case(**serializer.validated_data, bureau=settings.BUREAU)
        turn = reserve(
            "calculator",
            network(client_address(request._request)),
            limit=CALCULATIONS,
            length=CALCULATIONS_WITHIN,
        )
        if isinstance(turn, LoginIsClosed):
            raise Throttled(wait=turn.retry_after.total_seconds())
        try:
            return Response(_answer(calculate(case)))
        except NotInForce as error:
            return problem_response(
                UNPROCESSABLE, "NOT_IN_FORCE", not_in_force_sentence(error, case)
            )
        except FactsMissing as missing:
            sentences = {fact: missing_sentence(fact, case) for fact in missing.facts}
            return _refused("FACTS_MISSING", sentences)
        except WrongFact as wrong:
            sentences = {wrong.fact: wrong_sentence(wrong.fact, case)}
            return _refused("WRONG_FACT", sentences)


def _answer(result: Result) -> dict[str, Any]:
    return {
        "method": result.method.name,
        **shown(result),
        "deduction": plain("deduction", result.assessment.deduction),
        "explanation": explained_json(result),
    }


def _refused(code: str, sentences: Mapping[str, str]) -> Response:
    """Return the problem of some facts, by their names."""
    faults = [
        {"code": code, "pointer": f"/inputs/{fact}", "message": sentence}
        for fact, sentence in sentences.items()
    ]
    return problem_response(UNPROCESSABLE, code, "; ".join(sentences.values()), faults)
