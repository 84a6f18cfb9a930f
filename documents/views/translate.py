"""From the product's errors to what a page shows."""

from __future__ import annotations

import functools
from collections.abc import Callable
from http import HTTPStatus
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from documents.errors import NotFound, ProductError

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def translated(view: View[P]) -> View[P]:
    """Show a foreseen error as a page; what may not be seen is a plain 404."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except NotFound as error:
            raise Http404 from error
        except ProductError as error:
            return error_page(request, error)

    return wrapped


def error_page(request: HttpRequest, error: ProductError) -> HttpResponse:
    """Return the page that tells of an error, with its status."""
    title = HTTPStatus(error.status).phrase.capitalize()
    context = {"status": error.status, "title": title, "detail": error.message}
    response = render(request, "error.html", context, status=error.status)
    if error.retry_after is not None:
        response["Retry-After"] = str(error.retry_after)
    return response


def told(request: HttpRequest, action: Callable[[], object], done: str = "") -> bool:
    """Carry out a form's action and tell how it went. Returns whether it did.

    ``NotFound`` passes through: a page must not confirm what may not be seen.
    """
    try:
        action()
    except NotFound:
        raise
    except ProductError as error:
        messages.error(request, error.message)
        return False
    if done:
        messages.success(request, done)
    return True


def person(request: HttpRequest) -> User:
    """Return who asks. The middleware lets nobody else come this far."""
    if not isinstance(request.user, User):
        raise NotFound
    return request.user
