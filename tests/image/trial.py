"""Starts what was built as a container would: root read-only, no network, no capabilities.

Run as ``python -m tests.image.trial ROOT`` in namespaces of its own for mounts, processes
and network; the image's configuration comes as JSON on standard input.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.image.roots import privileges, say

#: Seconds for a start: the same that the health check of the image grants.
START_SECONDS = 60.0
HOST_NAME = "docs.example.org"
#: What a site behind HTTPS sets.
PRODUCTION = {
    "ALLOWED_HOSTS": f"{HOST_NAME},localhost",
    "CSRF_TRUSTED_ORIGINS": f"https://{HOST_NAME}",
    "HTTPS_ONLY": "true",
    "TRUSTED_PROXIES": "1",
    "SECRET_KEY_FILE": "/secrets/SECRET_KEY",
    "DATABASE_KEY_FILE": "/secrets/DATABASE_KEY",
}
#: Asks the server in the words of a proxy that speaks HTTPS; prints status and first bytes.
FETCH = """
import http.client, sys
connection = http.client.HTTPConnection("127.0.0.1", 5000, timeout=10)
headers = {"Host": sys.argv[2], "X-Forwarded-Proto": "https"}
connection.request("GET", sys.argv[1], headers=headers)
answer = connection.getresponse()
print(answer.status, answer.read(60))
"""


@dataclass(frozen=True, slots=True)
class Container:
    """The built root and how a command runs in it."""

    root: Path
    environment: dict[str, str]
    folder: str
    user: str

    def command(self, *argv: str) -> list[str]:
        options = privileges(self.user).split()
        inside = ["setpriv", *options, "env", "-C", self.folder, "--", *argv]
        return ["chroot", str(self.root), *inside]

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; what it said is in the result."""
        command = self.command(*argv)
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=False
        )


def mount(root: Path, volumes: list[str], owner: str) -> None:
    """Make the root read-only, with room only in the volumes and ``/tmp``."""
    options = "mode=700,uid={},gid={}".format(*owner.split(":"))
    places = [("tmpfs", "/tmp", "mode=1777,size=256m"), ("proc", "/proc", "")]
    places += [("tmpfs", volume, options) for volume in volumes]
    subprocess.run(["mount", "--bind", root, root], check=True)
    subprocess.run(["mount", "--rbind", "/dev", root / "dev"], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", root], check=True)
    for kind, inside, extra in places:
        chosen = [f"-o{extra}"] if extra else []
        subprocess.run(["mount", "-t", kind, *chosen, kind, f"{root}{inside}"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def expect(what: str, done: subprocess.CompletedProcess[str], wanted: str = "") -> None:
    """Say how a check went; one that failed ends the trial."""
    said = (done.stdout + done.stderr).strip()
    well = done.returncode == 0 and wanted in said
    say(f"{'ok' if well else 'FAILED'}: {what}{f': {said[-300:]}' if said else ''}")
    if not well:
        sys.exit(1)


def unwritable(container: Container) -> None:
    """Neither the code nor the system can be changed from inside."""
    for place in ("/app", "/venv", "/etc", "/usr/local/bin"):
        done = container.run("touch", f"{place}/{secrets.token_hex(4)}")
        assert done.returncode, f"{place} can be written"
        say(f"ok: {place} cannot be written")


def serving(container: Container, image: dict[str, Any]) -> None:
    """Start the image's own command and ask it as its health check and a proxy would."""
    argv = [*image["entrypoint"], *image["command"]]
    with subprocess.Popen(container.command(*argv), env=container.environment) as server:
        try:
            end = time.monotonic() + START_SECONDS
            while container.run(*image["health"]).returncode:
                assert server.poll() is None, f"the server ended with {server.returncode}"
                assert time.monotonic() < end, "the server did not become healthy in time"
                time.sleep(0.5)
            say("ok: the image's own health check succeeds")
            fetches(container)
        finally:
            server.send_signal(getattr(signal, image["stop"]))
            began = time.monotonic()
            code = server.wait(timeout=60)
    assert code == 0, f"the server ended with {code}"
    say(f"ok: it stops in {time.monotonic() - began:.1f} s with exit code 0")


def fetches(container: Container) -> None:
    """Look at a few addresses."""
    for path, host, wanted in (
        ("/api/health/live", "localhost", "200"),
        ("/login/", HOST_NAME, "200"),
        ("/static/css/app.css", HOST_NAME, "200"),
        ("/api/health/live", "other.example", "400"),
    ):
        done = container.run("python", "-c", FETCH, path, host)
        expect(f"GET {path} for {host} answers {wanted}", done, wanted)


def main(root: Path) -> int:
    """Carry out the trial. Exit code 0 where every check holds."""
    image = json.load(sys.stdin)
    environment = image["environment"] | PRODUCTION
    container = Container(root, environment, image["folder"], image["user"])
    mount(root, [*image["volumes"], "/backups"], image["user"])
    expect("runs without root", container.run("id", "-u"), image["user"].partition(":")[0])
    unwritable(container)
    python = image["entrypoint"]
    expect("secrets", container.run("python", "-P", "ragsite/ops/first_secrets.py", "/secrets"))
    expect("migrate", container.run(*python, "migrate", "--noinput", "--verbosity", "0"))
    expect("migrate --check", container.run(*python, "migrate", "--check"))
    check = ("check", "--deploy", "--fail-level", "WARNING")
    expect("check --deploy", container.run(*python, *check), "no issues")
    expect("tesseract", container.run("tesseract", "--list-langs"), "eng")
    authorities = container.run("test", "-s", "/etc/ssl/certs/ca-certificates.crt")
    expect("certificates of authorities", authorities)
    serving(container, image)
    expect("backup", container.run("env", "BACKUP_DIR=/backups", *python, "backup"))
    return 0


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    sys.exit(main(Path(sys.argv[1])))
