"""People, a collection they share, its documents, tokens and sessions."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User

from documents.models import Collection, DocumentVersion, Membership
from documents.services.collections import collection_create
from documents.services.documents import document_upload
from documents.types import Role, Status
from ragsite.accounts.services import token_create
from ragsite.accounts.sessions import SessionStore
from tests.load.fixture import Fixture, Person, file, question

#: For all documents together, on a slow machine.
SECONDS = 900.0


class NotRead(Exception):
    """Documents were not read, or not in time. The message says how many."""


def fill(*, people: int, documents: int, seconds: float = SECONDS) -> Fixture:
    """Make everything and wait until a worker has read it. Raises ``NotRead``."""
    users = [User.objects.create_user(username=f"load-{number}") for number in range(people)]
    collection = collection_create(user=users[0], name="Notices of the ferries")
    for user in users[1:]:
        Membership.objects.create(collection=collection, user=user, role=Role.VIEWER)
    ids = [uploaded(users[0], collection, number) for number in range(documents)]
    wait_until_read(ids, seconds)
    questions = [question(number) for number in range(documents)]
    return Fixture([person(user) for user in users], ids, questions)


def person(user: User) -> Person:
    """Return a token and a session. Nobody signs in: hashing passwords is not what is measured."""
    _, token = token_create(user=user, name="load", scope="write", days=1)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return Person(token, str(session.session_key))


def uploaded(user: User, collection: Collection, number: int) -> str:
    """Upload document ``number``, every fourth as PDF and every fourth as DOCX; return its id."""
    name, data = file(number)
    found: Any = document_upload(user=user, data=data, filename=name, collection=collection)
    return str(found.document.pk)


def wait_until_read(ids: Sequence[str], seconds: float) -> None:
    """Wait until each is ready. Raises ``NotRead`` for failures, and when time is up."""
    end = time.monotonic() + seconds
    versions = DocumentVersion.objects.filter(document_id__in=ids)
    while (ready := versions.filter(status=Status.READY).count()) < len(ids):
        failed = versions.filter(status=Status.FAILED).count()
        if failed or time.monotonic() > end:
            raise NotRead(f"{ready} of {len(ids)} documents were read, {failed} failed.")
        time.sleep(0.2)
