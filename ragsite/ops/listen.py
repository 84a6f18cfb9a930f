"""The socket that the web server answers on.

The supervisor opens it, so that a port in use is told before anything starts, and
so that callers wait instead of being refused while the web server is restarted.
"""

from __future__ import annotations

import errno
import socket
import time

_BACKLOG = 2048


class CannotListen(Exception):
    """The address cannot be used. The message is a sentence for the operator."""


def listen(host: str, port: int, *, patience: float = 2.0) -> socket.socket:
    """Return a listening socket. Raises ``CannotListen``.

    A port in use is tried for ``patience`` seconds: a server that was killed has
    processes that end a moment later.
    """
    end = time.monotonic() + patience
    while True:
        try:
            return _open(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or time.monotonic() >= end:
                raise CannotListen(_reason(error, host, port)) from None
            time.sleep(0.1)


def _open(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, *_, address = found[0]
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _reason(error: OSError, host: str, port: int) -> str:
    match error.errno:
        case errno.EADDRINUSE:
            return (
                f"Port {port} of {host} is in use by another program. "
                f"Stop that one, or choose another port: PORT={port % 65535 + 1}."
            )
        case errno.EACCES:
            return f"Port {port} may not be used without further rights. Choose one above 1023."
        case _:
            return f"HOST must be an address of this machine, not {host!r}."


def address(host: str, port: int) -> str:
    """Return the address to open in a browser on this machine."""
    name = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
