"""A Redis of its own for tests that need a real one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any, Self

import pytest

from tests.integration.serving import free_port, wait_for


class RedisServer:
    """``redis-server`` on a free loopback port; it can be stopped and started in between.

    It keeps nothing: once stopped, it comes back empty, as after a lost disk.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """What ``REDIS_URL`` is to be."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", ""]
        options = ["--appendonly", "no", "--dir", str(self._folder), "--loglevel", "warning"]
        self._process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
        wait_for(self._answers, 10.0)

    def stop(self) -> None:
        """End it at once, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(timeout=10)
            self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as asked:
                asked.sendall(b"PING\r\n")
                return asked.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def __enter__(self) -> Self:
        if shutil.which("redis-server") is None and os.environ.get("CI") != "true":
            pytest.skip("redis-server is not installed")
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()


def cache_on(url: str) -> dict[str, Any]:
    """The setting ``CACHES`` as ``REDIS_URL`` makes it."""
    return {
        "default": {
            "BACKEND": "ragsite.redis_cache.RedisCache",
            "LOCATION": url,
            "KEY_PREFIX": "ragsite",
            "OPTIONS": {
                "SOCKET_CONNECT_TIMEOUT": 1,
                "SOCKET_TIMEOUT": 2,
                "SERIALIZER": "django_redis.serializers.json.JSONSerializer",
            },
        }
    }
