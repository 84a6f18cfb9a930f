"""Runs the product, or parts of it, until it is told to stop."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from ragsite.accounts.services import setup_link_renew
from ragsite.ops import programs
from ragsite.ops.gunicorn_conf import READY_FD
from ragsite.ops.listen import CannotListen, address, listen
from ragsite.ops.prepare import NotReady, hold, prepare
from ragsite.ops.supervise import Supervisor

PARTS = ("web", *programs.BACKGROUND)
_LOCAL = frozenset({"127.0.0.1", "::1", "localhost"})
#: Celery warns of root because of pickle, which is not among the accepted formats.
_HUSH = "ignore:You're running the worker with superuser privileges"


class Command(BaseCommand):
    help = "Runs web, worker and beat (or the named ones) until Ctrl-C."
    requires_system_checks: list[str] = []  # `check --deploy` is for script/lint, not for a start

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}")
        parser.add_argument("--migrate", action="store_true", help="bring the database up to date")

    def handle(self, *, parts: list[str], migrate: bool, **_options: Any) -> None:
        if unknown := set(parts) - set(PARTS):
            raise CommandError(f"{', '.join(sorted(unknown))}: not one of {', '.join(PARTS)}.")
        wanted = set(parts or PARTS)
        with ExitStack() as resources:
            try:
                supervisor = self._prepare(wanted, resources, migrate=migrate)
            except (CannotListen, NotReady) as error:
                raise CommandError(str(error)) from None
            supervisor.run()

    def _prepare(self, wanted: set[str], resources: ExitStack, *, migrate: bool) -> Supervisor:
        # A restore and a change of the key want the data for themselves.
        resources.enter_context(hold(settings.DATA_DIR / "serving.lock", shared=True))
        run = programs.background(wanted)
        reader, writer = os.pipe()
        if "web" in wanted:
            listener = resources.enter_context(listen(settings.HOST, settings.PORT))
            run.insert(0, programs.web(listener.fileno(), pass_fds=[writer]))
        if "beat" in wanted:  # two clocks would start everything twice
            resources.enter_context(hold(settings.DATA_DIR / "schedule.lock"))
        prepare(migrate=migrate)
        return Supervisor(
            run,
            environment=_environment() | {READY_FD: str(writer)},
            say=self._say,
            on_ready=self._announce,
            ready_fd=reader,
        )

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def _announce(self) -> None:
        here = address(settings.HOST, settings.PORT)
        lines = [f"Ready on {here} (Ctrl-C stops it)"]
        if settings.HOST not in _LOCAL:
            lines.append(f"Answers to these host names only: {', '.join(settings.ALLOWED_HOSTS)}")
        try:
            if (secret := setup_link_renew()) is not None:
                lines.append(f"Create the first administrator: {here}/setup/{secret}/")
        except DatabaseError as error:
            lines.append(f"The link for the first administrator could not be made: {error}")
        finally:
            connections.close_all()
        self._say("\n".join(lines))


def _environment() -> dict[str, str]:
    """Return what the programs run with: unbuffered, with temporary files beside the data."""
    path = [str(settings.BASE_DIR), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {
        "PYTHONUNBUFFERED": "1",
        "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", _HUSH),
        "PYTHONPATH": os.pathsep.join(path),
        "TMPDIR": str(settings.TEMP_DIR),
        # glibc gives threads pools of their own, up to eight for each core, and what one request
        # frees in one of them the next cannot use: a web process grew from 167 to 245 MB in 1,200
        # requests and on. With two it stayed at 212 MB, no slower, through 2,200.
        "MALLOC_ARENA_MAX": os.environ.get("MALLOC_ARENA_MAX", "2"),
    }
