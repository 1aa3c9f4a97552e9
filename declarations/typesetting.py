"""Runs the typesetter in a process of its own, with no key, no address and an end to its patience.

What it says of a failure could name a person, and is not kept.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from declarations.faults import FileRefused
from declarations.sandbox import slot
from portal.errors import Refusal

WALL_SECONDS = 60.0
SLOT_WAIT_SECONDS = 10.0

_PROGRAM = Path(__file__).with_name("typesetter.py")


class TypesetterIsBusy(Refusal):
    code = "PDF_BUSY"

    def __init__(self) -> None:
        super().__init__(_("现在制作 PDF 的人较多,请过一分钟再试。"))


class TypesetterFailed(Exception):
    """The program ended without a PDF: a fault of ours."""


def typeset(values: Mapping[str, Any], *, wait: float | None = None) -> bytes:
    """Return the PDF of a form's values (`declarations.form_pdf`).

    TypesetterIsBusy when two others are at it for so many seconds (10); TypesetterFailed.
    """
    try:
        patience = SLOT_WAIT_SECONDS if wait is None else wait
        with slot(Path(settings.PORTAL_HOME) / "typesetting", patience) as folder:
            # -I: no environment, no user's packages, no current folder on the path.
            ended = subprocess.run(
                [sys.executable, "-I", "-B", "-X", "utf8", str(_PROGRAM)],
                input=json.dumps(values, ensure_ascii=False).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=folder,
                env={},
                timeout=WALL_SECONDS,
                check=False,
            )
    except FileRefused:
        raise TypesetterIsBusy from None
    except subprocess.TimeoutExpired:
        raise TypesetterFailed("The typesetter took too long.") from None
    if ended.returncode != 0:
        raise TypesetterFailed(f"The typesetter ended with {ended.returncode}.")
    return ended.stdout
