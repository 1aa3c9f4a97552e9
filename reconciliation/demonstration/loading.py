"""Fills an empty portal with the demonstration, and keeps what a newcomer needs to come in."""

from __future__ import annotations

import json
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from django.conf import settings
from django.db import transaction

from declarations.services.window import file_declarations
from portal.models import Office, User, WithholdingAgent
from portal.services.contact import change_contact
from portal.services.passwords import (
    change_password,
    give_initial_password,
    new_initial_password,
)
from portal.services.staff import create_staff
from reconciliation.demonstration import core_system
from reconciliation.demonstration.cast import ENROLLED, FIRST_OFFICE, declarations
from reconciliation.models import FeedFile
from reconciliation.services.importing import import_feed
from reconciliation.services.reconciling import reconcile_all

STAFF = (
    ("demo.officer", User.Role.OFFICER, FIRST_OFFICE.code, "示例税官"),
    ("demo.operator", User.Role.OPERATOR, Office.ROOT_CODE, "示例运行员"),
    ("demo.admin", User.Role.ACCOUNT_ADMIN, Office.ROOT_CODE, "示例账户员"),
)


@dataclass(frozen=True)
class Account:
    """How one of the demonstration's people logs in; agents have no second factor."""

    login: str
    password: str
    role: str = ""
    otpauth_uri: str = ""
    recovery_codes: tuple[str, ...] = ()


def accounts_file() -> Path:
    """Return the file of the accounts, beside the keys in the portal's home."""
    return Path(settings.PORTAL_HOME) / "keys" / "demonstration.json"


def is_empty() -> bool:
    """Tell whether nobody has used this portal yet."""
    tables = (WithholdingAgent, User, FeedFile)
    return not any(table._default_manager.exists() for table in tables)


def load(inbox: Path, today: date) -> list[Account]:
    """Fill an empty portal; leave last night's payment file in the inbox for the worker.

    One transaction: a portal that was stopped meanwhile is still empty. `today` is Beijing's.
    """
    with transaction.atomic():
        with tempfile.TemporaryDirectory() as name, _quiet():
            _take_in(Path(name), today)
        reconcile_all(changed_only=True)
        accounts = _open_accounts()
        # Before the commit: accounts that exist and nobody can use would be worse.
        _keep(accounts)
    core_system.deliver_last_night(inbox, today)
    return accounts


def kept_accounts() -> list[Account]:
    """Return the accounts of the demonstration that was loaded here, or none."""
    try:
        kept = json.loads(accounts_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [
        Account(**{**account, "recovery_codes": tuple(account["recovery_codes"])})
        for account in kept
    ]


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the refusal that belongs to the play out of the log of a first start."""
    logger = logging.getLogger("reconciliation.services.importing")
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = False


def _take_in(folder: Path, today: date) -> None:
    core_system.deliver_registrations(folder, today)
    core_system.deliver_refused(folder, today)
    import_feed(folder)
    core_system.deliver_history(folder, today)
    import_feed(folder)
    brought = folder / "declarations.jsonl"
    with brought.open("w", encoding="utf-8") as file:
        for declaration in declarations(today):
            file.write(json.dumps(declaration, ensure_ascii=False) + "\n")
    report = file_declarations(brought)
    if report.refused:
        raise ValueError(f"The demonstration is not lawful: {report.refused}")


def _open_accounts() -> list[Account]:
    staff = [
        create_staff(login, role=role, office_code=code, name=name, password_is_initial=False)
        for login, role, code, name in STAFF
    ]
    agent = WithholdingAgent.objects.get(computer_code=ENROLLED.computer_code)
    # At the counter: the newcomer's tries to enrol stay the newcomer's.
    give_initial_password(agent, by=staff[0].user)
    user, password = User.objects.get(agent=agent), new_initial_password()
    change_password(user, password)
    change_contact(
        agent, name="示例会计", telephone="010-00000000", email="clerk@example.com", by=user
    )
    return [
        Account(user.login, password),
        *(
            Account(
                one.user.login,
                one.password,
                str(one.user.role),
                one.otpauth_uri,
                one.recovery_codes,
            )
            for one in staff
        ),
    ]


def _keep(accounts: list[Account]) -> None:
    """Write the accounts for their owner alone to read; a second `make run` shows them again."""
    path = accounts_file()
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump([asdict(account) for account in accounts], file, ensure_ascii=False, indent=2)
    draft.replace(path)
