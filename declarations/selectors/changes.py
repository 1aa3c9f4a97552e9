"""更正 line by line: which lines two versions of a declaration do not have in common."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from declarations.lines import COLUMNS
from declarations.models import Declaration, DetailLine
from declarations.selectors.listing import detail_lines_of

# A person is known by the document's index: the number itself stays sealed.
_COMPARED: Final = tuple(
    column for column in COLUMNS if column not in ("document_number", "document_type")
)
_READ: Final = ("pk", "line_number", "document_index", "income_item", *_COMPARED)


@dataclass(frozen=True)
class LineChange:
    """A line that was added, removed or changed, by its key in each version.

    `columns` are those that differ: none for a line that stands in one version alone.
    """

    before: int | None
    after: int | None
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """All changes, in the order of the later version's lines, and how many there are of each."""

    lines: list[LineChange]
    added: int
    removed: int
    changed: int


@dataclass(frozen=True)
class _Row:
    pk: int
    number: int
    values: tuple[Any, ...]


def changes_between(before: Declaration, after: Declaration) -> Changes:
    """Return what differs between the lines of two versions. Two queries.

    Lines of one person and income item belong together, in their order when there are several.
    Their place in the list does not matter, nor do the 15 and 18 digits of one number.
    """
    was, became = _rows(before), _rows(after)
    found: list[tuple[int, int, LineChange]] = []
    for key in was.keys() | became.keys():
        old, new = _unequal(was.get(key, []), became.get(key, []))
        for before_row, after_row in zip(old, new, strict=False):
            columns = tuple(
                column
                for column, one, other in zip(
                    _COMPARED, before_row.values, after_row.values, strict=True
                )
                if one != other
            )
            change = LineChange(before_row.pk, after_row.pk, columns)
            found.append((after_row.number, 1, change))
        found += [(row.number, 0, LineChange(row.pk, None)) for row in old[len(new) :]]
        found += [(row.number, 2, LineChange(None, row.pk)) for row in new[len(old) :]]
    found.sort(key=lambda entry: entry[:2])
    kinds = Counter(kind for _, kind, _ in found)
    return Changes([change for _, _, change in found], kinds[2], kinds[0], kinds[1])


def _rows(declaration: Declaration) -> dict[tuple[bytes, str], list[_Row]]:
    rows: dict[tuple[bytes, str], list[_Row]] = defaultdict(list)
    stored: Any = detail_lines_of(declaration).values_list(*_READ)
    for pk, number, index, item, *values in stored.iterator(chunk_size=2000):
        comparable = tuple(
            json.dumps(value, sort_keys=True) if isinstance(value, dict) else value
            for value in values
        )
        rows[bytes(index), item].append(_Row(pk, number, comparable))
    return rows


def _unequal(old: Sequence[_Row], new: Sequence[_Row]) -> tuple[list[_Row], list[_Row]]:
    """Return the rows of both sides that have no twin on the other."""
    same = Counter(row.values for row in old) & Counter(row.values for row in new)
    return _without(old, same), _without(new, same)


def _without(rows: Sequence[_Row], same: Counter[tuple[Any, ...]]) -> list[_Row]:
    left = same.copy()
    kept = []
    for row in rows:
        if left[row.values]:
            left[row.values] -= 1
        else:
            kept.append(row)
    return kept


def lines_of_changes(changes: Sequence[LineChange]) -> dict[int, DetailLine]:
    """Return the lines that some changes are about, by key. One query."""
    keys = {key for change in changes for key in (change.before, change.after) if key}
    return DetailLine.objects.in_bulk(keys)
