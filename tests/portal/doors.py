"""The access matrix (SEC-14): every address, who may pass it, and with which methods.

Every app has such a file with a list DOORS; `test_access_matrix.py` reads them all, and fails for
an address that stands in none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from portal.models import Job, User, WithholdingAgent
from portal.services.tokens import make_token

# What somebody gets for a GET (of a page that is POST alone: for an empty POST).
OK: Final = "200"
LOGIN: Final = "to login"  # whoever is not logged in
STAFF_LOGIN: Final = "to staff login"
AWAY: Final = "elsewhere on this site"
MISSING: Final = "404"  # the same bytes as for what does not exist
FORBIDDEN: Final = "403"
NO_TOKEN: Final = "401"  # of the API, which sends nobody to a page

AGENTS: Final = ("alice", "bob")
STAFF: Final = ("officer", "foreign officer", *User.Role.values[1:])
EVERYBODY: Final = ("anonymous", *AGENTS, *STAFF)


@dataclass(frozen=True)
class Door:
    """An address: its URL name, its arguments for Alice's agent, and what everybody gets."""

    url_name: str
    answers: dict[str, str]
    methods: tuple[str, ...] = ("GET", "HEAD")
    arguments: Callable[[WithholdingAgent], dict[str, Any]] = field(default=lambda agent: {})


def everybody(answer: str) -> dict[str, str]:
    return dict.fromkeys(EVERYBODY, answer)


def agents(alice: str = OK, bob: str = OK) -> dict[str, str]:
    """Return the answers of a page for agents: there is none for staff."""
    return everybody(MISSING) | {"anonymous": LOGIN, "alice": alice, "bob": bob}


def staff(**answers: str) -> dict[str, str]:
    """Return the answers of a page for staff: roles without an answer are forbidden it.

    `foreign_officer` is an officer of another office, and gets what `officer` gets unless named.
    """
    answers = {name.replace("foreign_officer", "foreign officer"): a for name, a in answers.items()}
    if "officer" in answers:
        answers.setdefault("foreign officer", answers["officer"])
    nobody = everybody(FORBIDDEN) | {"anonymous": STAFF_LOGIN, "alice": MISSING, "bob": MISSING}
    return nobody | answers


def all_staff(answer: str = OK) -> dict[str, str]:
    return staff() | dict.fromkeys(STAFF, answer)


def logged_in(answer: str = OK) -> dict[str, str]:
    return everybody(answer) | {"anonymous": LOGIN}


def of_agent(agent: WithholdingAgent) -> dict[str, Any]:
    return {"public_id": agent.public_id}


def of_a_job(agent: WithholdingAgent) -> dict[str, Any]:
    job = Job.objects.create(
        kind="declarations.import_workbook",
        subject=uuid4(),
        user=agent.user,
        agent=agent,
        language="zh-hans",
    )
    return {"public_id": job.public_id}


def of_a_token(agent: WithholdingAgent) -> dict[str, Any]:
    token, _text = make_token(agent.user, "payroll")
    return {"public_id": token.public_id}


# One's own, and nobody else's: not the office's either.
OWN_JOB: Final = logged_in(MISSING)

FORM: Final = ("GET", "HEAD", "POST")

DOORS: Final = [
    Door("home", everybody(OK)),
    Door("livez", everybody(OK), ("GET",)),
    Door("set_language", everybody(AWAY), ("POST",)),
    Door("enrolment", everybody(OK), FORM),
    Door("login", everybody(OK), FORM),
    Door("logout", everybody(AWAY), ("POST",)),
    Door("staff_login", everybody(OK), FORM),
    Door("second_factor", everybody(STAFF_LOGIN), FORM),
    Door("step_up", logged_in(), FORM),
    Door("new_password", logged_in(AWAY), FORM),
    Door("first_contact", agents(), FORM),
    Door("contact", agents(), FORM),
    Door("api", everybody(OK)),
    Door("api_schema", everybody(OK)),
    Door("tokens", agents()),
    Door("new_token", agents(), FORM),
    Door("revoke_token", agents(bob=MISSING), FORM, arguments=of_a_token),
    Door("jobs", logged_in()),
    Door("job_tray", logged_in()),
    Door("job", OWN_JOB | {"alice": OK}, arguments=of_a_job),
    Door("job_progress", OWN_JOB | {"alice": OK}, arguments=of_a_job),
    Door("job_cancel", OWN_JOB | {"alice": AWAY}, ("POST",), arguments=of_a_job),
    Door("staff_home", all_staff()),
    Door("staff_password", all_staff(), FORM),
    Door("staff_agents", staff(officer=OK, auditor=OK, supervisor=OK), FORM),
    Door(
        "staff_agent",
        staff(officer=OK, foreign_officer=MISSING, auditor=OK, supervisor=OK),
        arguments=of_agent,
    ),
    Door(
        "staff_agent_password",
        staff(officer=OK, foreign_officer=MISSING),
        FORM,
        arguments=of_agent,
    ),
]
