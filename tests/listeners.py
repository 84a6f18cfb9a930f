"""A mail server and a webhook on loopback, for tests: they keep what comes, and can misbehave."""

from __future__ import annotations

import socketserver
import threading
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class _Listening:
    """A server in a thread, for as long as the ``with`` block lasts."""

    def __init__(self, server: Any) -> None:
        self._server = server
        server.owner = self
        self._thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()


class _Threads(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


class _MailHandler(socketserver.StreamRequestHandler):
    """As much of SMTP (RFC 5321) as a letter needs."""

    def handle(self) -> None:
        owner: MailServer = self.server.owner  # type: ignore[attr-defined]
        self._say("220 ready")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                owner.letters.append(self._letter())
                self._say("250 kept")
            elif verb == b"QUIT":
                self._say("221 bye")
                return
            else:
                self._say("550 no" if verb == b"RCPT" and owner.refuses else "250 fine")

    def _letter(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        parsed: Any = message_from_bytes(b"".join(lines), policy=policy.default)
        found: EmailMessage = parsed
        return found

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class MailServer(_Listening):
    """Keeps the letters it takes; refuses every recipient where ``refuses`` is set."""

    def __init__(self) -> None:
        super().__init__(_Threads(("127.0.0.1", 0), _MailHandler))
        self.letters: list[EmailMessage] = []
        self.refuses = False


@dataclass
class Call:
    """One call as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


class _HookHandler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        owner: Hook = self.server.owner  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        owner.calls.append(Call(self.path, dict(self.headers), body))
        if owner.drips:
            self._drip(owner)
            return
        self.send_response(owner.status)
        if owner.location:
            self.send_header("Location", owner.location)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _drip(self, owner: Hook) -> None:
        """Answer so slowly that no single wait is long."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not owner.released.is_set():
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.02)

    def do_GET(self) -> None:
        self.server.owner.calls.append(Call(self.path, {}, b""))  # type: ignore[attr-defined]

    def log_message(self, *args: Any) -> None: ...


class Hook(_Listening):
    """Keeps the calls it takes. ``status``, ``location`` and ``drips`` say how it answers."""

    def __init__(self) -> None:
        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), _HookHandler))
        self.calls: list[Call] = []
        self.status, self.location, self.drips = 200, "", False
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks/ragsite/"

    def __exit__(self, *args: Any) -> None:
        self.released.set()
        super().__exit__(*args)
