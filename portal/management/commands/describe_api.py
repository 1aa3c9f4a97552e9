"""Prints the API's description, as docs/openapi.json holds it."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from portal.openapi import described


class Command(BaseCommand):
    help = "Print the OpenAPI description of the API as JSON."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(described(), ensure_ascii=False, indent=2))
