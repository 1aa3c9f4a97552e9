"""Local rules are those of the bureau whose portal this is: settings.BUREAU."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from pytest_django import Settings

from declarations.findings import FindingCode
from declarations.models import Declaration
from declarations.selectors import assessed_detail_lines, findings_of
from declarations.services.filing import file
from declarations.taxlaw import property_income
from declarations.taxlaw.parameters import Block, Parameter
from portal.models import WithholdingAgent
from tests.declarations.builders import a_clerk, a_header, a_line, an_agent
from tests.factories import client_of

pytestmark = pytest.mark.django_db
MONTH = date(2007, 1, 1)
WINDOW = Declaration.Channel.WINDOW
LETTING = a_line("30.00", income_item="0602", income=Decimal(3000))


@pytest.fixture
def acme() -> WithholdingAgent:
    return an_agent()


@pytest.fixture(autouse=True)
def hebei_assesses_at_two_percent(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    rates = {"0602": Decimal("0.02")}
    hebei = Parameter("assessed_rates", (Block(date(2006, 1, 1), rates, ("levy-law 35",)),))

    def local(bureau: str, name: str) -> Parameter[dict[str, Decimal]] | None:
        return hebei if (bureau, name) == ("hebei", "assessed_rates") else None

    monkeypatch.setattr(property_income, "local_parameter", local)
    settings.BUREAU = "hebei"


def test_the_check_holds_a_line_against_the_bureau_s_rate(
    acme: WithholdingAgent, settings: Settings
) -> None:
    (here,) = findings_of(acme, "regular", MONTH, [LETTING])
    settings.BUREAU = "beijing"
    (elsewhere,) = findings_of(acme, "regular", MONTH, [LETTING])

    assert (here.code, here.expected) == (FindingCode.FACTS_MISSING, Decimal("60.00"))
    assert (elsewhere.code, elsewhere.expected) == (FindingCode.FACTS_MISSING, None)


def test_a_filed_line_shows_the_bureau_s_rate(acme: WithholdingAgent) -> None:
    header = a_header(acme, tax_month=MONTH)
    declaration = file(acme, header, [LETTING], channel=WINDOW, filed_by=None).declaration

    (assessed,) = assessed_detail_lines(declaration, list(declaration.lines.all())).values()

    assert assessed.expected == Decimal("60.00")


def test_the_calculator_and_the_api_compute_by_it(acme: WithholdingAgent) -> None:
    visitor, clerk = Client(), client_of(a_clerk(acme))
    address = "/calculator/?month=2007-01&item=0602&country=001"
    wanted = {"tax_month": "2007-01", "income_item": "0602", "inputs": {"base": "3000"}}

    page = visitor.post(address, {"facts-base": "3000"}).content.decode()
    answer = clerk.post("/api/v1/law/compute/", json.dumps(wanted), "application/json")

    assert "60.00" in page
    assert answer.json()["tax"] == "60.00"
