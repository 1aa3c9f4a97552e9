"""Builders of the register: only what matters is named."""

from __future__ import annotations

from typing import Any

from declarations.persons import Person
from tests.declarations.builders import ZHANG

ZHANG_OF_15 = "110105491231002"


def a_person(**fields: Any) -> Person:
    values: dict[str, Any] = {
        "name": "张三",
        "document_type": "01",
        "document_number": ZHANG,
        "country": "001",
        "occupation": "2010000",
        "employed_here": True,
    }
    return Person(**(values | fields))
