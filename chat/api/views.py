"""Conversations and feedback over HTTP. The question itself has a door of its own, ``ask``."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat.api.serializers import (
    AnswerSerializer,
    ConversationDetailSerializer,
    ConversationSerializer,
    FeedbackSerializer,
)
from chat.models import Conversation
from chat.selectors import answer_of, answers_of, conversation_get, conversation_list, message_get
from chat.services.conversations import conversation_delete, feedback_set
from documents.api.callers import signed_in


class ConversationListView(GenericAPIView[Conversation]):
    """The caller's conversations."""

    serializer_class = ConversationSerializer

    @extend_schema(operation_id="conversations_list", responses=ConversationSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List conversations, the latest first."""
        page = self.paginate_queryset(conversation_list(signed_in(request)))
        return self.get_paginated_response(ConversationSerializer(page, many=True).data)


class ConversationView(APIView):
    """One conversation."""

    @extend_schema(operation_id="conversations_get", responses=ConversationDetailSerializer)
    def get(self, request: Request, conversation_id: str) -> Response:
        """Show a conversation with its answers, as the caller may read them now."""
        conversation = conversation_get(signed_in(request), conversation_id)
        body = ConversationSerializer(conversation).data
        messages = answers_of(conversation.messages.all(), signed_in(request))
        return Response(body | {"messages": messages})

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
        return Response(answer_of(message_get(signed_in(request), message_id), signed_in(request)))


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
