"""The simulated core system on the command line: into a folder, and into this portal."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from declarations.services.window import file_declarations
from reconciliation.services.importing import import_feed
from reconciliation.services.reconciling import reconcile_all
from reconciliation.simulation import (
    Options,
    days,
    put,
    simulate,
)
from tests.reconciliation.worlds import BUSY, expected, exported

PROJECT = Path(__file__).parents[2]


def command(*arguments: str) -> tuple[int, dict[str, Any]]:
    output = StringIO()
    status = 0
    try:
        call_command("simulate_core", *arguments, stdout=output, stderr=StringIO())
    except SystemExit as stopped:
        status = int(stopped.code or 0)
    return status, json.loads(output.getvalue())


def test_the_command_writes_files_without_a_database(tmp_path: Path) -> None:
    """No mark lets this test into the database."""
    folder = tmp_path / "world"
    arguments = ("--seed", "5", "--agents", "4", "--from", "2012-07", "--months", "2")

    status, printed = command(*arguments, "--days", "80", "--into", str(folder))

    assert status == 0
    assert printed == json.loads((folder / "summary.json").read_text())
    assert printed["first_day"] == "2012-07-01"
    assert printed["last_day"] == "2012-09-18"
    assert len(list((folder / "inbox").glob("JKRK_*.txt"))) >= 80


def test_rates_are_set_by_name_on_the_command_line(tmp_path: Path) -> None:
    rates = ("--in-order", "--rate", "paid_twice=1", "--rate", "corrected=0")

    _, printed = command("--agents", "10", "--into", str(tmp_path / "world"), *rates)

    assert set(printed["causes"]) == {"PAID_TWICE"}


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--into", "X", "--agents", "0"],
        ["--into", "X", "--from", "2006"],
        ["--into", "X", "--rate", "paid_twice"],
        ["--into", "X", "--rate", "paid_twice=often"],
        ["--into", "X", "--rate", "paid_often=1"],
        ["--into", "X", "--deliver"],
    ],
)
def test_a_wrong_call_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(CommandError) as error:
        call_command("simulate_core", *arguments)

    assert error.value.returncode in (1, 2)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_anything_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")

    with pytest.raises(CommandError) as error:
        call_command("simulate_core", "--into", str(tmp_path))

    assert error.value.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.fixture
def inbox(tmp_path: Path, settings: Settings) -> Path:
    settings.INBOX = tmp_path / "inbox"
    return tmp_path / "inbox"


DELIVERED = ("--seed", "7", "--agents", "12", "--months", "2", "--deliver")
BUSY_RATES = tuple(
    word for name, rate in vars(BUSY).items() for word in ("--rate", f"{name}={rate}")
)


@pytest.mark.django_db
def test_a_world_is_delivered_day_by_day_and_goes_on_where_it_stopped(
    inbox: Path, tmp_path: Path
) -> None:
    rates = (*BUSY_RATES, "--rate", "file_refused=0.2")
    options = Options(seed=7, agents=12, months=2, rates=replace(BUSY, file_refused=0.2))
    summary = simulate(options, tmp_path / "whole")
    simulate(replace(options, days=50), tmp_path / "part")

    status, first = command(*DELIVERED, *rates, "--days", "50")
    assert status == 0
    assert first["delivered_days"] == 50
    assert exported() == expected(tmp_path / "part")
    status, then = command(*DELIVERED, *rates)

    assert status == 0
    assert then["delivered_days"] == (summary.options.last_day - options.first_day).days + 1 - 50
    assert exported() == expected(tmp_path / "whole")
    assert len(list((inbox / "rejected").glob("*.txt*"))) >= len(summary.refused)
    assert command(*DELIVERED, *rates)[1]["delivered_days"] == 0


@pytest.mark.django_db
@pytest.mark.parametrize("first_month", [date(2006, 4, 1), date(2006, 1, 1)])
def test_a_portal_with_other_payments_is_not_delivered_to(
    inbox: Path, tmp_path: Path, first_month: date
) -> None:
    other = Options(seed=1, agents=3, months=1, first_month=first_month)
    simulate(other, tmp_path / "other")
    import_feed(tmp_path / "other" / "inbox")

    with pytest.raises(CommandError) as error:
        call_command("simulate_core", *DELIVERED)

    assert error.value.returncode == 1


def test_nothing_is_delivered_in_production(inbox: Path, settings: Settings) -> None:
    settings.PRODUCTION = True

    with pytest.raises(CommandError) as error:
        call_command("simulate_core", *DELIVERED)

    assert error.value.returncode == 1
    assert not inbox.exists()


def test_the_example_for_integrators_runs_as_it_stands_and_without_django(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "simulator.md").read_text()
    [example] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    no_django = "import sys\nassert not [n for n in sys.modules if n.split('.')[0] == 'django']\n"

    done = subprocess.run(
        [sys.executable, "-c", example + no_django],
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )

    assert "NOT_PAID" in done.stdout
    delivered = {path.name for path in (tmp_path / "their-inbox").iterdir()}
    assert delivered == {path.name for path in (tmp_path / "world" / "inbox").iterdir()}


@pytest.mark.django_db
def test_what_is_played_day_by_day_comes_to_what_is_true(tmp_path: Path) -> None:
    options = Options(seed=7, agents=20, months=2, rates=replace(BUSY, file_refused=0.1))
    summary = simulate(options, tmp_path / "world")
    inbox, brought = tmp_path / "their-inbox", tmp_path / "brought.jsonl"
    inbox.mkdir()
    refused: dict[str, str] = {}
    for day in days(tmp_path / "world"):
        brought.write_text("".join(f"{line}\n" for line in day.declarations))
        assert file_declarations(brought).refused == {}
        for path in day.refused:
            put(path, inbox)
        refused |= import_feed(inbox).refused
        for path in day.files:
            put(path, inbox)
        assert import_feed(inbox).refused == {}
        reconcile_all(changed_only=True)

    assert refused == summary.refused
    assert exported() == expected(tmp_path / "world")
