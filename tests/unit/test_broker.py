"""The broker's folder after a power cut, or on a full disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu import Connection, Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES

from ragsite import broker
from ragsite.celery import app

DAMAGED = [b"", b"\0" * 40, b'[["celery", ', b"\xff\xfe"]
QUEUE = Queue("celery", Exchange("celery"), routing_key="celery")


@pytest.fixture(autouse=True)
def _own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A connection to a broker in this folder."""
    for name in ("control", "queue", "processed"):
        (tmp_path / name).mkdir()
    options = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
        "processed_folder": str(tmp_path / "processed"),
    }
    broker.Transport.global_state.clear()  # as in a process that has just begun
    with Connection("filesystem://localhost", transport_options=options) as made:
        yield made
    broker.Transport.global_state.clear()


def _send(connection: Connection, body: str) -> None:
    with connection.channel() as channel:
        producer = connection.Producer(channel, serializer="json")
        producer.publish(body, exchange=QUEUE.exchange, routing_key="celery", declare=[QUEUE])


def _taken(connection: Connection) -> list[str]:
    """Take all messages, as a worker that has just begun."""
    got: list[str] = []
    with connection.channel() as channel:
        QUEUE(channel).declare()
        while (message := QUEUE(channel).get(accept=["json"])) is not None:
            got.append(message.decode())
            message.ack()
    return got


def test_the_product_uses_this_transport() -> None:
    if app.conf.broker_url.startswith("filesystem"):
        assert isinstance(app.connection_for_write().transport, broker.Transport)
    assert TRANSPORT_ALIASES["filesystem"] == "ragsite.broker:Transport"


def test_what_is_sent_is_taken(connection: Connection) -> None:
    _send(connection, "a bell")
    assert _taken(connection) == ["a bell"]


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_message_is_left_out(
    connection: Connection, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "queue" / "0_damaged.celery.msg").write_bytes(content)
    _send(connection, "a bell")
    assert _taken(connection) == ["a bell"]
    assert list((tmp_path / "queue").iterdir()) == []


@pytest.mark.parametrize("content", DAMAGED)
def test_a_damaged_list_is_written_anew_by_whoever_comes(
    connection: Connection, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "control" / "celery.exchange").write_bytes(content)
    _send(connection, "a bell")
    assert _taken(connection) == ["a bell"]


@pytest.mark.parametrize("content", DAMAGED)
def test_who_has_bound_a_queue_needs_no_list(
    connection: Connection, tmp_path: Path, content: bytes
) -> None:
    _send(connection, "a bell")
    (tmp_path / "control" / "celery.exchange").write_bytes(content)
    _send(connection, "another")
    assert sorted(_taken(connection)) == ["a bell", "another"]


def test_nothing_is_taken_where_nothing_was_sent(connection: Connection) -> None:
    assert _taken(connection) == []
