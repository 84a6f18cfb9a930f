"""What changed between two versions, over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from documents.api.callers import signed_in
from documents.services.comparison import versions_compare
from documents.text.diff import Kind, WordKind


def _offsets(source: str) -> serializers.ListField:
    return serializers.ListField(
        source=source,
        allow_null=True,
        child=serializers.IntegerField(),
        min_length=2,
        max_length=2,
    )


class ComparedPlaceSerializer(serializers.Serializer[Any]):
    """A passage: text is content[start:end] of its version."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()
    text = serializers.CharField()
    page = serializers.IntegerField(allow_null=True)


class WordRunSerializer(serializers.Serializer[Any]):
    """Words that stayed, went or came, with their offsets in each version."""

    kind = serializers.ChoiceField(choices=list(WordKind))
    text = serializers.CharField(trim_whitespace=False)

    def get_fields(self) -> dict[str, Any]:
        """Name the two sides as the address does; Python cannot spell one of them."""
        return super().get_fields() | {
            "from": _offsets("before"),
            "to": _offsets("after"),
        }


class ChangeSerializer(serializers.Serializer[Any]):
    """One passage that was added, removed, reworded or moved."""

    kind = serializers.ChoiceField(choices=[kind for kind in Kind if kind is not Kind.UNCHANGED])
    words = WordRunSerializer(many=True, help_text="Of a reworded passage; else empty.")

    def get_fields(self) -> dict[str, Any]:
        """Name the two sides as the address does."""
        return super().get_fields() | {
            "from": ComparedPlaceSerializer(source="before", allow_null=True),
            "to": ComparedPlaceSerializer(source="after", allow_null=True),
        }


class DiffStatsSerializer(serializers.Serializer[Any]):
    """How many passages became what."""

    unchanged = serializers.IntegerField()
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    reworded = serializers.IntegerField()
    moved = serializers.IntegerField()


class DiffSerializer(serializers.Serializer[Any]):
    """What changed between two versions; the changes come in pages."""

    document = serializers.UUIDField()
    to = serializers.IntegerField()
    stats = DiffStatsSerializer()
    count = serializers.IntegerField(help_text="Changes on all pages.")
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    changes = ChangeSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        """Name the older side as the address does."""
        return super().get_fields() | {"from": serializers.IntegerField()}


class DiffQuerySerializer(serializers.Serializer[Any]):
    """Which versions to compare."""

    to = serializers.IntegerField(
        required=False, min_value=1, help_text="The version it answers from, when left out."
    )

    def get_fields(self) -> dict[str, Any]:
        """Name the older side, which Python cannot spell."""
        before = serializers.IntegerField(
            required=False, min_value=1, help_text="The ready one before the other, when left out."
        )
        return super().get_fields() | {"from": before}


class DiffView(GenericAPIView[Any]):
    """What changed between two versions of a document."""

    serializer_class = DiffSerializer

    @extend_schema(
        operation_id="documents_diff",
        parameters=[
            DiffQuerySerializer,
            OpenApiParameter("page", int),
            OpenApiParameter("page_size", int, description="At most 100."),
        ],
        responses=DiffSerializer,
    )
    def get(self, request: Request, document_id: str) -> Response:
        """Compare two versions passage by passage."""
        given = DiffQuerySerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        compared = versions_compare(
            signed_in(request), document_id, before=asked.get("from"), after=asked.get("to")
        )
        page: Any = self.paginate_queryset(compared.changes)
        shown: Any = compared.shown(page)
        listed = self.get_paginated_response(ChangeSerializer(shown, many=True).data)
        body = dict(listed.data)
        return Response(
            {
                "document": str(compared.document.pk),
                "from": compared.before.number,
                "to": compared.after.number,
                "stats": compared.stats,
                "changes": body.pop("results"),
            }
            | body
        )
