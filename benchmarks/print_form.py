"""The printed form of 20,000 filed lines: its parts of 2,000, each as a PDF and as a page.

Both are what a browser gets from the view, names and numbers opened. The PDF is set in a process of
its own; its memory is counted apart. Each takes its turn, part by part.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from datetime import date
from statistics import median
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpResponseBase
from django.test import RequestFactory, override_settings
from django.utils import timezone

from benchmarks import setup  # noqa: F401
from benchmarks.made_lines import CUMULATIVE, MONTHLY, make
from benchmarks.measuring import machine
from declarations.declaration import Header
from declarations.models import Declaration
from declarations.printing import LINES_A_PART
from declarations.services.filing import file
from declarations.views import printing
from portal.models import Office, User, WithholdingAgent

LINES = 20_000


# Without the names with digests, which need `collectstatic`.
PLAIN = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}


@override_settings(STORAGES=PLAIN)
def run() -> dict[str, Any]:
    """Return the seconds of a part, the ratio of the PDF to the page, and memory in MiB."""
    office = Office.objects.get(code=Office.ROOT_CODE)
    agent = WithholdingAgent.objects.create(
        computer_code="11010001",
        name="单位11010001",
        office=office,
        status="01",
        document_type="01",
        document_number="110101197001010018",
        registered_at=timezone.now(),
        registration_index=b"\0" * 32,
    )
    user = User.objects.create(login=agent.computer_code, agent=agent)
    return {
        "machine": machine(),
        "lines": LINES,
        "by the month": _measured(agent, user, MONTHLY),
        "cumulatively": _measured(agent, user, CUMULATIVE),
        "memory": {
            "process_mib": _mib(resource.RUSAGE_SELF),
            "typesetter_mib": _mib(resource.RUSAGE_CHILDREN),
        },
    }


def _measured(agent: WithholdingAgent, user: User, tax_month: date) -> dict[str, Any]:
    declaration = _filed(agent, tax_month)
    pages, pdfs, sizes = [], [], []
    for part in range(1, LINES // LINES_A_PART + 1):
        seconds, _page = _asked(printing.printed, user, declaration, part)
        pages.append(seconds)
        seconds, pdf = _asked(printing.form, user, declaration, part)
        pdfs.append(seconds)
        if not pdf.startswith(b"%PDF-"):
            raise AssertionError("this is no PDF")
        sizes.append(len(pdf))
    return {
        "page_seconds": round(median(pages), 2),
        "pdf_seconds": round(median(pdfs), 2),
        "ratio": round(median(b / a for a, b in zip(pages, pdfs, strict=True)), 2),
        "all_pdfs_seconds": round(sum(pdfs), 1),
        "pdf_mib": round(median(sizes) / 2**20, 1),
    }


def _filed(agent: WithholdingAgent, tax_month: date) -> Declaration:
    header = Header(
        computer_code=agent.computer_code,
        tax_month=tax_month,
        kind="regular",
        coverage="full",
        declarant=agent.name,
        phone="010-60000001",
        address="某街1号",
        postcode="100000",
    )
    channel = Declaration.Channel.WINDOW
    lines = make(tax_month, LINES).lines
    return file(agent, header, lines, channel=channel, filed_by=None).declaration


def _asked(
    view: Callable[..., HttpResponseBase], user: User, declaration: Declaration, part: int
) -> tuple[float, bytes]:
    request = RequestFactory().get("/", {"page": part})
    request.user = user
    request.session = SessionStore()
    start = time.perf_counter()
    answer: Any = view(request, declaration.public_id)
    if answer.status_code != 200:
        raise AssertionError(f"the view answered {answer.status_code}")
    return time.perf_counter() - start, answer.content


def _mib(of: int) -> int:
    return round(resource.getrusage(of).ru_maxrss / 1024)
