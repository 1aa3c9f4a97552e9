"""Lines made agent by agent, read day by day: kept on disk, so that memory does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

_MOST_CHARACTERS = 8_000_000


class Spool:
    """Lines of several kinds and days, in a folder; each kind and day keeps its order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines: dict[tuple[str, date], list[str]] = {}
        self._counts: dict[tuple[str, date], int] = {}
        self._characters = 0

    def add(self, kind: str, day: date, line: str) -> None:
        """Keep a line."""
        self._lines.setdefault((kind, day), []).append(line)
        self._counts[kind, day] = self._counts.get((kind, day), 0) + 1
        self._characters += len(line)
        if self._characters > _MOST_CHARACTERS:
            self._flush()

    def count(self, kind: str, day: date) -> int:
        """Return how many lines a kind and day have."""
        return self._counts.get((kind, day), 0)

    def take(self, kind: str, day: date) -> Iterator[str]:
        """Yield the lines of a kind and day, which are forgotten then."""
        path = self._path(kind, day)
        if path.exists():
            with path.open(encoding="utf-8", newline="\n") as file:
                for line in file:
                    yield line.removesuffix("\n")
            path.unlink()
        yield from self._lines.pop((kind, day), ())
        self._counts.pop((kind, day), None)

    def _flush(self) -> None:
        for (kind, day), lines in self._lines.items():
            with self._path(kind, day).open("a", encoding="utf-8", newline="\n") as file:
                file.writelines(f"{line}\n" for line in lines)
        self._lines.clear()
        self._characters = 0

    def _path(self, kind: str, day: date) -> Path:
        return self._folder / f"{kind}_{day.isoformat()}"
