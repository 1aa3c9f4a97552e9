"""What is refused of files, rows and months, in sentences for the person who asked."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.errors import Refusal
from reconciliation.models import FeedFile, QuarantinedRow


class FileIsNotStopped(Refusal):
    code = "FILE_NOT_STOPPED"

    def __init__(self, file: FeedFile) -> None:
        super().__init__(
            _("文件 %(file)s 没有停止,现在的状态是“%(state)s”,无需再试。")
            % {"file": file.name, "state": file.get_state_display()}
        )


class RowHasLeft(Refusal):
    code = "ROW_HAS_LEFT"

    def __init__(self, row: QuarantinedRow) -> None:
        super().__init__(
            _("文件 %(file)s 第 %(line)d 行已离开隔离区:%(left_as)s。")
            % {
                "file": row.feed_file.name,
                "line": row.line_number,
                "left_as": row.get_left_as_display(),
            }
        )
