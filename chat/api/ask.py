"""The door for questions: one answer as JSON, or a stream of events.

DRF cannot stream asynchronously, so the view function is Django's own; but who
may pass and what they may send is decided by the same classes as everywhere
else in the API: ``AskView`` is what the schema shows and what checks the request.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing, suppress
from typing import Any, TypeAlias

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat.api.serializers import AnswerSerializer, QuestionSerializer
from chat.errors import (
    ModelBusy,
    ModelInterrupted,
    ModelTimeout,
    ModelUnauthorized,
    ModelUnreachable,
    PromptTooLong,
)
from chat.models import Message
from chat.selectors import answer_of, message_get, passage_url
from chat.services.answering import answer_events, in_database
from chat.services.asking import question_again, question_ask
from chat.services.pauses import with_pauses
from chat.types import DeltaEvent, DoneEvent, ErrorEvent, SourcesEvent, StreamEvent
from documents.api.callers import signed_in
from documents.api.parsers import JSONParser
from documents.api.repeats import IDEMPOTENCY_KEY
from documents.errors import InvalidInput, NotFound, ProductError, QuotaReached
from documents.search.scope import Within, as_of_read
from documents.services.collections import collection_get

Answered: TypeAlias = HttpResponse | StreamingHttpResponse

EVENT_STREAM = "text/event-stream"
PROBLEM = "application/problem+json"
#: What narrows a question; one that is asked again without any keeps where it looked.
_SCOPE = {"collections", "documents", "as_of"}
#: A comment is sent when nothing else was for so long, so that no proxy gives up, seconds.
HEARTBEAT = 15.0


class _AnyAccept(BaseContentNegotiation):
    """Takes ``text/event-stream`` as well as JSON; errors come as JSON either way."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Take the parser of the body's own type."""
        wanted = request.content_type.split(";")[0].strip()
        return next((parser for parser in parsers if parser.media_type == wanted), None)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        """Take the first renderer."""
        del request, format_suffix
        return renderers[0], renderers[0].media_type


class AnswerFailed(ProductError):
    """Carries what stopped an answer out of the stream, as an error of the API."""

    def __init__(self, event: ErrorEvent, message: Message) -> None:
        super().__init__(event.message)
        self.code = event.code  # type: ignore[misc]  # told by the event
        self.retry_after = event.retry_after
        self.status = _STATUS.get(event.code, 502)  # type: ignore[misc]
        self.extra = {
            "message_id": str(message.pk),
            "conversation_id": str(message.conversation_id),
        }


_STATUS = {
    error.code: error.status
    for error in (
        *(ModelBusy, ModelTimeout, ModelUnauthorized, ModelUnreachable, ModelInterrupted),
        *(PromptTooLong, QuotaReached),
    )
}


class AskView(APIView):
    """Answers a question from the documents the caller may read."""

    may_answer = {
        "502": "The language model answered with a fault.",
        "504": "The language model did not answer in time.",
    }

    parser_classes = [JSONParser]
    content_negotiation_class = _AnyAccept

    @extend_schema(
        operation_id="chat",
        parameters=[IDEMPOTENCY_KEY],
        request=QuestionSerializer,
        responses={
            (200, "application/json"): AnswerSerializer,
            (200, EVENT_STREAM): OpenApiResponse(
                str, description="Events: sources, delta, done (an Answer), error (a problem)."
            ),
        },
    )
    def post(self, request: Request) -> Response:
        """Ask. With stream true, or Accept: text/event-stream, the answer comes as events."""
        given = QuestionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        within = Within(
            collections=[
                collection_get(signed_in(request), key).pk for key in data.get("collections", ())
            ],
            documents=data.get("documents", ()),
            as_of=as_of_read(data.get("as_of")),
        )
        streams = data["stream"] or EVENT_STREAM in request.headers.get("Accept", "")
        if streams and IDEMPOTENCY_KEY.name in request.headers:
            raise InvalidInput(
                "A stream cannot be repeated. Ask without stream, or without an Idempotency-Key."
            )
        message = _kept(signed_in(request), data, within)
        return Response({"message": message, "stream": streams})


def _kept(user: User, data: dict[str, Any], within: Within) -> Message:
    """Keep the question: a new one, or one in the place of an earlier message."""
    if not data.get("replaces"):
        return question_ask(
            user=user,
            question=data["question"],
            conversation_id=data.get("conversation_id"),
            within=within,
        )
    named = message_get(user, data["replaces"])
    if data.get("conversation_id") not in {None, "", str(named.conversation_id)}:
        raise NotFound
    return question_again(
        user=user,
        replaces=named.pk,
        question=data.get("question"),
        within=within if _SCOPE & data.keys() else None,
    )


