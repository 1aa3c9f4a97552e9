"""Feed files as the agreement says them: header, rows, trailer; then the marker."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from pathlib import Path

from reconciliation.simulation.chance import Chance, compact
from reconciliation.simulation.income import text

REGISTRATIONS, PAYMENTS = "SWDJ", "JKRK"
MARKER = ".ok"
_ENCODING = "gb18030"
_PAYMENT_FIELDS = 17
_AMOUNT = 9

# How a file is bad, by the agreement's code for it.
REFUSALS = ("MARKER", "ENCODING", "HEADER", "TRAILER", "ROWS", "TOTAL")


def write_day(
    folder: Path, kind: str, day: date, rows: Iterator[str], number: int, parts: int
) -> list[str]:
    """Write a day's files of a kind, its rows shared out among the parts; return their names."""
    names = []
    for part in range(parts):
        # The earlier parts have a row more where it does not come out even.
        share = number // parts + (part < number % parts)
        name = f"{kind}_{compact(day)}_{part + 1:03}.txt"
        header = f"H|{kind}|1.0|{compact(day)}|{part + 1:03}|{parts}"
        write_file(folder / name, header, islice(rows, share))
        names.append(name)
    return names


def write_file(path: Path, header: str, rows: Iterable[str]) -> None:
    """Write a file line by line, then its marker."""
    digest = hashlib.sha256()
    size = count = total = 0
    with path.open("wb") as file:

        def write(line: str) -> None:
            nonlocal size
            content = f"{line}\n".encode(_ENCODING)
            digest.update(content)
            size += len(content)
            file.write(content)

        write(header)
        for row in rows:
            write(row)
            count += 1
            fields = row.split("|")
            if "|JKRK|" in header and len(fields) == _PAYMENT_FIELDS:
                total += int(fields[_AMOUNT].replace(".", ""))
        write(f"T|{count}|{text(total) if '|JKRK|' in header else ''}")
    write_marker(path, digest.hexdigest(), size)


def write_marker(path: Path, digest: str, size: int) -> None:
    """Write a marker at once: half a marker would be a bad one."""
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(f"{digest} {size}\n", encoding="ascii")
    draft.replace(path.with_name(f"{path.name}{MARKER}"))


def write_bad(good: Path, path: Path, chance: Chance) -> str:
    """Write a file of payments that has to be refused, made from a good one; return the code."""
    code = chance.choice(REFUSALS)
    content = good.read_bytes()
    body, _, trailer = content.removesuffix(b"\n").rpartition(b"\n")
    _, rows, total = trailer.split(b"|")
    if code == "HEADER":
        content = content.replace(b"|1.0|", b"|2.0|", 1)
    elif code == "ENCODING":
        content = body + b"\nT|\xff|\n"
    elif code == "TRAILER":
        content = body + b"\n"
    elif code == "ROWS":
        content = body + b"\nT|%d|%s\n" % (int(rows) + 1, total)
    elif code == "TOTAL":
        last = b"2" if total.endswith(b"1") else b"1"
        content = body + b"\nT|%s|%s\n" % (rows, total[:-1] + last)
    path.write_bytes(content)
    digest = hashlib.sha256(content + (b"\n" if code == "MARKER" else b"")).hexdigest()
    write_marker(path, digest, len(content))
    return code
