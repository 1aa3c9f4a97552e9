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
    """The law has no value, no rule or no item of that name on that day."""

    def __init__(self, name: str, day: date) -> None:
        super().__init__(f"{name} is not in force on {day}")
        self.name = name
        self.day = day


@dataclass(frozen=True)
class Block(Generic[T]):
    """What one legal text made of a value: from when on, by which texts, and how sure that is.

    `last_confirmed` is the day on which somebody last read the texts, none if nobody did;
    `doubt` and `chinese_doubt` say what no official text confirms. A value of none ends what was
    before.
    """

    start: date
    value: T | None
    references: tuple[str, ...]
    last_confirmed: date | None = None
    doubt: str = ""
    chinese_doubt: str = ""


@dataclass(frozen=True)
class Parameter(Generic[T]):
    """One value of the law through time."""

    name: str
    history: tuple[Block[T], ...]  # newest first
    description: str = ""
    chinese: str = ""

    def at(self, day: date) -> T:
        """Return the value in force on a day; NotInForce before the first and after the last."""
        value = self.block(day).value
        if value is None:
            raise NotInForce(self.name, day)
        return value

    def block(self, day: date) -> Block[T]:
        """Return the block that rules a day, its value none if it ended; NotInForce before all."""
        for block in self.history:
            if block.start <= day:
                return block
        raise NotInForce(self.name, day)

    def cited(self, day: date) -> tuple[str, ...]:
        """Return the citations of the value in force on a day (`texts.cite` spells them out)."""
        return self.block(day).references


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


@cache
def local_parameter(bureau: str, name: str) -> Parameter[Any] | None:
    """Return what a bureau's own rules say (`parameters/local/BUREAU/NAME.yaml`), or none.

    No bureau's value stands in for another's, and no older one for a later.
    """
    path = _FOLDER / "local" / bureau / f"{name}.yaml"
    return read_parameter(path) if path.is_file() else None


@cache
def bureaus() -> tuple[str, ...]:
    """Return the bureaus that have rules of their own."""
    return tuple(sorted(path.name for path in (_FOLDER / "local").iterdir() if path.is_dir()))


@cache
def local_parameters(bureau: str) -> tuple[Parameter[Any], ...]:
    """Return all that a bureau could rule by itself, by name; without a value it has no rule."""
    return tuple(
        read_parameter(path) for path in sorted((_FOLDER / "local" / bureau).glob("*.yaml"))
    )


@cache
def parameters() -> tuple[Parameter[Any], ...]:
    """Return all national parameters, by name."""
    return tuple(parameter(path.stem) for path in sorted(_FOLDER.glob("*.yaml")))


def read_parameter(path: Path) -> Parameter[Any]:
    """Read a parameter from a file of its own."""
    document = load_yaml(path)
    history = []
    for start, block in (document["values"] or {}).items():
        if type(start) is not date:
            raise ValueError(f"{path.name}: {start!r} is not a date")
        if not block.get("reference"):
            raise ValueError(f"{path.name}: the value of {start} has no reference")
        history.append(
            Block(
                start,
                _read_only(block["value"]),
                tuple(each.strip() for each in block["reference"].split(";")),
                block.get("last_confirmed"),
                block.get("doubt", "").strip(),
                block.get("chinese_doubt", "").strip(),
            )
        )
    history.sort(key=lambda block: block.start, reverse=True)
    return Parameter(
        path.stem,
        tuple(history),
        document.get("description", "").strip(),
        document.get("chinese", "").strip(),
    )


def _read_only(value: Any) -> Any:
    if isinstance(value, Mapping):
        return MappingProxyType({key: _read_only(part) for key, part in value.items()})
    if isinstance(value, list):
        return tuple(_read_only(part) for part in value)
    return value
