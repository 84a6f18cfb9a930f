"""How long the site's TLS certificate still holds, where it can be seen from here."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from django.conf import settings
from django.core.cache import cache

#: Seconds for a connection to the site.
_PATIENCE: Final = 5.0
#: The site is asked once in so many seconds.
_EVERY: Final = 3600


def days_left(now: datetime) -> float | None:
    """Return the days until the certificate ends, negative afterwards.

    It is read from ``TLS_CERTIFICATE``, else asked of ``PUBLIC_URL`` where that is https.
    ``None`` where neither is set, or it cannot be had.
    """
    try:
        end = _end()
    except (OSError, ValueError):
        return None
    return None if end is None else (end - now).total_seconds() / 86_400


def _end() -> datetime | None:
    if settings.TLS_CERTIFICATE:
        return end_of(Path(settings.TLS_CERTIFICATE).read_bytes())
    if not (settings.HTTPS_ONLY and settings.PUBLIC_URL.startswith("https://")):
        return None
    key = "certificate:end"
    found = cache.get(key)
    if found is None:
        found = served(settings.PUBLIC_URL).timestamp()
        cache.set(key, found, _EVERY)
    return datetime.fromtimestamp(found, tz=UTC)


def end_of(pem: bytes) -> datetime:
    """Return when the first certificate of a chain ends. Raises ``ValueError`` if there is none."""
    return x509.load_pem_x509_certificates(pem)[0].not_valid_after_utc


def served(url: str) -> datetime:
    """Return when the certificate ends that a site shows. Raises ``OSError`` or ``ValueError``.

    It is not verified: one that has ended must be seen too, and nothing is sent.
    """
    parts = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host = parts.hostname or ""
    with (
        socket.create_connection((host, parts.port or 443), timeout=_PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=host) as connection,
    ):
        der = connection.getpeercert(binary_form=True) or b""
    return x509.load_der_x509_certificate(der).not_valid_after_utc
