"""The access matrix of declarations. Alice's agent has a draft, or a filed declaration."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from declarations.models import Kind
from declarations.services.drafts import add_line, create_draft
from portal.models import WithholdingAgent
from tests.declarations import register_doors
from tests.declarations.builders import filed, typed
from tests.portal.doors import (
    AGENTS,
    AWAY,
    FORBIDDEN,
    FORM,
    MISSING,
    NO_TOKEN,
    OK,
    Door,
    agents,
    everybody,
    logged_in,
    of_a_job,
)

APRIL = date(2006, 4, 1)


def of_a_draft(agent: WithholdingAgent) -> dict[str, Any]:
    return {"public_id": create_draft(agent, APRIL, Kind.REGULAR).public_id}


def of_a_draft_line(agent: WithholdingAgent) -> dict[str, Any]:
    draft = create_draft(agent, APRIL, Kind.REGULAR)
    return {"public_id": draft.public_id, "line_id": add_line(draft, typed()).public_id}


def of_a_filed_one(agent: WithholdingAgent) -> dict[str, Any]:
    return {"public_id": filed(agent).public_id}


def of_april(agent: WithholdingAgent) -> dict[str, Any]:
    return {"tax_month": APRIL}


def of_a_correction(agent: WithholdingAgent) -> dict[str, Any]:
    filed(agent, "10.00")
    return {"public_id": filed(agent, "20.00").public_id}


# The agent's own, and staff of its office who read tax data.
READ: Final = logged_in(MISSING) | dict.fromkeys(("alice", "officer", "auditor", "supervisor"), OK)
OWN: Final = agents(bob=MISSING)
DO: Final = agents(alice=AWAY, bob=MISSING)
NOBODY: Final = {"anonymous": NO_TOKEN}
BY_PROGRAM: Final = everybody(OK) | NOBODY
READERS: Final = ("officer", "foreign officer", "auditor", "supervisor")
READ_BY_PROGRAM: Final = everybody(FORBIDDEN) | NOBODY | dict.fromkeys((*AGENTS, *READERS), OK)
ONE_BY_PROGRAM: Final = READ_BY_PROGRAM | {"bob": MISSING, "foreign officer": MISSING}
FILE_BY_PROGRAM: Final = everybody(FORBIDDEN) | NOBODY | dict.fromkeys(AGENTS, OK)
JOB_BY_PROGRAM: Final = everybody(FORBIDDEN) | NOBODY | {"alice": OK, "bob": MISSING}

DOORS: Final = [
    *register_doors.DOORS,
    Door("declarations:declarations", agents()),
    Door("declarations:new", agents(), FORM),
    # Without drafts that were ticked, back to the list.
    Door("declarations:delete_several", agents(AWAY, AWAY), FORM),
    Door("declarations:file_several", agents(AWAY, AWAY), FORM),
    Door("declarations:year_workbook", agents(), arguments=lambda agent: {"year": 2006}),
    Door("declarations:codes", everybody(OK)),
    Door("declarations:filling_rules", everybody(OK)),
    Door("declarations:template", logged_in(), arguments=of_april),
    Door("declarations:declaration", READ, arguments=of_a_filed_one),
    Door("declarations:receipt", READ, arguments=of_a_filed_one),
    Door("declarations:printed", READ, arguments=of_a_filed_one),
    Door("declarations:form", READ, arguments=of_a_filed_one),
    Door(
        "declarations:make_form",
        logged_in(MISSING) | dict.fromkeys(("alice", "officer", "auditor", "supervisor"), AWAY),
        ("POST",),
        arguments=of_a_filed_one,
    ),
    # None was made.
    Door("declarations:made_form", logged_in(MISSING), arguments=of_a_filed_one),
    Door("declarations:header", OWN, FORM, arguments=of_a_draft),
    Door("declarations:add_line", OWN, FORM, arguments=of_a_draft),
    # Of a filed declaration it is read like the declaration: test_line_pages.py.
    Door("declarations:line", OWN, FORM, arguments=of_a_draft_line),
    Door("declarations:delete_line", OWN, FORM, arguments=of_a_draft_line),
    Door("declarations:grid", OWN, arguments=of_a_draft),
    Door("declarations:grid_lines", OWN, FORM, arguments=of_a_draft),
    Door("declarations:grid_law", OWN, arguments=of_a_draft_line),
    Door("declarations:grid_look", agents(alice="400", bob="400"), ("POST",)),
    Door(
        "declarations:grid_undo_import",
        agents(alice="412", bob=MISSING),  # of which revision it does not say
        ("POST",),
        arguments=of_a_draft,
    ),
    Door(
        "declarations:grid_checks",
        agents(alice="400", bob=MISSING),  # an empty body is no question
        ("POST",),
        arguments=of_a_draft,
    ),
    Door("declarations:workbook", OWN, arguments=of_a_filed_one),
    Door("declarations:upload", OWN, FORM, arguments=of_a_draft),
    Door("declarations:headings", OWN, FORM, arguments=of_a_draft),
    Door("declarations:waiting_import", DO, FORM, arguments=of_a_draft),
    Door(
        "declarations:error_workbook",
        agents(alice=MISSING, bob=MISSING),  # nothing waits
        arguments=of_a_draft,
    ),
    Door("declarations:check", OWN, arguments=of_a_draft),
    Door("declarations:file", DO, FORM, arguments=of_a_draft),
    Door("declarations:changes", READ, arguments=of_a_correction),
    Door("declarations:take_back", OWN, FORM, arguments=of_a_correction),
    Door("declarations:correct", DO, ("POST",), arguments=of_a_filed_one),
    Door("declarations:delete", OWN, FORM, arguments=of_a_draft),
    Door("receipts:verify", everybody(OK), FORM),
    Door("law:law_now", logged_in(AWAY)),
    Door("law:law", logged_in(), arguments=of_april),
    Door("law:calculator", everybody(OK), FORM),
    Door("law:api_law", BY_PROGRAM, arguments=of_april),
    Door("declarations_api:declarations", READ_BY_PROGRAM, ("GET", "HEAD", "POST")),
    Door("declarations_api:check", FILE_BY_PROGRAM, ("POST",)),
    Door("declarations_api:declaration", ONE_BY_PROGRAM, arguments=of_a_filed_one),
    Door("declarations_api:lines", ONE_BY_PROGRAM, arguments=of_a_filed_one),
    Door("declarations_api:findings", ONE_BY_PROGRAM, arguments=of_a_filed_one),
    Door(
        "declarations_api:uploads",
        FILE_BY_PROGRAM | dict.fromkeys(AGENTS, "400"),  # which month it is for comes first
        ("POST",),
    ),
    Door("declarations_api:job", JOB_BY_PROGRAM, arguments=of_a_job),
    # Nothing is no question.
    Door("law:api_compute", everybody("400") | NOBODY, ("POST",)),
]
