"""A simulated world, made agent by agent, and its files, written day by day."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from reconciliation.simulation.cast import NEIGHBOURS, make_agent
from reconciliation.simulation.chance import Chance
from reconciliation.simulation.declaring import declarations_of
from reconciliation.simulation.feed_files import (
    MARKER,
    PAYMENTS,
    REGISTRATIONS,
    write_bad,
    write_day,
)
from reconciliation.simulation.income import text
from reconciliation.simulation.months import Life, rows_of
from reconciliation.simulation.options import Options
from reconciliation.simulation.spool import Spool
from reconciliation.simulation.truth import Neighbourhood

INBOX, REFUSED = "inbox", "refused"
DECLARATIONS, TRUTH, SUMMARY = "declarations.jsonl", "truth.jsonl", "summary.json"
_DECLARED = "declarations"
_MOST_PARTS = 999


@dataclass
class Summary:
    """What a world comes to as of its last day: what a reader of its files has to find."""

    options: Options
    agents: int = 0
    files: int = 0
    rows: int = 0
    not_ours: int = 0
    payments: int = 0
    payments_total: int = 0
    in_transit: int = 0
    declarations: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    refused: dict[str, str] = field(default_factory=dict)
    months: Counter[str] = field(default_factory=Counter)
    causes: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, object]:
        """Return summary.json."""
        return {
            **self.options.as_json(),
            "watermark": self.options.last_day.isoformat(),
            "agents": self.agents,
            "files": self.files,
            "rows": self.rows,
            "not_ours": self.not_ours,
            "payments": self.payments,
            "payments_total": text(self.payments_total),
            "in_transit": self.in_transit,
            "quarantined": dict(sorted(self.quarantined.items())),
            "refused": dict(sorted(self.refused.items())),
            "declarations": self.declarations,
            "months": dict(sorted(self.months.items())),
            "causes": dict(sorted(self.causes.items())),
        }


def neighbourhoods(options: Options) -> Iterator[Neighbourhood]:
    """Yield the world, ten agents at a time."""
    for first in range(0, options.agents, NEIGHBOURS):
        numbers = range(first, min(first + NEIGHBOURS, options.agents))
        agents = [make_agent(options, number) for number in numbers]
        lives = [Life(options, agent, agents) for agent in agents]
        for life in lives:
            life.live()
        yield Neighbourhood(lives)


def simulate(options: Options, folder: Path) -> Summary:
    """Write a world into an empty folder; return its summary. FileExistsError if it holds anything.

    `inbox/` has the feed's files with their markers, `refused/` bad ones to be delivered before
    those of their names, `declarations.jsonl` what is brought to the window in the order of
    arrival, `truth.jsonl` every month that has a result, `summary.json` what must come of it all.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(f"{folder} is not empty")
    summary = Summary(options)
    with tempfile.TemporaryDirectory(prefix=".spool-", dir=folder) as name:
        spool = Spool(Path(name))
        with (folder / TRUTH).open("w", encoding="utf-8", newline="\n") as truth:
            for neighbourhood in neighbourhoods(options):
                for line in _take_down(neighbourhood, spool, summary):
                    truth.write(f"{line}\n")
        _write_days(folder, spool, summary)
    report = json.dumps(summary.as_json(), ensure_ascii=False, indent=2)
    (folder / SUMMARY).write_text(f"{report}\n", encoding="utf-8")
    return summary


