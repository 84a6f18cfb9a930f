"""What an installation shows to the people of a volume, over the API."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from chat.models import Message
from documents.models import Collection
from ragsite.quotas.models import QuotaOverride
from tests.golden.filling import SEARCHES
from tests.golden.place import PASSWORD
from tests.golden.volume import own_faults


def state(tokens: dict[str, str]) -> dict[str, Any]:
    """Return all that has to be found again, by kind."""
    readers = {name: Client(headers={"Authorization": token}) for name, token in tokens.items()}
    return {
        "tokens": tokens,
        "people": _people(),
        "members": _members(),
        "quotas": list(QuotaOverride.objects.values_list("user__username", "files_a_day")),
        "documents": {name: _documents(client) for name, client in readers.items()},
        "searches": {words: _best(readers["henrike"], words) for words in SEARCHES},
        "answers": _answers(readers),
        "ratings": list(Message.objects.exclude(feedback=None).values_list("feedback__rating")),
        "faults": own_faults(),
    }


def _people() -> dict[str, Any]:
    """Return of each person whether they are active and the password is theirs."""
    return {
        user.username: [user.is_active, user.check_password(PASSWORD), user.email]
        for user in User.objects.order_by("username")
    }


def _members() -> dict[str, Any]:
    return {
        row.slug: [row.name, sorted(row.memberships.values_list("user__username", "role"))]
        for row in Collection.objects.order_by("slug")
    }


def _documents(reader: Client) -> Any:
    """Return each document with all of its versions, or the status that stands against it."""
    response = reader.get("/api/documents?page_size=100")
    if response.status_code != 200:
        return response.status_code
    rows = sorted(response.json()["results"], key=lambda row: str(row["id"]))
    return {
        row["id"]: {
            "title": row["title"],
            "status": row["status"],
            "versions": [_version(reader, row["id"], n + 1) for n in range(row["versions"])],
        }
        for row in rows
    }


def _version(reader: Client, document: str, number: int) -> list[Any]:
    """Return status, file name and digests of text and original."""
    path = f"/api/documents/{document}/versions/{number}"
    shown = reader.get(path).json()
    text, file = reader.get(f"{path}/content"), reader.get(f"{path}/download")
    digests = [
        hashlib.sha256(each.content).hexdigest() if each.status_code == 200 else each.status_code
        for each in (text, file)
    ]
    return [shown["status"], shown["filename"], *digests]


def _best(reader: Client, words: str) -> list[Any]:
    hit = reader.get("/api/search", {"q": words}).json()["results"][0]
    return [hit["document"]["id"], hit["version"], hit["page"]]


def _answers(readers: dict[str, Client]) -> dict[str, Any]:
    """Return each answer with its citations as its owner reads them, and proves them."""
    rows = Message.objects.order_by("place", "id").values_list("pk", "conversation__user__username")
    return {str(pk): _answer(readers[owner], str(pk)) for pk, owner in rows}


def _answer(reader: Client, message: str) -> dict[str, Any]:
    shown = reader.get(f"/api/messages/{message}").json()
    cited = [
        [each["document_id"], each["version"], each["start"], each["end"], each["quote"]]
        for each in shown["citations"]
    ]
    return {
        **{name: shown[name] for name in ("question", "answer", "refused", "state")},
        "citations": cited,
        "proved": [_is_proved(reader, *each) for each in cited],
    }


def _is_proved(
    reader: Client, document: str, version: int, start: int, end: int, quote: str
) -> bool:
    """Whether ``content[start:end] == quote``."""
    content = reader.get(f"/api/documents/{document}/versions/{version}/content").content.decode()
    return content[start:end] == quote
