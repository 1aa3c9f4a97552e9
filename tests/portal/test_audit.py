"""The audit is added to and never changed."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from portal.models import AuditEntry
from portal.services import audit
from tests.portal.people import a_clerk, an_agent

pytestmark = pytest.mark.django_db

ATTEMPTS = [
    "UPDATE portal_auditentry SET outcome = 'other'",
    "DELETE FROM portal_auditentry",
    "TRUNCATE portal_auditentry",
]


@pytest.fixture
def entry() -> AuditEntry:
    return audit.record(AuditEntry.Action.LOGIN, "done", user=a_clerk(an_agent()))


@pytest.mark.parametrize("statement", ATTEMPTS)
def test_the_role_of_the_site_lacks_the_right_to_change_it(
    entry: AuditEntry, statement: str
) -> None:
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    entry.refresh_from_db()
    assert entry.outcome == "done"


@pytest.mark.parametrize("statement", ATTEMPTS)
def test_a_trigger_refuses_even_who_has_the_right(entry: AuditEntry, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("GRANT UPDATE, DELETE, TRUNCATE ON portal_auditentry TO CURRENT_USER")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # TRUNCATE waits for no pending check
    with (
        pytest.raises(IntegrityError, match="is evidence") as refused,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert "never changed or deleted" in str(refused.value)
    entry.refresh_from_db()


def test_an_entry_says_whence_it_came() -> None:
    with audit.whence(lambda: "192.0.2.1"):
        assert audit.record(AuditEntry.Action.EXPORT, "done", rows=3).address == "192.0.2.1"
    outside = audit.record(AuditEntry.Action.EXPORT, "done", rows=3)
    assert (outside.address, outside.detail) == ("", {"rows": 3})
