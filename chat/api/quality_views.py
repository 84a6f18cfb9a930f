"""Comparisons, watches and notices over HTTP."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat.api.quality_serializers import (
    ComparisonCreateSerializer,
    ComparisonDetailSerializer,
    ComparisonSerializer,
    NoticeSerializer,
    WatchCreateSerializer,
    WatchSerializer,
)
from chat.models import Comparison, Notice, Watch
from chat.selectors import message_get
from chat.services import comparing, notices, questions, watching
from documents.api.callers import signed_in


class ComparisonListView(GenericAPIView[Comparison]):
    """The comparisons made on a set."""

    serializer_class = ComparisonSerializer

    @extend_schema(operation_id="comparisons_list", responses=ComparisonSerializer(many=True))
    def get(self, request: Request, set_id: int) -> Response:
        """List the comparisons made on a set, the latest first."""
        found = questions.set_get(signed_in(request), set_id)
        page = self.paginate_queryset(found.comparisons.defer("results").order_by("-pk"))
        return self.get_paginated_response(ComparisonSerializer(page, many=True).data)

    @extend_schema(
        operation_id="comparisons_create",
        request=ComparisonCreateSerializer,
        responses={202: ComparisonSerializer},
    )
    def post(self, request: Request, set_id: int) -> Response:
        """Compare how the search is now with something else, in the background."""
        user = signed_in(request)
        found = questions.set_get(user, set_id, edit=True)
        given = ComparisonCreateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        made = comparing.comparison_create(user=user, question_set=found, **given.validated_data)
        return Response(ComparisonSerializer(made).data, status=status.HTTP_202_ACCEPTED)


class ComparisonView(APIView):
    """One comparison."""

    @extend_schema(operation_id="comparisons_get", responses=ComparisonDetailSerializer)
    def get(self, request: Request, comparison_id: int) -> Response:
        """Show how far a comparison is, or what came of it, question by question."""
        found = comparing.comparison_get(signed_in(request), comparison_id)
        return Response(ComparisonDetailSerializer(found).data)


class WatchListView(GenericAPIView[Watch]):
    """What the caller watches."""

    serializer_class = WatchSerializer

    @extend_schema(operation_id="watches_list", responses=WatchSerializer(many=True))
    def get(self, request: Request) -> Response:
        """List what the caller watches."""
        page = self.paginate_queryset(Watch.objects.visible_to(signed_in(request)))
        return self.get_paginated_response(WatchSerializer(page, many=True).data)

    @extend_schema(
        operation_id="watches_create",
        request=WatchCreateSerializer,
        responses={201: WatchSerializer},
    )
    def post(self, request: Request) -> Response:
        """Watch an answer: it is asked again when a document that it cites changes."""
        user = signed_in(request)
        given = WatchCreateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        data = given.validated_data
        if "message_id" in data:
            message = message_get(user, data["message_id"])
            watch = watching.message_watch(user=user, message=message)
        else:
            question = questions.question_get(user, data["saved_question_id"])
            watch = watching.question_watch(user=user, question=question)
        watch.refresh_from_db()
        return Response(WatchSerializer(watch).data, status=status.HTTP_201_CREATED)


class WatchView(APIView):
    """One watch."""

    @extend_schema(operation_id="watches_get", responses=WatchSerializer)
    def get(self, request: Request, watch_id: int) -> Response:
        """Show a watch."""
        return Response(WatchSerializer(watching.watch_get(signed_in(request), watch_id)).data)

    @extend_schema(operation_id="watches_delete", responses={204: None})
    def delete(self, request: Request, watch_id: int) -> Response:
        """Stop watching."""
        watch = watching.watch_get(signed_in(request), watch_id)
        watching.watch_stop(user=signed_in(request), watch=watch)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _shown(user: User, rows: Iterable[Notice]) -> list[dict[str, Any]]:
    return [
        {
            "id": item["notice"].pk,
            "kind": item["notice"].kind,
            "text": item["notice"].text,
            "watch_id": item["notice"].watch_id,
            "before": item["before"],
            "after": item["after"],
            "created_at": item["notice"].created_at,
            "seen_at": item["notice"].seen_at,
        }
        for item in notices.notices_readable(user, rows)
    ]


class NoticeListView(GenericAPIView[Notice]):
    """News for the caller."""

    serializer_class = NoticeSerializer

    @extend_schema(
        operation_id="notices_list",
        parameters=[OpenApiParameter("unseen", bool, description="Only what is not seen yet.")],
        responses=NoticeSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        """List the caller's notices, the latest first."""
        user, rows = signed_in(request), notices.notice_list(signed_in(request))
        if serializers.BooleanField().run_validation(request.query_params.get("unseen", False)):
            rows = rows.filter(seen_at=None)
        page = self.paginate_queryset(rows) or []
        return self.get_paginated_response(NoticeSerializer(_shown(user, page), many=True).data)


class NoticeSeenView(APIView):
    """A notice that was read."""

    @extend_schema(operation_id="notices_seen", request=None, responses=NoticeSerializer)
    def post(self, request: Request, notice_id: int) -> Response:
        """Mark a notice as seen."""
        user = signed_in(request)
        notice = notices.notice_get(user, notice_id)
        notices.notices_see(user=user, notice=notice)
        notice.refresh_from_db()
        return Response(NoticeSerializer(_shown(user, [notice])[0]).data)
