"""Rows of registration become the agents that the portal knows (core-feed.md, 3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from django.utils import timezone

from portal.models import Office, WithholdingAgent
from portal.sealing import blind_index
from reconciliation.feed import RegistrationRow, RowCode
from reconciliation.models import FeedFile, RegistrationVersion

REGISTERED = [
    "collection_code",
    "credit_code",
    "name",
    "document_type",
    "document_number",
    "document_index",
    "status",
    "office",
    "administrator",
    "address",
    "postcode",
    "telephone",
    "tax_withheld_last_year",
    "registered_at",
    "registration_index",
]
"""What the feed says of an agent. Its contact data and its password are not among it."""


def merge(rows: Sequence[tuple[FeedFile, RegistrationRow]]) -> list[str]:
    """Take registrations in their order; return what became of each.

    `imported`, `unchanged`, `stale`, or `CONFLICT` for what belongs in quarantine. A handful of
    queries, however many the rows; the caller bounds their number, and has the transaction.
    """
    codes = {row.computer_code for _, row in rows}
    agents = {
        agent.computer_code: agent
        for agent in WithholdingAgent.objects.filter(computer_code__in=codes)
    }
    holders = dict(
        WithholdingAgent.objects.filter(
            collection_code__in={row.collection_code for _, row in rows if row.collection_code}
        ).values_list("collection_code", "computer_code")
    )
    # The first row of an agent and time is the one that later ones repeat or contradict.
    known = {
        (code, updated_at): bytes(index)
        for code, updated_at, index in RegistrationVersion.objects.filter(
            agent__computer_code__in=codes
        )
        .order_by("-pk")
        .values_list("agent__computer_code", "row_updated_at", "row_index")
    }
    offices = _offices({(row.office_code, row.office_name) for _, row in rows if row.office_code})
    changed: dict[str, WithholdingAgent] = {}
    gave_up_code: set[str] = set()
    versions: list[RegistrationVersion] = []
    outcomes: list[str] = []
    for file, row in rows:
        agent = agents.get(row.computer_code)
        updated_at = datetime.fromisoformat(row.updated_at)
        index = blind_index("registration", sha256(row.raw.encode()).hexdigest())
        if agent and updated_at == agent.registered_at:
            same = bytes(agent.registration_index) == index
            outcomes.append("unchanged" if same else RowCode.CONFLICT)
            continue
        newer = agent is None or updated_at > agent.registered_at
        if not newer and known.get((row.computer_code, updated_at)) == index:
            outcomes.append("unchanged")
            continue
        if newer:
            holder = holders.get(row.collection_code or "")
            if holder not in (None, row.computer_code):
                outcomes.append(RowCode.CONFLICT)
                continue
            if agent is None:
                agent = WithholdingAgent(computer_code=row.computer_code)
                agents[row.computer_code] = agent
            elif agent.collection_code and agent.collection_code != row.collection_code:
                holders.pop(agent.collection_code, None)
                gave_up_code.add(row.computer_code)
            if row.collection_code:
                holders[row.collection_code] = row.computer_code
            _register(agent, row, offices, updated_at, index)
            changed[row.computer_code] = agent
        outcomes.append("imported" if newer else "stale")
        known.setdefault((row.computer_code, updated_at), index)
        versions.append(
            RegistrationVersion(
                agent=agent,
                row=row.raw,
                row_index=index,
                row_updated_at=updated_at,
                is_stale=not newer,
                feed_file=file,
                feed_line=row.line,
                imported_at=timezone.now(),
            )
        )
    # Given up first: two agents may have exchanged theirs, and rows are written one by one.
    WithholdingAgent.objects.filter(computer_code__in=gave_up_code).update(collection_code=None)
    WithholdingAgent.objects.bulk_create(
        changed.values(),
        update_conflicts=True,
        unique_fields=["computer_code"],
        update_fields=REGISTERED,
    )
    for version in versions:
        version.agent_id = version.agent.pk
    RegistrationVersion.objects.bulk_create(versions)
    return outcomes


def _register(
    agent: WithholdingAgent,
    row: RegistrationRow,
    offices: dict[str, Office],
    updated_at: datetime,
    index: bytes,
) -> None:
    agent.collection_code = row.collection_code
    agent.credit_code = row.credit_code or ""
    agent.name = row.name
    agent.document_type = row.document_type
    agent.document_number = row.document_number
    agent.status = row.status
    agent.office = offices.get(row.office_code)
    agent.administrator = row.tax_administrator
    agent.address, agent.postcode, agent.telephone = row.address, row.postcode, row.telephone
    last_year = row.tax_withheld_last_year
    agent.tax_withheld_last_year = Decimal(last_year) if last_year else None
    agent.registered_at = updated_at
    agent.registration_index = index


def _offices(named: set[tuple[str, str]]) -> dict[str, Office]:
    """Return the offices by code. One that is named for the first time hangs under the root."""
    codes = {code for code, _ in named}
    root = Office.objects.get(code=Office.ROOT_CODE)
    existing = set(Office.objects.filter(code__in=codes).values_list("code", flat=True))
    first_names = {code: name for code, name in sorted(named, reverse=True) if code not in existing}
    Office.objects.bulk_create(
        Office(code=code, name=name or code, parent=root) for code, name in first_names.items()
    )
    return {office.code: office for office in Office.objects.filter(code__in=codes)}
