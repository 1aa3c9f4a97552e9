"""The client's address comes from our own proxies, never from the client."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import RequestFactory
from pytest_django import Settings

from portal.http import client_address, network

FORGED = "198.51.100.66"


def address(connected: str, forwarded: str | None = None) -> str:
    request = RequestFactory().get("/", REMOTE_ADDR=connected)
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    return client_address(request)


@pytest.mark.parametrize("forwarded", [None, FORGED, f"{FORGED}, 10.0.0.1", "", "nonsense"])
def test_without_proxies_the_header_is_ignored(settings: Settings, forwarded: str | None) -> None:
    settings.TRUSTED_PROXY_COUNT = 0

    assert address("192.0.2.1", forwarded) == "192.0.2.1"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "found"),
    [
        (1, "192.0.2.1", "192.0.2.1"),
        (1, f"{FORGED}, 192.0.2.1", "192.0.2.1"),
        (1, f"{FORGED},{FORGED},192.0.2.1", "192.0.2.1"),
        (1, "nonsense, 192.0.2.1", "192.0.2.1"),
        (2, f"{FORGED}, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
        (2, "192.0.2.1, 10.0.0.2", "192.0.2.1"),
        (2, FORGED, "10.0.0.1"),  # past the outer proxy: the connection counts
        (1, None, "10.0.0.1"),
        (1, "unknown", "10.0.0.1"),
        (1, "2001:DB8:0:0::1", "2001:db8::1"),
        (1, "::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_behind_proxies_the_address_is_the_one_that_the_outermost_saw(
    settings: Settings, proxies: int, forwarded: str | None, found: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies

    assert address("10.0.0.1", forwarded) == found


def test_behind_a_socket_without_the_setting_there_is_no_address(settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 0

    with pytest.raises(ImproperlyConfigured, match="TRUSTED_PROXY_COUNT"):
        address("", FORGED)


@pytest.mark.parametrize(
    ("one", "place"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
    ],
)
def test_limits_count_an_ipv6_network_as_one_place(one: str, place: str) -> None:
    assert network(one) == place
