"""What programs read: an agent's own months, an office's, and the code tables."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from declarations.taxlaw.codes import COUNTRIES, INCOME_ITEMS
from portal.models import User, WithholdingAgent
from reconciliation.selectors import export_months
from reconciliation.services.reconciling import reconcile_months
from tests.factories import agent, clerk, client_of, complete_to, filed, office, paid, staff

pytestmark = pytest.mark.django_db

MONTHS = "/api/v1/months/"
CODES = "/api/v1/codes/"
Role = User.Role


def two_agents() -> tuple[WithholdingAgent, WithholdingAgent]:
    """Two agents of two offices, each with a month that has a result."""
    complete_to("2006-06-01")
    north, south = agent("NORTH001", office("1101")), agent("SOUTH001", office("1102"))
    for each in (north, south):
        filed(each, "2006-04", "10.00")
        reconcile_months([each.pk])
    return north, south


def entries(client: Client, query: str = "") -> list[dict[str, Any]]:
    response = client.get(MONTHS + query)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/json"
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def test_an_agent_reads_its_own_months_as_they_are_exported() -> None:
    north, _ = two_agents()

    found = entries(client_of(clerk(north)))

    assert found == [entry for entry in export_months() if entry["computer_code"] == "NORTH001"]
    assert [entry["kind"] for entry in found] == ["regular", "additional", "refund"]
    assert (found[0]["declared"], found[0]["result"]) == ("10.00", "mismatched")


def test_a_changed_month_is_checking() -> None:
    north, _ = two_agents()
    paid(north, "2006-04", "10.00")

    assert {entry["result"] for entry in entries(client_of(clerk(north)))} == {"checking"}


@pytest.mark.parametrize("role", [Role.OFFICER, Role.AUDITOR, Role.SUPERVISOR])
def test_staff_read_the_months_of_their_office(role: Role) -> None:
    two_agents()

    found = entries(client_of(staff(role, office("1102"))))

    assert {entry["computer_code"] for entry in found} == {"SOUTH001"}


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.ACCOUNT_ADMIN])
def test_other_roles_read_no_months(role: Role) -> None:
    two_agents()

    response = client_of(staff(role, office("0"))).get(MONTHS)

    assert response.status_code == 403
    assert response.json()["code"] == "PERMISSION_DENIED"
    assert client_of(staff(role, office("0"))).get(CODES).status_code == 200


def test_the_months_come_in_pages(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    acme = agent("ACME0001")
    for year in range(2006, 2015):
        for number in range(1, 13):
            paid(acme, f"{year}-{number:02}", "1.00")
    reconcile_months([acme.pk])
    client = client_of(clerk(acme))

    with django_assert_max_num_queries(18):  # with those that count the request
        first = client.get(MONTHS).json()
    second = client.get(first["next"]).json()

    assert first["count"] == 108
    assert len(first["results"]) == 300
    assert len(second["results"]) == 24
    assert second["next"] is None


def test_the_code_tables_are_those_of_the_form() -> None:
    tables = client_of(clerk(agent("ACME0001"))).get(CODES).json()

    assert list(tables) == ["income_items", "occupations", "countries", "document_types"]
    assert [entry["code"] for entry in tables["income_items"]] == [e.code for e in INCOME_ITEMS]
    assert {"code": "001", "name": "中国"}.items() <= tables["countries"][0].items()
    assert len(tables["countries"]) == len(COUNTRIES)


@pytest.mark.parametrize("url", [MONTHS, CODES])
def test_errors_have_one_shape(url: str) -> None:
    client = client_of(clerk(agent("ACME0001")))

    for response, status, code in (
        (Client().get(url), 401, "NOT_AUTHENTICATED"),
        (client.post(url), 405, "METHOD_NOT_ALLOWED"),
        (client.get(url, headers={"accept": "text/html"}), 406, "NOT_ACCEPTABLE"),
    ):
        assert response.status_code == status
        assert response["Content-Type"] == "application/problem+json"
        body = response.json()
        assert list(body) == ["type", "title", "status", "detail", "code", "errors"]
        assert (body["status"], body["code"]) == (status, code)


def test_a_page_that_is_not_there_is_a_problem_too() -> None:
    response = client_of(clerk(agent("ACME0001"))).get(f"{MONTHS}?page=9")

    assert (response.status_code, response.json()["code"]) == (404, "NOT_FOUND")


def test_a_session_without_a_second_factor_reads_nothing() -> None:
    two_agents()
    half = Client()
    half.force_login(staff(Role.OFFICER, office("1101")))

    assert half.get(MONTHS).status_code != 200
