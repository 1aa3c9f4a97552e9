"""Creates a member of staff and prints the password, the TOTP address and the recovery codes."""

import json
import sys
from typing import Any

from django.core.management.base import CommandParser

from portal.commands import OperatorCommand
from portal.errors import Refusal
from portal.models import User
from portal.services.staff import create_staff


class Command(OperatorCommand):
    help = (
        "Create a member of staff. Prints one JSON object with what is shown only once: the"
        " initial password (valid 72 hours, to be changed at the first login), the otpauth address"
        " for an authenticator, and ten recovery codes. Exit status: 0 created, 1 refused,"
        " 2 called wrongly."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login", help="in lower case, for example wang.fang")
        parser.add_argument("--role", required=True, choices=User.Role.values)
        parser.add_argument("--office", required=True, metavar="CODE", help="the office's code")
        parser.add_argument("--name", required=True, help="the person's name")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            account = create_staff(
                options["login"],
                role=User.Role(options["role"]),
                office_code=options["office"],
                name=options["name"],
            )
        except Refusal as refusal:
            self.stderr.write(str(refusal))
            sys.exit(1)
        printed = {
            "login": account.user.login,
            "role": account.user.role,
            "office": options["office"],
            "password": account.password,
            "password_valid_until": account.user.initial_password_expires_at,
            "otpauth_uri": account.otpauth_uri,
            "recovery_codes": account.recovery_codes,
        }
        self.stdout.write(json.dumps(printed, ensure_ascii=False, default=str))
