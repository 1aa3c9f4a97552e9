"""Vendored files: those that pages need come from their packages, and nothing else of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from portal.staticfiles import VENDORED


@pytest.mark.parametrize("name", VENDORED)
def test_a_vendored_file_is_found_under_our_name(name: str) -> None:
    found = finders.find(name)

    assert isinstance(found, str)
    assert Path(found).stat().st_size > 1000


def test_nothing_else_of_a_package_is_served() -> None:
    listed = {path for finder in finders.get_finders() for path, _ in finder.list([])}

    assert {path for path in listed if path.startswith("vendor/")} == set(VENDORED)
    assert not [path for path in listed if path.startswith("tabulator/")]
    assert finders.find("tabulator/js/tabulator.js") is None


def test_collected_files_carry_a_digest_and_scripts_import_each_other_by_it(
    tmp_path: Path,
) -> None:
    storages = {"staticfiles": {"BACKEND": "portal.staticfiles.DigestedStorage"}}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", interactive=False, verbosity=0)

    assert list(tmp_path.glob("vendor/tabulator.min.????????????.js"))
    assert list(tmp_path.glob("vendor/tabulator.min.????????????.css"))
    for script in tmp_path.glob("declarations/*.????????????.js"):
        for line in script.read_text().splitlines():
            if line.startswith(("import ", "} from")) and " from " in line:
                name = line.split('"')[1]
                assert (script.parent / name).exists(), line
                assert len(name.split(".")) > 3, line
