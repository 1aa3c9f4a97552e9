"""manage.py reconcile [--all]"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import CommandParser

from portal.commands import OperatorCommand
from reconciliation.services.reconciling import reconcile_all


class Command(OperatorCommand):
    help = "Reconcile the months that changed, or all of them. Prints one JSON object."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="every month, changed or not")

    def handle(self, *args: Any, **options: Any) -> None:
        results = reconcile_all(changed_only=not options["all"])
        counts = {result: results[result] for result in ("matched", "waiting", "mismatched")}
        self.stdout.write(json.dumps({"months": results.total(), **counts}))
