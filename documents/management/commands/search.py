"""What the search of the API gives, on the command line."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from documents.api.serializers import SearchResultSerializer
from documents.errors import ProductError
from documents.management.scope import add_scope_arguments, document_named
from documents.management.users import add_user_argument, user_named
from documents.search.hybrid import SearchResult, search
from documents.search.scope import Within, as_of_read
from documents.services.collections import collection_get
from documents.types import Mode, SearchTrace


class Command(BaseCommand):
    help = "Searches the documents that a user may read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("query")
        parser.add_argument("--mode", choices=[mode.value for mode in Mode], default=Mode.HYBRID)
        parser.add_argument("--limit", type=int, default=10)
        parser.add_argument("--collection", default="", metavar="SLUG")
        parser.add_argument("--json", action="store_true")
        parser.add_argument(
            "--explain", action="store_true", help="Tell how the results came about."
        )
        add_scope_arguments(parser)
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
                explain=options["explain"],
                within=Within(
                    [collection_get(user, named).pk] if named else (),
                    [document_named(user, options["document"])] if options["document"] else (),
                    as_of_read(options["as_of"]),
                ),
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
            page = f", {hit.page_kind} {hit.page}" if hit.page else ""
            heading = f", {hit.heading}" if hit.heading else ""
            now = f" (now {hit.current_version})" if hit.version != hit.current_version else ""
            place = f"{hit.document_title}, version {hit.version}{now}{page}{heading}"
            self.stdout.write(f"{number:2}. {hit.relevance:.2f}  {place}")
            self.stdout.write("    " + " ".join(hit.text.split())[:300])
        self.stdout.write(f"{len(result.hits)} passages in {result.took_ms:.0f} ms.")
        if result.trace is not None:
            self._print_trace(result.trace)

    def _print_trace(self, trace: SearchTrace) -> None:
        share = f"{trace.dense_weight:.2f}"
        self.stdout.write(f"\nLooked for: {', '.join(trace.terms) or 'no words'}")
        self.stdout.write(f"By words {trace.keyword}, by meaning {trace.semantic} (share {share})")
        for title in trace.scoped_to:
            self.stdout.write(f"The query names: {title}")
        if trace.reranker:
            self.stdout.write(f"Second ranking: {trace.reranker}")
        times = ", ".join(f"{step} {took:.1f} ms" for step, took in trace.timings.items())
        self.stdout.write(f"Times: {times}")
        self.stdout.write(f"{'':4}{'words':>13}{'meaning':>12}{'fused':>8}{'ranked':>8}  passage")
        for number, item in enumerate(trace.candidates, start=1):
            words = _place(item.keyword_rank, item.keyword)
            meaning = _place(item.semantic_rank, item.semantic)
            line = f"{number:3}.{words:>13}{meaning:>12}{item.fused:8.3f}{item.ranked:8.3f}"
            place = f"{item.title} {item.start}-{item.end} ({item.outcome.value})"
            self.stdout.write(f"{line}  {place}")


def _place(rank: int | None, score: float | None) -> str:
    """Return where a channel put a passage, with its score."""
    return "-" if rank is None or score is None else f"{rank}: {score:.2f}"
