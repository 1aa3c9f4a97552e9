"""The lock: every file by its digest, no address; and requirements.in is what the project says."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.txt").read_text()


def pinned() -> dict[str, str]:
    """Return the lock's entries, with their digests, by the package's name."""
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n?", "", LOCK))
    found = {}
    for entry in entries:
        match = re.match(r"([A-Za-z0-9._-]+)==[^\s;]+", entry.strip())
        if entry.strip():
            assert match, entry
            found[match[1].lower().replace("_", "-")] = entry
    return found


def test_every_requirement_of_the_lock_has_digests() -> None:
    without = [
        name
        for name, entry in pinned().items()
        if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)
    ]

    assert len(pinned()) > 50
    assert without == []


def test_the_lock_names_no_address_and_no_option() -> None:
    assert not re.search(r"://|@ |--(?!hash=sha256:)|\.whl", LOCK.split("\n", 1)[1])


def test_what_the_project_asks_for_is_in_the_lock_and_has_its_reason() -> None:
    for line in (ROOT / "requirements.in").read_text().splitlines():
        if line and not line.startswith("#"):
            requirement, _, reason = line.partition("#")
            name = re.split(r"[<>=\s]", requirement)[0].lower()

            assert name in pinned(), f"`make lock` is missing: {name}"
            assert reason.strip(), f"{name} has no reason"
