"""The register of persons: one row a person, what it keeps, and what it refuses."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from declarations.models import Taxpayer
from portal.models import WithholdingAgent
from tests.declarations.builders import ZHANG, an_agent

pytestmark = pytest.mark.django_db
ZHANG_OF_15 = "110105491231002"


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


def a_taxpayer(agent: WithholdingAgent, **fields: Any) -> Taxpayer:
    values: dict[str, Any] = {
        "name": "张三",
        "document_type": "01",
        "document_number": ZHANG,
        "country": "001",
        "occupation": "2010000",
        "employed_here": True,
    }
    return Taxpayer.objects.create(agent=agent, **(values | fields))


# --- What the database keeps ---


def test_a_person_with_15_and_18_digits_is_one(acme: WithholdingAgent) -> None:
    a_taxpayer(acme)

    with pytest.raises(IntegrityError, match="one_per_agent_and_document"), transaction.atomic():
        a_taxpayer(acme, document_number=ZHANG_OF_15)
    a_taxpayer(acme, document_type="03")
    a_taxpayer(an_agent("11010002"))


def test_nobody_leaves_before_joining(acme: WithholdingAgent) -> None:
    a_taxpayer(acme, joined_on=date(2006, 4, 1), left_on=date(2006, 4, 1))

    with pytest.raises(IntegrityError, match="did_not_leave_before_joining"):
        a_taxpayer(acme, document_type="03", joined_on=date(2006, 4, 1), left_on=date(2006, 3, 1))


def test_the_database_cannot_read_a_number(acme: WithholdingAgent) -> None:
    a_taxpayer(acme)

    with connection.cursor() as cursor:
        cursor.execute("SELECT t::text FROM declarations_taxpayer AS t")
        (text,) = cursor.fetchone()
    assert ZHANG not in text
    assert ZHANG.encode().hex() not in text
