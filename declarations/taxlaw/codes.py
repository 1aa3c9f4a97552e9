"""The code tables of the declaration form: occupations, income items, countries, document types."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from declarations.taxlaw.parameters import load_yaml

_FOLDER = Path(__file__).parent / "codes"


@dataclass(frozen=True)
class Code:
    """One entry of a code table."""

    code: str
    name: str
    english: str
    explanation: str = ""
    checked: bool = False  # income items: 是否逻辑校验

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


@dataclass(frozen=True, eq=False)
class CodeTable:
    """A code table in the manual's order."""

    name: str
    entries: tuple[Code, ...]
    _by_code: dict[str, Code] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_code", {entry.code: entry for entry in self.entries})

    def __iter__(self) -> Iterator[Code]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, code: object) -> bool:
        return code in self._by_code

    def __getitem__(self, code: str) -> Code:
        return self._by_code[code]

    def find(self, text: str) -> Code | None:
        """Return the entry that a code, a name, or both (`001 中国`) mean; none if none does.

        Width, white space and kinds of dash do not matter; a code that lost its leading zeros is
        found. A code beside another code's name means nothing.
        """
        typed = _folded(text)
        if not typed:
            return None
        if typed in self._by_text:
            return self._by_text[typed]
        match = re.match(r"[0-9]+", typed)
        entry = self._by_text.get(match.group()) if match else None
        if match and entry:
            rest = typed[match.end() :].lstrip("-:.,、()")
            if rest.rstrip(")") and self._by_text.get(rest, self._by_text.get(rest[:-1])) is entry:
                return entry
        return None

    def nearest(self, text: str, *, count: int = 3) -> list[Code]:
        """Return the entries that look most like a text, the nearest first.

        Names that hold the whole text come before all others, in the order of the table.
        """
        folded = _folded(text)[:100]
        typed = _pieces(folded)

        def likeness(entry: Code, texts: Iterable[frozenset[str]]) -> float:
            if folded and folded in _folded(entry.name):
                return 2.0
            return max(2 * len(typed & each) / (len(typed) + len(each) or 1) for each in texts)

        ranked = sorted(
            self._pieces_of_entries, key=lambda pair: likeness(pair[0], pair[1]), reverse=True
        )
        return [entry for entry, _ in ranked[:count]]

    @cached_property
    def _pieces_of_entries(self) -> list[tuple[Code, tuple[frozenset[str], frozenset[str]]]]:
        return [
            (entry, (_pieces(entry.code), _pieces(_folded(entry.name)))) for entry in self.entries
        ]

    @cached_property
    def _by_text(self) -> dict[str, Code]:
        """Every text that means one entry and no other."""
        meanings: dict[str, set[Code]] = {}
        for entry in self.entries:
            names = {_folded(entry.name), _folded(entry.name.split("-", 1)[-1])}
            for text in names | {entry.code.lstrip("0"), entry.english.casefold()}:
                meanings.setdefault(_folded(text), set()).add(entry)
        found = {text: entries.pop() for text, entries in meanings.items() if len(entries) == 1}
        # A full name or code is never ambiguous, whatever a short name says.
        found |= {_folded(entry.name): entry for entry in self.entries}
        return found | self._by_code


def _pieces(text: str) -> frozenset[str]:
    """Return a text's characters and its pairs of neighbours."""
    return frozenset(text) | {text[at : at + 2] for at in range(len(text) - 1)}


def _folded(text: str) -> str:
    """Return a text without white space, in one width, with one kind of dash."""
    text = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()
    return re.sub("[‐‑‒–—―−]", "-", text)


def load_table(name: str) -> CodeTable:
    """Read `codes/NAME.yaml`; ValueError if a code or a name stands twice."""
    entries = tuple(Code(**entry) for entry in load_yaml(_FOLDER / f"{name}.yaml"))
    for key in ("code", "name"):
        if len({getattr(entry, key) for entry in entries}) != len(entries):
            raise ValueError(f"{name}.yaml: a {key} stands twice")
    return CodeTable(name, entries)


OCCUPATIONS = load_table("occupations")
INCOME_ITEMS = load_table("income_items")
COUNTRIES = load_table("countries")
DOCUMENT_TYPES = load_table("document_types")
