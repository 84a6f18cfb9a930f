"""The pages and problems for requests that no view answers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from documents.errors import NotFound
from ragsite.api import problem_response

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
    """500: our fault, without a word about the inside."""
    detail = "Something went wrong on our side. It has been logged."
    return _answer(request, 500, "Something went wrong", detail)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """403: a form without its token."""
    detail = "The form had expired. Go back, reload the page and send it again."
    return _answer(request, 403, "Please try again", detail)
