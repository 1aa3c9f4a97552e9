"""manage.py export_months [--format json|csv]"""

from __future__ import annotations

import csv
import json
from typing import Any

from django.core.management.base import CommandParser

from portal.commands import OperatorCommand
from reconciliation.selectors import export_months

COLUMNS = ("computer_code", "tax_month", "kind", "declared", "paid", "relation", "result")


class Command(OperatorCommand):
    help = "Print every month that has a result, an entry for each kind, as JSON or CSV."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--format", choices=["json", "csv"], default="json")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["format"] == "csv":
            writer = csv.DictWriter(self.stdout, COLUMNS)
            writer.writeheader()
            writer.writerows(export_months())
            return
        # Written piece by piece: a province has hundreds of thousands of entries.
        separator = "["
        for entry in export_months():
            self.stdout.write(f"{separator}{json.dumps(entry, ensure_ascii=False)}", ending="")
            separator = ",\n"
        self.stdout.write("[]" if separator == "[" else "]")
