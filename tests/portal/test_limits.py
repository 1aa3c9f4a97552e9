"""Of parallel tries exactly as many are verified as the limit says, whoever makes them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from portal.limits import (
    LoginIsClosed,
    LoginTry,
    Reservation,
    count_in_window,
    days_with_enrolment_tries,
    new_device,
    remember_device,
    reserve,
    sweep_attempts,
    try_enrolment,
    try_login,
)
from portal.models import Attempt, KnownDevice, Office, User

ACME = uuid.UUID(int=1)
ADDRESS, OTHER_ADDRESS = "192.0.2.1", "192.0.2.2"
NOON = datetime(2006, 3, 6, 4, 10, tzinfo=UTC)  # in Beijing


T = TypeVar("T")
R = TypeVar("R")


pytestmark = pytest.mark.usefixtures("committed")


def in_parallel(work: Callable[[T], R], things: Iterable[T], threads: int = 20) -> list[R]:
    def one(thing: T) -> R:
        try:
            return work(thing)
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, things))


@pytest.fixture
def alice(committed: None) -> User:
    office = Office.objects.get(code=Office.ROOT_CODE)
    return User.objects.create_user("alice", role=User.Role.OFFICER, office=office)


def address_of(number: int) -> str:
    return f"10.0.{number // 250}.{number % 250 + 1}"


def fail_to_log_in(times: int, subject: str = "alice", address: str = ADDRESS) -> None:
    for _ in range(times):
        assert isinstance(try_login(subject, address, None), LoginTry)


# Enrolment


def test_of_200_parallel_tries_on_an_agent_by_either_code_five_are_verified() -> None:
    def enrol(number: int) -> bool:
        code = "12345678" if number % 2 else "110108000012345"
        return try_enrolment(code, address_of(number)).resolve(ACME)

    assert sum(in_parallel(enrol, range(200))) == 5


def test_of_200_parallel_tries_from_an_address_20_are_verified() -> None:
    def enrol(number: int) -> bool:
        return try_enrolment(f"{number:08}", ADDRESS).resolve(None)

    assert sum(in_parallel(enrol, range(200))) == 20


def test_an_ipv6_network_is_one_address() -> None:
    def enrol(number: int) -> bool:
        return try_enrolment(f"{number:08}", f"2001:db8:1:2::{number:x}").resolve(None)

    assert [enrol(number) for number in range(22)].count(True) == 20
    assert try_enrolment("99999999", "2001:db8:1:3::1").resolve(None)


@pytest.mark.parametrize("agent", [ACME, None])
def test_the_sixth_try_of_a_code_is_over_until_the_day_ends_in_beijing(
    agent: uuid.UUID | None,
) -> None:
    with time_machine.travel(datetime(2006, 3, 6, 15, 0, tzinfo=UTC), tick=False) as clock:
        for number in range(5):
            assert try_enrolment("a2345678", address_of(number)).resolve(agent)
        assert not try_enrolment(" Ａ2345678", ADDRESS).resolve(agent)

        clock.move_to(datetime(2006, 3, 6, 15, 59, 59, tzinfo=UTC))
        assert not try_enrolment("A2345678", ADDRESS).resolve(agent)

        clock.move_to(datetime(2006, 3, 6, 16, 0, tzinfo=UTC))  # midnight in Beijing
        assert try_enrolment("A2345678", ADDRESS).resolve(agent)


def test_the_tries_of_one_code_are_used_up_for_the_other() -> None:
    for number in range(5):
        assert try_enrolment("12345678", address_of(number)).resolve(ACME)

    assert not try_enrolment("110108000012345", ADDRESS).resolve(ACME)


def test_a_try_that_is_over_already_uses_up_nothing_else() -> None:
    for number in range(20):
        try_enrolment(f"{number:08}", ADDRESS).resolve(None)

    for _ in range(10):
        assert not try_enrolment("12345678", ADDRESS).resolve(ACME)

    assert try_enrolment("12345678", OTHER_ADDRESS).resolve(ACME)
    assert try_enrolment("110108000012345", OTHER_ADDRESS).resolve(ACME)


def test_every_kind_of_try_makes_the_same_statements() -> None:
    def statements(agent: uuid.UUID | None) -> list[str]:
        with CaptureStatements() as captured:
            try_enrolment("12345678", ADDRESS).resolve(agent)
        return captured.statements

    first = statements(ACME)
    for number in range(10):
        try_enrolment("12345678", address_of(number)).resolve(ACME)

    assert statements(ACME) == first == statements(None)


def test_who_enrols_gives_the_try_back_to_the_address() -> None:
    for number in range(60):
        one = try_enrolment(f"{number:08}", ADDRESS)
        assert one.resolve(uuid.uuid4())
        one.succeeded()


def test_an_address_is_free_again_in_the_next_hour() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(21):
            last = try_enrolment(f"{number:08}", ADDRESS).resolve(None)
        assert not last

        clock.shift(timedelta(minutes=50))
        assert try_enrolment("99999999", ADDRESS).resolve(None)


def test_days_with_tries_are_counted_once_each() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for _ in range(3):
            try_enrolment("12345678", ADDRESS).resolve(ACME)
            try_enrolment("12345678", ADDRESS).resolve(ACME)
            clock.shift(timedelta(days=1))

        assert days_with_enrolment_tries(ACME) == 3
        assert days_with_enrolment_tries(ACME, within=timedelta(days=2)) == 1
        assert days_with_enrolment_tries(uuid.uuid4()) == 0


# Login


def test_of_200_parallel_logins_of_a_pair_five_are_verified() -> None:
    tries = in_parallel(lambda _: try_login("alice", ADDRESS, None), range(200))

    assert sum(isinstance(one, LoginTry) for one in tries) == 5


def test_a_pair_is_closed_for_15_minutes_from_the_fifth_failure() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        fail_to_log_in(4)
        clock.shift(timedelta(minutes=14))
        fail_to_log_in(1)

        closed = try_login("alice", ADDRESS, None)
        assert closed == LoginIsClosed(retry_after=timedelta(minutes=15))

        clock.shift(timedelta(minutes=14, seconds=59))
        assert try_login("alice", ADDRESS, None) == LoginIsClosed(retry_after=timedelta(seconds=1))

        clock.shift(timedelta(seconds=1))
        assert isinstance(try_login("alice", ADDRESS, None), LoginTry)


def test_four_failures_are_forgotten_after_15_minutes() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        fail_to_log_in(4)
        clock.shift(timedelta(minutes=15))
        fail_to_log_in(5)


def test_a_closed_pair_closes_neither_the_agent_nor_the_address() -> None:
    fail_to_log_in(5)

    assert isinstance(try_login("alice", ADDRESS, None), LoginIsClosed)
    assert isinstance(try_login("alice", OTHER_ADDRESS, None), LoginTry)
    assert isinstance(try_login("bob", ADDRESS, None), LoginTry)


def test_who_logs_in_is_never_closed_out() -> None:
    for _ in range(30):
        one = try_login("alice", ADDRESS, None)
        assert isinstance(one, LoginTry)
        one.succeeded()


def test_a_login_gives_back_its_try_and_no_other() -> None:
    fail_to_log_in(4)
    fifth = try_login("alice", ADDRESS, None)
    assert isinstance(fifth, LoginTry)
    fifth.succeeded()

    fail_to_log_in(1)
    assert isinstance(try_login("alice", ADDRESS, None), LoginIsClosed)


def test_a_try_can_be_given_back_after_a_later_one_reached_the_limit() -> None:
    first = try_login("alice", ADDRESS, None)
    fail_to_log_in(4)
    assert isinstance(first, LoginTry)

    first.succeeded()

    assert isinstance(try_login("alice", ADDRESS, None), LoginTry)


def test_parallel_logins_that_succeed_leave_nothing_behind() -> None:
    def log_in(_: int) -> bool:
        one = try_login("alice", ADDRESS, None)
        if isinstance(one, LoginTry):
            one.succeeded()
        return isinstance(one, LoginTry)

    assert all(in_parallel(log_in, range(100), threads=4))
    assert set(Attempt.objects.values_list("count", flat=True)) == {0}


def test_after_100_failures_an_unknown_address_has_one_try_a_minute(alice: User) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        for number in range(101):
            fail_to_log_in(1, address=address_of(number))

        assert isinstance(try_login("alice", "192.0.2.9", None), LoginTry)
        assert isinstance(try_login("alice", "192.0.2.9", None), LoginIsClosed)
        assert isinstance(try_login("alice", "192.0.2.10", None), LoginTry)
        clock.shift(timedelta(seconds=60))
        assert isinstance(try_login("alice", "192.0.2.9", None), LoginTry)
        assert isinstance(try_login("bob", "192.0.2.9", None), LoginTry)


def test_a_known_address_or_device_is_not_slowed(alice: User) -> None:
    device = new_device()
    remember_device(alice, ADDRESS, device)
    with time_machine.travel(NOON, tick=False):
        for number in range(101):
            fail_to_log_in(1, address=address_of(number))

        for address, cookie in [(ADDRESS, None), ("192.0.2.9", device), (ADDRESS, "forged")]:
            assert isinstance(try_login("alice", address, cookie), LoginTry)
            assert isinstance(try_login("alice", address, cookie), LoginTry)
        assert isinstance(try_login("alice", "192.0.2.20", "forged"), LoginTry)
        assert isinstance(try_login("alice", "192.0.2.20", "forged"), LoginIsClosed)


def test_a_known_device_is_not_closed_by_somebody_behind_the_same_address(alice: User) -> None:
    device = new_device()
    remember_device(alice, OTHER_ADDRESS, device)
    fail_to_log_in(5)

    assert isinstance(try_login("alice", ADDRESS, None), LoginIsClosed)
    assert isinstance(try_login("alice", ADDRESS, "forged"), LoginIsClosed)
    for _ in range(5):
        assert isinstance(try_login("alice", ADDRESS, device), LoginTry)
    assert isinstance(try_login("alice", ADDRESS, device), LoginIsClosed)


def test_a_device_is_known_to_its_own_user_only(alice: User) -> None:
    device = new_device()
    remember_device(alice, ADDRESS, device)

    fail_to_log_in(5, subject="bob", address=OTHER_ADDRESS)

    assert isinstance(try_login("bob", OTHER_ADDRESS, device), LoginIsClosed)


def test_the_alarm_rings_once_an_hour() -> None:
    def alarms(first: int) -> list[bool]:
        tries = [try_login("alice", address_of(first + number), None) for number in range(110)]
        return [isinstance(one, LoginTry) and one.rings_alarm for one in tries]

    with time_machine.travel(NOON, tick=False) as clock:
        hour = alarms(0)
        clock.shift(timedelta(hours=1))
        next_hour = alarms(200)

    assert hour.index(True) == 100
    assert hour.count(True) == next_hour.count(True) == 1


def test_a_device_is_remembered_once_and_its_cookie_is_not_stored(alice: User) -> None:
    device = new_device()

    remember_device(alice, ADDRESS, device)
    remember_device(alice, ADDRESS, device)

    keys = [bytes(key) for key in KnownDevice.objects.values_list("key", flat=True)]
    assert len(keys) == 2
    assert all(len(key) == 32 and device.encode() not in key for key in keys)
    assert new_device() != device


# Counting


def test_parallel_counts_lose_none() -> None:
    since = timezone.now()

    counts = in_parallel(lambda _: count_in_window("test", "a", since=since), range(200))

    assert sorted(counts) == list(range(1, 201))


def test_a_count_that_a_rollback_would_forget_is_refused() -> None:
    since = timezone.now()

    with transaction.atomic():
        with pytest.raises(RuntimeError, match="durable"):
            count_in_window("test", "a", since=since)
        with pytest.raises(RuntimeError, match="durable"):
            reserve("test", "a", limit=1, length=timedelta(minutes=1))


def test_a_refused_try_is_not_counted_and_closes_nothing_longer() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        minute = timedelta(minutes=1)
        assert isinstance(reserve("test", "a", limit=1, length=minute), Reservation)
        for _ in range(5):
            clock.shift(timedelta(seconds=10))
            assert isinstance(reserve("test", "a", limit=1, length=minute), LoginIsClosed)
        clock.shift(timedelta(seconds=10))
        assert isinstance(reserve("test", "a", limit=1, length=minute), Reservation)


def test_nothing_that_was_typed_can_be_read_from_the_table() -> None:
    try_enrolment("12345678", ADDRESS).resolve(ACME)
    try_login("alice", ADDRESS, None)

    for key in Attempt.objects.values_list("key", flat=True):
        assert len(bytes.fromhex(key)) == 32


def test_old_counts_are_swept() -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        try_enrolment("12345678", ADDRESS).resolve(ACME)
        clock.shift(timedelta(days=31))
        try_enrolment("12345678", ADDRESS).resolve(ACME)

        assert sweep_attempts(before=timezone.now() - timedelta(days=30)) == 3
    assert Attempt.objects.count() == 3


@pytest.mark.parametrize("typed", ["\0", "\ud800", "", "x" * 100_000, "'; --"])
def test_whatever_is_typed_is_counted(typed: str) -> None:
    assert try_enrolment(typed, ADDRESS).resolve(None)
    assert isinstance(try_login(typed, ADDRESS, typed), LoginTry)


class CaptureStatements:
    """The kinds of statements that a block makes, without their values."""

    def __enter__(self) -> CaptureStatements:
        self.statements: list[str] = []
        self._wrapper = connection.execute_wrapper(self._note)
        self._wrapper.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._wrapper.__exit__(None, None, None)

    def _note(self, execute, sql, params, many, context):
        self.statements.append(sql)
        return execute(sql, params, many, context)
