"""Precision and recall of the causes, by code: simulated worlds, whose truth is known.

Each world is delivered to a portal of its own by the operators' commands and explained by
`manage.py explain_months`. Nobody tuned anything on these seeds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks import setup  # noqa: F401
from benchmarks.measuring import machine

SEEDS = range(201, 208)
AGENTS, MONTHS = 200, 6

Told = Counter[tuple[str, str, str]]
"""Causes of a month: code, kind, amount."""


def run() -> dict[str, object]:
    """Measure over all worlds. A cause is right if code, kind and amount are, to the fen."""
    told, right, recoverable, found = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    months = mismatched = 0
    seconds = 0.0
    for seed in SEEDS:
        with tempfile.TemporaryDirectory(prefix="explain-", dir="/var/tmp") as folder:
            world = Path(folder) / "world"
            explained, took = _explained(seed, world, {**os.environ, "PORTAL_HOME": folder})
            seconds += took
            for truth in _truths(world):
                months += 1
                if truth["result"] != "mismatched":
                    continue
                mismatched += 1
                said = _causes(explained[truth["computer_code"], truth["tax_month"]])
                true = _causes(truth["causes"])
                to_be_found = _causes([one for one in truth["causes"] if one["recoverable"]])
                for counter, causes in (
                    (told, said),
                    (right, said & true),
                    (recoverable, to_be_found),
                    (found, said & to_be_found),
                ):
                    for (code, _, _), number in causes.items():
                        counter[code] += number
    codes = sorted({*told, *recoverable})
    claims = [code for code in codes if code != "UNEXPLAINED"]
    return {
        "machine": machine(),
        "worlds": len(SEEDS),
        "months": months,
        "mismatched": mismatched,
        "seconds_of_explain_months": round(seconds, 1),
        "precision": _share(right, told, claims),
        "recall": _share(found, recoverable, claims),
        "by_code": {
            code: {
                "told": told[code],
                "right": right[code],
                "precision": _share(right, told, [code]),
                "recoverable": recoverable[code],
                "found": found[code],
                "recall": _share(found, recoverable, [code]),
            }
            for code in codes
        },
    }


def _explained(
    seed: int, world: Path, environment: dict[str, str]
) -> tuple[dict[tuple[str, str], list[dict[str, Any]]], float]:
    for variable in ("DATABASE_URL", "REDIS_URL"):
        environment.pop(variable, None)

    def manage(*arguments: object) -> str:
        command = [sys.executable, "manage.py", *map(str, arguments)]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
        return done.stdout.decode()

    size = ("--agents", AGENTS, "--months", MONTHS)
    manage("simulate_core", "--seed", seed, *size, "--into", world)
    manage("import_feed", world / "inbox")
    manage("file_declarations", world / "declarations.jsonl")
    manage("reconcile")
    start = time.perf_counter()
    printed = json.loads(manage("explain_months"))
    took = time.perf_counter() - start
    return {(one["computer_code"], one["tax_month"]): one["causes"] for one in printed}, took


def _truths(world: Path) -> Iterator[dict[str, Any]]:
    with (world / "truth.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _causes(causes: list[dict[str, Any]]) -> Told:
    """Leave out a wrong item: the month agrees in spite of it."""
    return Counter(
        (one["code"], one["kind"], one["amount"]) for one in causes if one["code"] != "OTHER_ITEM"
    )


def _share(part: Counter[str], whole: Counter[str], codes: list[str]) -> float | None:
    total = sum(whole[code] for code in codes)
    return round(sum(part[code] for code in codes) / total, 3) if total else None
