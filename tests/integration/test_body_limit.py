"""Too large requests, sent to the real server."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.serving import Server

MEGABYTE = 2**20
UPLOAD = "/api/documents/upload"
FORM = "Content-Type: multipart/form-data; boundary=frontier\r\n"
PART = b'--frontier\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("limits") / "data"
    running = Server(data, "web", "--migrate", MAX_FILE_SIZE=str(4 * MEGABYTE))
    running.wait_until_ready()
    yield running
    running.stop()


def send_chunked(server: Server, path: str, head: str, size: int) -> tuple[int, bytes]:
    """Send up to ``size`` bytes in chunks; return how many went out, and the answer."""
    chunk, sent = b"x" * 65536, 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as connection:
        request = f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{head}"
        connection.sendall(f"{request}Transfer-Encoding: chunked\r\n\r\n".encode())
        try:
            connection.sendall(b"%x\r\n%s\r\n" % (len(PART), PART))
            while sent < size:
                connection.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
                sent += len(chunk)
            answer = connection.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            answer = b""
    return sent, answer


def spooled(server: Server) -> int:
    """Return the bytes of temporary files that the server holds open, named or not."""
    pids = server.direct_children()
    folders = [p for pid in pids for p in Path("/proc").glob(f"{pid}/task/*/children")]
    pids += [int(child) for folder in folders for child in folder.read_text().split()]
    files = [file for pid in pids for file in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(f.stat().st_size for f in files if f.exists() and "/tmp/" in str(f.readlink()))


@pytest.mark.parametrize("path", ["/login/", "/api/search", UPLOAD])
def test_an_endless_body_is_stopped_soon_after_the_limit(server: Server, path: str) -> None:
    began = time.monotonic()
    sent, _ = send_chunked(server, path, "", 400 * MEGABYTE)
    # What the sockets of both ends buffer was sent, but never read.
    assert sent < 24 * MEGABYTE
    assert time.monotonic() - began < 10


def test_an_endless_file_is_stopped_soon_after_the_limit(server: Server) -> None:
    sent, _ = send_chunked(server, UPLOAD, FORM, 400 * MEGABYTE)
    assert sent < 24 * MEGABYTE


def test_a_body_a_little_too_large_gets_its_answer(server: Server) -> None:
    _, answer = send_chunked(server, "/api/search", "", 2 * MEGABYTE - 131072)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413")
    assert json.loads(body)["code"] == "too_large"


def test_a_length_too_large_is_refused_without_reading(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest("POST", "/api/search")
    connection.putheader("Content-Length", str(10**10))
    connection.endheaders()
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Connection")) == (413, "close")
    assert answer.getheader("Content-Type") == "application/problem+json"
    connection.close()


def test_nothing_of_a_refused_body_stays_on_disk(server: Server) -> None:
    send_chunked(server, UPLOAD, FORM, 400 * MEGABYTE)
    time.sleep(2.5)
    assert spooled(server) < 4 * MEGABYTE
    assert [path for path in (server.data / "tmp").iterdir() if path.stat().st_size] == []


def test_the_server_answers_others_afterwards(server: Server) -> None:
    send_chunked(server, UPLOAD, FORM, 400 * MEGABYTE)
    assert server.get("/api/health/live") == 200
