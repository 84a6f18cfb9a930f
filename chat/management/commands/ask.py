"""What the chat of the API gives, on the command line."""

from __future__ import annotations

import asyncio
import json
import sys
from argparse import ArgumentParser
from contextlib import aclosing
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from chat.models import Message
from chat.selectors import answer_of
from chat.services.answering import answer_events
from chat.services.asking import question_ask
from chat.types import DeltaEvent
from documents.errors import ProductError
from documents.management.scope import add_scope_arguments, document_named
from documents.management.users import add_user_argument, user_named
from documents.search.scope import Within, as_of_read
from documents.services.collections import collection_get


class Command(BaseCommand):
    help = "Asks a question of the documents that a user may read."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("question")
        parser.add_argument("--collection", action="append", default=[], metavar="SLUG")
        parser.add_argument("--json", action="store_true")
        add_scope_arguments(parser)
        add_user_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, stream the answer to a terminal, and print its sources."""
        del args
        user = user_named(options["user"])
        try:
            message = question_ask(
                user=user,
                question=options["question"],
                within=Within(
                    [collection_get(user, slug).pk for slug in options["collection"]],
                    [document_named(user, options["document"])] if options["document"] else (),
                    as_of_read(options["as_of"]),
                ),
            )
        except ProductError as error:
            raise CommandError(error.message) from None
        streams = sys.stdout.isatty() and not options["json"]
        async_to_sync(self._run)(message, user, streams=streams)
        message.refresh_from_db()
        self._print(message, answer_of(message, user), options["json"], streams=streams)
        if message.state == Message.State.FAILED:
            sys.exit(1)

    async def _run(self, message: Message, user: Any, *, streams: bool) -> None:
        async with aclosing(answer_events(message, user)) as events:
            async for event in events:
                if streams and isinstance(event, DeltaEvent):
                    self.stdout.write(event.text, ending="")
                    self.stdout.flush()
                await asyncio.sleep(0)

    def _print(
        self,
        message: Message,
        answer: dict[str, Any],
        as_json: bool,  # straight from the options
        *,
        streams: bool,
    ) -> None:
        if as_json:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
            return
        self.stdout.write("" if streams and not message.refused else answer["answer"])
        if message.error_message:
            self.stderr.write(message.error_message)
        for citation in answer["citations"]:
            page = f", {citation['page_kind']} {citation['page']}" if citation["page"] else ""
            self.stdout.write(
                f"[{citation['n']}] {citation['title']}, version {citation['version']}{page}"
            )
        if answer["confidence_label"]:
            sure = round(100 * answer["confidence"])
            self.stdout.write(f"Confidence: {answer['confidence_label']} ({sure} %)")
        if answer["near"]:
            self.stdout.write("Not an answer, but near:")
        for near in answer["near"]:
            page = f", {near['page_kind']} {near['page']}" if near["page"] else ""
            self.stdout.write(f"- {near['title']}{page}: {near['text']}")
