"""manage.py demo_pays COMPUTER_CODE TAX_MONTH AMOUNT"""

from __future__ import annotations

import argparse
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from declarations.taxlaw.tax_month import parse_tax_month
from portal.hints import hint
from portal.models import WithholdingAgent
from reconciliation.demonstration import core_system
from reconciliation.demonstration.cast import Paid

KINDS = {"1": "regular", "2": "additional", "3": "refund", "4": "late fee", "5": "fine"}


class Command(BaseCommand):
    help = (
        "Play the bank and the core system of the demonstration: put a payment file for an agent's "
        "month into the inbox, where the worker finds it. Prints one JSON object. Refused in "
        "production."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("computer_code", type=_computer_code)
        parser.add_argument("tax_month", type=_tax_month, help="such as 2026-10")
        parser.add_argument("amount", type=_amount, help="yuan, such as 150.00")
        parser.add_argument("--item", default="01", choices=[f"{n:02}" for n in range(1, 10)])
        parser.add_argument(
            "--kind",
            default="1",
            choices=KINDS,
            help=", ".join(f"{kind} {name}" for kind, name in KINDS.items()),
        )
        parser.add_argument(
            "--in-transit", action="store_true", help="the treasury does not have it yet"
        )

    def handle(
        self, *args: Any, computer_code: str, tax_month: date, amount: str, **options: Any
    ) -> None:
        if settings.PRODUCTION:
            raise CommandError("There is no demonstration in production.", returncode=1)
        if not WithholdingAgent.objects.filter(computer_code=computer_code).exists():
            self.stderr.write(f"{computer_code} is not registered: its payment will be held back.")
        inbox, today = Path(settings.INBOX), timezone.localdate()
        paid = Paid(0, amount, options["kind"], options["item"], not options["in_transit"])
        core_system.deliver_missing(inbox, today)
        try:
            name = core_system.deliver_payment(inbox, today, computer_code, tax_month, paid)
        except core_system.NoMoreFiles as error:
            raise CommandError("All files of today are delivered.", returncode=1) from error
        hint("reconciliation.look_into_inbox")
        self.stdout.write(json.dumps({"file": name}))


def _computer_code(text: str) -> str:
    if not re.fullmatch(r"[0-9A-Z]{8}", text):
        raise argparse.ArgumentTypeError("a computer code is 8 of 0-9 and A-Z")
    return text


def _tax_month(text: str) -> date:
    try:
        return parse_tax_month(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _amount(text: str) -> str:
    if not re.fullmatch(r"[0-9]{1,14}\.[0-9]{2}", text):
        raise argparse.ArgumentTypeError("an amount has two decimals, such as 150.00")
    return text
