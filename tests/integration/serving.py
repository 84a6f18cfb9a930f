"""Runs the real product in processes of its own, for tests from outside."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait until the condition holds; an ``AssertionError`` when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    """Whether the process runs; one that is only waited for does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def children(pid: int) -> list[int]:
    """Return the processes below this one, all generations."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except OSError:
        return []
    return [p for child in map(int, below) for p in (child, *children(child))]


def command_line(pid: int) -> str:
    """Return what the process was started with."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:  # gone since it was listed
        return ""


class Server:
    """``manage.py serve`` on a free port, with data and secrets of its own."""

    def __init__(self, data: Path, *parts: str, **environment: str) -> None:
        self.port = int(environment.get("PORT", 0)) or free_port()
        self.data = data
        self.output = data.parent / f"{data.name}-{self.port}.log"
        self.environment = os.environ | {
            "DATA_DIR": str(data),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "SECRET_KEY": secrets.token_urlsafe(48),
            "WEB_CONCURRENCY": "1",
            "WORKER_CONCURRENCY": "1",
            **environment,
        }
        command = [sys.executable, "manage.py", "serve", *parts]
        with self.output.open("w") as out:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=self.environment, stdout=out, stderr=subprocess.STDOUT
            )

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_until_ready(self, seconds: float = 30.0) -> None:
        wait_for(lambda: "Ready on" in self.said or self.process.poll() is not None, seconds)
        assert self.process.poll() is None, self.said

    def find(self, words: str) -> int:
        """Return the process below the server whose command line has these words, or 0."""
        found = [pid for pid in self.direct_children() if words in command_line(pid)]
        return found[0] if found else 0

    def program(self, words: str) -> int:
        """Return that process, as soon as it is there."""
        wait_for(lambda: self.find(words) != 0)
        return self.find(words)

    def direct_children(self) -> list[int]:
        pid = self.process.pid
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
        return [int(child) for child in below.split()]

    def get(self, path: str) -> int:
        """Return the status that this path answers with."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port}{path}", timeout=30
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def setup_path(self) -> str:
        found = re.search(r"http://\S+?(/setup/\S+)", self.said)
        assert found, self.said
        return found[1]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the server as an operator would; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=60)
