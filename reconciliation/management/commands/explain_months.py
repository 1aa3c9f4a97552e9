"""manage.py explain_months"""

from __future__ import annotations

import json
from typing import Any

from portal.commands import OperatorCommand
from reconciliation.selectors.causes import explain_months


class Command(OperatorCommand):
    help = (
        "Print the likely causes of every month that does not agree (mismatched), best first,"
        " as JSON. docs/causes.md has the codes."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        # Written piece by piece: a province has tens of thousands of such months.
        separator = "["
        for entry in explain_months():
            self.stdout.write(f"{separator}{json.dumps(entry, ensure_ascii=False)}", ending="")
            separator = ",\n"
        self.stdout.write("[]" if separator == "[" else "]")
