"""Sets the printed form: a program that reads its values as JSON and writes a PDF.

It runs in a process of its own (`declarations.typesetting`): setting 2,000 lines takes hundreds of
megabytes, which a server's process would keep. The values are data to `form.typ`, never markup.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from importlib.resources import files
from pathlib import Path

import typst

_MEMORY = 3 * 1024**3
_PROCESSOR_SECONDS = 120
# Of one form; each costs a run.
_MOST_UNKNOWN = 20
_UNKNOWN = re.compile(r'the text `"(.+)"` could not be displayed')


def set_form(values: str) -> bytes:
    """Return the PDF (UA-1) of a form, whose values are JSON.

    A character that no font has is written as its number, [U+1F600]: nothing is lost.
    """
    fonts = typst.Fonts(
        include_system_fonts=False,
        # DejaVu is among them, for letters of names that the Chinese font lacks.
        include_embedded_fonts=True,
        font_paths=[str(files("noto_cjk_sans_otc"))],
    )
    for _attempt in range(_MOST_UNKNOWN):
        try:
            return typst.compile(
                Path(__file__).with_name("form.typ"),
                font_paths=fonts,
                ignore_system_fonts=True,
                sys_inputs={"form": values},
                format="pdf",
                pdf_standards=["ua-1"],
            )
        except typst.TypstError as error:
            unknown = _UNKNOWN.search(str(error))
            if unknown is None:
                raise
        values = values.replace(unknown[1], "".join(f"[U+{ord(each):04X}]" for each in unknown[1]))
    raise ValueError("The form has too many characters that no font has.")


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_PROCESSOR_SECONDS, _PROCESSOR_SECONDS))
    # Read and written again, so that every character stands there as itself.
    values = json.dumps(json.load(sys.stdin.buffer), ensure_ascii=False)
    sys.stdout.buffer.write(set_form(values))


if __name__ == "__main__":
    main()
