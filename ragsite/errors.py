"""The pages and problems for requests that no view answers."""

from __future__ import annotations

import sys

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from documents.errors import NotFound
from ragsite.api import problem_response

_NO_ROOM = "There is no room left on the disk: nothing can be stored until some is freed."
_BUSY = "The library is busy at the moment. Try again in a few seconds."
API_PREFIXES = ("/api/", "/v1/", "/openapi.json")


def _answer(request: HttpRequest, status: int, title: str, detail: str) -> HttpResponse:
    if request.path.startswith(API_PREFIXES):
        return problem_response(request, status, detail=detail)
    context = {"status": status, "title": title, "detail": detail}
    context["request_id"] = getattr(request, "request_id", "")
    return render(request, "error.html", context, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """400: the request itself is broken."""
    return _answer(request, 400, "That request is broken", "The request cannot be understood.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """403: known, but not allowed."""
    return _answer(request, 403, "Not allowed", "You may not do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """404: the same words whether it does not exist or may not be seen."""
    return _answer(request, 404, "Not found", NotFound.default_message)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: our fault, without a word about the inside; 507 and 503 where the database cannot."""
    fault = sys.exception()
    if isinstance(fault, DatabaseError) and "disk is full" in str(fault):
        return _answer(request, 507, "No room left", _NO_ROOM)
    if isinstance(fault, DatabaseError) and "locked" in str(fault):
        response = _answer(request, 503, "One moment, please", _BUSY)
        response["Retry-After"] = "5"
        return response
    detail = "Something went wrong on our side. It has been logged."
    return _answer(request, 500, "Something went wrong", detail)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403: a form without its token."""
    detail = "The form had expired. Go back, reload the page and send it again."
    return _answer(request, 403, "Please try again", detail)
