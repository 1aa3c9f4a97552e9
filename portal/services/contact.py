"""单位联系信息: the three things about itself that an agent edits here."""

from __future__ import annotations

from django.db import transaction

from portal.models import AuditEntry, User, WithholdingAgent
from portal.services import audit


@transaction.atomic
def change_contact(
    agent: WithholdingAgent, *, name: str, telephone: str, email: str, by: User
) -> None:
    """Store the contact person, telephone and e-mail of an agent."""
    agent.contact_name = name
    agent.contact_telephone = telephone
    agent.contact_email = email
    # Nothing else: the feed may be writing the registration meanwhile.
    agent.save(update_fields=["contact_name", "contact_telephone", "contact_email"])
    audit.record(AuditEntry.Action.CONTACT, "done", user=by, agent=agent)
