"""One person, who waits for each answer before asking for the next."""

from __future__ import annotations

import http.client
import json
import time
import uuid
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit


class Caller:
    """One person with a token. Methods raise ``RuntimeError`` for another status."""

    def __init__(self, host: str, token: str) -> None:
        self._place = urlsplit(host).netloc
        self._headers = {"Authorization": f"Bearer {token}"}

    def took(self, method: str, path: str, body: Any = None) -> float:
        """Return the milliseconds of a request with a JSON body, or none."""
        began = time.perf_counter()
        data = json.dumps(body).encode() if body is not None else None
        self._answer(method, path, data, "application/json")
        return (time.perf_counter() - began) * 1000

    def searched(self, question: str) -> float:
        """Return how long a search took."""
        return self.took("GET", f"/api/search?{urlencode({'q': question})}")

    def asked(self, question: str) -> float:
        """Return how long a whole answer took."""
        return self.took("POST", "/api/chat", {"question": question})

    def uploaded(self, name: str, data: bytes) -> str:
        """Upload one file; return the id of its document."""
        mark = uuid.uuid4().hex
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
        )
        body = head.encode() + data + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        answer = self._answer("POST", "/api/documents/upload", body, kind, status=202)
        return str(answer["documents"][0]["id"])

    def status(self, document: str) -> str:
        """Return how far a document is."""
        return str(self._answer("GET", f"/api/documents/{document}", None, "")["status"])

    def _answer(
        self, method: str, path: str, data: bytes | None, kind: str, status: int = 200
    ) -> Any:
        headers = self._headers | ({"Content-Type": kind} if data is not None else {})
        # One each: which of them a server keeps open is its own business.
        connection = http.client.HTTPConnection(self._place, timeout=120)
        with closing(connection):
            connection.request(method, path, data, headers)
            response = connection.getresponse()
            body = response.read()
        if response.status != status:
            raise RuntimeError(f"{method} {path} was answered {response.status}")
        return json.loads(body)
