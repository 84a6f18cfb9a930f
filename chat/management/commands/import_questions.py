"""Questions brought into a saved set, which ``evaluate`` then asks."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from chat.models import QuestionSet
from chat.services.question_files import MAX_SIZE, lines_read, set_imported
from chat.services.questions import set_create, set_get
from documents.errors import InvalidInput, ProductError
from documents.management.users import add_user_argument, user_named
from documents.services.collections import collection_get


class Command(BaseCommand):
    help = (
        "Adds the questions of a file to a saved set, one JSON object a line: "
        '{"question", "expected"?, "judgements"?: [{"document", "quote"?, "grade"?}]}. '
        "A set that is not there yet is made. `evaluate COLLECTION/NAME` asks them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("set", metavar="SET", help="COLLECTION/NAME, or the id of a set.")
        parser.add_argument("file", metavar="FILE", type=Path)
        add_user_argument(parser)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        """Take the file in and say how much of it was."""
        del args
        user = user_named(options["user"])
        try:
            data = _read(options["file"])
            found = _set_named(user, options["set"])
            counts = set_imported(user=user, question_set=found, data=data)
        except ProductError as error:
            raise CommandError(error.message, returncode=2) from None
        if options["json"]:
            self.stdout.write(json.dumps({"set": found.pk} | counts))
            return
        self.stdout.write(
            f"{found.name}: {counts['questions']} questions and {counts['judgements']} judgements"
            f" taken in; {counts['unplaced']} judgements name what is not there."
        )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_SIZE + 1)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from error
    lines_read(data)  # before a set is made for it
    return data


def _set_named(user: User, name: str) -> QuestionSet:
    """Return the set, made where the collection has none of that name. Raises ``NotFound``."""
    if name.isascii() and name.isdigit() and len(name) < 18:
        return set_get(user, int(name), edit=True)
    slug, _, title = name.partition("/")
    collection = collection_get(user, slug, edit=True)
    rows = QuestionSet.objects.visible_to(user).select_related("collection")
    found: QuestionSet | None = rows.filter(collection=collection, name=title).first()
    return found or set_create(user=user, collection=collection, name=title)
