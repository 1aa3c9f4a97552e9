"""Simulated worlds, and what must come of them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from reconciliation import selectors
from reconciliation.simulation import Rates

# Everything happens often: a small world is enough.
BUSY = Rates().changed(
    {name: min(1.0, rate * 8) for name, rate in vars(Rates()).items() if name != "corrected"}
)
MONTHS_OF_LAW = [date(2006, 2, 1), date(2011, 6, 1), date(2012, 7, 1), date(2018, 11, 1)]


def truths(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]


def exported_of(truth: dict[str, Any]) -> list[dict[str, str]]:
    """Return what `export_months` has to say of a month."""
    return [
        {
            "computer_code": truth["computer_code"],
            "tax_month": truth["tax_month"],
            "kind": kind,
            **sums,
            "result": truth["result"],
        }
        for kind, sums in truth["kinds"].items()
    ]


def entries(listed: list[dict[str, str]]) -> dict[tuple[str, str, str], dict[str, str]]:
    return {(one["computer_code"], one["tax_month"], one["kind"]): one for one in listed}


def expected(folder: Path) -> dict[tuple[str, str, str], dict[str, str]]:
    return entries([entry for truth in truths(folder) for entry in exported_of(truth)])


def exported() -> dict[tuple[str, str, str], dict[str, str]]:
    return entries(list(selectors.export_months()))
