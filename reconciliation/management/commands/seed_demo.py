"""manage.py seed_demo"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reconciliation.demonstration import core_system, loading
from reconciliation.demonstration.instructions import instructions


class Command(BaseCommand):
    help = (
        "Fill an empty portal with the demonstration, and print its accounts and what to try. A "
        "portal that holds data keeps what it has: a demonstration goes on, and its accounts are "
        "printed again. Refused in production. DEMONSTRATION=0 starts an empty portal."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("There is no demonstration in production.", returncode=1)
        if not settings.DEMONSTRATION:
            self.stderr.write("DEMONSTRATION is 0: nothing is loaded.")
            return
        inbox, today = Path(settings.INBOX), timezone.localdate()
        if loading.is_empty():
            inbox.mkdir(exist_ok=True)
            accounts = loading.load(inbox, today)
        else:
            accounts = loading.kept_accounts()
            if not accounts:
                self.stderr.write("The portal holds data: no demonstration is loaded.")
                return
            # The demonstration's core system sends a file a day, also for days without a portal.
            core_system.deliver_missing(inbox, today)
        self.stdout.write(instructions(accounts, today))
