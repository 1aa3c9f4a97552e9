"""Compiles the message catalogues: the .mo files are made at the start and never committed.

Babel does it, because gettext's own tools are not on a fresh machine.
"""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def compile_catalogues(folder: Path = LOCALE) -> list[Path]:
    """Compile every catalogue that is newer than its compiled form; return those."""
    compiled = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
        # Under another name first: the site that is running reads a whole file or the old one.
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        with draft.open("wb") as file:
            write_mo(file, catalogue)
        draft.replace(target)
        compiled.append(target)
    return compiled


if __name__ == "__main__":
    compile_catalogues()
