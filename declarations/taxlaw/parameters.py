"""The law's values: each in one YAML file, with its dates and its sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import yaml

T = TypeVar("T")

_FOLDER = Path(__file__).parent / "parameters"


class NotInForce(LookupError):
    """The law has no value for that day."""


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One value of the law through time."""

    name: str
    history: tuple[tuple[date, T | None], ...]  # newest first

    def at(self, day: date) -> T:
        """Return the value in force on a day; NotInForce before the first and after the last."""
        for start, value in self.history:
            if start <= day:
                if value is None:
                    break
                return value
        raise NotInForce(f"{self.name} has no value on {day}")


class DecimalLoader(yaml.SafeLoader):
    """Reads YAML with every number as a Decimal, and refuses a key that stands twice."""


def _decimal(loader: DecimalLoader, node: yaml.ScalarNode) -> Decimal:
    try:
        return Decimal(loader.construct_scalar(node))
    except InvalidOperation:
        raise ValueError(f"{node.start_mark}: not a decimal number") from None


def _mapping(loader: DecimalLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    pairs = [
        (loader.construct_object(key, deep=True), loader.construct_object(value, deep=True))
        for key, value in node.value
    ]
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError(f"{node.start_mark}: a key stands twice")
    return mapping


DecimalLoader.add_constructor("tag:yaml.org,2002:int", _decimal)
DecimalLoader.add_constructor("tag:yaml.org,2002:float", _decimal)
DecimalLoader.add_constructor("tag:yaml.org,2002:map", _mapping)


def load_yaml(path: Path) -> Any:
    """Return what a YAML file of ours says, every number a Decimal."""
    # A SafeLoader: it makes no objects but plain ones.
    return yaml.load(path.read_text(encoding="utf-8"), Loader=DecimalLoader)  # noqa: S506


@cache
def parameter(name: str) -> Parameter[Any]:
    """Return the parameter that `parameters/NAME.yaml` holds.

    Its values are Decimals, or read-only mappings and tuples of them. ValueError for a value
    without its reference or a start that is not a date.
    """
    return read_parameter(_FOLDER / f"{name}.yaml")


def read_parameter(path: Path) -> Parameter[Any]:
    """Read a parameter from a file of its own."""
    document = load_yaml(path)
    history = []
    for start, block in document["values"].items():
        if type(start) is not date:
            raise ValueError(f"{path.name}: {start!r} is not a date")
        if not block.get("reference"):
            raise ValueError(f"{path.name}: the value of {start} has no reference")
        history.append((start, _read_only(block["value"])))
    history.sort(key=lambda entry: entry[0], reverse=True)
    return Parameter(path.stem, tuple(history))


def _read_only(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({key: _read_only(part) for key, part in value.items()})
    if isinstance(value, list):
        return tuple(_read_only(part) for part in value)
    return value
