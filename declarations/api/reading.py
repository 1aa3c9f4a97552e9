"""One filed declaration: its state, its lines, and what was found about them."""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from declarations import selectors
from declarations.api import described
from declarations.api.answers import declaration_json, findings_json, line_json
from declarations.api.bodies import NoQuery, query_of
from declarations.models import Declaration
from declarations.selectors.filed import filed_declarations
from portal.models import User
from portal.pages import Pages
from portal.permissions import ReadsTaxData

_OWN: Final = "the agent's own declaration by the API"


def _access(request: Request, public_id: UUID) -> Declaration:
    """Return a filed declaration that the user may read; else 404. A draft is none."""
    return get_object_or_404(filed_declarations(cast(User, request.user)), public_id=public_id)


class DeclarationView(APIView):
    """A filed declaration: head, receipt, totals, the three lamps of today."""

    permission_classes = (ReadsTaxData,)

    @described.READ
    def get(self, request: Request, public_id: UUID) -> Response:
        query_of(request, NoQuery)
        declaration = _access(request, public_id)
        return Response(declaration_json(declaration, selectors.watermark()))


class LinesView(APIView):
    """A filed declaration's lines. Document numbers whole for the agent itself, else masked."""

    permission_classes = (ReadsTaxData,)

    @described.READ_LINES
    def get(self, request: Request, public_id: UUID) -> Response:
        query_of(request, NoQuery, is_paged=True)
        declaration = _access(request, public_id)
        is_own = cast(User, request.user).agent_id == declaration.agent_month.agent_id
        paginator = Pages()
        rows = paginator.paginate_queryset(
            selectors.detail_lines_of(declaration), request, view=self
        )
        return paginator.get_paginated_response(
            [
                line_json(
                    selectors.line_of(
                        row,
                        row.document_number.reveal(_OWN) if is_own else str(row.document_number),
                    ),
                    row.line_number,
                )
                for row in rows or []
            ]
        )


class FindingsView(APIView):
    """What the check found about a filed declaration's lines (提醒), as of its filing."""

    permission_classes = (ReadsTaxData,)

    @described.READ_FINDINGS
    def get(self, request: Request, public_id: UUID) -> Response:
        query_of(request, NoQuery, is_paged=True)
        declaration = _access(request, public_id)
        paginator = Pages()
        kept = paginator.paginate_queryset(selectors.findings_in(declaration), request, view=self)
        month = declaration.agent_month.tax_month
        return paginator.get_paginated_response(
            findings_json(map(selectors.read_finding, kept or []), month)
        )
