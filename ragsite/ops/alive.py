"""Whether the web server of this container answers; for its health check.

Run as a file, without the product's imports: it runs every few seconds. It asks for a
host name that the site answers to, since each that is refused fills the log.
"""

from __future__ import annotations

import http.client
import os
import sys

_SECONDS = 3.0


def host_name(allowed: str) -> str:
    """Return the first of ``ALLOWED_HOSTS``; of ``.example.org``, which means all below, itself."""
    first = allowed.partition(",")[0].strip().lstrip(".")
    return first or "localhost"


def is_alive(port: int, host: str = "localhost") -> bool:
    """Ask the server; whether it answered without failing itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/api/health/live", headers={"Host": host})
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    asked = host_name(os.environ.get("ALLOWED_HOSTS") or "")
    sys.exit(not is_alive(int(os.environ.get("PORT") or 5000), asked))
