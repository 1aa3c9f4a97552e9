"""Three attempts are for work that fails; what is cut off from outside keeps its count."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import DatabaseError, connection

from declarations.models import AgentMonth
from portal.claims import Work, claim
from reconciliation.models import FeedFile, Payment
from reconciliation.services import importing
from reconciliation.services.importing import import_feed
from reconciliation.services.reconciling import reconcile_months
from tests.declarations.builders import an_agent
from tests.reconciliation.deliveries import deliver, paid

pytestmark = pytest.mark.usefixtures("committed")


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def database_that_goes_away(table: str) -> Iterator[None]:
    """Let every insertion into a table end the connection that makes it."""
    execute(
        "CREATE FUNCTION go_away() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;"
        f"CREATE TRIGGER go_away BEFORE INSERT ON {table} EXECUTE FUNCTION go_away()"
    )
    yield
    execute("DROP FUNCTION go_away CASCADE")


def test_a_file_whose_database_went_away_is_not_stopped(tmp_path: Path) -> None:
    an_agent()
    deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])

    with database_that_goes_away("reconciliation_payment"):
        for _ in range(importing.MOST_ATTEMPTS + 1):
            with pytest.raises(DatabaseError):
                import_feed(tmp_path)
            assert FeedFile.objects.get().attempts == 0

    import_feed(tmp_path)
    assert FeedFile.objects.get().state == "imported"
    assert Payment.objects.count() == 1


def test_a_month_whose_database_went_away_keeps_its_attempts(tmp_path: Path) -> None:
    acme = an_agent()
    deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])
    import_feed(tmp_path)

    with database_that_goes_away("reconciliation_comparison"):
        with pytest.raises(DatabaseError):
            reconcile_months([acme.pk])
        assert AgentMonth.objects.get().attempts == 0

    assert reconcile_months([acme.pk]) == 1


def test_an_import_that_is_interrupted_keeps_its_attempts_and_gives_up_its_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    deliver(tmp_path, "JKRK_20060501_001")
    with monkeypatch.context() as interrupted:
        interrupted.setattr(importing, "_load", interrupt)
        with pytest.raises(KeyboardInterrupt):
            import_feed(tmp_path)

    assert FeedFile.objects.get().attempts == 0
    with claim(Work.IMPORT, [0]) as claimed:
        assert claimed == [0]


def test_a_file_that_fails_is_stopped_after_three_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    deliver(tmp_path, "JKRK_20060501_001")
    with monkeypatch.context() as failing:
        failing.setattr(importing, "_load", fail)
        for _ in range(importing.MOST_ATTEMPTS):
            with pytest.raises(ZeroDivisionError):
                import_feed(tmp_path)
        import_feed(tmp_path)

    assert FeedFile.objects.get().state == "stopped"
