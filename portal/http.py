"""What the portal reads from a request that a client, or a proxy, could have forged."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

if TYPE_CHECKING:
    from portal.models import User


class AuthenticatedHttpRequest(HttpRequest):
    """A request behind `login_required`: for annotations, since its user is never anonymous."""

    user: User


def is_api(request: HttpRequest) -> bool:
    """Tell whether a program asks: it gets JSON, whatever goes wrong."""
    # The address itself is the page that describes it.
    return request.path_info.startswith("/api/v1/") and request.path_info != "/api/v1/"


def client_address(request: HttpRequest) -> str:
    """Return the address that a request came from, in its canonical spelling.

    `TRUSTED_PROXY_COUNT` says how many proxies of ours every request passes. Each appends to
    X-Forwarded-For the address that it was called from, so with n proxies the n-th entry from the
    right is the client; everything left of it is the client's own invention. With none (the
    default) the header is ignored. A request with too few entries came past the proxies: then the
    address of the connection counts.

    ImproperlyConfigured when there is no address at all: the site listens on a Unix socket behind a
    proxy, and the setting does not say so.
    """
    connected: str = request.META.get("REMOTE_ADDR", "")
    proxies: int = getattr(settings, "TRUSTED_PROXY_COUNT", 0)
    if proxies > 0:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(forwarded) >= proxies:
            address = _canonical(forwarded[-proxies])
            if address:
                return address
    address = _canonical(connected)
    if not address:
        raise ImproperlyConfigured(
            "A request has no client address. If the site listens on a Unix socket, set"
            " TRUSTED_PROXY_COUNT to the number of proxies, and let them send X-Forwarded-For."
        )
    return address


def network(address: str) -> str:
    """Return what the limits count as one place: an IPv4 address, or an IPv6 network of /64."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"
    return str(parsed)


def _canonical(text: str) -> str:
    """Return an address in one spelling, IPv4 in IPv6 as IPv4; empty when it is not one."""
    try:
        parsed = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(parsed)
