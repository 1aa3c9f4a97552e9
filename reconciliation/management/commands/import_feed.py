"""manage.py import_feed [FOLDER]"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from portal.commands import OperatorCommand
from reconciliation.services.importing import import_feed


class Command(OperatorCommand):
    help = (
        "Import every complete file of the inbox, or of FOLDER, oldest first. Prints one JSON "
        "object; the exit status is 1 when a file was refused."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, default=Path(settings.INBOX))

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.", returncode=2)
        report = import_feed(folder)
        self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
        if report.refused:
            sys.exit(1)
