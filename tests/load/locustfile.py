"""What people do, as often as they do it. ``LOAD_PROFILE`` says which of it: see PROFILES.

Environment: ``LOAD_FIXTURE``, the file that ``tests.load.prepare`` writes; ``LOAD_SLOWER``,
how many times slower than the limits the machine may be; ``LOAD_FAILURES``, the share of
requests that may fail; ``LOAD_SUMMARY``, a file for the table.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from locust import HttpUser, between, events

from tests.load.fixture import VARIABLE, Fixture, text
from tests.load.verdict import Row, faults, table

FIXTURE = Fixture.load(Path(os.environ[VARIABLE]))
_people = itertools.cycle(FIXTURE.people)
_numbers = itertools.count(1_000_000)
#: Seconds for a document to become ready before the wait counts as failed.
PATIENCE = 120.0
#: Uploads that somebody keeps: the library does not grow while it is measured.
KEPT = 3


class Somebody(HttpUser):
    """A person at work: a request every second or so."""

    wait_time = between(0.5, 1.5)
    uploads: list[str]

    def on_start(self) -> None:
        """Take a token of the fixture, and the session that belongs to it."""
        self.person = next(_people)
        self.client.headers["Authorization"] = f"Bearer {self.person.token}"
        self.uploads = []

    def page(self, path: str, name: str = "") -> None:
        """Open a page as a browser does; without a session there is none to open."""
        if self.person.session:
            headers = {"Authorization": "", "Cookie": f"sessionid={self.person.session}"}
            with self.client.get(
                path,
                headers=headers,
                name=f"GET {name or path}",
                allow_redirects=False,
                catch_response=True,
            ) as answer:
                if answer.status_code != 200:  # a redirect leads to the sign-in
                    answer.failure(f"{answer.status_code} instead of the page")

    def checked(self, method: str, path: str, wanted: str, **options: Any) -> Any:
        """Ask for JSON; an answer without ``wanted`` in it has failed. Returns it, or nothing."""
        with self.client.request(method, path, catch_response=True, **options) as answer:
            try:
                found = answer.json()[wanted]
            except (ValueError, KeyError, TypeError):
                answer.failure(f"{answer.status_code} without {wanted!r}")
                return None
            answer.success()
            return found


# --- reading ------------------------------------------------------------------------


def search(user: Somebody) -> None:
    query: dict[str, str | int] = {"q": random.choice(FIXTURE.questions), "limit": 10}
    user.checked("GET", "/api/search", "results", params=query, name="GET /api/search")


def search_by_words(user: Somebody) -> None:
    query = {"q": random.choice(FIXTURE.questions), "mode": "keyword"}
    user.checked("GET", "/api/search", "results", params=query, name="GET /api/search (words)")


def listing(user: Somebody) -> None:
    user.checked("GET", "/api/documents", "count", name="GET /api/documents")


def document(user: Somebody) -> None:
    if FIXTURE.documents:
        chosen = random.choice(FIXTURE.documents)
        user.checked("GET", f"/api/documents/{chosen}", "id", name="GET /api/documents/{id}")


def pages(user: Somebody) -> None:
    user.page("/documents/")
    if FIXTURE.documents:
        user.page(f"/documents/{random.choice(FIXTURE.documents)}/", "/documents/{id}/")


# --- asking -------------------------------------------------------------------------


def ask(user: Somebody) -> None:
    body = {"question": random.choice(FIXTURE.questions)}
    user.checked("POST", "/api/chat", "answer", json=body, name="POST /api/chat")


def ask_streaming(user: Somebody) -> None:
    body = {"question": random.choice(FIXTURE.questions), "stream": True}
    name, began = "POST /api/chat (first byte)", time.monotonic()
    with user.client.post(
        "/api/chat", json=body, name=name, stream=True, catch_response=True
    ) as answer:
        kinds = [line for line in answer.iter_lines() if line.startswith(b"event:")]
        answer.success()
        last = kinds[-1].decode() if kinds else f"status {answer.status_code}"
    wrong = "" if last == "event: done" else last
    tell(user, "streamed until done", time.monotonic() - began, wrong=wrong)


def conversations(user: Somebody) -> None:
    user.checked("GET", "/api/conversations", "count", name="GET /api/conversations")
    user.page("/")


# --- uploading ----------------------------------------------------------------------


def upload(user: Somebody) -> None:
    number = next(_numbers)
    files = {"files": (f"notice-{number}.md", text(number).encode())}
    began = time.monotonic()
    name = "POST /api/documents/upload"
    taken = user.checked("POST", "/api/documents/upload", "documents", files=files, name=name)
    if not taken:
        return
    user.uploads.append(taken[0]["id"])
    became = wait_until_read(user, taken[0]["id"], began)
    tell(user, "until ready", time.monotonic() - began, wrong="" if became == "ready" else became)
    if len(user.uploads) > KEPT:
        user.client.delete(
            f"/api/documents/{user.uploads.pop(0)}", name="DELETE /api/documents/{id}"
        )


def tell(user: Somebody, name: str, seconds: float, *, wrong: str) -> None:
    """Count something that took more than one request."""
    user.environment.events.request.fire(
        request_type="",
        name=name,
        response_time=seconds * 1000,
        response_length=0,
        exception=RuntimeError(f"ended with {wrong}") if wrong else None,
        context={},
    )


def wait_until_read(user: Somebody, document_id: str, began: float) -> str:
    """Ask once a second how far a document is; return its last status."""
    status = "queued"
    while status in {"queued", "processing"} and time.monotonic() - began < PATIENCE:
        time.sleep(1.0)
        path, name = f"/api/documents/{document_id}", "GET /api/documents/{id}"
        status = user.checked("GET", path, "status", name=name) or "unknown"
    return status


# --- profiles -----------------------------------------------------------------------

Profile = dict[Callable[[Somebody], None], int]
READ: Profile = {search: 5, search_by_words: 1, listing: 2, document: 2, pages: 2}
ASK: Profile = {ask: 3, ask_streaming: 2, conversations: 1}
UPLOAD: Profile = {upload: 1}
PROFILES: dict[str, Profile] = {
    "read": READ,
    "ask": ASK,
    "upload": UPLOAD,
    "mixed": {**READ, ask: 1, ask_streaming: 1, conversations: 1, **UPLOAD},
}
profile = os.environ.get("LOAD_PROFILE", "mixed")
if profile not in PROFILES:
    raise SystemExit(f"LOAD_PROFILE must be one of {', '.join(PROFILES)}, not {profile!r}.")
Somebody.tasks = [task for task, weight in PROFILES[profile].items() for _ in range(weight)]


def measured(entry: Any) -> Row:
    """Return what locust counted of one route."""
    p50, p95, p99 = (entry.get_response_time_percentile(part) or 0.0 for part in (0.5, 0.95, 0.99))
    return Row(
        entry.name, entry.num_requests, entry.num_failures, p50, p95, p99, entry.max_response_time
    )


def judge(environment: Any, **_more: Any) -> None:
    """Show the table; the exit code is 1 where a limit was broken."""
    logging.getLogger("locust.stats_logger").disabled = True  # ours takes the place of its table
    stats = environment.stats
    rows = [measured(entry) for entry in sorted(stats.entries.values(), key=lambda e: e.name)]
    slower = float(os.environ.get("LOAD_SLOWER", "1"))
    found = faults(rows, slower=slower, failures=float(os.environ.get("LOAD_FAILURES", "0")))
    errors = [f"{e.occurrences} × {e.name}: {e.error}" for e in stats.errors.values()]
    shown = "\n".join([table(rows, slower), "", *errors, *(found or ["All limits hold."])])
    sys.stdout.write(shown + "\n")
    if path := os.environ.get("LOAD_SUMMARY"):
        Path(path).write_text(shown + "\n", encoding="utf-8")
    environment.process_exit_code = 1 if found else 0


events.quitting.add_listener(judge)  # type: ignore[no-untyped-call]
