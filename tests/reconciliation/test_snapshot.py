"""A page about a month agrees with itself, whatever happens while it is made."""

from __future__ import annotations

from datetime import date
from threading import Thread

import pytest
from django.db import connection

from reconciliation import selectors
from reconciliation.services.reconciling import reconcile_months
from tests.factories import agent, filed, paid


def test_a_page_is_of_one_instant(committed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    acme = agent("ACME0001")
    filed(acme, "2006-04", "100.00")
    paid(acme, "2006-04", "100.00")
    reconcile_months([acme.pk])
    read = selectors.query._items

    def pay_and_reconcile() -> None:
        paid(acme, "2006-04", "7.00")
        reconcile_months([acme.pk])
        connection.close()

    def meanwhile(*arguments: object) -> object:
        thread = Thread(target=pay_and_reconcile)
        thread.start()
        thread.join()
        return read(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(selectors.query, "_items", meanwhile)
    before = selectors.figures_of_month(acme, date(2006, 4, 1))
    monkeypatch.undo()
    after = selectors.figures_of_month(acme, date(2006, 4, 1))

    for figures, paid_in_all, result in ((before, "100.00", "matched"), (after, "107.00", None)):
        kind = figures.kinds[0]
        assert str(kind.paid) == paid_in_all
        assert str(sum(item.paid for item in kind.items)) == paid_in_all
        assert result is None or figures.result == result
