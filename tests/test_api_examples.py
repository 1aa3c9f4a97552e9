"""docs/api.md: each request in it is answered as it says, and its tables leave nothing out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from django.test import Client

from declarations.faults import FaultCode
from declarations.findings import FindingCode
from portal.services.tokens import make_token
from tests.declarations.builders import a_clerk, an_agent

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "api.md").read_text(encoding="utf-8")
ANYTHING = "…"


class Message(NamedTuple):
    """A request or an answer, as it is written."""

    first: str
    headers: dict[str, str]
    body: str


def messages() -> Iterator[Message]:
    for text in re.findall(r"```http\n(.*?)```", PAGE, re.DOTALL):
        head, _, body = text.partition("\n\n")
        first, *lines = head.splitlines()
        headers = dict(line.split(": ", 1) for line in lines)
        yield Message(first, headers, body)


def examples() -> Iterator[tuple[Message, Message]]:
    """Yield each request with the answer that follows it; an answer may stand alone."""
    request = None
    for message in messages():
        if not message.first.startswith("HTTP/"):
            assert request is None, f"{request} has no answer"
            request = message
        elif request is not None:
            yield request, message
            request = None


def assert_like(found: Any, written: Any, at: str = "") -> None:
    """Compare an answer with how it is written, where … stands for anything."""
    if written == ANYTHING:
        return
    if isinstance(written, dict) and isinstance(found, dict):
        is_partial = written.get(ANYTHING) == ANYTHING
        keys = written.keys() - {ANYTHING}
        assert keys <= found.keys() if is_partial else keys == found.keys(), at
        for key in keys:
            assert_like(found[key], written[key], f"{at}/{key}")
    elif isinstance(written, list) and isinstance(found, list):
        assert len(found) == len(written), at
        for place, (one, other) in enumerate(zip(found, written, strict=True)):
            assert_like(one, other, f"{at}/{place}")
    else:
        assert found == written, at


@pytest.mark.django_db
def test_every_request_of_the_page_is_answered_as_it_says() -> None:
    clerk = a_clerk(an_agent("11010001"))
    token = make_token(clerk, "payroll")[1]
    count = 0

    for request, written in examples():
        method, path = request.first.split(" ")
        headers = {"Authorization": f"Bearer {token}", **request.headers}
        media_type = headers.pop("Content-Type", "application/json")
        answer = Client().generic(
            method, path, request.body.strip(), content_type=media_type, headers=headers
        )
        status = int(written.first.split(" ")[1])
        assert answer.status_code == status, (request.first, answer.content.decode())
        for name, value in written.headers.items():
            if value != ANYTHING:
                assert answer.headers[name] == value
        assert_like(json.loads(answer.content), json.loads(written.body))
        count += 1

    assert count == len(re.findall(r"(?m)^(?:GET|POST) ", PAGE)) >= 7


@pytest.mark.django_db
def test_the_digest_of_a_receipt_can_be_made_by_what_the_page_says() -> None:
    clerk = a_clerk(an_agent("11010001"))
    token = make_token(clerk, "payroll")[1]
    request = next(each for each, answer in examples() if "201" in answer.first)
    headers = {"Authorization": f"Bearer {token}", **request.headers}
    answer = (
        Client()
        .generic(
            "POST",
            "/api/v1/declarations/",
            request.body,
            content_type=headers.pop("Content-Type"),
            headers=headers,
        )
        .json()
    )

    form = json.loads(request.body) | {"version": 1}
    form |= {"own_headcount": 1, "other_headcount": 0, "total_income": 500000}
    nothing = ["income_foreign", "deductible_charges", "donation", "tax_reduction"]
    form["lines"][0] |= {"income": 500000, "exempt_income": 30000, "tax_withheld": 34000}
    form["lines"][0] |= dict.fromkeys(nothing, 0) | {"remark": ""}
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert answer["receipt"]["digest"] == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("code", [*FaultCode, *FindingCode])
def test_every_code_stands_on_the_page(code: str) -> None:
    assert f"`{code}`" in PAGE
