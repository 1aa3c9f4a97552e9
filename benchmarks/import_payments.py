"""A payment file of 200,000 rows: its import, against a bare COPY of the same rows."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from django.db import connection

from benchmarks import setup  # noqa: F401
from benchmarks.measuring import machine, measured
from benchmarks.province import AGENTS, make_agents
from reconciliation.services.importing import import_feed

ROWS = 200_000
NAME = "JKRK_20060410_001.txt"


def write_file(folder: Path, rows: int) -> None:
    """Write a payment file and its marker: a month's payments of 36,000 agents, an item a row."""
    fen = 0
    digest = hashlib.sha256()
    with (folder / NAME).open("wb") as file:

        def write(line: str) -> None:
            data = f"{line}\n".encode("gb18030")
            digest.update(data)
            file.write(data)

        write("H|JKRK|1.0|20060410|001|1")
        for n in range(rows):
            amount = 1000 + n % 99991
            fen += amount
            item = n // AGENTS + 1
            write(
                f"D|V{n:012}|1|{n % AGENTS + 1:08}|10106|{item:02}|20060301|20060331|1|"
                f"{amount // 100}.{amount % 100:02}|20060409|20060410|1100|ICBC|11010100|I|"
                f"20060410{n % 24:02}0000"
            )
        write(f"T|{rows}|{fen // 100}.{fen % 100:02}")
    size = (folder / NAME).stat().st_size
    (folder / f"{NAME}.ok").write_text(f"{digest.hexdigest()} {size}\n")


def run() -> dict[str, object]:
    """Measure both in one run; the peer copies the very rows that the import has made."""
    make_agents()
    with tempfile.TemporaryDirectory() as folder:
        write_file(Path(folder), ROWS)
        with measured() as importing:
            report = import_feed(Path(folder))
        rows = Path(folder) / "rows"
        with connection.cursor() as cursor:
            with rows.open("wb") as file:
                cursor.copy_expert("COPY reconciliation_payment TO STDOUT", file)
            cursor.execute(
                "CREATE TABLE peer (LIKE reconciliation_payment INCLUDING ALL EXCLUDING IDENTITY)"
            )
            with measured() as copying, rows.open("rb") as file:
                cursor.copy_expert("COPY peer FROM STDIN", file)
    return {
        "machine": machine(),
        "rows": report.outcomes["imported"],
        "import_seconds": round(importing.seconds, 2),
        "copy_seconds": round(copying.seconds, 2),
        "ratio": round(importing.seconds / copying.seconds, 2),
        "rows_per_second": round(ROWS / importing.seconds),
        "process_peak_mib": round(importing.process_mib),
        "database_peak_mib": round(importing.database_mib),
    }
