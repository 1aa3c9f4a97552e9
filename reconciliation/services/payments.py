"""Rows of payment become versions of their records: staged as they came, judged, merged.

All of it is set-based and inside the caller's transaction; nothing is visible before its commit.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Self

from django.db import connection
from django.utils import timezone

from reconciliation import feed
from reconciliation.feed import QuarantinedLine, RowCode
from reconciliation.models import PaymentRow
from reconciliation.statements import statement

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

FIELDS = (
    "voucher_number",
    "voucher_line",
    "computer_code",
    "tax",
    "item",
    "period_from",
    "period_to",
    "kind",
    "amount",
    "paid_on",
    "in_treasury_on",
    "treasury",
    "bank",
    "office_code",
    "operation",
    "updated_at",
)
"""The fields 2 to 17 of a JKRK row (core-feed.md, 2), as the columns of the staging table."""

UPDATED_AT = (
    "(left(staged.updated_at, 8) || ' ' || right(staged.updated_at, 6))::timestamp"
    " AT TIME ZONE INTERVAL '8 hours'"
)

# Each column of a payment and what of a staged row goes into it.
COLUMNS = {
    "voucher_number": "staged.voucher_number",
    "line_number": "staged.voucher_line::smallint",
    "agent_month_id": "month.id",
    "kind": "({kinds})[staged.kind::int]",
    "item": "staged.item",
    "amount": "staged.amount::numeric(16, 2)",
    "period_from": "staged.period_from::date",
    "period_to": "staged.period_to::date",
    "paid_on": "staged.paid_on::date",
    "in_treasury_on": "nullif(staged.in_treasury_on, '')::date",
    "treasury": "staged.treasury",
    "bank": "staged.bank",
    "office_code": "staged.office_code",
    "is_void": "staged.operation = 'X'",
    "operation": "staged.operation",
    "row_updated_at": UPDATED_AT,
    "feed_file_id": "staged.feed_file_id",
    "feed_line": "staged.feed_line",
    "imported_at": "%(now)s",
}
KINDS = "ARRAY[" + ", ".join(f"'{kind}'" for kind in PaymentRow.Kind.values) + "]"
PARTS = {
    "columns": ", ".join(COLUMNS),
    "staged_columns": ", ".join(COLUMNS.values()).replace("{kinds}", KINDS),
    "updated_at": UPDATED_AT,
}


class Staging:
    """The staging table of one import, for rows that obey every rule of their own.

    A context manager: the table is gone at its end.
    """

    def __init__(self, cursor: CursorWrapper, feed_file_id: int) -> None:
        self._cursor = cursor
        self._feed_file_id = feed_file_id
        self._is_empty = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an error the transaction is rolled back, and the tables with it.
        if kind is None and not self._is_empty:
            self._cursor.execute("DROP TABLE staged_payment")

    def add(self, rows: Iterable[feed.PaymentRow]) -> None:
        """Add rows of the file, as they came."""
        lines = "".join([f"{row.line}|{row.raw[2:]}\n" for row in rows])
        self._copy(lines, f"feed_line, {', '.join(FIELDS)}")

    def add_quarantined(self, rows: Iterable[tuple[int, int, int, str]]) -> None:
        """Add rows of the quarantine: its id, the file's id, the line's number, its text."""
        lines = "".join([f"{row}|{file}|{number}|{text}\n" for row, file, number, text in rows])
        self._copy(lines, f"quarantined_row_id, feed_file_id, feed_line, {', '.join(FIELDS)}")

    def _copy(self, lines: str, columns: str) -> None:
        if not lines:
            return
        if self._is_empty:
            # Most days have no rows at all: they need no table.
            self._cursor.execute(statement("stage_payments"), {"feed_file_id": self._feed_file_id})
            self._is_empty = False
        # The feed has no quoting; what COPY itself would read as an escape is escaped.
        text = lines.replace("\\", "\\\\").replace("\r", "\\r")
        self._cursor.copy_expert(
            f"COPY staged_payment ({columns}) FROM STDIN (DELIMITER '|', NULL '\\N')",
            io.StringIO(text),
        )

    def merge(self) -> dict[str, int]:
        """Make versions of the staged rows; return how many became what.

        The keys are imported, unchanged, stale, AGENT, CONFLICT. The months of what was imported,
        and those that a correction left, are locked in (agent, month) order and marked as changed.
        """
        if self._is_empty:
            return {}
        cursor = self._cursor
        now = {"now": timezone.now()}
        cursor.execute("ANALYZE staged_payment (voucher_number, voucher_line, computer_code)")
        cursor.execute(statement("judge_payments_of_unknown_agents"))
        cursor.execute(statement("judge_contested_payments", **PARTS))
        cursor.execute(statement("mark_months_of_payments"))
        cursor.execute(statement("keep_superseded_payments", **PARTS), now)
        cursor.execute(statement("insert_newest_payments", **PARTS), now)
        cursor.execute("SELECT outcome, count(*) FROM staged_payment GROUP BY outcome")
        return dict(cursor.fetchall())

    def left_over(self) -> Iterator[QuarantinedLine]:
        """Yield the rows that belong in quarantine, as they came."""
        if self._is_empty:
            return
        with connection.chunked_cursor() as cursor:
            cursor.execute(statement("left_over_payments", fields=", ".join(FIELDS)))
            for line, code, fen, text in cursor:
                yield QuarantinedLine(line, RowCode(code), fen, text)

    def outcomes_of_quarantined(self) -> dict[int, str]:
        """Return what became of each row of the quarantine that was staged, by its id."""
        self._cursor.execute("SELECT quarantined_row_id, outcome FROM staged_payment")
        return dict(self._cursor.fetchall())