def _take_down(neighbourhood: Neighbourhood, spool: Spool, summary: Summary) -> Iterator[str]:
    """Keep what some agents did for its days, count it, and yield what is true of their months."""
    last_day = summary.options.last_day
    for life in neighbourhood.lives.values():
        agent = life.agent
        summary.agents += agent.registered_on <= last_day
        for registration in agent.registrations:
            if registration.day <= last_day:
                spool.add(REGISTRATIONS, registration.day, registration.text())
        for story in life.stories.values():
            for day, declaration in declarations_of(story, last_day):
                spool.add(_DECLARED, day, declaration)
                summary.declarations += 1
        for record in life.records:
            for day, row in rows_of(record, last_day):
                spool.add(PAYMENTS, day, row)
            state = record.state(last_day, neighbourhood.is_registered)
            summary.quarantined.update(code for code, _ in state.held)
            if state.newest:
                summary.payments += 1
                summary.payments_total += state.newest.amount
                summary.in_transit += state.newest.is_in_transit
        for day, row in life.other_taxes:
            if day <= last_day:
                spool.add(PAYMENTS, day, row)
                summary.not_ours += 1
    for truth in neighbourhood.truths(last_day):
        summary.months[truth.result] += 1
        summary.causes.update(str(cause.code) for cause in truth.causes)
        yield json.dumps(truth.as_json(), ensure_ascii=False)


def _write_days(folder: Path, spool: Spool, summary: Summary) -> None:
    options = summary.options
    inbox, refused = folder / INBOX, folder / REFUSED
    inbox.mkdir()
    day = options.first_day
    with (folder / DECLARATIONS).open("w", encoding="utf-8", newline="\n") as declarations:
        while day <= options.last_day:
            for declaration in spool.take(_DECLARED, day):
                declarations.write(f"{declaration}\n")
            for kind in (REGISTRATIONS, PAYMENTS):
                number = spool.count(kind, day)
                if not number and kind == REGISTRATIONS:
                    continue
                chance = Chance(options.seed, kind, day)
                parts = _parts(options, number, chance)
                names = write_day(inbox, kind, day, spool.take(kind, day), number, parts)
                summary.files += len(names)
                summary.rows += number
                if kind == PAYMENTS and chance.happens(options.rates.file_refused):
                    refused.mkdir(exist_ok=True)
                    name = chance.choice(names)
                    summary.refused[name] = write_bad(inbox / name, refused / name, chance)
            day += timedelta(days=1)


def _parts(options: Options, number: int, chance: Chance) -> int:
    """Return in how many files a day comes."""
    parts = -(-number // options.rows_per_file) or 1
    if number > 2 and chance.happens(options.rates.file_in_parts):
        parts = max(parts, chance.randint(2, 3))
    return min(parts, _MOST_PARTS)


@dataclass(frozen=True)
class Day:
    """A day of a written world: what happens on it, in this order.

    `declarations` are lines for the window, `refused` files to deliver that are bad, `files` good
    ones. A file's marker lies beside it.
    """

    business_date: date
    declarations: list[str]
    refused: list[Path]
    files: list[Path]


def days(folder: Path) -> Iterator[Day]:
    """Yield the days of a world that `simulate` wrote, one after the other."""
    options = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    day, last = map(date.fromisoformat, (options["first_day"], options["last_day"]))
    with (folder / DECLARATIONS).open(encoding="utf-8", newline="\n") as file:
        next_line = file.readline()
        while day <= last:
            lines = []
            while next_line and json.loads(next_line)["filed_on"] == day.isoformat():
                lines.append(next_line.removesuffix("\n"))
                next_line = file.readline()
            pattern = f"*_{day:%Y%m%d}_*.txt"
            yield Day(
                day,
                lines,
                sorted((folder / REFUSED).glob(pattern)),
                # SWDJ before JKRK: what agents are known is known when they pay.
                sorted(
                    (folder / INBOX).glob(pattern),
                    key=lambda path: (path.name[:4] == PAYMENTS, path.name),
                ),
            )
            day += timedelta(days=1)


def put(path: Path, inbox: Path) -> None:
    """Deliver a file of a written world into an inbox: the file first, its marker when it is whole.

    What an earlier delivery that was cut off has left of it is replaced.
    """
    marker = inbox / f"{path.name}{MARKER}"
    marker.unlink(missing_ok=True)
    shutil.copyfile(path, inbox / path.name)
    draft = marker.with_name(f"{marker.name}.draft")
    shutil.copyfile(path.with_name(marker.name), draft)
    draft.replace(marker)
