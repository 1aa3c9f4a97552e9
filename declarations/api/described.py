"""What each operation on declarations is called, takes and answers, for the API's description."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema

from declarations.api.bodies import CSV, JSON, JSON_LINES, XLSX
from declarations.api.shapes import EXAMPLE, MONTH
from declarations.declaration import KINDS
from declarations.models import Declaration
from declarations.selectors.filed import ORDERS
from portal.openapi import PAGE, Schema, ref

DECLARATIONS: Final = ["Declarations"]
JOBS: Final = ["Jobs"]
LAW: Final = ["Law"]

_LONG: Final[Schema] = {
    "type": "string",
    "description": "JSON Lines: the head without `lines` (DeclarationHead), then each detail line "
    "(DeclarationLine) on a line of its own.",
}
_BODIES: Final = {JSON: ref("Declaration"), JSON_LINES: _LONG}
_EXAMPLE: Final = OpenApiExample("One line", EXAMPLE, request_only=True, media_type=JSON)
_SWITCH: Final[Schema] = {"type": "string", "enum": ["0", "1"], "default": "0"}
_KIND: Final[Schema] = {"type": "string", "enum": list(KINDS)}
_LOCATION: Final = OpenApiParameter(
    "Location",
    OpenApiTypes.URI_REF,
    OpenApiParameter.HEADER,
    description="Of the declaration or the job.",
    response=[200, 201, 202],
)


def _answers(**answers: tuple[str, str]) -> dict[int, Any]:
    return {
        int(status.removeprefix("on_")): OpenApiResponse(ref(name), sentence)
        for status, (name, sentence) in answers.items()
    }


def _refused(sentence: str) -> OpenApiResponse:
    return OpenApiResponse(ref("Problem"), sentence)


LIST: Final = extend_schema(
    operation_id="list_declarations",
    tags=DECLARATIONS,
    summary="List filed declarations",
    description="Every version that was filed, the newest first; drafts are left out.",
    parameters=[
        OpenApiParameter("month", MONTH),
        OpenApiParameter("kind", _KIND),
        OpenApiParameter(
            "status",
            {
                "type": "string",
                "enum": [each for each in Declaration.Status.values if each != "draft"],
            },
            description="`filed` is what is in force.",
        ),
        OpenApiParameter(
            "ordering", {"type": "string", "enum": list(ORDERS), "default": "-filed_at"}
        ),
        *PAGE,
    ],
    responses=_answers(on_200=("FiledList", "A page of declarations.")),
)
FILE: Final = extend_schema(
    operation_id="file_declaration",
    tags=DECLARATIONS,
    summary="File a declaration",
    description="Files a declaration; one of the same month and kind before it is superseded "
    "(更正申报). Findings (提醒) block nothing. Up to 1 MiB is filed at once, more by a job: 202, "
    "and `Location` says where to ask. `application/json` takes up to 16 MiB, "
    "`application/x-ndjson` up to 32 MiB and 100,000 lines.",
    parameters=[
        OpenApiParameter(
            "Idempotency-Key",
            {"type": "string", "format": "uuid"},
            OpenApiParameter.HEADER,
            required=True,
            description="The same key and body again give the same receipt, and file nothing. "
            "Kept 30 days.",
        ),
        _LOCATION,
    ],
    request=_BODIES,
    examples=[_EXAMPLE],
    responses={
        **_answers(
            on_200=("Filing", "It was filed before: the same receipt."),
            on_201=("Filing", "Filed."),
            on_202=("Job", "Too long to wait for: a job files it."),
        ),
        409: _refused("The month is closed, or the key was used for something else."),
        422: _refused("The declaration has faults, or the key is no UUID."),
        503: _refused("Too much is under way: see Retry-After."),
    },
)
CHECK: Final = extend_schema(
    operation_id="check_declaration",
    tags=DECLARATIONS,
    summary="Check a declaration without filing it",
    description="Says every fault, what is found, and what the law makes of each line. Up to 1 MiB "
    "(some 4,000 lines); more in parts. The law is applied to declarations of kind `regular`.",
    parameters=[
        OpenApiParameter(
            "explain", _SWITCH, description="`1`: with every step, of the first 500 lines."
        )
    ],
    request=_BODIES,
    examples=[_EXAMPLE],
    responses={
        **_answers(on_200=("Check", "What filing it would come to.")),
        503: _refused("Too much is under way: see Retry-After."),
    },
)
READ: Final = extend_schema(
    operation_id="read_declaration",
    tags=DECLARATIONS,
    summary="Read a filed declaration",
    description="Head, receipt, totals, and the three lamps as they are today.",
    responses=_answers(on_200=("Filed", "The declaration.")),
)
READ_LINES: Final = extend_schema(
    operation_id="read_lines",
    tags=DECLARATIONS,
    summary="Read a filed declaration's lines",
    description="As they were sent, all columns of the month's form. That document numbers were "
    "read is audited.",
    parameters=PAGE,
    responses=_answers(on_200=("FiledLines", "A page of lines.")),
)
READ_FINDINGS: Final = extend_schema(
    operation_id="read_findings",
    tags=DECLARATIONS,
    summary="Read what was found about a filed declaration",
    parameters=PAGE,
    responses=_answers(on_200=("Findings", "A page of findings.")),
)
UPLOAD: Final = extend_schema(
    operation_id="upload_workbook",
    tags=JOBS,
    summary="Put a workbook into a draft",
    description="For the draft of a month and kind, which is made if need be; somebody looks at it "
    "and files it in the portal. Up to 5 MiB and 20,000 rows, all of them or none.",
    parameters=[
        OpenApiParameter("month", MONTH, required=True),
        OpenApiParameter("kind", {**_KIND, "default": "regular"}),
        OpenApiParameter(
            "replace", _SWITCH, description="`1`: in place of the lines that are there."
        ),
        _LOCATION,
    ],
    request={
        XLSX: {"type": "string", "format": "binary"},
        CSV: {"type": "string", "format": "binary"},
    },
    responses={
        **_answers(on_202=("Job", "A job takes it in.")),
        409: _refused("The month is closed or none, or another workbook is coming in."),
    },
)
JOB: Final = extend_schema(
    operation_id="read_job",
    tags=JOBS,
    summary="Ask how far a job is",
    description="Ask again every second or two until `finished_at` is there.",
    responses=_answers(on_200=("Job", "The job.")),
)
READ_LAW: Final = extend_schema(
    operation_id="read_law",
    tags=LAW,
    summary="Read the law of a month",
    responses=_answers(on_200=("LawOfMonth", "Values with their sources, items with methods.")),
)
COMPUTE: Final = extend_schema(
    operation_id="compute_tax",
    tags=LAW,
    summary="Compute the tax of one income",
    description="By the law of its month, with every step. 120 a minute.",
    request={JSON: ref("Case")},
    examples=[
        OpenApiExample(
            "A wage",
            {"tax_month": "2006-04", "income_item": "0101", "inputs": {"income": "5000"}},
            request_only=True,
        )
    ],
    responses={
        **_answers(on_200=("Computed", "The tax and how it came about.")),
        422: _refused("NOT_IN_FORCE, FACTS_MISSING or WRONG_FACT."),
    },
)
