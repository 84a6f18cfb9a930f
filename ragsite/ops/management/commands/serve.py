"""Runs the product, or parts of it, until it is told to stop."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from functools import partial
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from ragsite.accounts.services import setup_link_renew
from ragsite.ops import programs
from ragsite.ops.gunicorn_conf import READY_FD
from ragsite.ops.listen import CannotListen, address, listen
from ragsite.ops.prepare import NotReady, prepare
from ragsite.ops.supervise import Program, Supervisor

PARTS = ("web", *programs.BACKGROUND)


class Command(BaseCommand):
    help = "Runs web, worker and beat (or the named ones) until Ctrl-C."
    requires_system_checks: list[str] = []  # `check --deploy` is for script/lint, not for a start

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
        parser.add_argument("--migrate", action="store_true", help="bring the database up to date")

    def handle(self, *, parts: list[str], migrate: bool, **_options: Any) -> None:
        if unknown := set(parts) - set(PARTS):
            raise CommandError(f"{', '.join(sorted(unknown))}: not one of {', '.join(PARTS)}.")
        wanted = [part for part in PARTS if part in (parts or PARTS)]
        try:
            listener = listen(settings.HOST, settings.PORT) if "web" in wanted else None
            prepare(migrate=migrate)
        except (CannotListen, NotReady) as error:
            raise CommandError(str(error)) from None
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        run: list[Program] = [programs.BACKGROUND[n]() for n in wanted if n != "web"]
        if listener is not None:
            run.insert(0, programs.web(listener.fileno(), pass_fds=[writer]))
        Supervisor(
            run,
            environment=_environment() | {READY_FD: str(writer)},
            say=self._say,
            on_ready=partial(self._announce, settings.HOST, settings.PORT),
            ready_fd=reader,
        ).run()

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def _announce(self, host: str, port: int) -> None:
        here = address(host, port)
        self._say(f"Ready on {here} (Ctrl-C stops it)")
        if (secret := setup_link_renew()) is not None:
            self._say(f"Create the first administrator: {here}/setup/{secret}/")
        connections.close_all()
        if host not in {"127.0.0.1", "::1", "localhost"}:
            self._say(f"Answers to these host names only: {', '.join(settings.ALLOWED_HOSTS)}")


#: Celery warns of root because of pickle, which is not among the accepted formats.
_HUSH = "ignore:You're running the worker with superuser privileges"


def _environment() -> dict[str, str]:
    """Return what the programs run with: unbuffered, with temporary files beside the data."""
    return os.environ | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", _HUSH),
        "TMPDIR": str(settings.TEMP_DIR),
        "PYTHONPATH": os.pathsep.join([str(settings.BASE_DIR), *_given_path()]),
    }


def _given_path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
