"""One side of a comparison, in a scratch database. Comparisons start it; it is not for people."""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from chat.services.scratch import PREFIX, carry_out
from documents.errors import ProductError


class Command(BaseCommand):
    help = "Measures one way to search for a comparison. Reads its order from standard input."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Carry out the order in the first line of the input; end when the input does."""
        del args, options
        if not Path(settings.DATABASE_PATH).parent.name.startswith(PREFIX):
            raise CommandError("This works in a scratch database only.", returncode=2)
        line = sys.stdin.readline()
        if not line:
            raise CommandError("There is no order.", returncode=2)
        threading.Thread(target=_end_with_parent, daemon=True).start()
        try:
            call_command("migrate", verbosity=0, interactive=False)
            carry_out(json.loads(line), self._say)
        except ProductError as error:
            self._say({"error": error.message})

    def _say(self, said: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(said))
        self.stdout.flush()


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)
