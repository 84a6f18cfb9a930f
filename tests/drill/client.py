"""A program that uses an installation over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import httpx2

#: What a server says that is on its way down or up again: ask once more, later.
AWAY = frozenset({502, 503, 504})


class Client:
    """Calls the API with a token. One per thread."""

    #: Status, method and path of each answer that any of them got.
    answered: ClassVar[list[tuple[int, str]]] = []

    def __init__(self, port: int, token: str) -> None:
        self._http = httpx2.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=60.0,
            trust_env=False,
            # Shorter than the server keeps them: a request must not meet the end of its connection.
            limits=httpx2.Limits(keepalive_expiry=1.0),
            event_hooks={"response": [self._note]},
        )

    def _note(self, answer: httpx2.Response) -> None:
        asked = answer.request
        self.answered.append((answer.status_code, f"{asked.method} {asked.url.path}"))

    def call(self, method: str, path: str, body: Any = None, **options: Any) -> httpx2.Response:
        """Send a request. Raises ``httpx2.HTTPError`` where the server is away."""
        return self._http.request(method, path, json=body, **options)

    def stream(self, method: str, path: str, body: Any) -> AbstractContextManager[httpx2.Response]:
        """Send a request whose answer is read as it comes."""
        return self._http.stream(method, path, json=body)

    def upload(self, name: str, data: bytes) -> str | None:
        """Upload a file; return its id, or None when it was not acknowledged."""
        answer = self._http.post("/api/documents/upload", files=[("files", (name, data))])
        if answer.status_code != httpx2.codes.ACCEPTED:
            return None
        return str(answer.json()["documents"][0]["id"])

    def upload_many(self, files: Sequence[tuple[str, bytes]]) -> list[str]:
        """Upload files at once; return their ids. Raises where one was not acknowledged."""
        parts = [("files", each) for each in files]
        answer = self._http.post("/api/documents/upload", files=parts)
        answer.raise_for_status()
        if answer.json()["rejected"]:
            raise AssertionError(answer.json()["rejected"][0]["message"])
        return [str(document["id"]) for document in answer.json()["documents"]]

    def page(self, path: str, cookies: dict[str, str], query: dict[str, str]) -> str:
        """Return a page as the browser of somebody who is signed in gets it."""
        address = self._http.base_url.join(path)
        answer = httpx2.get(address, params=query, cookies=cookies, timeout=60.0, trust_env=False)
        answer.raise_for_status()
        if answer.is_redirect:
            raise AssertionError(f"{path} led to {answer.headers['location']}")
        return answer.text

    def documents(self) -> dict[str, str]:
        """Return the status of each document that the caller can see, by id.

        Raises ``httpx2.HTTPStatusError`` for anything but a list.
        """
        found: dict[str, str] = {}
        path: str | None = "/api/documents?page_size=100"
        while path:
            answer = self.call("GET", path)
            answer.raise_for_status()
            page = answer.json()
            found |= {each["id"]: each["status"] for each in page["results"]}
            path = page["next"]
        return found

    def waiting(self) -> int:
        """Return how many of the documents that the caller can see are not read yet."""
        counts = [
            self.call("GET", f"/api/documents?status={status}&page_size=1").json()["count"]
            for status in ("queued", "processing")
        ]
        return int(sum(counts))

    def hits(self, words: str, limit: int = 10) -> list[Any]:
        """Return what a search finds: document, version, offsets, page."""
        body = {"q": words, "limit": limit}
        answer = self.call("POST", "/api/search", body)
        answer.raise_for_status()
        return [
            (hit["document"]["id"], hit["version"], hit["start"], hit["end"], hit["page"])
            for hit in answer.json()["results"]
        ]

    def answer(self, question: str) -> Any:
        """Return text and citations of an answer, and whether it was refused."""
        answer = self.call("POST", "/api/chat", {"question": question})
        answer.raise_for_status()
        body = answer.json()
        cited = [
            (each["document_id"], each["version"], each["start"], each["end"], each["quote"])
            for each in body["citations"]
        ]
        return body["answer"], body["refused"], cited


class Crowd:
    """Threads that each do one thing again and again until they are told to end."""

    def __init__(self, deeds: Sequence[Callable[[], None]]) -> None:
        self._ended = threading.Event()
        self.faults: list[str] = []
        self.done = 0
        self._threads = [
            threading.Thread(target=self._run, args=(deed,), daemon=True) for deed in deeds
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let each finish what it does."""
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=90)

    def _run(self, deed: Callable[[], None]) -> None:
        while not self._ended.is_set():
            try:
                deed()
                self.done += 1
            except (httpx2.HTTPError, json.JSONDecodeError):
                self._ended.wait(0.2)  # the server is away
            except Exception as error:  # noqa: BLE001  # told at the end
                self.faults.append(f"{type(error).__name__}: {error}")
                self._ended.wait(0.2)
