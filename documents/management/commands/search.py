"""What the search of the API gives, on the command line."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from documents.api.serializers import SearchResultSerializer
from documents.errors import ProductError
from documents.management.users import add_user_argument, user_named
from documents.search.hybrid import SearchResult, search
from documents.search.scope import Within
from documents.services.collections import collection_get
from documents.templatetags.display import part_name
from documents.types import Mode


class Command(BaseCommand):
    help = "Searches the documents that a user may read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("query")
        parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.HYBRID)
        parser.add_argument("--limit", type=int, default=10)
        parser.add_argument("--collection", default="", metavar="SLUG")
        parser.add_argument("--json", action="store_true")
        add_user_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Search and print."""
        del args
        if not 1 <= options["limit"] <= 100:
            raise CommandError("--limit is a number from 1 to 100.", returncode=2)
        user = user_named(options["user"])
        try:
            named = options["collection"]
            result = search(
                user,
                options["query"],
                mode=Mode(options["mode"]),
                limit=options["limit"],
                within=Within([collection_get(user, named).pk] if named else ()),
            )
        except ProductError as error:
            raise CommandError(error.message) from None
        if options["json"]:
            shown = SearchResultSerializer(result).data
            self.stdout.write(json.dumps(shown, ensure_ascii=False, default=str))
        else:
            self._print(result)

    def _print(self, result: SearchResult) -> None:
        for number, hit in enumerate(result.hits, start=1):
            page = f", {part_name(hit.media_type)} {hit.page}" if hit.page else ""
            heading = f", {hit.heading}" if hit.heading else ""
            place = f"{hit.document_title}, version {hit.version}{page}{heading}"
            self.stdout.write(f"{number:2}. {hit.relevance:.2f}  {place}")
            self.stdout.write("    " + " ".join(hit.text.split())[:300])
        self.stdout.write(f"{len(result.hits)} passages in {result.took_ms:.0f} ms.")
