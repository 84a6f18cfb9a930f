"""Question sets, their questions and judgements over HTTP."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Prefetch
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat.api.quality_serializers import (
    JudgementCreateSerializer,
    JudgementSerializer,
    QuestionSetChangeSerializer,
    QuestionSetCreateSerializer,
    QuestionSetSerializer,
    SavedQuestionChangeSerializer,
    SavedQuestionCreateSerializer,
    SavedQuestionSerializer,
)
from chat.models import Judgement, QuestionSet, SavedQuestion
from chat.selectors import message_get
from chat.services import questions
from documents.api.callers import signed_in
from documents.selectors import document_get
from documents.services.collections import collection_get


def _sets(request: Request) -> Any:
    visible = QuestionSet.objects.visible_to(signed_in(request)).select_related("collection")
    return visible.annotate(question_count=Count("questions", distinct=True)).order_by(
        "collection__name", "name", "id"
    )


def _questions(request: Request) -> Any:
    judgements = Judgement.objects.visible_to(signed_in(request)).select_related("by")
    visible = SavedQuestion.objects.visible_to(signed_in(request))
    return visible.prefetch_related(Prefetch("judgements", queryset=judgements)).order_by("id")


class QuestionSetListView(GenericAPIView[QuestionSet]):
    """The question sets the caller may read."""

    serializer_class = QuestionSetSerializer

    @extend_schema(
        operation_id="question_sets_list",
        parameters=[OpenApiParameter("collection", str, description="Id or slug.")],
        responses=QuestionSetSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List the question sets of the caller's collections."""
        rows, named = _sets(request), request.query_params.get("collection")
        if named:
            rows = rows.filter(collection=collection_get(signed_in(request), named))
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(QuestionSetSerializer(page, many=True).data)

    @extend_schema(
        operation_id="question_sets_create",
        request=QuestionSetCreateSerializer,
        responses={201: QuestionSetSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a set in a collection that the caller may change."""
        given = QuestionSetCreateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user = signed_in(request)
        collection = collection_get(user, given.validated_data["collection"], edit=True)
        made = questions.set_create(
            user=user, collection=collection, name=given.validated_data["name"]
        )
        body = QuestionSetSerializer(_sets(request).get(pk=made.pk)).data
        return Response(body, status=status.HTTP_201_CREATED)


class QuestionSetView(APIView):
    """One question set."""

    @extend_schema(operation_id="question_sets_get", responses=QuestionSetSerializer)
    def get(self, request: Request, set_id: int) -> Response:
        """Show a set."""
        found = questions.set_get(signed_in(request), set_id)
        return Response(QuestionSetSerializer(_sets(request).get(pk=found.pk)).data)

    @extend_schema(
        operation_id="question_sets_change",
        request=QuestionSetChangeSerializer,
        responses=QuestionSetSerializer,
    )
    def patch(self, request: Request, set_id: int) -> Response:
        """Rename a set."""
        found = questions.set_get(signed_in(request), set_id, edit=True)
        given = QuestionSetChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        questions.set_rename(user=signed_in(request), question_set=found, **given.validated_data)
        return Response(QuestionSetSerializer(_sets(request).get(pk=found.pk)).data)

    @extend_schema(operation_id="question_sets_delete", responses={204: None})
    def delete(self, request: Request, set_id: int) -> Response:
        """Delete a set with its questions, judgements and comparisons."""
        found = questions.set_get(signed_in(request), set_id, edit=True)
        questions.set_delete(user=signed_in(request), question_set=found)
        return Response(status=status.HTTP_204_NO_CONTENT)


class SavedQuestionListView(GenericAPIView[SavedQuestion]):
    """The questions of a set."""

    serializer_class = SavedQuestionSerializer

    @extend_schema(
        operation_id="saved_questions_list", responses=SavedQuestionSerializer(many=True)
    )
    def get(self, request: Request, set_id: int) -> Response:
        """List the questions of a set with their judgements."""
        found = questions.set_get(signed_in(request), set_id)
        page = self.paginate_queryset(_questions(request).filter(question_set=found))
        return self.get_paginated_response(SavedQuestionSerializer(page, many=True).data)

    @extend_schema(
        operation_id="saved_questions_create",
        request=SavedQuestionCreateSerializer,
        responses={201: SavedQuestionSerializer},
    )
    def post(self, request: Request, set_id: int) -> Response:
        """Put a question into a set; one that is there already is returned."""
        user = signed_in(request)
        found = questions.set_get(user, set_id, edit=True)
        given = SavedQuestionCreateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        saved = questions.question_save(
            user=user,
            question_set=found,
            text=data["question"],
            expected=data["expected"],
            message=message_get(user, data["message_id"]) if data["message_id"] else None,
        )
        body = SavedQuestionSerializer(_questions(request).get(pk=saved.pk)).data
        return Response(body, status=status.HTTP_201_CREATED)


class SavedQuestionView(APIView):
    """One saved question."""

    @extend_schema(operation_id="saved_questions_get", responses=SavedQuestionSerializer)
    def get(self, request: Request, question_id: int) -> Response:
        """Show a saved question with its judgements."""
        found = questions.question_get(signed_in(request), question_id)
        return Response(SavedQuestionSerializer(_questions(request).get(pk=found.pk)).data)

    @extend_schema(
        operation_id="saved_questions_change",
        request=SavedQuestionChangeSerializer,
        responses=SavedQuestionSerializer,
    )
    def patch(self, request: Request, question_id: int) -> Response:
        """Note what a right answer says."""
        found = questions.question_get(signed_in(request), question_id, edit=True)
        given = SavedQuestionChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        questions.question_expect(user=signed_in(request), question=found, **given.validated_data)
        return Response(SavedQuestionSerializer(_questions(request).get(pk=found.pk)).data)

    @extend_schema(operation_id="saved_questions_delete", responses={204: None})
    def delete(self, request: Request, question_id: int) -> Response:
        """Take a question out of its set."""
        found = questions.question_get(signed_in(request), question_id, edit=True)
        questions.question_remove(user=signed_in(request), question=found)
        return Response(status=status.HTTP_204_NO_CONTENT)


class JudgementListView(GenericAPIView[Judgement]):
    """What people say of the passages for a question."""

    serializer_class = JudgementSerializer

    @extend_schema(operation_id="judgements_list", responses=JudgementSerializer(many=True))
    def get(self, request: Request, question_id: int) -> Response:
        """List the judgements of a question."""
        found = questions.question_get(signed_in(request), question_id)
        rows = Judgement.objects.visible_to(signed_in(request)).filter(question=found)
        page = self.paginate_queryset(rows.select_related("by").order_by("id"))
        return self.get_paginated_response(JudgementSerializer(page, many=True).data)

    @extend_schema(
        operation_id="judgements_set",
        request=JudgementCreateSerializer,
        responses={201: JudgementSerializer},
    )
    def post(self, request: Request, question_id: int) -> Response:
        """Say of a passage that it answers the question, or not; again replaces it."""
        user = signed_in(request)
        found = questions.question_get(user, question_id)
        given = JudgementCreateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        passage = questions.passage_find(document_get(user, data["document_id"]), data["quote"])
        made = questions.judgement_set(
            user=user, question=found, passage=passage, grade=data["grade"]
        )
        return Response(JudgementSerializer(made).data, status=status.HTTP_201_CREATED)


class JudgementView(APIView):
    """One judgement."""

    @extend_schema(operation_id="judgements_delete", responses={204: None})
    def delete(self, request: Request, judgement_id: int) -> Response:
        """Take back a judgement of one's own; editors may remove anybody's."""
        found = questions.judgement_get(signed_in(request), judgement_id)
        questions.judgement_remove(user=signed_in(request), judgement=found)
        return Response(status=status.HTTP_204_NO_CONTENT)
