"""Where a command looks: one document, and when."""

from __future__ import annotations

import uuid
from argparse import ArgumentParser

from documents.querysets import Caller
from documents.selectors import document_get


def add_scope_arguments(parser: ArgumentParser) -> None:
    """Declare ``--document`` and ``--as-of``."""
    parser.add_argument("--document", default="", metavar="ID", help="one document, by its id")
    parser.add_argument(
        "--as-of",
        default="",
        metavar="WHEN",
        help="the library as it was: a date, a date with a time, or a version with --document",
    )


def document_named(user: Caller, document_id: str) -> uuid.UUID:
    """Return the id of a visible document. Raises ``NotFound``."""
    found: uuid.UUID = document_get(user, document_id).pk
    return found
