"""manage.py file_declarations FILE.jsonl"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from declarations.services.window import file_declarations
from portal.commands import OperatorCommand
from reconciliation.services.reconciling import reconcile_all, reconcile_at_once

# Agents whose months are locked at once.
BATCH = 500


class Command(OperatorCommand):
    help = (
        "File the declarations of a JSON Lines file that was brought to the window, then reconcile "
        "what changed. Prints one JSON object; the exit status is 1 when a line was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE.jsonl")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if not file.is_file():
            raise CommandError(f"{file} is not a file.", returncode=2)
        # What is closed at the start is judged by all that is known then.
        reconcile_all(changed_only=True)
        try:
            report = file_declarations(file)
        except PermissionError as error:
            raise CommandError(f"{file} cannot be read.", returncode=2) from error
        agents = sorted(report.agent_ids)
        for start in range(0, len(agents), BATCH):
            reconcile_at_once(agents[start : start + BATCH])
        self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        if report.refused:
            sys.exit(1)