_checked = AskView.as_view()


@csrf_exempt  # sessions are checked by DRF's SessionAuthentication, tokens need no check
@login_not_required  # DRF decides, and answers 401
async def ask(request: HttpRequest) -> Answered:
    """Answer a question, as JSON or as a stream.

    With a key the answer is written to its end even if its reader goes: they will ask for it.
    """
    is_keyed = IDEMPOTENCY_KEY.name in request.headers
    return await (_to_the_end(_answered(request)) if is_keyed else _answered(request))


async def _to_the_end(answer: Coroutine[Any, Any, Answered]) -> Answered:
    task = asyncio.ensure_future(answer)
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.shield(task)
    return task.result()


async def _answered(request: HttpRequest) -> Answered:
    checked = await in_database(_checked)(request)
    asked = getattr(checked, "data", None)
    if checked.status_code != 200 or not isinstance(asked, dict) or "message" not in asked:
        refused: HttpResponse = checked  # the problem, rendered
        return refused
    message, user = asked["message"], signed_in(request)
    if asked["stream"]:
        return _streamed(request, message, user)
    return await _whole(request, message, user)


async def _whole(request: HttpRequest, message: Message, user: User) -> JsonResponse:
    """Run the answer to its end and return it, or what stopped it."""
    failure: ErrorEvent | None = None
    async with aclosing(answer_events(message, user)) as events:
        async for event in events:
            failure = event if isinstance(event, ErrorEvent) else failure
    if failure is not None:
        body = _problem(request, AnswerFailed(failure, message))
        wait = {} if failure.retry_after is None else {"Retry-After": str(failure.retry_after)}
        return JsonResponse(body, status=body["status"], content_type=PROBLEM, headers=wait)
    return JsonResponse(await in_database(answer_of)(message, user))


def _problem(request: HttpRequest, error: ProductError) -> dict[str, Any]:
    """Return the error in the API's one shape."""
    response = AskView().get_exception_handler()(error, {"request": Request(request)})
    return dict(response.data)


def _streamed(request: HttpRequest, message: Message, user: User) -> StreamingHttpResponse:
    response = StreamingHttpResponse(
        _events(request, message, user), content_type=f"{EVENT_STREAM}; charset=utf-8"
    )
    # Neither a cache nor a proxy may hold back or rewrite what is sent piece by piece.
    response["Cache-Control"] = "no-store, no-transform"
    response["X-Accel-Buffering"] = "no"
    return response


async def _events(
    request: HttpRequest, message: Message, user: User
) -> AsyncGenerator[bytes, None]:
    async with (
        aclosing(answer_events(message, user)) as answer,
        aclosing(with_pauses(answer, HEARTBEAT)) as events,
    ):
        async for event in events:
            if event is None:
                yield b": still here\n\n"
            else:
                name, data = await _shown(request, event, message, user)
                yield f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()


async def _shown(
    request: HttpRequest, event: StreamEvent, message: Message, user: User
) -> tuple[str, dict[str, Any]]:
    """Return the name and the data of an event."""
    if isinstance(event, SourcesEvent):
        return "sources", _sources(event, message)
    if isinstance(event, DeltaEvent):
        return "delta", {"text": event.text}
    if isinstance(event, DoneEvent):
        return "done", await in_database(answer_of)(message, user)
    return "error", _problem(request, AnswerFailed(event, message))


def _sources(event: SourcesEvent, message: Message) -> dict[str, Any]:
    """Return the passages the answer is made from, best first."""
    return {
        "message_id": str(message.pk),
        "conversation_id": str(message.conversation_id),
        "sources": [
            {
                "n": passage.n,
                "document_id": passage.document_id,
                "title": passage.title,
                "version": passage.version,
                "page": passage.page,
                "page_kind": passage.page_kind,
                "heading": passage.heading,
                "text": passage.text,
                "start": passage.start,
                "end": passage.end,
                "relevance": round(passage.relevance, 4),
                "url": passage_url(
                    passage.document_id, passage.version, passage.start, passage.end
                ),
            }
            for passage in event.passages
        ],
    }


# What drf-spectacular reads of a view: the schema shows this function as ``AskView``.
ask.cls = AskView  # type: ignore[attr-defined]
ask.initkwargs = {}  # type: ignore[attr-defined]
