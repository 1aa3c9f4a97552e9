"""How often something may be tried: enrolment and login.

Every limit works in the same order: *reserve, then verify*. A try is counted, and committed, before
a password or a number is looked at, and given back when it was right. Whoever counts afterwards
lets as many parallel tries through as there are threads.

The counts stand in PostgreSQL (portal_attempt), not in Redis, which may be emptied. A key is a
keyed digest: neither codes nor addresses can be read from the table. Functions that count commit by
themselves and raise RuntimeError inside a transaction: a rollback would forget the try.

There are two kinds of window. A *calendar* window begins for everybody at the same time (a day in
Beijing, a full hour), and each has its row. A *running* window begins with the first try; when the
limit is reached it begins anew, so that the key stays closed for the whole length from then on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from portal.ciphers import blind_index
from portal.http import network
from portal.models import Attempt, KnownDevice, User

BEIJING: Final = ZoneInfo("Asia/Shanghai")

ENROLMENTS_A_DAY: Final = 5
ENROLMENT_FAILURES_AN_HOUR: Final = 20

LOGIN_FAILURES: Final = 5
LOGIN_CLOSED_FOR: Final = timedelta(minutes=15)
LOGIN_FAILURES_BEFORE_ALARM: Final = 100
LOGIN_SLOWED_TO: Final = timedelta(minutes=1)

# The first key of an advisory lock; portal.claims has 7101 and following.
_LOCK: Final = 7201


# Enrolment


@dataclass(frozen=True)
class EnrolmentTry:
    """A try to get the initial password that has been counted, by its code and its address.

    `is_over` says that no more may be verified; the answer must not show it. The caller then looks
    up the agent, in any case, and calls `resolve`, in any case: every failure does the same work.
    """

    is_over: bool
    _code: str = field(repr=False)
    _place: Reservation

    def resolve(self, agent: UUID | None) -> bool:
        """Count the try for the agent that the code led to; return whether it may be verified.

        An agent has two codes, each with its own count: only here do they meet. For a code that
        leads nowhere a count is kept all the same, by the code. A try that is over already uses up
        none of the agent's, by the same statement.
        """
        subject = ("unknown", self._code) if agent is None else ("agent", str(agent))
        counts = 0 if self.is_over else 1
        tries = count_in_window("enrolment", *subject, since=_start_of_day(), counts=counts)
        return not self.is_over and tries <= ENROLMENTS_A_DAY

    def succeeded(self) -> None:
        """Take the try off the failures of its address."""
        self._place.give_back()


def try_enrolment(code: str, address: str) -> EnrolmentTry:
    """Count a try to enrol, before anything is looked up: `code` as typed, `address` as it came.

    Five a day in Beijing by the code, then five by the agent (`EnrolmentTry.resolve`); 20 failures
    an hour by the address (IPv6: the /64). The sixth, and the 21st, is over.
    """
    start = _start_of_hour()
    failures = count_in_window("enrolment place", network(address), since=start)
    place_is_over = failures > ENROLMENT_FAILURES_AN_HOUR
    counts = 0 if place_is_over else 1
    tries = count_in_window("enrolment code", code, since=_start_of_day(), counts=counts)
    return EnrolmentTry(
        is_over=place_is_over or tries > ENROLMENTS_A_DAY,
        _code=code,
        _place=Reservation(_key("enrolment place", network(address)), start),
    )


def days_with_enrolment_tries(agent: UUID, *, within: timedelta = timedelta(days=30)) -> int:
    """Return on how many days somebody tried to enrol as an agent. Three are worth an alert."""
    key = _key("enrolment", "agent", str(agent))
    return Attempt.objects.filter(key=key, window__gt=timezone.now() - within, count__gt=0).count()


# Login


@dataclass(frozen=True)
class LoginTry:
    """A try to log in that has been counted: verify the password, and say if it was right.

    `rings_alarm` is true for the one try of the hour that exceeds the failures an agent may have.
    """

    rings_alarm: bool
    _reservations: tuple[Reservation, ...]

    def succeeded(self) -> None:
        """Give everything back that was reserved for the try."""
        for reservation in self._reservations:
            reservation.give_back()


@dataclass(frozen=True)
class LoginIsClosed:
    """No password may be verified now: answer 429, with `retry_after` in the header."""

    retry_after: timedelta


def try_login(subject: str, address: str, device: str | None) -> LoginTry | LoginIsClosed:
    """Reserve a try to log in, before the password is verified.

    `subject` is the login that the typed name leads to (an agent has two codes and one login), or
    the typed name if it leads nowhere. `device` is the device cookie, if the browser has one.

    Five failures close the pair of subject and address (IPv6: the /64) for 15 minutes from the
    fifth. A device that the subject logged in from makes a pair of its own, so that nobody behind
    the same address can close it. After 100 failures of a subject in an hour, from wherever, an
    address unknown to it has one try a minute; a known device or address is not slowed.
    """
    known_keys = _known_keys(subject, address, device)
    place = ("address", network(address))
    if device and _device_key(device) in known_keys:
        place = ("device", _exact(device))
    start = _start_of_hour()
    everywhere = Reservation(_key("login", subject), start)
    reservations = []

    if not known_keys and everywhere.count() > LOGIN_FAILURES_BEFORE_ALARM:
        turn = reserve("login turn", subject, *place, limit=1, length=LOGIN_SLOWED_TO)
        if isinstance(turn, LoginIsClosed):
            return turn
        reservations.append(turn)

    pair = reserve("login pair", subject, *place, limit=LOGIN_FAILURES, length=LOGIN_CLOSED_FOR)
    if isinstance(pair, LoginIsClosed):
        return pair
    failures = count_in_window("login", subject, since=start)
    return LoginTry(
        rings_alarm=failures == LOGIN_FAILURES_BEFORE_ALARM + 1,
        _reservations=(*reservations, pair, everywhere),
    )


def new_device() -> str:
    """Return the content of a new device cookie; only its digest is stored."""
    return secrets.token_urlsafe(32)


def remember_device(user: User, address: str, device: str) -> None:
    """Remember where a user logged in from, by address and by device cookie."""
    now = timezone.now()
    KnownDevice.objects.bulk_create(
        [
            KnownDevice(user=user, key=key, last_seen_at=now)
            for key in (_address_key(address), _device_key(device))
        ],
        update_conflicts=True,
        unique_fields=["user", "key"],
        update_fields=["last_seen_at"],
    )


# Counting


@dataclass(frozen=True)
class Reservation:
    """A try that has been counted, and can be given back. A running window has no fixed start."""

    key: str
    window: datetime | None = None

    def count(self) -> int:
        """Return how many tries the window has, in one query."""
        return self._rows().values_list("count", flat=True).first() or 0

    def give_back(self) -> None:
        """Take the try off the count; nothing if the window has been swept away."""
        self._rows().filter(count__gt=0).update(count=F("count") - 1)

    def _rows(self) -> QuerySet[Attempt]:
        rows = Attempt.objects.filter(key=self.key)
        return rows if self.window is None else rows.filter(window=self.window)


def count_in_window(purpose: str, *subject: str, since: datetime, counts: int = 1) -> int:
    """Count a try in a calendar window, commit, and return how many there are with it.

    With `counts=0` it does the same work and counts nothing.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            'INSERT INTO portal_attempt (key, "window", count) VALUES (%s, %s, %s)'
            ' ON CONFLICT (key, "window") DO UPDATE'
            " SET count = portal_attempt.count + excluded.count RETURNING count",
            [_key(purpose, *subject), since, counts],
        )
        return int(cursor.fetchone()[0])


