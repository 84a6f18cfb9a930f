"""What is kept of an answer, and what the same request is given later.

An answer may not outlive the right to read it. Of a question the message is kept, and read
anew as it may be read then; of an upload the answer itself, which is given as long as
all of its documents may be seen.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpResponse, JsonResponse

from chat.selectors import answer_of, message_get
from documents.errors import NotFound
from documents.models import Document
from ragsite.idempotency.errors import AnswerGone
from ragsite.idempotency.models import KeyedRequest


def kept(response: HttpResponse) -> str:
    """Return what is kept of a successful answer."""
    body = json.loads(response.content)
    return json.dumps({"message": body["id"]}) if "question" in body else json.dumps(body)


def repeated(row: KeyedRequest, user: User) -> JsonResponse:
    """Return the answer again. Raises ``AnswerGone`` where it may not be read any more."""
    body = json.loads(row.body or "null")
    if body is None:
        raise AnswerGone
    if "message" in body:
        body = _answer(body["message"], user)
    elif not _all_visible(body, user):
        raise AnswerGone
    response = JsonResponse(body, status=row.status)
    response["Idempotency-Replayed"] = "true"
    return response


def _answer(message_id: str, user: User) -> dict[str, Any]:
    try:
        return answer_of(message_get(user, message_id), user)
    except NotFound:
        raise AnswerGone from None


def _all_visible(body: dict[str, Any], user: User) -> bool:
    shown = body.get("documents", [body])
    ids = {document["id"] for document in shown}
    return Document.objects.visible_to(user).filter(pk__in=ids).count() == len(ids)
