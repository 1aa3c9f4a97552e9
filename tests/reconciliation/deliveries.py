"""Files of the core system, delivered into an inbox."""

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path


def paid(
    amount: str,
    *,
    voucher: str = "V1",
    line: int = 1,
    code: str = "11010001",
    month: str = "200604",
    kind: int = 1,
    item: str = "01",
    treasury_day: str = "20060503",
    operation: str = "I",
    at: str = "20060502180000",
    tax: str = "10106",
) -> str:
    """Build a row of payment: paid on 2 May 2006 for April, in the treasury the day after."""
    return (
        f"D|{voucher}|{line}|{code}|{tax}|{item}|{month}01|{month}28|{kind}|{amount}|20060502"
        f"|{treasury_day}|1100|ICBC|110105|{operation}|{at}"
    )


def registered(
    code: str = "11010001",
    *,
    name: str = "某某有限公司",
    collection_code: str = "",
    status: str = "01",
    office: str = "110105",
    at: str = "20060301010000",
) -> str:
    """Build a row of registration."""
    return (
        f"D|{code}|{collection_code}||{name}|01|11010519491231002X|{status}|{office}|第一税务所"
        f"|税管员|某街1号|100000|010-60000001|5000.00|{at}"
    )


def deliver(
    inbox: Path, name: str, rows: Iterable[str] = (), *, count: int = 1, marker: bool = True
) -> str:
    """Write a file and its marker into an inbox; return its name with the suffix."""
    kind, day, number = name.split("_")
    rows = list(rows)
    total = ""
    if kind == "JKRK":
        amounts = [row.split("|")[9] for row in rows if row.count("|") == 16]
        total = f"{sum(map(Decimal, amounts), Decimal('0.00')):.2f}"
    lines = [f"H|{kind}|1.0|{day}|{number}|{count}", *rows, f"T|{len(rows)}|{total}"]
    content = "".join(f"{line}\n" for line in lines).encode("gb18030")
    (inbox / f"{name}.txt").write_bytes(content)
    if marker:
        digest = hashlib.sha256(content).hexdigest()
        (inbox / f"{name}.txt.ok").write_text(f"{digest} {len(content)}\n")
    return f"{name}.txt"
