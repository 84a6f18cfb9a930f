"""A server on loopback that speaks OpenAI's protocol, and can misbehave on demand.

In a test::

    with OpenAIServer() as server:
        server.fail("429", retry_after=1, times=1)
        ...  # a client with base_url=server.url
        assert server.prompts()

As a program, for a browser or a load test: ``python -m tests.openai_server --port 9000``.
Then ``POST /_control`` takes ``{"fault", "times", "on", "retry_after", "answers"}`` and
``GET /_log`` gives every request that came.

Embeddings are hashed words, the same in every process. An answer is made of the
passages in the prompt, cited, unless answers were scripted.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import re
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

import numpy as np

from documents.embed.hashed import HashedEmbedder

#: Faults that answer with a status instead of a result.
STATUS_FAULTS = {"400": 400, "401": 401, "403": 403, "404": 404, "429": 429, "500": 500, "503": 503}
#: Faults of the connection or the body, for either endpoint.
BODY_FAULTS = {"html", "wrong_json", "silence", "drip", "drop"}
#: Faults of a stream of text. ``cut`` breaks the chunked framing, ``end`` stops politely too early.
CHAT_FAULTS = {
    "stall", "cut", "end", "empty", "endless", "error_event", "no_finish", "no_usage",
    "reject_stream_options", "reject_max_tokens", "reject_temperature",
}  # fmt: skip
#: Faults of vectors. ``permuted`` is allowed by the protocol: the index tells the order.
EMBEDDING_FAULTS = {
    "wrong_size", "nan", "inf", "zero", "too_few", "duplicate", "permuted", "floats",
    "reject_base64", "too_long",
}  # fmt: skip

DEFAULT_DIMENSIONS = 1536
_LONGEST_INPUT = 8_000  # characters, under the fault "too_long"
_PASSAGE = re.compile(r'<passage n="(\d+)"[^>]*>\n(.*?)\n</passage>', re.DOTALL)
_QUESTION = re.compile(r"<question>\n(.*?)\n</question>", re.DOTALL)
_SENTENCE = re.compile(r"[^.!?。！？\n]+[.!?。！？]?")
_WORD = re.compile(r"\w{3,}|[\u3400-\u9fff]")


@dataclass
class Fault:
    """What goes wrong, on which endpoint, and how often (``None``: until healed)."""

    kind: str
    on: str = "any"
    times: int | None = None
    retry_after: float | None = None


@dataclass
class Recorded:
    """One request as it came, and how it ended. Times are ``time.monotonic`` seconds."""

    path: str
    body: dict[str, Any]
    headers: dict[str, str]
    began: float = field(default_factory=time.monotonic)
    ended: float = 0.0
    disconnected: bool = False


class OpenAIServer:
    """The server. Starts with the ``with`` block, ends with it; binds 127.0.0.1 only.

    ``delay`` is the time before the first byte of every response, in seconds. With
    ``tls`` it speaks HTTPS.
    """

    def __init__(
        self, port: int = 0, delay: float = 0.0, tls: ssl.SSLContext | None = None
    ) -> None:
        self.delay = delay
        self.requests: list[Recorded] = []
        self.released = threading.Event()
        self._answers: list[str] = []
        self._fault: Fault | None = None
        self._lock = threading.Lock()
        self._http = _Listener(("127.0.0.1", port), _Handler)
        self._http.owner = self
        self._scheme = "https" if tls else "http"
        if tls:
            self._http.socket = tls.wrap_socket(self._http.socket, server_side=True)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        """The ``base_url`` for a client."""
        return f"{self._scheme}://127.0.0.1:{self._http.server_address[1]}/v1"

    def fail(
        self,
        kind: str,
        *,
        on: str = "any",
        times: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        """Go wrong from now on. ``on`` is ``chat``, ``embeddings`` or ``any``."""
        known = STATUS_FAULTS.keys() | BODY_FAULTS | CHAT_FAULTS | EMBEDDING_FAULTS
        if kind not in known:
            raise ValueError(f"unknown fault {kind}; known: {', '.join(sorted(known))}")
        with self._lock:
            self._fault = Fault(kind, on, times, retry_after)

    def heal(self) -> None:
        """Behave well again."""
        with self._lock:
            self._fault = None

    def script(self, *answers: str) -> None:
        """Give these answers to the next chat requests, one each; the last one stays."""
        with self._lock:
            self._answers = list(answers)

    def prompts(self) -> list[str]:
        """The text of every chat request, all messages joined."""
        chats = [r for r in list(self.requests) if r.path.endswith("/chat/completions")]
        return ["\n".join(_content(m) for m in chat.body.get("messages", [])) for chat in chats]

    def refuse_connections(self) -> None:
        """Close the port: whoever connects from now on is refused."""
        self._stop_listening()

    def fault_for(self, endpoint: str) -> Fault | None:
        """The fault that the request now being answered meets. Counts it."""
        with self._lock:
            fault = self._fault
            if fault is None or fault.on not in {"any", endpoint}:
                return None
            if fault.times is not None:
                fault.times -= 1
                self._fault = fault if fault.times > 0 else None
            return fault

    def next_answer(self, body: dict[str, Any]) -> str:
        """The scripted answer, else one made of the prompt's passages."""
        with self._lock:
            if self._answers:
                return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return composed_answer("\n".join(_content(m) for m in body.get("messages", [])))

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.released.set()
        self._stop_listening()

    def _stop_listening(self) -> None:
        if self._thread.is_alive():
            self._http.shutdown()
            self._thread.join(5)
        self._http.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    owner: OpenAIServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent about clients that went away; that is what many tests do."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            names = ["gpt-test", "text-embedding-3-small"]
            self._json({"object": "list", "data": [{"id": n, "object": "model"} for n in names]})
        elif self.path == "/_log":
            self._json({"requests": [asdict(r) for r in list(self.server.owner.requests)]})
        else:
            self._problem(404, "not found")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", "0")))
        body = json.loads(raw or b"{}")
        if self.path == "/_control":
            self._control(body)
            return
        record = Recorded(self.path, body, {k.lower(): v for k, v in self.headers.items()})
        self.server.owner.requests.append(record)
        try:
            self._answer(record)
        except ConnectionError:
            record.disconnected = True
            self.close_connection = True
        finally:
            record.ended = time.monotonic()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is inherited
        """Write nothing to standard error."""

    def _control(self, body: dict[str, Any]) -> None:
        owner = self.server.owner
        owner.script(*body.get("answers", []))
        owner.heal()
        if body.get("fault"):
            options = {k: body[k] for k in ("on", "times", "retry_after") if k in body}
            owner.fail(str(body["fault"]), **options)
        self._json({"ok": True})

    def _answer(self, record: Recorded) -> None:
        owner = self.server.owner
        endpoint = "chat" if self.path.endswith("/chat/completions") else "embeddings"
        if not self.path.endswith(("/chat/completions", "/embeddings")):
            self._problem(404, "unknown path")
            return
        owner.released.wait(owner.delay)
        fault = owner.fault_for(endpoint)
        kind = fault.kind if fault else ""
        if fault and kind in STATUS_FAULTS:
            # Real servers echo: the client must not pass this text on.
            echo = f"secret echo of {self.headers.get('authorization')} {record.body}"
            self._problem(STATUS_FAULTS[kind], echo, fault.retry_after)
        elif kind in BODY_FAULTS:
            self._broken_body(kind)
        elif endpoint == "chat":
            _Chat(self, record.body, kind).answer()
        else:
            self._embeddings(record.body, kind)

    def _broken_body(self, kind: str) -> None:
        if kind == "html":
            page = b"<html><body><h1>Sign in to the network</h1></body></html>"
            self._send(200, page, "text/html")
        elif kind == "wrong_json":
            self._send(200, b'data: {"choices": [{]\n\n', "application/json")
        elif kind == "silence":
            self.server.owner.released.wait(300)
            self.close_connection = True
        elif kind == "drip":
            self.begin_chunks("application/json")
            while not self.server.owner.released.wait(0.05):
                self.chunk(b" ")
        else:
            self.close_connection = True

    def _embeddings(self, body: dict[str, Any], kind: str) -> None:
        given = body.get("input", [])
        texts = [given] if isinstance(given, str) else list(given)
        if kind == "reject_base64" and body.get("encoding_format") == "base64":
            self._problem(400, "encoding_format base64 is not supported")
        elif kind == "too_long" and any(len(text) > _LONGEST_INPUT for text in texts):
            self._problem(400, "This model's maximum context length is 8192 tokens")
        else:
            dimensions = int(body.get("dimensions") or DEFAULT_DIMENSIONS)
            vectors = HashedEmbedder(dimensions).embed_documents(texts)
            as_text = body.get("encoding_format") == "base64" and kind != "floats"
            rows = _spoiled(vectors, kind, as_text=as_text)
            count = sum(len(text.split()) for text in texts)
            usage = {"prompt_tokens": count, "total_tokens": count}
            self._json({"object": "list", "data": rows, "model": body.get("model"), "usage": usage})

    def _problem(self, status: int, message: str, retry_after: float | None = None) -> None:
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        error = {"message": message, "type": "error", "param": None, "code": None}
        self._send(status, json.dumps({"error": error}).encode(), "application/json", headers)

    def _json(self, value: dict[str, Any]) -> None:
        self._send(200, json.dumps(value).encode(), "application/json")

    def _send(
        self, status: int, body: bytes, media_type: str, headers: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": media_type,
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def begin_chunks(self, media_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", media_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def end_chunks(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def send_completion(self, value: dict[str, Any]) -> None:
        self._json(value)

    def refuse(self, message: str) -> None:
        self._problem(400, message)


class _Chat:
    """One chat completion: checks what the server takes, then tells the answer."""

    def __init__(self, handler: _Handler, body: dict[str, Any], fault: str) -> None:
        self._handler = handler
        self._body = body
        self._fault = fault
        self._owner = handler.server.owner

    def answer(self) -> None:
        refused = {
            "reject_stream_options": "stream_options",
            "reject_max_tokens": "max_tokens",
            "reject_temperature": "temperature",
        }.get(self._fault)
        if refused and refused in self._body:
            self._handler.refuse(f"Unsupported parameter: '{refused}'")
            return
        text = "" if self._fault == "empty" else self._owner.next_answer(self._body)
        if self._body.get("stream"):
            self._stream(text)
        else:
            message = {"role": "assistant", "content": text}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            self._handler.send_completion(
                {**self._frame(), "choices": [choice], **self._usage(text)}
            )

    def _stream(self, text: str) -> None:
        self._handler.begin_chunks("text/event-stream")
        for i, piece in enumerate(self._pieces(text)):
            if i == 2 and self._broke():
                return
            self._delta({"content": piece})
        if self._fault != "no_finish":
            self._delta({}, finish="stop")
        if self._fault != "no_usage" and self._body.get("stream_options"):
            self._event({**self._frame(), "choices": [], **self._usage(text)})
        self._handler.chunk(b"data: [DONE]\n\n")
        self._handler.end_chunks()

    def _broke(self) -> bool:
        """Go wrong in the middle, where the fault is of that kind."""
        handler = self._handler
        if self._fault == "stall":
            self._owner.released.wait(300)
        elif self._fault == "error_event":
            self._event({"error": {"message": "secret: the model ran out of memory"}})
            handler.end_chunks()
        elif self._fault == "end":
            handler.end_chunks()
        if self._fault in {"stall", "cut", "end", "error_event"}:
            handler.close_connection = True
            return True
        return False

    def _pieces(self, text: str) -> Iterator[str]:
        yield from re.findall(r"\s*\S{1,6}", text)
        while self._fault == "endless" and not self._owner.released.is_set():
            yield " again and again and again"

    def _delta(self, delta: dict[str, Any], finish: str | None = None) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self._event({**self._frame(), "choices": [choice]})

    def _event(self, value: dict[str, Any]) -> None:
        self._handler.chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def _frame(self) -> dict[str, Any]:
        model = self._body.get("model", "gpt-test")
        return {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": model}

    def _usage(self, text: str) -> dict[str, Any]:
        asked = sum(len(_content(m).split()) for m in self._body.get("messages", []))
        told = len(text.split())
        counted = {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told}
        return {"usage": counted}


def composed_answer(prompt: str) -> str:
    """An answer from the passages of ``prompt``: the nearest sentence of each of the best two.

    Passages and question are recognised by the tags that the product's prompt puts around them.
    """
    asked = _QUESTION.findall(prompt)
    wanted = _words(asked[-1] if asked else prompt[-300:])
    best: list[tuple[int, int, str]] = []
    for number, text in _PASSAGE.findall(prompt):
        sentences = [s.strip() for s in _SENTENCE.findall(text) if s.strip()]
        scored = [(len(wanted & _words(s)), -i, s) for i, s in enumerate(sentences)]
        if scored and max(scored)[0]:
            score, _, sentence = max(scored)
            best.append((score, -int(number), sentence))
    if not best:
        return "This is an answer without any passage."
    return " ".join(f"{text} [{-number}]" for _, number, text in sorted(best, reverse=True)[:2])


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower()))


def _content(message: dict[str, Any]) -> str:
    return str(message.get("content", ""))


def _spoiled(vectors: Any, kind: str, *, as_text: bool) -> list[dict[str, Any]]:
    """The rows of a response, wrong in the way that ``kind`` names."""
    vectors = np.array(vectors[:, :-1] if kind == "wrong_size" else vectors, dtype="<f4")
    values = {"nan": np.nan, "inf": np.inf, "zero": 0.0}
    if kind in values:
        vectors[-1] = values[kind]
    rows = [
        {
            "object": "embedding",
            "index": 0 if kind == "duplicate" else i,
            "embedding": base64.b64encode(v.tobytes()).decode() if as_text else v.tolist(),
        }
        for i, v in enumerate(vectors)
    ]
    if kind == "too_few":
        return rows[:-1]
    return rows[::-1] if kind == "permuted" else rows


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server for tests.")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before every answer")
    options = parser.parse_args()
    with OpenAIServer(options.port, options.delay) as server:
        sys.stdout.write(f"{server.url}\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
