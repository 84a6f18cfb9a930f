"""An installation of its own for a drill, and what is asked of it from outside and within."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.drill.client import Client
from tests.integration.serving import ROOT, Server
from tests.load.fixture import Fixture, Person

#: Seconds until it has to be ready: drills run on machines that have other work, too.
_PATIENCE = 180.0
_LIMITS = ("REQUESTS", "ANONYMOUS", "LOGIN", "ACCOUNT", "GUESS", "ASK", "SEARCH", "UPLOAD")


class Site:
    """``manage.py serve`` on a free port; its keys stay the same over starts and places."""

    def __init__(self, scratch: Path, **environment: str) -> None:
        self.scratch = scratch
        self.keys = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "DATABASE_KEY": secrets.token_hex(),
            **{f"RATE_LIMIT_{name}": "off" for name in _LIMITS},
            "CHAT_MODEL": "extractive",
            "EMBEDDING_MODEL": "auto",
            "LOG_LEVEL": "INFO",
            **environment,
        }
        self.server: Server | None = None

    def start(self, data: str = "data") -> Server:
        """Start on this folder and wait until it is ready."""
        self.server = Server(self.scratch / data, "--migrate", **self.keys)
        self.server.wait_until_ready(_PATIENCE)
        return self.server

    def stop(self) -> None:
        """Stop it in order."""
        if self.server is not None:
            self.server.stop()
            self.server = None

    def environment(self, data: str = "data") -> dict[str, str]:
        """Return what its programs run with."""
        return os.environ | self.keys | {"DATA_DIR": str(self.scratch / data)}

    def manage(self, *words: str, data: str = "data") -> subprocess.CompletedProcess[str]:
        """Run a command of ``manage.py``; its exit code is not looked at."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment(data),
            capture_output=True,
            text=True,
            check=False,
        )

    def state(self, data: str = "data") -> dict[str, Any]:
        """Return what it holds, see ``tests.drill.state``."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.drill.state"],
            cwd=ROOT,
            env=self.environment(data),
            stdout=subprocess.PIPE,
            check=True,
        )
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def fill(self, *, people: int, documents: int) -> Fixture:
        """Make people and documents, and wait until these are read."""
        out = self.scratch / "fixture.json"
        counts = ["--people", str(people), "--documents", str(documents), "--out", str(out)]
        command = [sys.executable, "-m", "tests.load.prepare", *counts]
        subprocess.run(command, cwd=ROOT, env=self.environment(), check=True)
        return Fixture.load(out)

    def people(self, *names: str) -> dict[str, Person]:
        """Make people who share nothing, each with a collection."""
        made = subprocess.run(
            [sys.executable, "-m", "tests.drill.people", *names],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            check=True,
        )
        return {name: Person(**given) for name, given in json.loads(made.stdout).items()}

    def client(self, token: str) -> Client:
        """Return a program that calls it now."""
        assert self.server is not None
        return Client(self.server.port, token)
