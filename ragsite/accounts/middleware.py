"""Asks for a second step where the settings want one and the person has none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from ragsite.accounts.two_step import PASSED, is_on
from ragsite.api import problem_response
from ragsite.errors import API_PREFIXES


def is_wanted(user: Any) -> bool:
    """Whether this person's sign-in must take a second step."""
    required = settings.TWO_STEP_REQUIRED
    return bool(
        user.is_authenticated and (required == "all" or (required == "staff" and user.is_staff))
    )


class TwoStepMiddleware:
    """Lets whoever must set a second step up do nothing else first.

    A token is let through: it was made in a session that had passed, and proves itself.
    """

    async_capable = False
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.TWO_STEP_REQUIRED == "off" or not self._is_missing(request):
            return self.get_response(request)
        if request.path.startswith(API_PREFIXES):
            detail = "Set up the second step of your sign-in first."
            return problem_response(request, 403, code="two_step_required", detail=detail)
        messages.warning(request, "Here the sign-in takes a second step. Set it up to go on.")
        return redirect("two_step")

    def _is_missing(self, request: HttpRequest) -> bool:
        if getattr(request, "api_token", None) or not is_wanted(request.user):
            return False
        is_open = request.path in {reverse("two_step"), reverse("logout")}
        if is_open or request.path.startswith("/api/health"):
            return False
        if not request.session.get(PASSED):
            if not is_on(request.user):
                return True
            request.session[PASSED] = True
        return False
