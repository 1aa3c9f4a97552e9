"""The access matrix of the register of persons: an agent's own, and nobody else's."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from declarations.models import Kind
from declarations.services.drafts import create_draft
from declarations.services.taxpayers import add_taxpayer
from portal.models import WithholdingAgent
from tests.declarations.register import a_person
from tests.portal.doors import AWAY, FORM, MISSING, Door, agents


def of_a_person(agent: WithholdingAgent) -> dict[str, Any]:
    return {"public_id": add_taxpayer(agent, a_person(name="CANARY")).public_id}


def of_a_draft(agent: WithholdingAgent) -> dict[str, Any]:
    return {"public_id": create_draft(agent, date(2006, 4, 1), Kind.REGULAR).public_id}


OWN: Final = agents(bob=MISSING)
DO: Final = agents(alice=AWAY, bob=MISSING)

DOORS: Final = [
    Door("taxpayers:taxpayers", agents(), FORM),
    Door("taxpayers:add", agents(), FORM),
    Door("taxpayers:upload", agents(), FORM),
    # To the upload: there is no list that waits.
    Door("taxpayers:roster", agents(alice=AWAY, bob=AWAY), FORM),
    Door("taxpayers:template", agents()),
    Door("taxpayers:export", agents()),
    Door("taxpayers:register_persons", DO, ("POST",), arguments=of_a_draft),
    Door("taxpayers:taxpayer", OWN, FORM, arguments=of_a_person),
    Door("taxpayers:leave", DO, ("POST",), arguments=of_a_person),
    Door("taxpayers:return", DO, ("POST",), arguments=of_a_person),
    Door("taxpayers:delete", OWN, FORM, arguments=of_a_person),
]