def reserve(
    purpose: str, *subject: str, limit: int, length: timedelta
) -> Reservation | LoginIsClosed:
    """Count a try in a running window and commit; refuse it when the limit has been reached.

    A refused try is not counted. The one that reaches the limit begins the window anew: the key is
    closed for the whole length from then, unless that try is given back.
    """
    key, now = _key(purpose, *subject), timezone.now()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        # Two first tries at once would each insert a row: hence a lock on the key itself. The
        # lock on the row is against a try that is being given back.
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, key])
        row = Attempt.objects.select_for_update().filter(key=key).first()
        if row is None:
            row = Attempt(key=key, window=now)
        elif row.window + length <= now:
            row.window, row.count = now, 0
        if row.count >= limit:
            return LoginIsClosed(retry_after=row.window + length - now)
        row.count += 1
        if row.count == limit:
            row.window = now
        row.save()
    return Reservation(key)


def sweep_attempts(*, before: datetime) -> int:
    """Delete the counts of windows that began before a time; return how many there were.

    Keep 30 days for `days_with_enrolment_tries`.
    """
    return Attempt.objects.filter(window__lt=before).delete()[0]


def _known_keys(subject: str, address: str, device: str | None) -> set[bytes]:
    """Return which of the two keys the subject has logged in with, in one query for everybody."""
    keys = [_address_key(address), _device_key(device or "")]
    # What PostgreSQL cannot hold is in no login; it may still be what somebody typed.
    login = subject.replace("\0", "").encode(errors="ignore").decode()
    known = KnownDevice.objects.filter(user__login=login, key__in=keys)
    return {bytes(key) for key in known.values_list("key", flat=True)}


def _device_key(device: str) -> bytes:
    return blind_index("device", "device", _exact(device))


def _address_key(address: str) -> bytes:
    return blind_index("device", "address", network(address))


def _key(purpose: str, *subject: str) -> str:
    return blind_index("attempt", purpose, *subject).hex()


def _exact(token: str) -> str:
    """Return a text that tells upper from lower case after an index has folded them."""
    return token.encode(errors="surrogatepass").hex()


def _start_of_day() -> datetime:
    return timezone.now().astimezone(BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)


def _start_of_hour() -> datetime:
    return timezone.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
