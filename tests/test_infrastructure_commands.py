"""The operators' commands in a fresh clone: nobody has run the portal before."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import embedded
from tests.reconciliation.deliveries import deliver, paid, registered

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = ("import_feed", "file_declarations", "reconcile", "export_months", "create_staff")


@pytest.fixture
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="iit-portal-test-", dir="/var/tmp"))
    yield made
    embedded.stop(made)
    embedded.remove(made)
    shutil.rmtree(made, ignore_errors=True)


def start(home: Path, *arguments: str | Path) -> "subprocess.Popen[str]":
    variables = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PORTAL_", "DJANGO_")) and name not in ("DATABASE_URL", "REDIS_URL")
    }
    return subprocess.Popen(
        [sys.executable, ROOT / "manage.py", *arguments],
        env=variables | {"PORTAL_HOME": str(home)},
        cwd="/",
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def printed(command: "subprocess.Popen[str]") -> object:
    output, errors = command.communicate(timeout=90)
    assert command.returncode == 0, errors
    return json.loads(output)


def test_the_first_commands_of_a_fresh_home_make_its_tables(home: Path, tmp_path: Path) -> None:
    deliver(tmp_path, "SWDJ_20060501_001", [registered()])
    deliver(tmp_path, "JKRK_20060501_001", [paid("10.00")])

    # Both at once: the tables are made by one of them.
    commands = start(home, "import_feed", tmp_path), start(home, "export_months")

    imported, _ = map(printed, commands)
    assert imported == {
        "imported": ["SWDJ_20060501_001.txt", "JKRK_20060501_001.txt"],
        "refused": {},
        "repeated": [],
        "rows": {"imported": 2, "unchanged": 0, "stale": 0, "not_ours": 0, "quarantined": {}},
        "watermark": "2006-05-01",
        "gaps": [],
    }
    assert printed(start(home, "reconcile")) == {
        "months": 1,
        "matched": 0,
        "waiting": 1,
        "mismatched": 0,
    }


def test_help_and_a_wrong_call_need_no_server(home: Path) -> None:
    for command in COMMANDS:
        asked = start(home, command, "--help")
        assert f"manage.py {command}" in asked.communicate()[0]
        assert asked.returncode == 0

        wrong = start(home, command, "--nonsense")
        output, errors = wrong.communicate()
        assert (wrong.returncode, output) == (2, "")
        assert f"manage.py {command}: error:" in errors
    assert not embedded.postgresql_socket(home).exists()
