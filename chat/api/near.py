"""What a refusal offers, over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from documents.api.traces import PAGE_KIND
from documents.types import PageKind


class NearSerializer(serializers.Serializer[Any]):
    """A passage near a question that was refused: no answer, but where to look."""

    document_id = serializers.UUIDField(allow_null=True)
    title = serializers.CharField()
    version = serializers.IntegerField()
    page = serializers.IntegerField(allow_null=True)
    page_kind = serializers.ChoiceField(choices=list(PageKind), help_text=PAGE_KIND)
    text = serializers.CharField(help_text="One line of it.")
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    relevance = serializers.FloatField()
    url = serializers.CharField(allow_null=True)
    available = serializers.BooleanField(help_text="Whether the caller may still read it.")


class SearchedCollectionSerializer(serializers.Serializer[Any]):
    """A collection that was searched."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    documents = serializers.IntegerField()


class SearchedSerializer(serializers.Serializer[Any]):
    """What a refused question was searched in."""

    documents = serializers.IntegerField()
    collections = SearchedCollectionSerializer(many=True)
    as_of = serializers.DateTimeField(help_text="The state of the library that was searched.")
