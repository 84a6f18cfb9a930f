"""What tests of the whole are made of: people, programs that call the API, and a worker.

Everything goes through the doors that users have: a document is uploaded over
HTTP and read by a worker's own code.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth import get_user_model
from django.test import AsyncClient, Client

from documents.ingest import lease as leases
from documents.ingest.drain import drain
from documents.models import Collection, Membership
from documents.services.collections import collection_create
from documents.types import Role
from ragsite.accounts.models import APIToken
from ragsite.accounts.services import token_create

PROBLEM = "application/problem+json"
BOUNDARY = "----a-boundary-of-the-tests"
WRITE = APIToken.Scope.WRITE.value
READ = APIToken.Scope.READ.value

#: A text with facts that nothing else in the tests states.
WREN = (
    b"The wren of Hollow Fell\n\n"
    b"The wren nests in the ivy of the north wall. It lays seven eggs in April. "
    b"Both parents feed the young for eighteen days.\n\n"
    b"The keeper of the garden is called Odalys Brennt. She counts the nests every spring."
)


def person(name: str = "ada", **fields: Any) -> Any:
    """Return a new user with this name."""
    return get_user_model()._default_manager.create_user(username=name, **fields)


def shelf(owner: Any, name: str = "Shelf", **members: tuple[Any, Role]) -> Collection:
    """Return a new collection with its owner, and members by keyword: ``x=(user, role)``."""
    collection = collection_create(user=owner, name=name)
    for user, role in members.values():
        Membership.objects.create(collection=collection, user=user, role=role)
    return collection


def work(limit: int | None = None) -> int:
    """Do what a worker does until nothing waits. Returns how many versions it processed."""
    worker = leases.worker_register()
    try:
        return drain(worker.pk, limit=limit)
    finally:
        leases.worker_gone(worker.pk)


def multipart(
    files: Sequence[tuple[str, bytes]], fields: Mapping[str, str] | None = None, name: str = "files"
) -> bytes:
    """Return a form with these files, their names written exactly as they are given."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in (fields or {}).items()
    ]
    for filename, data in files:
        head = f'form-data; name="{name}"; filename="{filename}"'
        parts.append(
            f"--{BOUNDARY}\r\nContent-Disposition: {head}\r\n"
            f"Content-Type: application/octet-stream\r\n\r\n".encode("utf-8", "surrogateescape")
            + data
            + b"\r\n"
        )
    return b"".join([*parts, f"--{BOUNDARY}--\r\n".encode()])


class Api:
    """A program that calls the API for one user, or for nobody, with a token of its own."""

    def __init__(self, user: Any = None, scope: str = WRITE) -> None:
        self.user = user
        self.headers: dict[str, str] = {}
        if user is not None:
            _, secret = token_create(user=user, name="tests", scope=scope)
            self.headers = {"Authorization": f"Bearer {secret}"}
        self.client = Client(headers=self.headers)

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        **headers: str,
    ) -> Any:
        """Send a request; bytes and strings go as they are, anything else as JSON."""
        data = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.generic(
            method,
            path,
            data if body is not None else b"",
            content_type=content_type,
            headers=headers or None,
        )

    def get(self, path: str, **query: Any) -> Any:
        """Read, with the query encoded."""
        return self.client.get(path, query)

    def post(self, path: str, body: Any = None) -> Any:
        """Send a body as JSON."""
        return self.send("POST", path, {} if body is None else body)

    def patch(self, path: str, body: Any) -> Any:
        """Send a change as JSON."""
        return self.send("PATCH", path, body)

    def delete(self, path: str) -> Any:
        """Delete."""
        return self.send("DELETE", path)

    def upload(self, *files: tuple[str, bytes], **fields: str) -> Any:
        """Upload files, each a name with its content."""
        return self.form("/api/documents/upload", files, fields)

    def add_version(self, document_id: str, name: str, data: bytes) -> Any:
        """Add a version to a document."""
        return self.form(f"/api/documents/{document_id}/versions", [(name, data)], name="file")

    def form(
        self,
        path: str,
        files: Sequence[tuple[str, bytes]],
        fields: Mapping[str, str] | None = None,
        name: str = "files",
    ) -> Any:
        """Send a form with files."""
        return self.send(
            "POST",
            path,
            multipart(files, fields, name),
            content_type=f"multipart/form-data; boundary={BOUNDARY}",
        )

    def ready(self, name: str = "wren.txt", data: bytes = WREN, **fields: str) -> dict[str, Any]:
        """Upload one file, let a worker read it, and return the document as it then is."""
        response = self.upload((name, data), **fields)
        assert response.status_code == 202, response.content
        work()
        return self.document(response.json()["documents"][0]["id"])

    def document(self, document_id: str) -> dict[str, Any]:
        """Return a document."""
        response = self.get(f"/api/documents/{document_id}")
        assert response.status_code == 200, response.content
        return dict(response.json())

    def found(self, query: str, **more: Any) -> list[dict[str, Any]]:
        """Return the hits of a search."""
        response = self.get("/api/search", q=query, **more)
        assert response.status_code == 200, response.content
        return list(response.json()["results"])

    def content(self, document_id: str, version: int = 1) -> str:
        """Return the text of a version, as the API gives it."""
        response = self.get(f"/api/documents/{document_id}/versions/{version}/content")
        assert response.status_code == 200, response.content
        return str(response.content.decode())

    def ask(self, question: str, **more: Any) -> Any:
        """Ask, and wait for the whole answer."""
        return self.post("/api/chat", {"question": question, **more})

    def stream(self, question: str, **more: Any) -> list[Event]:
        """Ask, and return the events of the stream."""
        return async_to_sync(self._stream)({"question": question, "stream": True, **more})

    async def begin(self, body: dict[str, Any], **headers: str) -> Any:
        """Ask, and return the response with whatever streams out of it."""
        given: Any = self.headers | headers
        return await AsyncClient().post(
            "/api/chat", body, content_type="application/json", headers=given
        )

    async def _stream(self, body: dict[str, Any]) -> list[Event]:
        response = await self.begin(body)
        assert response.status_code == 200, response.content
        return events_of(await joined(response))


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream."""

    name: str
    data: dict[str, Any]


async def joined(response: Any) -> str:
    """Return all that a streaming response sends."""
    content: AsyncIterable[bytes] = response.streaming_content
    return b"".join([piece async for piece in content]).decode()


def events_of(text: str) -> list[Event]:
    """Return the events in a stream's text; comments are left out."""
    events = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if line[:1] != ":")
        if fields:
            events.append(Event(fields["event"], json.loads(fields["data"])))
    return events


def assert_problem(response: Any, status: int, code: str = "") -> dict[str, Any]:
    """Fail unless the response is a problem of this status in the API's one shape."""
    assert response.status_code == status, (response.status_code, response.content[:500])
    assert response["Content-Type"].split(";")[0] == PROBLEM
    body: dict[str, Any] = json.loads(response.content)
    assert {"type", "title", "status", "detail", "code", "request_id"} <= body.keys()
    assert body["status"] == status
    assert body["detail"].strip()
    assert body["request_id"] == response["X-Request-ID"]
    assert code in ("", body["code"]), body
    return body
