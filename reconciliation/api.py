"""What programs may read: months, and the code tables."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from declarations.models import AgentMonth, Kind
from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from portal.models import User
from portal.openapi import PAGE, TEXT, describe, listed, paged, record, ref
from portal.pages import Pages
from portal.permissions import ReadsTaxData
from reconciliation import selectors
from reconciliation.agreement import Relation

_AMOUNT = {"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$"}
_TABLES = (INCOME_ITEMS, OCCUPATIONS, COUNTRIES, DOCUMENT_TYPES)

describe(
    Months=paged(
        record(
            computer_code=TEXT,
            tax_month={"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"},
            kind={"type": "string", "enum": Kind.values},
            declared=_AMOUNT,
            paid=_AMOUNT,
            relation={"type": "string", "enum": [relation.value for relation in Relation]},
            result={"type": "string", "enum": [*AgentMonth.Result.values, "checking"]},
        )
    ),
    CodeTables=record(
        **{table.name: listed(record(code=TEXT, name=TEXT, english=TEXT)) for table in _TABLES}
    ),
)


class MonthsView(APIView):
    """The months that have a result, as `export_months` prints them, an entry for each kind.

    An agent reads its own, staff those of their office. `count` is the number of months.
    """

    permission_classes = (ReadsTaxData,)

    @extend_schema(
        operation_id="list_months",
        tags=["Months"],
        summary="List the months that have a result",
        description="Declared and paid by kind, and whether they agree (核对). `count` is the "
        "number of months; each has three entries.",
        parameters=PAGE,
        responses={200: OpenApiResponse(ref("Months"), "A page of months.")},
    )
    def get(self, request: Request) -> Response:
        user = cast(User, request.user)
        paginator = Pages()
        with selectors.one_snapshot():
            months = selectors.months_with_a_result(selectors.visible_months(user))
            page = paginator.paginate_queryset(months, request, view=self)
            entries = list(selectors.entries_of_months(page or []))
        return paginator.get_paginated_response(entries)


class CodesView(APIView):
    """The code tables of the declaration form: codes, Chinese and English names."""

    @extend_schema(
        operation_id="read_codes",
        tags=["Declarations"],
        summary="Read the code tables of the declaration form",
        responses={200: OpenApiResponse(ref("CodeTables"), "The tables by column.")},
    )
    def get(self, request: Request) -> Response:
        tables: dict[str, Any] = {
            table.name: [
                {"code": entry.code, "name": entry.name, "english": entry.english}
                for entry in table
            ]
            for table in _TABLES
        }
        return Response(tables)
