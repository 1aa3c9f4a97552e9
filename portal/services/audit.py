"""The audit: who did what to which agent, when, whence, and how it ended.

Services record; they know no request. Whence it came is told once for each request, by the
middleware, and is empty for a command or a task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from portal.models import AuditEntry, User, WithholdingAgent

_address: ContextVar[Callable[[], str] | None] = ContextVar("address", default=None)


@contextmanager
def whence(address: Callable[[], str]) -> Iterator[None]:
    """Give every entry that is recorded meanwhile the address; it is asked for only then."""
    token = _address.set(address)
    try:
        yield
    finally:
        _address.reset(token)


def record(
    action: AuditEntry.Action,
    outcome: str,
    *,
    user: User | None = None,
    agent: WithholdingAgent | None = None,
    **detail: str | int,
) -> AuditEntry:
    """Add an entry. It belongs to the transaction of what it tells about.

    `outcome` is a word of ours (`done`, `wrong`, `closed`), at most 40 characters. `detail` holds
    no personal data: nobody can delete it.
    """
    address = _address.get()
    return AuditEntry.objects.create(
        action=action,
        outcome=outcome,
        user=user,
        agent=agent,
        address=address() if address else "",
        detail=detail,
    )
