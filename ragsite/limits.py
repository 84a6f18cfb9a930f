"""One policy of rates for every door: pages, API and streams.

Counting is django-ratelimit's, over a cache that counts exactly. A signed-in caller is
counted by user, whichever session or token is used; anybody else by address.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_ratelimit.core import get_usage

from ragsite.accounts.authentication import request_token
from ragsite.accounts.two_step import waiting_user_id
from ragsite.addresses import client_network
from ragsite.api import problem_response
from ragsite.errors import API_PREFIXES

logger = logging.getLogger(__name__)

_UUID: Final = r"[0-9a-fA-F-]{36}"
#: The kind of a request, by method and path; the first that fits.
_KINDS: Final = (
    ("login", "POST", re.compile(r"/(?:login|login/code|admin/login|setup/[^/]+|password/reset|"
                                 r"password/reset/[^/]+/[^/]+|account/password|account/two-step"
                                 r"(?:/off|/codes)?)/")),
    ("ask", "POST", re.compile(rf"/api/chat|/v1/chat/completions|/chat/(?:{_UUID}/)?"
                               rf"|/chat/messages/{_UUID}/again/")),
    ("upload", "POST", re.compile(r"/api/documents/(?:upload|[^/]+/versions)"
                                  r"|/documents/(?:upload|[^/]+/versions)/")),
    ("search", "", re.compile(r"/api/search|/search/")),
)  # fmt: skip
_EXEMPT: Final = re.compile(r"/api/health(?:/.*)?")
#: When the shared count cannot be reached, this process alone admits a share of the rate.
_ALONE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A limit that was reached; ``wait`` is in whole seconds."""

    kind: str
    wait: int


Next = Callable[[HttpRequest], HttpResponse]


class RateLimitMiddleware:
    """Answers 429 to who asks too often. Needs to know the user, so it stands behind that."""

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        exceeded = limit_reached(request)
        return self.get_response(request) if exceeded is None else _refused(request, exceeded)


def limit_reached(request: HttpRequest) -> Exceeded | None:
    """Count a request; return the limit it goes beyond, if it does."""
    if not settings.RATE_LIMITS or _EXEMPT.fullmatch(request.path):
        return None
    who = caller(request)
    for kind, key in _buckets(request, who):
        rate = settings.RATE_LIMITS.get(kind)
        if rate and (wait := _count(request, kind, rate, key)):
            logger.warning("rate limit %s reached by %s", kind, _named(key))
            return Exceeded(kind, wait)
    return None


def caller(request: HttpRequest) -> str:
    """Return who is counted: a user's bucket, or that of an address."""
    token = request_token(request)
    user = token.user if token else getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        return f"user:{user.pk}"
    return f"address:{client_network(request)}"


def _buckets(request: HttpRequest, who: str) -> list[tuple[str, str]]:
    """Return the kinds of limit a request counts towards, each with whose bucket it is."""
    kind = next(
        (
            kind
            for kind, method, path in _KINDS
            if method in ("", request.method) and path.fullmatch(request.path)
        ),
        "",
    )
    if kind == "login":
        return _sign_in_buckets(request)
    general = "requests" if who.startswith("user:") else "anonymous"
    return [(general, who), *([(kind, who)] if kind else [])]


def _sign_in_buckets(request: HttpRequest) -> list[tuple[str, str]]:
    """Return what a try to prove who one is counts towards: address, account, and both.

    The right password counts like a wrong one, and beyond the limit is refused like one:
    nobody learns anything. Guesses for one account are bounded from one address sooner than
    from all, so that a stranger cannot easily keep its owner out.
    """
    network, account = client_network(request), _account(request)
    found = [("login", f"address:{network}")]
    if account:
        found += [("account", f"account:{account}"), ("guess", f"account:{account}@{network}")]
    return found


def _account(request: HttpRequest) -> str:
    """Return whose secret is tried: as it was typed, or who is half or wholly signed in."""
    typed = request.POST.get("username") or request.POST.get("email")
    if typed:
        return typed.strip().lower()
    user = getattr(request, "user", None)
    user_id = user.pk if user is not None and user.is_authenticated else waiting_user_id(request)
    return f"#{user_id}" if user_id else ""


def _count(request: HttpRequest, kind: str, rate: str, key: str) -> int:
    """Count one more; return the seconds to wait when that is too many, else 0."""
    try:
        usage = get_usage(
            request, group=kind, key=lambda _group, _request: key, rate=rate, increment=True
        )
    except Exception:  # noqa: BLE001  # whatever the cache raises, nobody may be shut out
        return _alone.count(kind, rate, key)
    if usage is None or not usage["should_limit"]:
        return 0
    if usage["limit"] == 0:  # it could not count
        return _alone.count(kind, rate, key)
    return max(int(usage["time_left"]), 1)


class _Alone:
    """Counts in this process while the shared count cannot be reached: stricter, never open."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str, int], int] = {}

    def count(self, kind: str, rate: str, key: str) -> int:
        """Count one more; return the seconds to wait when that is too many, else 0."""
        limit, period = parsed(rate)
        window = int(time.time()) // period
        with self._lock:
            if len(self._counts) > 10_000:
                self._counts.clear()
            place = (kind, key, window)
            self._counts[place] = self._counts.get(place, 0) + 1
            is_over = self._counts[place] > max(1, int(limit * _ALONE))
        logger.error("the cache cannot count: limits hold in each process alone")
        return (window + 1) * period - int(time.time()) if is_over else 0


_alone = _Alone()


def parsed(rate: str) -> tuple[int, int]:
    """Return a rate such as ``30/m`` as requests and seconds. Raises ``ValueError``."""
    match = re.fullmatch(r"(\d{1,9})/(\d{0,5})([smhd])", rate)
    if match is None or int(match[1]) < 1:
        raise ValueError(rate)
    seconds = int(match[2] or 1) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[match[3]]
    if not seconds:
        raise ValueError(rate)
    return int(match[1]), seconds


def _named(key: str) -> str:
    """Return a bucket as it may be logged: addresses and account names only as digests."""
    kind, _, value = key.partition(":")
    return key if kind == "user" else f"{kind}:{hashlib.sha256(value.encode()).hexdigest()[:12]}"


def _refused(request: HttpRequest, exceeded: Exceeded) -> HttpResponse:
    seconds = exceeded.wait
    in_words = f"{seconds} second{'s' if seconds != 1 else ''}"
    detail = f"That was too much at once. Try again in {in_words}."
    response: Any
    if request.path.startswith(API_PREFIXES):
        response = problem_response(request, 429, detail=detail)
    else:
        context = {"status": 429, "title": "One moment, please", "detail": detail}
        response = render(request, "error.html", context, status=429)
    response["Retry-After"] = str(seconds)
    return response  # type: ignore[no-any-return]
