"""The whole product, started, hurt and stopped."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragsite.ops.alive import is_alive
from tests.integration.serving import Server, alive, children, free_port, wait_for


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("serve") / "data", "--migrate")
    running.wait_until_ready()
    yield running
    running.stop()


def test_a_fresh_start_prints_the_address(server: Server) -> None:
    assert f"Ready on http://127.0.0.1:{server.port}" in server.said


def test_memory_that_is_freed_can_be_used_again(server: Server) -> None:
    """Each program has two pools of memory, not sixteen: see ``serve._environment``."""
    for name in ("gunicorn", "ragsite.celery worker", "ragsite.celery beat"):
        # What a program starts for a moment may have an environment of its own.
        environment = Path(f"/proc/{server.program(name)}/environ").read_bytes()
        assert b"MALLOC_ARENA_MAX=2\0" in environment, name


def test_a_fresh_start_prints_a_link_that_opens(server: Server) -> None:
    assert server.get(server.setup_path()) == 200


def test_the_first_request_is_answered(server: Server) -> None:
    assert server.get("/api/health/live") == 200


def test_the_health_check_sees_a_server_that_answers(server: Server) -> None:
    assert (is_alive(server.port), is_alive(free_port())) == (True, False)


def test_nothing_but_the_address_and_the_link_is_printed(server: Server) -> None:
    assert len(server.said.strip().splitlines()) == 2, server.said


def test_a_killed_worker_is_replaced(server: Server) -> None:
    before = server.program("celery --quiet -A ragsite.celery worker")
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: server.find("ragsite.celery worker") not in {0, before}, 2.0)
    assert not alive(before)


def test_callers_wait_while_a_killed_web_server_is_replaced(server: Server) -> None:
    before = server.program("gunicorn")
    serving = [before, *children(before)]
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: not [pid for pid in serving if alive(pid)], 5.0)
    assert server.get("/api/health/live") == 200


def test_a_port_in_use_is_told_in_one_sentence(server: Server, tmp_path: Path) -> None:
    second = Server(tmp_path / "data", "web", "--migrate", PORT=str(server.port))
    assert second.process.wait(timeout=30) == 1
    assert second.said.count("\n") == 1
    assert f"Port {server.port} of 127.0.0.1 is in use" in second.said


def test_a_second_server_on_the_same_data_is_refused(server: Server) -> None:
    second = Server(server.data, "beat", DATABASE_KEY=server.environment["DATABASE_KEY"])
    assert second.process.wait(timeout=30) == 1
    assert "Another server runs on the data" in second.said


def test_a_wrong_key_is_told_before_anything_starts(server: Server) -> None:
    second = Server(server.data, "web", DATABASE_KEY="ff" * 32)
    assert second.process.wait(timeout=30) == 1
    assert "DATABASE_KEY is not the key it was created with" in second.said
    assert second.said.count("\n") == 1


def test_a_database_that_is_behind_is_told(tmp_path: Path) -> None:
    behind = Server(tmp_path / "data", "web")
    assert behind.process.wait(timeout=30) == 1
    assert "Run: manage.py migrate" in behind.said


def test_a_wrong_setting_is_told_in_one_sentence(tmp_path: Path) -> None:
    wrong = Server(tmp_path / "data", "web", CHUNK_SIZE="many")
    assert wrong.process.wait(timeout=30) == 1
    assert wrong.said == (
        "Configuration: CHUNK_SIZE must be a whole number from 100 to 20000, not 'many'.\n"
    )


def test_the_key_in_the_clear_is_nowhere_in_the_data(server: Server) -> None:
    files = [path for path in server.data.rglob("*") if path.is_file()]
    key = server.environment["DATABASE_KEY"].encode()
    assert not [path for path in files if key in path.read_bytes()]
    with pytest.raises(sqlite3.DatabaseError):
        sqlite3.connect(server.data / "ragsite.db").execute("SELECT 1 FROM sqlite_master")


def test_a_stop_succeeds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    short = Server(tmp_path / "data", "--migrate")
    short.wait_until_ready()
    pids = children(short.process.pid)
    assert short.stop(signal.SIGINT) == 0
    assert not [pid for pid in pids if alive(pid)]


def test_a_killed_server_leaves_no_process_behind(tmp_path: Path) -> None:
    killed = Server(tmp_path / "data", "--migrate")
    killed.wait_until_ready()
    wait_for(lambda: bool(children(killed.program("ragsite.celery worker"))))
    pids = children(killed.process.pid)
    killed.process.kill()
    killed.process.wait()
    wait_for(lambda: not [pid for pid in pids if alive(pid)], 5.0)
