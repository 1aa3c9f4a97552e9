"""manage.py simulate_core --into FOLDER | --deliver"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal import embedded, schema
from reconciliation.services.simulating import HoldsOtherData, deliver
from reconciliation.simulation import Options, Rates, WrongOption, month_of, simulate


class Command(BaseCommand):
    help = (
        "Make up a core system that changes state day by day, with agents, declarations and "
        "payments, and with mistakes whose causes are known. Prints one JSON object. The same "
        "options give the same files."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        goal = parser.add_mutually_exclusive_group(required=True)
        goal.add_argument(
            "--into",
            type=Path,
            metavar="FOLDER",
            help="write inbox/, declarations.jsonl, truth.jsonl and summary.json into an empty "
            "folder, without a database",
        )
        goal.add_argument(
            "--deliver",
            action="store_true",
            help="let the days come to this portal: file, deliver into the inbox, import, "
            "reconcile; goes on after the last day delivered. Refused in production",
        )
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--agents", type=int, default=10, help="how many (default: 10)")
        parser.add_argument(
            "--from",
            dest="first_month",
            default="2006-04",
            metavar="YYYY-MM",
            help="the first tax month (default: 2006-04)",
        )
        parser.add_argument("--months", type=int, default=3, help="tax months (default: 3)")
        parser.add_argument(
            "--days",
            type=int,
            default=0,
            help="days of the feed from the first of the first month on (default: to the end of "
            "the month after the last)",
        )
        parser.add_argument(
            "--persons", type=int, default=6, help="persons of an agent on average (default: 6)"
        )
        parser.add_argument(
            "--rows-per-file", type=int, default=50_000, help="at most (default: 50000)"
        )
        parser.add_argument(
            "--in-order",
            action="store_true",
            help="everything is right and on time, but for the rates given",
        )
        parser.add_argument(
            "--rate",
            action="append",
            default=[],
            type=_rate,
            metavar="NAME=P",
            help=f"how often, from 0 to 1; the names: {', '.join(Rates.names())}",
        )

    def handle(self, *args: Any, into: Path | None, deliver: bool, **given: Any) -> None:
        try:
            options = _options(given)
        except WrongOption as error:
            raise CommandError(str(error), returncode=2) from error
        if deliver:
            self._deliver(options)
            return
        if into is None:
            raise CommandError("Name a folder, or --deliver.", returncode=2)
        try:
            summary = simulate(options, into)
        except (FileExistsError, NotADirectoryError, PermissionError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(summary.as_json(), ensure_ascii=False))

    def _deliver(self, options: Options) -> None:
        if settings.PRODUCTION:
            raise CommandError("Nothing is simulated in production.", returncode=1)
        if embedded.POSTGRESQL in settings.EMBEDDED_SERVERS and schema.is_behind():
            schema.bring_up_to_date()
        try:
            report = deliver(options, Path(settings.INBOX))
        except HoldsOtherData as error:
            raise CommandError(str(error), returncode=1) from error
        self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        if report.differs:
            sys.exit(1)


def _options(given: dict[str, Any]) -> Options:
    rates = (Rates.nothing() if given["in_order"] else Rates()).changed(dict(given["rate"]))
    names = ("seed", "agents", "months", "days", "persons", "rows_per_file")
    return Options(
        first_month=month_of(given["first_month"]),
        rates=rates,
        **{name: given[name] for name in names},
    )


def _rate(text: str) -> tuple[str, float]:
    name, _, rate = text.partition("=")
    try:
        return name, float(rate)
    except ValueError:
        raise argparse.ArgumentTypeError("a rate is NAME=P, such as paid_twice=0.05") from None
