"""The English catalogue: complete, not fuzzy, and with the placeholders of the Chinese."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("portal", "declarations", "reconciliation", "templates", "locale")
PLACEHOLDER = re.compile(r"%\([a-z_]+\)[a-z]|%(?:[sd%])|\{[a-z_]*\}")


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """Return the English catalogue as `make messages` would leave it, made in a copy."""
    copy = tmp_path_factory.mktemp("copy")
    shutil.copy(ROOT / "manage.py", copy)
    for source in SOURCES:
        if (ROOT / source).exists():
            ignore = shutil.ignore_patterns("__pycache__", "*.mo")
            shutil.copytree(ROOT / source, copy / source, ignore=ignore)
    (copy / "locale").mkdir(exist_ok=True)
    options = re.search(r"makemessages (.*)", (ROOT / "Makefile").read_text())
    assert options is not None
    gathered = subprocess.run(
        [sys.executable, "manage.py", "makemessages", *options[1].replace("'", "").split()],
        cwd=copy,
        env=os.environ | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert gathered.returncode == 0, gathered.stderr
    with (copy / "locale" / "en" / "LC_MESSAGES" / "django.po").open("rb") as file:
        return read_po(file, locale="en", abort_invalid=True)


def messages(catalogue: Catalog) -> list[Message]:
    found = [message for message in catalogue if message.id]
    assert found, "no message was gathered"
    return found


def forms(text: object) -> list[str]:
    """Return a message's text: one form, or singular and plural."""
    return [text] if isinstance(text, str) else list(text)  # type: ignore[call-overload]


def test_every_text_has_its_english(catalogue: Catalog) -> None:
    missing = [message.id for message in messages(catalogue) if not all(forms(message.string))]

    assert missing == []


def test_no_translation_is_a_guess(catalogue: Catalog) -> None:
    assert [message.id for message in messages(catalogue) if message.fuzzy] == []


def test_translations_have_the_placeholders_of_their_text(catalogue: Catalog) -> None:
    for message in messages(catalogue):
        wanted = set(PLACEHOLDER.findall(forms(message.id)[-1]))
        for form in filter(None, forms(message.string)):
            found = set(PLACEHOLDER.findall(form))
            # "One file" may leave the number out; nothing may ask for what is not given.
            assert found <= wanted if len(forms(message.id)) > 1 else found == wanted, message.id


def test_no_translation_is_left_over(catalogue: Catalog) -> None:
    assert list(catalogue.obsolete) == []
