"""Question sets as files over HTTP: out and in again, one JSON object a line."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat.services import question_files, questions
from documents.api.callers import signed_in
from documents.api.files import attachment_response
from documents.api.views import AnyAccept
from documents.errors import InvalidInput

JSONL = "application/jsonl"
_LINES = OpenApiResponse(
    OpenApiTypes.STR, description="A question a line, with its expected answer and judgements."
)


class QuestionFileSerializer(serializers.Serializer[Any]):
    """A file with questions."""

    file = serializers.FileField()


class TakenInSerializer(serializers.Serializer[Any]):
    """What was taken out of a file with questions."""

    questions = serializers.IntegerField()
    judgements = serializers.IntegerField()
    unplaced = serializers.IntegerField(
        help_text="Judgements whose document or words were not found in the collection."
    )


class QuestionFileView(APIView):
    """A set to be kept elsewhere, or brought into another."""

    content_negotiation_class = AnyAccept

    @extend_schema(operation_id="question_sets_export", responses={(200, JSONL): _LINES})
    def get(self, request: Request, set_id: int) -> HttpResponse:
        """Return the questions of a set as a file, with the judgements the caller may read."""
        user = signed_in(request)
        name, text = question_files.set_file(user, questions.set_get(user, set_id))
        return attachment_response(text, filename=name, kind=JSONL)


class QuestionImportView(APIView):
    """Questions brought into a set from a file."""

    parser_classes = [MultiPartParser]

    @extend_schema(
        operation_id="question_sets_import",
        request={"multipart/form-data": QuestionFileSerializer},
        responses=TakenInSerializer,
    )
    def post(self, request: Request, set_id: int) -> Response:
        """Add the questions of a file, all or none, with its judgements as the caller's own."""
        user = signed_in(request)
        found = questions.set_get(user, set_id, edit=True)
        files = request.FILES.getlist("file")
        if len(files) != 1:
            raise InvalidInput("Send one file, in the field named file.")
        counts = question_files.set_imported(
            user=user, question_set=found, data=files[0].read(question_files.MAX_SIZE + 1)
        )
        return Response(TakenInSerializer(counts).data)
