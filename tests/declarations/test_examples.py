"""The worked examples, and the command that runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from declarations.taxlaw.codes import INCOME_ITEMS
from declarations.taxlaw.examples import main

EXAMPLES = Path(__file__).parent.parent / "samples" / "iit-examples.jsonl"
MORE_EXAMPLES = EXAMPLES.with_name("iit-more-examples.jsonl")


@pytest.mark.parametrize("path", [EXAMPLES, MORE_EXAMPLES], ids=lambda path: path.stem)
def test_the_law_agrees_with_every_worked_example(
    capsys: pytest.CaptureFixture[str], path: Path
) -> None:
    count = len(path.read_text(encoding="utf-8").splitlines())
    assert count > 100

    assert main([str(path)]) == 0

    assert capsys.readouterr().out == f"{count} passed, 0 failed\n"


def test_the_examples_cover_every_item_and_say_where_each_comes_from() -> None:
    lines = [
        json.loads(line)
        for path in (EXAMPLES, MORE_EXAMPLES)
        for line in path.read_text(encoding="utf-8").splitlines()
    ]

    assert {line["item_code"] for line in lines} == {item.code for item in INCOME_ITEMS}
    assert all(line["source"] and line["kind"] in {"published", "derived"} for line in lines)
    assert len({line["id"] for line in lines}) == len(lines)


def test_a_tax_officer_runs_them_as_a_command(tmp_path: Path) -> None:
    examples = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    examples[0]["expected"]["tax"] = "385.01"
    path = tmp_path / "mine.jsonl"
    lines = (json.dumps(example, ensure_ascii=False) for example in examples[:3])
    path.write_text("\n".join(lines), encoding="utf-8")

    run = subprocess.run(
        [sys.executable, "-m", "declarations.taxlaw.examples", str(path)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
    )

    assert run.returncode == 1
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "0101-2006-a: tax: expected 385.01, found 385.00",
        "2 passed, 1 failed",
    ]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"item_code": "09", "tax_month": "2019-01"}, "no rule: 09 is not in force on 2019-01-01"),
        (
            {"item_code": "0107", "inputs": {"lump": 1}},
            "the law has to know: local_avg_annual_wage",
        ),
        ({"inputs": {"income": "much"}}, "cannot be: income: 'much'"),
        ({"inputs": {"income": -1}}, "cannot be: income: Decimal('-1')"),
    ],
)
def test_an_example_that_the_law_cannot_compute_differs(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, object],
    difference: str,
) -> None:
    example = json.loads(EXAMPLES.read_text(encoding="utf-8").splitlines()[0]) | changes
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(example), encoding="utf-8")

    assert main([str(path)]) == 1

    assert capsys.readouterr().out == f"0101-2006-a: {difference}\n0 passed, 1 failed\n"


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "{}",
        '{"expected": {"tax": "1"}, "inputs": {}, "item_code": "08"}',
        '{"expected": {"tax": "1"}, "inputs": {}, "item_code": "08", "tax_month": "2006-13"}',
        '{"expected": {"tax": "1"}, "inputs": 3, "item_code": "08", "tax_month": "2006-12"}',
        '{"expected": {"tax": "a"}, "inputs": {}, "item_code": "08", "tax_month": "2006-12"}',
    ],
)
def test_a_file_that_holds_no_examples_is_called_wrongly(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "wrong.jsonl"
    path.write_text(f"\n{text}\n", encoding="utf-8")

    assert main([str(path)]) == 2

    streams = capsys.readouterr()
    assert streams.out == ""
    assert "line 2" in streams.err


def test_a_file_that_is_not_there_is_called_wrongly(tmp_path: Path) -> None:
    assert main([str(tmp_path / "none.jsonl")]) == 2
