"""The API's description, and the page on which to try it."""

from __future__ import annotations

from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.openapi import ANY_OBJECT, described


class SchemaView(APIView):
    """This description, as OpenAPI 3.1 in JSON."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="schema",
        summary="This description",
        tags=["API"],
        responses={200: OpenApiResponse(ANY_OBJECT, "An OpenAPI document.")},
    )
    def get(self, request: Request) -> Response:
        return Response(described())


@csp_update({"img-src": ["data:"]})
@require_safe
def try_it(request: HttpRequest) -> HttpResponse:
    """Show every operation, with a form to try it; Swagger UI draws its arrows as data."""
    return render(request, "portal/try_it.html")
