"""The whole product, running: a web server, a worker, and browsers with and without script."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a-heron-in-the-reeds"
#: Seconds for a server to start, and for a document to be read.
PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Site:
    """A running installation."""

    url: str
    environment: dict[str, str]

    def manage(self, *arguments: str) -> str:
        """Run a command of ``manage.py`` against it and return what it printed."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, check=True, capture_output=True, text=True
        )
        return done.stdout

    def person(self, name: str, *, staff: bool = False) -> str:
        """Make a user with the password of the tests and return their name."""
        kind = "create_superuser" if staff else "create_user"
        self.manage(
            "shell",
            "-c",
            "from django.contrib.auth import get_user_model as g; "
            f"g()._default_manager.{kind}({name!r}, password={PASSWORD!r})",
        )
        return name


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(folder: Path) -> dict[str, str]:
    return os.environ | {
        "DATA_DIR": str(folder),
        "DJANGO_SETTINGS_MODULE": "ragsite.settings",
        "EMBEDDING_MODEL": "auto",
        "WATCH_DELAY": "0",
        "PYTHONPATH": str(ROOT),
    }


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(f"{url}/login/", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    pytest.fail("the server did not start")


_WORKER = (
    "import django, time; django.setup();"
    "from documents.ingest import drain, lease;"
    "from chat.services import checking, comparing;"
    "me = lease.worker_register().pk\n"
    "while True: drain.drain(me); comparing.comparisons_run(); checking.watches_check();"
    " time.sleep(0.3)"
)


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Start the server and a worker on a folder of their own, and stop both at the end."""
    folder = tmp_path_factory.mktemp("site")
    port = _free_port()
    running = Site(f"http://127.0.0.1:{port}", _environment(folder))
    running.manage("migrate", "--verbosity", "0")
    log = (folder / "server.log").open("wb")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "-k", "asgi", "-w", "1"),
            *("-b", f"127.0.0.1:{port}", "--no-control-socket", "ragsite.asgi:application"),
        ],
        env=running.environment,
        cwd=ROOT,
        stdout=log,
        stderr=log,
    )
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER], env=running.environment, cwd=ROOT, stdout=log, stderr=log
    )
    try:
        _wait_for(running.url, server)
        yield running
    finally:
        for process in (worker, server):
            process.terminate()
        for process in (worker, server):
            process.wait(timeout=30)
        log.close()


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    """Start the system's Chromium; without one the tests of this folder are skipped.

    Where ``CI`` is set, a skipped test has failed.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no Chromium here")
    with sync_playwright() as playwright:
        # As root there is no sandbox to be had; the pages are our own.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


Visit = Callable[..., Any]


@pytest.fixture
def visit(site: Site, chromium: Any) -> Iterator[Visit]:
    """Return a function that opens a browser window, signed in as a new person if named.

    At the end no page may have thrown an error, broken the policy, or asked
    anything of another host.
    """
    contexts, faults = [], []

    def watch(page: Any) -> None:
        page.on("pageerror", lambda error: faults.append(f"error: {error}"))
        page.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
        page.on(
            "console",
            lambda m: faults.append(m.text) if "Content Security Policy" in m.text else None,
        )
        page.on(
            "request",
            lambda r: None if r.url.startswith((site.url, "data:")) else faults.append(r.url),
        )

    def open_page(name: str = "", *, script: bool = True, **options: Any) -> Any:
        context = chromium.new_context(
            base_url=site.url, java_script_enabled=script, reduced_motion="reduce", **options
        )
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        watch(page)
        if name:
            page.goto("/login/")
            page.fill("#id_username", name)
            page.fill("#id_password", PASSWORD)
            page.click("button[type=submit]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults
