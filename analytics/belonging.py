"""What is known of the request or task that present work belongs to. Asks no database."""

from __future__ import annotations

from documents.origin import Origin


def place(origin: Origin) -> str:
    """Return the route or the task, both from fixed sets; of no route, the address is not told."""
    if origin.request is None:
        return origin.task
    match = getattr(origin.request, "resolver_match", None)
    return f"{origin.request.method} {f'/{match.route}' if match else '(unknown)'}"


def user_id(origin: Origin) -> int | None:
    """Return the user of a request where the request knows it already."""
    request = origin.request
    token = getattr(request, "api_token", None)
    user = token.user if token else getattr(request, "_cached_user", None)
    found: int | None = getattr(user, "pk", None)
    return found
