"""manage.py run_jobs [--again REFERENCE]"""

from __future__ import annotations

import json
import sys
from typing import Any

from django.core.management.base import CommandParser

from portal import selectors
from portal.commands import OperatorCommand
from portal.errors import Refusal
from portal.services.jobs import run_due_jobs, try_again


class Command(OperatorCommand):
    help = (
        "Carry out the jobs that nobody is at, without Celery and the broker. Prints one JSON"
        " object. Exit status: 0 done, 1 refused, 2 called wrongly."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--again",
            metavar="REFERENCE",
            help="let a stopped job be tried again: what its user reads out, 8 characters",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["again"]:
            self._let_be_tried_again(options["again"])
        self.stdout.write(json.dumps({"run": run_due_jobs()}))

    def _let_be_tried_again(self, reference: str) -> None:
        job = selectors.stopped_job(reference)
        if job is None:
            self.stderr.write(f"No stopped job has the reference {reference}.")
            sys.exit(1)
        try:
            try_again(job)
        except Refusal as refusal:
            self.stderr.write(str(refusal))
            sys.exit(1)
