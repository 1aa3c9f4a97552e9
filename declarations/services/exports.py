"""The lines of a declaration as a workbook, to be worked on and uploaded again."""

from __future__ import annotations

import json
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from declarations.line_workbook import write_lines
from declarations.models import Declaration
from declarations.selectors import detail_lines_of, read_line
from declarations.selectors.grid import typed_lines
from declarations.services.drafts import texts_of
from declarations.sheets import MAX_LINES
from portal.errors import Refusal
from portal.models import AuditEntry, User
from portal.services import audit

_WHY = "download the lines as a workbook"
_BATCH = 2_000


class TooLongForAWorkbook(Refusal):
    code = "TOO_MANY"

    def __init__(self) -> None:
        super().__init__(
            _("工作簿最多 %(most)s 行明细,这份申报超过了。请通过接口读取明细。")
            % {"most": f"{MAX_LINES:,}"}
        )


def export_lines(declaration: Declaration, *, by: User) -> bytes:
    """Return the lines of a draft as typed, or of a filed declaration, as an .xlsx file; audited.

    Numbers and names are whole. TooLongForAWorkbook.
    """
    if declaration.status == Declaration.Status.DRAFT:
        lines = [json.loads(cells) for _id, cells in typed_lines(declaration, _WHY)]
    elif declaration.line_count > MAX_LINES:
        raise TooLongForAWorkbook
    else:
        rows = detail_lines_of(declaration).iterator(chunk_size=_BATCH)
        lines = [texts_of(read_line(row, _WHY)) for row in rows]
    month = declaration.agent_month
    audit.record(
        AuditEntry.Action.EXPORT,
        "lines",
        user=by,
        agent=month.agent,
        declaration=str(declaration.public_id),
        lines=len(lines),
    )
    return write_lines(lines, month.tax_month, folder=workbook_folder())


def workbook_folder() -> Path:
    """Return where parts of a workbook stand while it is written."""
    return Path(settings.PORTAL_HOME) / "workbooks"
