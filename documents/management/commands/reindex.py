"""Everything embedded again with another model, while searches go on."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from documents.errors import ProductError
from documents.ingest.reindex import reindex


class Command(BaseCommand):
    help = "Embeds everything again and switches when complete; searches go on meanwhile."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("--model", default="", help="Default: EMBEDDING_MODEL.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill and switch."""
        del args
        with tqdm(unit="chunk", disable=not sys.stderr.isatty(), file=sys.stderr) as bar:

            def show(done: int, total: int) -> None:
                bar.total = total
                bar.update(done - bar.n)

            try:
                changed = reindex(options["model"], show)
            except ProductError as error:
                raise CommandError(error.message) from None
        self.stdout.write("Switched to the new model." if changed else "Nothing to do.")
