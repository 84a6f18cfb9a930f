"""Conversations and feedback over HTTP. The question itself has a door of its own, ``ask``."""

from __future__ import annotations

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat.api.exports import conversation_body
from chat.api.serializers import (
    AnswerSerializer,
    ConversationChangeSerializer,
    ConversationDetailSerializer,
    ConversationFilterSerializer,
    ConversationHeadSerializer,
    ConversationSerializer,
    ConversationViewSerializer,
    FeedbackSerializer,
)
from chat.models import Conversation
from chat.search.conversations import conversations_matching
from chat.selectors import (
    answer_of,
    conversation_get,
    conversation_read,
    conversations_readable,
    message_get,
    message_read,
)
from chat.services.conversations import (
    conversation_change,
    conversation_delete,
    feedback_set,
)
from documents.api.callers import signed_in
from documents.api.conditions import IF_MATCH, require_match


class ConversationListView(GenericAPIView[Conversation]):
    """The conversations that the caller may read."""

    serializer_class = ConversationSerializer

    @extend_schema(
        operation_id="conversations_list",
        parameters=[ConversationFilterSerializer],
        responses=ConversationSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List conversations, the latest first; with ``search``, where each holds the words."""
        given = ConversationFilterSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        search, shared = given.validated_data["search"], given.validated_data["shared"]
        user = signed_in(request)
        matches = conversations_matching(user, search, shared=shared) if search.strip() else None
        rows = conversations_readable(user, shared=shared) if matches is None else list(matches)
        page = self.paginate_queryset(rows)
        found = {row.pk: match for row, match in (matches or {}).items()}
        body = ConversationSerializer(page, many=True, context={"user": user, "matches": found})
        return self.get_paginated_response(body.data)


class ConversationView(APIView):
    """One conversation."""

    @extend_schema(
        operation_id="conversations_get",
        parameters=[ConversationViewSerializer],
        responses=ConversationDetailSerializer,
    )
    def get(self, request: Request, conversation_id: str) -> Response:
        """Show a conversation with its answers, as the caller may read them now."""
        conversation = conversation_read(signed_in(request), conversation_id)
        given = ConversationViewSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        wants_all = given.validated_data["all"]
        return Response(conversation_body(conversation, signed_in(request), replaced=wants_all))

    @extend_schema(
        operation_id="conversations_change",
        parameters=[IF_MATCH],
        request=ConversationChangeSerializer,
        responses=ConversationHeadSerializer,
    )
    def patch(self, request: Request, conversation_id: str) -> Response:
        """Rename a conversation of the caller's, or share it with a collection's members."""
        user = signed_in(request)
        conversation = conversation_get(user, conversation_id)
        given = ConversationChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        with transaction.atomic():
            require_match(
                request, lambda: conversation_body(conversation_get(user, conversation_id), user)
            )
            changed = conversation_change(
                user=user, conversation=conversation, **given.validated_data
            )
        return Response(ConversationHeadSerializer(changed, context={"user": user}).data)

    @extend_schema(operation_id="conversations_delete", responses={204: None})
    def delete(self, request: Request, conversation_id: str) -> Response:
        """Delete a conversation."""
        conversation = conversation_get(signed_in(request), conversation_id)
        conversation_delete(user=signed_in(request), conversation=conversation)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MessageView(APIView):
    """One answer."""

    @extend_schema(operation_id="messages_get", responses=AnswerSerializer)
    def get(self, request: Request, message_id: str) -> Response:
        """Show an answer, as the caller may read it now."""
        return Response(answer_of(message_read(signed_in(request), message_id), signed_in(request)))


class FeedbackView(APIView):
    """A rating of an answer."""

    @extend_schema(
        operation_id="messages_feedback", request=FeedbackSerializer, responses=FeedbackSerializer
    )
    def post(self, request: Request, message_id: str) -> Response:
        """Rate one of the caller's answers; again replaces the first rating."""
        message = message_get(signed_in(request), message_id)
        given = FeedbackSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        feedback = feedback_set(user=signed_in(request), message=message, **given.validated_data)
        return Response({"rating": feedback.rating, "comment": feedback.comment})
