"""Whether the web server of this container answers; for its health check.

Run as a file, without the product's imports: it runs every few seconds. A refused
host name is an answer too.
"""

from __future__ import annotations

import http.client
import os
import sys

_SECONDS = 3.0


def is_alive(port: int) -> bool:
    """Ask the server; whether it answered without failing itself."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/api/health/live")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not is_alive(int(os.environ.get("PORT") or 5000)))
