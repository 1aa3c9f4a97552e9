"""The API's description: complete, true, and what happens to who asks at random by it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.drainage import GENERATOR_STATS
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal.models import Job, User
from portal.openapi import described
from portal.services.jobs import start_job
from portal.services.tokens import make_token
from portal.wsgi import application
from tests.declarations.builders import a_clerk, an_agent, filed

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "docs" / "openapi.json"
METHODS = {"get", "post", "put", "patch", "delete"}
EXAMPLES = 50


def api_patterns(
    patterns: list[URLPattern | URLResolver], before: str = ""
) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = f"{before}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            yield from api_patterns(pattern.url_patterns, path)
        elif path.startswith("api/"):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), pattern.callback


def test_every_operation_of_the_site_is_described() -> None:
    there = {
        (f"/{path}", method)
        for path, view in api_patterns(get_resolver().url_patterns)
        if hasattr(view, "cls")
        for method in METHODS
        if hasattr(view.cls, method)
    }

    found = {
        (path, method) for path, operations in described()["paths"].items() for method in operations
    }
    assert found == there


def test_the_description_is_made_without_a_doubt() -> None:
    GENERATOR_STATS.reset()

    described()

    assert not GENERATOR_STATS


def test_every_operation_says_what_it_is_called_and_how_it_fails() -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for path, operations in described()["paths"].items():
        for method, operation in operations.items():
            assert operation["summary"], (path, method)
            assert operation["tags"], (path, method)
            statuses = set(operation["responses"])
            assert {"400", "401", "403", "404", "405", "406", "429", "500"} <= statuses
            if method == "post":
                assert {"413", "415"} <= statuses
                assert operation["requestBody"]["required"]
            for status, answer in operation["responses"].items():
                (media_type,) = answer["content"]
                if status >= "400":
                    assert media_type == "application/problem+json"
                    assert answer["content"][media_type]["schema"] == problem
                else:
                    assert media_type == "application/json"


def test_every_reference_leads_somewhere() -> None:
    schema = described()
    text = json.dumps(schema)

    for name in set(re.findall(r'"#/components/schemas/(\w+)"', text)):
        assert name in schema["components"]["schemas"], name


def test_the_description_speaks_english_in_every_language() -> None:
    texts = [
        Client().get("/api/v1/schema/", headers={"accept-language": language}).content
        for language in ("zh-hans", "en")
    ]

    assert texts[0] == texts[1]


def test_the_committed_description_is_that_of_the_code() -> None:
    made = json.dumps(described(), ensure_ascii=False, indent=2) + "\n"

    assert COMMITTED.read_text(encoding="utf-8") == made, "Run `make openapi`."


def test_the_page_to_try_it_fetches_nothing_from_elsewhere() -> None:
    answer = Client().get("/api/v1/")
    page = answer.content.decode()

    assert answer.status_code == 200
    assert 'data-schema="/api/v1/schema/"' in page
    assert not re.search(r"""(?:src|href)=["']?(?:https?:)?//""", page)
    assert not re.search(r"<script(?![^>]* src=)|<style| style=", page)
    assert "img-src 'self' data:" in answer.headers["Content-Security-Policy"]
    assert "data:" not in Client().get("/").headers["Content-Security-Policy"]


# At random

schemathesis.serializer("application/x-ndjson")(
    lambda context, value: str(value).encode(errors="replace")
)
for _media_type in (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
):
    schemathesis.serializer(_media_type)(
        lambda context, value: value if isinstance(value, bytes) else str(value).encode()
    )


def from_somewhere(environ: dict[str, Any], start_response: Any) -> Any:
    """Call the site as a server would, which says whence a request comes."""
    return application({"REMOTE_ADDR": "192.0.2.7", **environ}, start_response)


OPERATIONS = [
    (path, method)
    for path, operations in sorted(described()["paths"].items())
    for method in sorted(operations)
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def in_one_transaction() -> Iterator[None]:
    """Let requests keep the connection of the test, as those of Django's own client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("in_one_transaction")
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_whatever_is_asked_the_answer_is_one_that_is_described(
    path: str, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.authentication.REQUESTS", 10**6)
    monkeypatch.setattr("declarations.api.law.CALCULATIONS", 10**6)
    acme = an_agent()
    clerk = a_clerk(acme)
    own = {"declarations": filed(acme, "1.00").public_id, "jobs": a_job(clerk).public_id}
    token = make_token(clerk, "random")[1]
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/", from_somewhere)
    operation = schema[path][method]
    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    seen: list[int] = []

    @given(case=st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes)))
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case[Any]) -> None:
        if "public_id" in (case.path_parameters or {}) and len(seen) % 2:
            case.path_parameters["public_id"] = str(own[path.split("/")[3]])
        if isinstance(case.body, dict) and "computer_code" in case.body and len(seen) % 2:
            case.body["computer_code"] = acme.computer_code
        case.headers["Authorization"] = f"Bearer {token}"
        seen.append(case.call_and_validate(checks=CHECKS).status_code)

    ask()

    # Some of what is tried is another token.
    assert set(seen) - {401}
    assert 403 not in seen


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_without_a_token_nothing_but_the_description_is_answered(path: str, method: str) -> None:
    address = path.format(public_id=uuid4(), tax_month="2006-04")

    answer = Client().generic(method.upper(), address, "{}", content_type="application/json")

    if path == "/api/v1/schema/":
        assert answer.status_code == 200
    else:
        assert answer.status_code == 401
        assert answer.json()["code"] == "NOT_AUTHENTICATED"


def a_job(clerk: User) -> Job:
    return start_job(
        "declarations.import_workbook", user=clerk, subject=uuid4(), parameters={}, content=b""
    )


def test_the_example_of_the_description_is_filed() -> None:
    clerk = a_clerk(an_agent())
    token = make_token(clerk, "payroll")[1]
    body = described()["paths"]["/api/v1/declarations/"]["post"]["requestBody"]["content"]
    (example,) = body["application/json"]["examples"].values()

    answer = Client().post(
        "/api/v1/declarations/",
        example["value"],
        content_type="application/json",
        headers={"authorization": f"Bearer {token}", "idempotency-key": str(uuid4())},
    )

    assert answer.status_code == 201
    assert answer.json()["findings"] == []
