"""What programs may read: months, and the code tables."""

from __future__ import annotations

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from declarations.taxlaw.codes import COUNTRIES, DOCUMENT_TYPES, INCOME_ITEMS, OCCUPATIONS
from portal.models import User
from portal.pages import Pages
from portal.permissions import ReadsTaxData
from reconciliation import selectors


class MonthsView(APIView):
    """The months that have a result, as `export_months` prints them, an entry for each kind.

    An agent reads its own, staff those of their office. `count` is the number of months.
    """

    permission_classes = (ReadsTaxData,)

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

    def get(self, request: Request) -> Response:
        tables: dict[str, Any] = {
            table.name: [
                {"code": entry.code, "name": entry.name, "english": entry.english}
                for entry in table
            ]
            for table in (INCOME_ITEMS, OCCUPATIONS, COUNTRIES, DOCUMENT_TYPES)
        }
        return Response(tables)
