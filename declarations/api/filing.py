"""Filing by programs, its check without filing, and the list of what was filed."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final, cast

from django.urls import reverse
from django.utils.translation import gettext as _
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from declarations import selectors
from declarations.api import described
from declarations.api.answers import (
    declaration_json,
    fault_json,
    findings_json,
    law_of_lines_json,
    totals_json,
)
from declarations.api.bodies import (
    CheckQuery,
    DeclarationParser,
    FiledQuery,
    LinesParser,
    NoQuery,
    key_of,
    place,
    query_of,
    sent_by,
)
from declarations.api.jobs import accepted
from declarations.declaration import Parts, count_heads, totals_by_item
from declarations.findings import Finding
from declarations.models import Declaration, Kind
from declarations.refusals import KeyIsUsed, MonthIsClosed
from declarations.selectors.assessing import assessed_lines
from declarations.selectors.filed import filed_declarations
from declarations.services.programs import (
    AT_ONCE_BYTES,
    FAULTS_REPORTED,
    DeclarationHasFaults,
    OfAnotherAgent,
    file_long,
    file_sent,
    read_sent,
)
from portal.hints import hint
from portal.models import Job, User, WithholdingAgent
from portal.pages import Pages
from portal.permissions import IsAnAgent, ReadsTaxData
from portal.problems import TooLarge, problem_response

FINDINGS_SHOWN: Final = 1_000
EXPLAINED: Final = 500


class DeclarationsView(APIView):
    """Declarations: file one, list those that were filed."""

    parser_classes = (DeclarationParser, LinesParser)

    def get_permissions(self) -> list[BasePermission]:
        return [IsAnAgent() if self.request.method == "POST" else ReadsTaxData()]

    @described.LIST
    def get(self, request: Request) -> Response:
        query = query_of(request, FiledQuery, is_paged=True)
        found = filed_declarations(
            cast(User, request.user),
            tax_month=query.get("month"),
            kind=query.get("kind"),
            status=query.get("status"),
            order=query["ordering"],
        )
        paginator = Pages()
        page = paginator.paginate_queryset(found, request, view=self) or []
        complete_to = selectors.watermark()
        return paginator.get_paginated_response(
            [declaration_json(each, complete_to) for each in page]
        )

    @described.FILE
    def post(self, request: Request) -> Response:
        query_of(request, NoQuery)
        agent = selectors.access_own_agent(request.user)
        user = cast(User, request.user)
        key, sent = key_of(request), sent_by(request)
        try:
            if len(sent.content) > AT_ONCE_BYTES:
                outcome = file_long(agent, sent.content, as_lines=sent.as_lines, by=user, key=key)
                if isinstance(outcome, Job):
                    return accepted(outcome)
                return filed_response(user, outcome, is_repeat=True)
            with place():
                parts = read_sent(sent.content, as_lines=sent.as_lines)
                filed = file_sent(agent, parts, filed_by=user, key=key)
        except DeclarationHasFaults as refusal:
            return faults_response(refusal, parts)
        except OfAnotherAgent as refusal:
            return _pointed(HTTPStatus.UNPROCESSABLE_ENTITY, refusal, "/computer_code")
        except MonthIsClosed as refusal:
            return _pointed(HTTPStatus.CONFLICT, refusal, "/tax_month")
        except KeyIsUsed:
            sentence = _("这个 Idempotency-Key 已用于另一份申报,新的申报请用新的。")
            return problem_response(HTTPStatus.CONFLICT, KeyIsUsed.code, sentence)
        hint("reconciliation.reconcile", agent.pk)
        return filed_response(user, filed.declaration, is_repeat=filed.is_repeat)


class CheckView(APIView):
    """The whole check of a declaration, without filing it (校验工具)."""

    permission_classes = (IsAnAgent,)
    parser_classes = (DeclarationParser, LinesParser)

    @described.CHECK
    def post(self, request: Request) -> Response:
        query = query_of(request, CheckQuery)
        agent = selectors.access_own_agent(request.user)
        sent = sent_by(request)
        if len(sent.content) > AT_ONCE_BYTES:
            raise TooLarge(
                _("一次最多校验 %(max)d 字节,请把明细分成几份校验。") % {"max": AT_ONCE_BYTES}
            )
        with place():
            parts = read_sent(sent.content, as_lines=sent.as_lines)
            faults = [fault_json(each, parts.tax_month) for each in parts.faults]
            if parts.header and parts.header.computer_code != agent.computer_code:
                refusal = OfAnotherAgent(agent)
                faults.insert(0, _fault(refusal, "/computer_code") | {"params": {}})
            is_explained = query["explain"] == "1"
            found = _found(agent, parts, explained=EXPLAINED if is_explained else 0)
        return Response(
            {
                "can_be_filed": not faults,
                "fault_count": len(faults),
                "faults": faults[:FAULTS_REPORTED],
                **found,
            }
        )


def _found(agent: WithholdingAgent, parts: Parts, *, explained: int) -> dict[str, Any]:
    """Return what is found of the sound lines, and what the law makes of them."""
    month, lines = parts.tax_month, parts.lines
    kind = parts.header.kind if parts.header else Kind.REGULAR
    findings: list[Finding] = []
    entries: list[dict[str, Any]] = []
    if month is not None and lines:
        numbers = [row + 1 for row in parts.rows]
        findings = selectors.findings_of(agent, kind, month, lines, rows=numbers)
        assessed = assessed_lines(agent, kind, month, lines)
        entries = law_of_lines_json(assessed, parts.rows, explained=explained)
    heads = count_heads(lines)
    return {
        "own_headcount": heads.own_headcount,
        "other_headcount": heads.other_headcount,
        "total_income": f"{heads.total_income:.2f}",
        "totals": totals_json(totals_by_item(lines)),
        "finding_count": len(findings),
        "findings": findings_json(findings[:FINDINGS_SHOWN], month) if month else [],
        "lines": entries,
    }


def filed_response(user: User, declaration: Declaration, *, is_repeat: bool) -> Response:
    """Return the receipt of a declaration, with what was found: 201, or 200 for a repeat."""
    listed = filed_declarations(user).get(pk=declaration.pk)
    month = listed.agent_month.tax_month
    kept = selectors.findings_in(listed)[:FINDINGS_SHOWN]
    body = declaration_json(listed, selectors.watermark()) | {
        "repeated": is_repeat,
        "findings": findings_json(map(selectors.read_finding, kept), month),
    }
    address = reverse("declarations_api:declaration", args=[listed.public_id])
    status = HTTPStatus.OK if is_repeat else HTTPStatus.CREATED
    return Response(body, status=status, headers={"Location": address})


def faults_response(refusal: DeclarationHasFaults, parts: Parts) -> Response:
    """Return the problem of a declaration with faults: the first of them, by pointer."""
    faults = [fault_json(each, parts.tax_month) for each in refusal.faults[:FAULTS_REPORTED]]
    return problem_response(HTTPStatus.UNPROCESSABLE_ENTITY, refusal.code, str(refusal), faults)


def _pointed(status: HTTPStatus, refusal: OfAnotherAgent | MonthIsClosed, at: str) -> Response:
    return problem_response(status, refusal.code, str(refusal), [_fault(refusal, at)])


def _fault(refusal: OfAnotherAgent | MonthIsClosed, pointer: str) -> dict[str, Any]:
    return {"code": refusal.code, "pointer": pointer, "message": str(refusal)}
