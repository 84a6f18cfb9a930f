"""What tests with a database need: a real file for it, and a clean index."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections

from documents.index.schema import KEYWORD_TABLE, SCOPE_TABLE
from documents.ingest import lease as leases
from documents.ingest.bell import heard
from documents.search import kept
from documents.search.hybrid import search
from ragsite.ops import alerting, heartbeat
from tests.integration.factories import Api, person
from tests.integration.watched import GB, backup, room
from tests.listeners import Hook, MailServer


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the test database in an encrypted file, as the product does.

    Threads share a file as processes do; a database in memory locks differently.
    """
    name = tmp_path_factory.mktemp("database") / "test.db"
    connections["default"].settings_dict["TEST"]["NAME"] = str(name)


@pytest.fixture(autouse=True)
def _fresh_index(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the index around a test that commits: Django flushes the tables of models alone.

    After it, too: which test comes next in this process is not known.
    """
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    request.getfixturevalue("transactional_db")
    _empty_index()
    yield
    _empty_index()


def _empty_index() -> None:
    """Take away what no model describes: the index, and what SQLite counted to plan queries."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {KEYWORD_TABLE}({KEYWORD_TABLE}) VALUES ('delete-all')")
        cursor.execute(f"DELETE FROM {SCOPE_TABLE}")
        cursor.execute("SELECT name FROM sqlite_master WHERE sql LIKE 'CREATE VIRTUAL%vec0%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TABLE {name}")
        cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'")
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")
        cursor.execute("ANALYZE sqlite_schema")  # has every connection read them again


@pytest.fixture
def ada(db: None) -> Api:
    """A program of Ada, who has a collection of her own."""
    return Api(person("ada"))


@pytest.fixture
def bob(db: None) -> Api:
    """A program of Bob, who shares nothing with Ada."""
    return Api(person("bob"))


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep the bell from ringing, and tell which tasks it would have rung for."""
    rung: list[str] = []
    heard()  # no bell of an earlier test is on its way

    def send_task(name: str, **options: Any) -> None:
        rung.append(name)

    monkeypatch.setattr("documents.ingest.bell.current_app.send_task", send_task)
    return rung


@pytest.fixture
def one_transaction(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the connection: the chat gives its own back between two steps.

    A test that is one transaction would lose it with the connection.
    """
    for module in ("chat.services.answering", "chat.answer.retrieval"):
        monkeypatch.setattr(f"{module}.close_old_connections", lambda: None)


@pytest.fixture
def mail(settings: Any) -> Iterator[MailServer]:
    with MailServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = (
            "127.0.0.1",
            server.port,
            False,
        )
        settings.ALERT_EMAILS = ["ops@example.org", "boss@example.org"]
        yield server


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    with Hook() as server:
        settings.ALERT_WEBHOOK = server.url
        yield server


@pytest.fixture
def well(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """An installation where all is well: a worker and a web server, room, a fresh backup."""
    settings.BACKUP_KEEP = 7
    leases.worker_register()
    heartbeat.web_seen()
    cache.delete("alerts:no-database")
    alerting._told.clear()
    room(monkeypatch, 50 * GB)
    backup()


@pytest.fixture
def sqlite_cache(settings: Any, tmp_path: Path) -> None:
    options = {"key": "ab" * 32}
    backend = "ragsite.cache.SqliteCache"
    settings.CACHES = {
        "default": {"BACKEND": backend, "LOCATION": str(tmp_path / "cache.db"), "OPTIONS": options}
    }


@pytest.fixture
def searches_made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The searches that were really made."""
    made: list[str] = []

    def counted(user: Any, query: str, **more: Any) -> Any:
        made.append(query)
        return search(user, query, **more)

    monkeypatch.setattr(kept, "search", counted)
    return made
