"""Usage over HTTP, for administrators: as JSON, and each list as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from analytics.api_metrics import ADMINISTRATORS
from analytics.usage import usage

#: The lists that can be had as a table.
LISTS = (
    "by_day",
    "popular_questions",
    "unanswered_questions",
    "documents_by_citations",
    "documents_by_access",
    "users",
    "activity",
)
#: What a spreadsheet would take for a formula when a cell begins with it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class DaysSerializer(serializers.Serializer[Any]):
    """How far to look back."""

    days = serializers.IntegerField(min_value=1, max_value=366, default=7)


class ListSerializer(DaysSerializer):
    """Which list, and how far to look back."""

    list = serializers.ChoiceField(choices=LISTS)


class DaySerializer(serializers.Serializer[Any]):
    """What happened on one day."""

    day = serializers.DateField()
    questions = serializers.IntegerField()
    refusals = serializers.IntegerField()
    users = serializers.IntegerField()
    uploads = serializers.IntegerField()
    uploaded_bytes = serializers.IntegerField()
    uploads_failed = serializers.IntegerField()


class GroupSerializer(serializers.Serializer[Any]):
    """Questions that are alike, called by the latest of them."""

    question = serializers.CharField()
    count = serializers.IntegerField()
    unsolved = serializers.IntegerField(help_text="How many were refused or disliked.")
    mean_confidence = serializers.FloatField()


class CitedDocumentSerializer(serializers.Serializer[Any]):
    """A document and how often answers rest on it."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    citations = serializers.IntegerField()
    answers = serializers.IntegerField()


class AccessedDocumentSerializer(serializers.Serializer[Any]):
    """A document and how often it was looked at: what it is, its text or pages, its file."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    viewed = serializers.IntegerField()
    opened = serializers.IntegerField()
    downloaded = serializers.IntegerField()
    readers = serializers.IntegerField()
    citations = serializers.IntegerField()


class ActivitySerializer(serializers.Serializer[Any]):
    """What somebody did on a day."""

    day = serializers.DateField()
    username = serializers.CharField()
    questions = serializers.IntegerField()
    opened = serializers.IntegerField()
    uploads = serializers.IntegerField()


class ActiveUserSerializer(serializers.Serializer[Any]):
    """Somebody who asked."""

    username = serializers.CharField()
    questions = serializers.IntegerField()
    last = serializers.DateTimeField()


class UsageSerializer(serializers.Serializer[Any]):
    """How the library is used."""

    days = serializers.IntegerField()
    totals = serializers.DictField()
    by_day = DaySerializer(many=True)
    popular_questions = GroupSerializer(many=True)
    unanswered_questions = GroupSerializer(many=True)
    documents_by_citations = CitedDocumentSerializer(many=True)
    documents_by_access = AccessedDocumentSerializer(many=True)
    documents_never_cited = serializers.DictField()
    documents_unused = serializers.DictField()
    users = ActiveUserSerializer(many=True)
    activity = ActivitySerializer(many=True)
    feedback = serializers.DictField()


class UsageView(APIView):
    """What is asked, what stays unanswered, and which documents carry answers."""

    permission_classes = ADMINISTRATORS

    @extend_schema(operation_id="analytics", parameters=[DaysSerializer], responses=UsageSerializer)
    def get(self, request: Request) -> Response:
        """Tell how the library was used. Administrators only."""
        asked = DaysSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        return Response(UsageSerializer(usage(asked.validated_data["days"])).data)


class UsageTableView(APIView):
    """One of the lists as CSV."""

    permission_classes = ADMINISTRATORS

    @extend_schema(
        operation_id="analytics_csv",
        parameters=[ListSerializer],
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> HttpResponse:
        """Give a list as a table for a spreadsheet. Administrators only."""
        asked = ListSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        name = asked.validated_data["list"]
        rows = UsageSerializer(usage(asked.validated_data["days"])).data[name]
        response = HttpResponse(table(rows), content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
        return response


def table(rows: list[dict[str, Any]]) -> str:
    """Return rows as CSV. What a spreadsheet would run as a formula becomes plain text."""
    file = io.StringIO()
    if rows:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return file.getvalue()


def _plain(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
