"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def _address(request: HttpRequest) -> Address | None:
    """Return the caller's address as the outermost trusted proxy saw it, if it is one.

    With ``TRUSTED_PROXIES`` n it is the n-th entry of ``X-Forwarded-For`` from the right:
    what stands to its left anybody can write. Without one the header is not read.
    """
    given = str(request.META.get("REMOTE_ADDR") or "")
    if settings.TRUSTED_PROXIES:
        entries = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if len(entries) >= settings.TRUSTED_PROXIES:
            given = entries[-settings.TRUSTED_PROXIES]
    try:
        found = ipaddress.ip_address(given.strip("[]"))
    except ValueError:
        return None
    is_mapped = isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped
    return is_mapped or found


def client_address(request: HttpRequest) -> str:
    """Return the caller's address; empty where it is not known."""
    return str(_address(request) or "")


def client_network(request: HttpRequest) -> str:
    """Return what counts as one caller: an IPv4 address, or the /64 of an IPv6 one."""
    found = _address(request)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found or "unknown")
