"""What takes longer than a program should wait: workbooks, and where a job is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from declarations import selectors
from declarations.api import described
from declarations.api.answers import fault_json
from declarations.api.bodies import (
    XLSX,
    CsvParser,
    NoQuery,
    UploadQuery,
    WorkbookParser,
    query_of,
    sent_by,
)
from declarations.faults import Fault
from declarations.services.imports import fault_of
from declarations.services.programs import (
    FILE_DECLARATION,
    filed_by_job,
    reported_fault,
    upload_workbook,
)
from portal import selectors as portal_selectors
from portal.jobs import percent_of, sentence_of
from portal.models import Job, User
from portal.permissions import IsAnAgent

KINDS = {FILE_DECLARATION: "filing"}


class JobView(APIView):
    """A job of the agent: how far it is, or how it ended."""

    permission_classes = (IsAnAgent,)

    @described.JOB
    def get(self, request: Request, public_id: UUID) -> Response:
        query_of(request, NoQuery)
        job = portal_selectors.access_job(cast(User, request.user), public_id)
        return Response(job_json(job))


class UploadsView(APIView):
    """A workbook (.xlsx, .csv) for a draft, which a clerk looks at and files in the portal."""

    permission_classes = (IsAnAgent,)
    parser_classes = (WorkbookParser, CsvParser)

    @described.UPLOAD
    def post(self, request: Request) -> Response:
        query = query_of(request, UploadQuery)
        agent = selectors.access_own_agent(request.user)
        sent = sent_by(request)
        job = upload_workbook(
            agent,
            query["month"],
            query["kind"],
            sent.content,
            file_kind="xlsx" if sent.media_type == XLSX else "csv",
            replace=query["replace"] == "1",
            by=cast(User, request.user),
        )
        return accepted(job)


def accepted(job: Job) -> Response:
    """Return 202 with a job, and where to ask for it."""
    address = reverse("declarations_api:job", args=[job.public_id])
    return Response(job_json(job), status=HTTPStatus.ACCEPTED, headers={"Location": address})


def job_json(job: Job) -> dict[str, Any]:
    """Return a job: state, progress, what it filed or what was wrong."""
    faults, count = _faults(job)
    filed = filed_by_job(job) if _has_filed(job) else None
    return {
        "id": str(job.public_id),
        "kind": KINDS.get(job.kind, "upload"),
        "state": job.state,
        "percent": percent_of(job),
        "done": job.done,
        "total": job.total,
        "message": sentence_of(job),
        "created_at": _time(job.created_at),
        "finished_at": _time(job.finished_at),
        "declaration": filed and reverse("declarations_api:declaration", args=[filed.public_id]),
        "code": job.error_code or None,
        "error_count": count,
        "errors": faults,
    }


def _has_filed(job: Job) -> bool:
    return job.kind == FILE_DECLARATION and job.state == Job.State.DONE


def _faults(job: Job) -> tuple[list[dict[str, Any]], int]:
    if job.report is None:
        return [], 0
    report = job.report.reveal_json("say by the API how a job ended")
    return [_fault(job, shown) for shown in report["shown"]], report["count"]


def _fault(job: Job, shown: dict[str, Any]) -> dict[str, Any]:
    if job.kind == FILE_DECLARATION:
        return fault_json(reported_fault(shown), None)
    fault: Fault = fault_of(shown)
    # Of a workbook the pointer names the sheet's row, from 1 with the headings.
    return fault_json(fault, None) | {"pointer": f"/rows/{fault.row}/{fault.field}"}


def _time(moment: Any) -> str | None:
    return moment and timezone.localtime(moment).isoformat(timespec="seconds")
