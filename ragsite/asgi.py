"""The web application, as the server runs it: Django behind a limit on request bodies."""

from __future__ import annotations

import os
import re

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.urls import get_resolver

from ragsite.body_limit import BodyLimit, Bounds, Scope, multipart_boundary

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")

#: Where files are sent: through the API, and from the pages.
UPLOADS = re.compile(r"(?:/api)?/documents/(?:upload|[^/]+/versions)/?")


def body_bounds(scope: Scope) -> Bounds:
    """Return how large the body of this request may be."""
    uploads = scope["method"] == "POST" and UPLOADS.fullmatch(scope["path"])
    if uploads and multipart_boundary(scope):
        return Bounds(settings.MAX_UPLOAD_SIZE, settings.MAX_FILE_SIZE)
    return Bounds(settings.MAX_BODY_SIZE)


def transport_headers() -> list[tuple[bytes, bytes]]:
    """Return what tells a browser to come by HTTPS alone, where the site is served so."""
    seconds = settings.SECURE_HSTS_SECONDS
    value = f"max-age={seconds}; includeSubDomains; preload"
    return [(b"strict-transport-security", value.encode())] if seconds else []


application = BodyLimit(get_asgi_application(), body_bounds, transport_headers())
get_resolver().url_patterns  # noqa: B018  # loads every view now, not with the first request
