"""The access matrix of payments, months and the feed. Alice's agent has filed for April 2006."""

from __future__ import annotations

from datetime import date
from typing import Any, Final
from uuid import UUID

from portal.models import WithholdingAgent
from tests.declarations.builders import filed
from tests.portal.doors import (
    AWAY,
    FORM,
    MISSING,
    NO_TOKEN,
    OK,
    Door,
    agents,
    everybody,
    of_agent,
    staff,
)


def of_april(agent: WithholdingAgent) -> dict[str, Any]:
    filed(agent)
    return {"tax_month": date(2006, 4, 1)}


def of_a_month(agent: WithholdingAgent) -> dict[str, Any]:
    return {"public_id": filed(agent).agent_month.public_id}


def of_a_declaration(agent: WithholdingAgent) -> dict[str, Any]:
    return {"public_id": filed(agent).public_id}


def of_nothing(agent: WithholdingAgent) -> dict[str, Any]:
    return {"public_id": UUID(int=0)}


READ: Final = staff(officer=OK, auditor=OK, supervisor=OK)
READ_OWN: Final = staff(officer=OK, foreign_officer=MISSING, auditor=OK, supervisor=OK)
READ_BY_PROGRAM: Final = READ | {"anonymous": NO_TOKEN, "alice": OK, "bob": OK}
OPERATE: Final = staff(operator=OK)
# The feed is the operators' alone; what they would find there is a file, a row or a month.
FIND: Final = staff(operator=MISSING)

DOORS: Final = [
    Door("reconciliation:home", agents()),
    Door("reconciliation:months", agents()),
    Door("reconciliation:month", agents(), arguments=of_april),
    Door(
        "reconciliation:draft_missing",
        agents(AWAY, AWAY),
        ("POST",),
        arguments=lambda agent: of_april(agent) | {"kind": "refund"},
    ),
    Door("reconciliation:confirm", agents(AWAY, AWAY), ("POST",), arguments=of_april),
    Door("reconciliation:withdraw", agents(bob=MISSING), FORM, arguments=of_a_declaration),
    Door("reconciliation:window", staff(officer=OK), FORM),
    Door("reconciliation:desk", READ),
    Door("reconciliation:agent_months", READ_OWN, arguments=of_agent),
    Door("reconciliation:staff_month", READ_OWN, arguments=of_a_month),
    Door(
        "reconciliation:reopen_month",
        staff(officer=OK, foreign_officer=MISSING),
        FORM,
        arguments=of_a_month,
    ),
    Door(
        "reconciliation:close_month",
        staff(officer=AWAY, foreign_officer=MISSING),
        ("POST",),
        arguments=of_a_month,
    ),
    Door("reconciliation:held_rows", READ),
    Door("reconciliation:feed", OPERATE),
    Door("reconciliation:day_count", OPERATE, FORM),
    Door("reconciliation:feed_file", FIND, arguments=of_nothing),
    Door("reconciliation:try_file_again", FIND, ("POST",), arguments=of_nothing),
    Door("reconciliation:try_month_again", FIND, ("POST",), arguments=of_nothing),
    Door("reconciliation:quarantine", OPERATE),
    Door("reconciliation:quarantined_row", FIND, FORM, arguments=of_nothing),
    Door("reconciliation:reveal_row", FIND, FORM, arguments=of_nothing),
    Door("reconciliation:correct_row", FIND, FORM, arguments=of_nothing),
    Door("reconciliation:api_months", READ_BY_PROGRAM),
    Door("reconciliation:api_codes", everybody(OK) | {"anonymous": NO_TOKEN}),
]
