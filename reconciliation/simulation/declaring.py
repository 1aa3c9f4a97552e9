"""Declarations as the window's files say them, a line of JSON each."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from declarations.taxlaw.tax_month import CUMULATIVE_FROM
from reconciliation.simulation.books import KINDS, DeclaredLine, Story
from reconciliation.simulation.cast import document_number, person_name
from reconciliation.simulation.income import OCCUPATIONS, WAGES, text


def declarations_of(story: Story, last_day: date) -> Iterator[tuple[date, str]]:
    """Yield what an agent files for a month, with the day of filing, in the order of arrival."""
    filings = [
        (day, kind)
        for kind in KINDS
        for day in story.versions(kind, last_day)
        if kind in story.lines
    ]
    for day, kind in sorted(filings, key=lambda filing: filing[0]):
        yield day, _declaration(story, kind, day, day)
    repeated_on = story.repeated_on
    if repeated_on and repeated_on <= last_day:
        version = story.versions(KINDS[0], repeated_on)[-1]
        yield repeated_on, _declaration(story, KINDS[0], version, repeated_on)


def _declaration(story: Story, kind: str, version: date, filed_on: date) -> str:
    agent = story.agent
    is_partial = agent.partial_coverage and kind == KINDS[0]
    here, elsewhere, income = story.heads if is_partial else (None, None, None)
    first = agent.registrations[0]
    return json.dumps(
        {
            "computer_code": agent.computer_code,
            "tax_month": story.month.isoformat()[:7],
            "kind": kind,
            "coverage": "partial" if is_partial else "full",
            "declarant": "模拟会计",
            "phone": first.telephone,
            "address": f"模拟路{first.street}号",
            "postcode": "100000",
            "own_headcount": here,
            "other_headcount": elsewhere,
            "total_income": None if income is None else text(income),
            "lines": [_line(story, line) for line in story.declared_lines(kind, version)],
            "filed_on": filed_on.isoformat(),
        },
        ensure_ascii=False,
    )


def _line(story: Story, declared: DeclaredLine) -> dict[str, object]:
    line = declared.line
    entry: dict[str, object] = {
        "name": person_name(line.person),
        "document_type": "01",
        "document_number": document_number(story.agent.number, line.person),
        "country": "001",
        "occupation": OCCUPATIONS[line.person % len(OCCUPATIONS)],
        "employed_here": line.item == WAGES,
        "income_item": line.item,
        "income": text(line.income),
        "tax_withheld": text(declared.tax),
    }
    if line.insured and story.month < CUMULATIVE_FROM:
        entry["exempt_income"] = text(line.insured)
    elif line.insured:
        pension = line.insured * 2 // 5
        entry["pension"] = text(pension)
        entry["housing_fund"] = text(line.insured - pension)
    return entry
