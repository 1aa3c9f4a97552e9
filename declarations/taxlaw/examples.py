"""Worked examples against the law: `python -m declarations.taxlaw.examples FILE.jsonl`.

An example is one JSON object a line: `id`, `tax_month` (of payment), `item_code`, `resident`,
`country_code`, `inputs` (the keys of `inputs.py`; JSON numbers, read as decimals; absent is 0) and
`expected`: `taxable` and `tax` in yuan with two decimals, `rate` as a fraction, `quick_deduction`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from declarations.taxlaw.case import Case, FactsMissing, WrongFact
from declarations.taxlaw.methods import Result, compute, displayed_rate
from declarations.taxlaw.parameters import NotInForce
from declarations.taxlaw.tax_month import parse_tax_month
from declarations.taxlaw.working import to_fen


class NotAnExample(ValueError):
    """A line is no example."""


def read_case(example: Mapping[str, Any]) -> Case:
    """Return the case of an example; NotAnExample for what is none."""
    try:
        return Case(
            tax_month=parse_tax_month(example["tax_month"]),
            income_item=example["item_code"],
            resident=example.get("resident", True),
            country=example.get("country_code", "001"),
            inputs=dict(example["inputs"]),
        )
    except KeyError as missing:
        raise NotAnExample(f"{missing.args[0]} is missing") from None
    except (TypeError, ValueError) as wrong:
        raise NotAnExample(str(wrong)) from None


def shown(result: Result) -> dict[str, str]:
    """Return what came out, as examples write it: taxable, rate, quick_deduction, tax."""
    assessment = result.assessment
    return {
        "taxable": f"{to_fen(assessment.taxable):.2f}",
        "rate": displayed_rate(assessment.rate),
        "quick_deduction": f"{assessment.quick_deduction:.2f}",
        "tax": f"{assessment.tax:.2f}",
    }


def differences(example: Mapping[str, Any]) -> list[str]:
    """Return how the law differs from what an example expects, a sentence each; none if it agrees.

    NotAnExample for a line that is none.
    """
    expected = example.get("expected")
    if not isinstance(expected, Mapping):
        raise NotAnExample("expected is missing")
    try:
        found = shown(compute(read_case(example)))
    except NotInForce as none:
        return [f"no rule: {none}"]
    except FactsMissing as missing:
        return [f"the law has to know: {missing}"]
    except WrongFact as wrong:
        return [f"cannot be: {wrong}"]
    return [
        f"{key}: expected {value}, found {found.get(key, 'nothing of that name')}"
        for key, value in expected.items()
        if not _same(value, found.get(key))
    ]


def _same(expected: object, found: str | None) -> bool:
    try:
        return found is not None and Decimal(str(expected)) == Decimal(found)
    except InvalidOperation:
        raise NotAnExample(f"{expected!r} is no number") from None


def read_examples(lines: Iterable[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield the examples with the numbers of their lines; blank lines are passed over."""
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            example = json.loads(text, parse_float=Decimal, parse_int=Decimal)
        except json.JSONDecodeError as error:
            raise NotAnExample(f"line {number} is not JSON: {error}") from None
        if not isinstance(example, dict):
            raise NotAnExample(f"line {number} is no JSON object")
        yield number, example


def main(arguments: list[str]) -> int:
    """Run a file of examples; return 0 if all agree, 1 if one differs, 2 if it cannot be read."""
    parser = argparse.ArgumentParser(
        prog="python -m declarations.taxlaw.examples",
        description="Run worked examples against the law, and print where they differ.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.jsonl")
    path = parser.parse_args(arguments).file
    passed = failed = 0
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, example in read_examples(lines):
                try:
                    found = differences(example)
                except NotAnExample as wrong:
                    raise NotAnExample(f"line {number}: {wrong}") from None
                if found:
                    failed += 1
                    print(f"{example.get('id', f'line {number}')}: {'; '.join(found)}")
                else:
                    passed += 1
    except (OSError, UnicodeDecodeError, NotAnExample) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return 2
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
