"""Conversations and answers to take along: as Markdown, and in the shape of the API."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from chat.answer.export import Cover, answer_markdown, conversation_markdown
from chat.api.serializers import ConversationDetailSerializer, ConversationHeadSerializer
from chat.models import Conversation, Message
from chat.selectors import answer_of, answers_of, conversation_read
from chat.services.conversations import conversation_exported
from documents.api.callers import signed_in
from documents.api.files import attachment_response, text_response
from documents.api.views import AnyAccept

MARKDOWN = "text/markdown"


def conversation_body(
    conversation: Conversation, user: User, *, replaced: bool = False
) -> dict[str, Any]:
    """Return a conversation in the shape of the API, as the user may read it now.

    ``replaced`` adds the answers that others replaced; their asker alone gets them.
    """
    messages = conversation.messages.all()
    if not (replaced and conversation.user_id == user.pk):
        messages = messages.newest()
    body = ConversationHeadSerializer(conversation, context={"user": user}).data
    return {**body, "messages": answers_of(messages, user)}


def conversation_markdown_file(
    request: HttpRequest, conversation: Conversation, user: User
) -> HttpResponse:
    """Return a conversation as a Markdown file to be saved."""
    url = reverse("conversation", args=[conversation.pk])
    cover = Cover(
        title=conversation.title,
        owner=conversation.user.get_username(),
        url=request.build_absolute_uri(url),
        exported_at=timezone.localtime(),
        base=request.build_absolute_uri("/"),
    )
    answers = answers_of(conversation.messages.newest(), user)
    text = conversation_markdown(cover, answers)
    conversation_exported(conversation, user)
    return attachment_response(text, filename=_filename(conversation, "md"), kind=MARKDOWN)


def conversation_json_file(conversation: Conversation, user: User) -> HttpResponse:
    """Return a conversation in the shape of the API as a file to be saved."""
    text = json.dumps(conversation_body(conversation, user), indent=2, ensure_ascii=False)
    name = _filename(conversation, "json")
    conversation_exported(conversation, user)
    return attachment_response(text + "\n", filename=name, kind="application/json")


def answer_text(request: HttpRequest, message: Message, user: User) -> HttpResponse:
    """Return one answer as Markdown, to be read and copied rather than saved."""
    base = request.build_absolute_uri("/")
    return text_response(answer_markdown(answer_of(message, user), base))


def _filename(conversation: Conversation, ending: str) -> str:
    """Return a name that every system takes: plain letters, not long, never empty."""
    name = slugify(conversation.title)[:60].strip("-") or "conversation"
    return f"{name}-{conversation.updated_at:%Y-%m-%d}.{ending}"


_TEXT = OpenApiResponse(OpenApiTypes.STR, description="The conversation as Markdown.")


class MarkdownExportView(APIView):
    """A conversation to read elsewhere."""

    content_negotiation_class = AnyAccept

    @extend_schema(operation_id="conversations_markdown", responses={(200, MARKDOWN): _TEXT})
    def get(self, request: Request, conversation_id: str) -> HttpResponse:
        """Return a conversation as Markdown, with sources and quotes as the caller may read."""
        user = signed_in(request)
        found = conversation_read(user, conversation_id)
        return conversation_markdown_file(request, found, user)


class JSONExportView(APIView):
    """A conversation for programs."""

    content_negotiation_class = AnyAccept

    @extend_schema(operation_id="conversations_json", responses=ConversationDetailSerializer)
    def get(self, request: Request, conversation_id: str) -> HttpResponse:
        """Return what ``GET /api/conversations/{id}`` gives, as a file to be saved."""
        user = signed_in(request)
        found = conversation_read(user, conversation_id)
        return conversation_json_file(found, user)
