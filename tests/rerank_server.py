"""A reranker on loopback that scores by shared words, and can misbehave on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, owner: RerankServer) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a client that has heard enough leaves."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        owner = self.server.owner
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        owner.requests.append(body)
        owner.headers.append(dict(self.headers))
        if owner.tei and "texts" not in body:
            self._send(422, b"{}")
        elif owner.fault.isdigit():
            self._send(int(owner.fault), b"{}")
        elif owner.fault in ("slow", "drip"):
            self._dawdle(owner)
        else:
            self._reply(owner.fault, owner.answer(body))

    def _reply(self, fault: str, answer: bytes) -> None:
        if fault == "html":
            self._send(200, b"<html>hello</html>")
        elif fault == "huge":
            self._send(200, b" " * 3_000_000 + answer)
        elif fault == "cut":
            self._send(200, answer[:10], size=len(answer))
        else:
            self._send(200, answer)

    def _dawdle(self, owner: RerankServer) -> None:
        if owner.fault == "drip":
            self._send(200, b"", size=10_000)
        while not owner.stopped.wait(0.02):
            if owner.fault == "drip":
                self.wfile.write(b" ")
                self.wfile.flush()

    def _send(self, status: int, body: bytes, size: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if size is None else size))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing."""


class RerankServer:
    """``fault``: 500, 422, html, nan, few, twice, far, words, huge, drip, slow, cut or nothing.

    ``tei`` serves TEI's form alone and refuses the other.
    """

    def __init__(self, fault: str = "", *, tei: bool = False) -> None:
        self.fault, self.tei = fault, tei
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.stopped = threading.Event()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/rerank"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, body: dict[str, Any]) -> bytes:
        """What a well-meaning server says, or one with this fault."""
        texts = body.get("texts" if self.tei else "documents", [])
        asked = set(body["query"].lower().split())
        score = "score" if self.tei else "relevance_score"
        rows: list[dict[str, Any]] = [
            {"index": place, score: float(len(asked & set(text.lower().split())))}
            for place, text in enumerate(texts)
        ]
        changes: dict[str, Callable[[], object]] = {
            "nan": lambda: rows[0].update({score: float("nan")}),
            "few": rows.pop,
            "twice": lambda: rows.append(rows[0]),
            "far": lambda: rows[0].update(index=99),
            "words": lambda: rows[0].update({score: "high"}),
        }
        changes.get(self.fault, lambda: None)()
        rows.sort(key=lambda row: str(row[score]), reverse=True)
        return json.dumps(rows if self.tei else {"results": rows}).encode()
