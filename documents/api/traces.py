"""How the API tells the way a search came to its results."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from documents.types import Mode, Outcome, PageKind

#: Of a word beside every number of a page.
PAGE_KIND = "What its page is called: a presentation has slides, a workbook sheets."


class TracedDocumentSerializer(serializers.Serializer[Any]):
    """A document as a trace names it."""

    id = serializers.UUIDField(source="document_id")
    title = serializers.CharField()


class TracedCandidateSerializer(serializers.Serializer[Any]):
    """A passage on its way through a search."""

    chunk_id = serializers.IntegerField()
    document = TracedDocumentSerializer(source="*")
    version = serializers.IntegerField()
    page = serializers.IntegerField(allow_null=True)
    page_kind = serializers.ChoiceField(choices=list(PageKind), help_text=PAGE_KIND)
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    keyword = serializers.FloatField(allow_null=True, help_text="BM25.")
    keyword_rank = serializers.IntegerField(allow_null=True)
    semantic = serializers.FloatField(allow_null=True, help_text="Cosine.")
    semantic_rank = serializers.IntegerField(allow_null=True)
    fused = serializers.FloatField(help_text="The fusion's score.")
    ranked = serializers.FloatField(help_text="The score that orders the results.")
    relevance = serializers.FloatField(help_text="From 0 to 1.")
    outcome = serializers.ChoiceField(choices=list(Outcome))


class SearchTraceSerializer(serializers.Serializer[Any]):
    """How a search came to its results."""

    query = serializers.CharField()
    mode = serializers.ChoiceField(choices=list(Mode))
    terms = serializers.ListField(child=serializers.CharField())
    model = serializers.CharField()
    dense_weight = serializers.FloatField(help_text="The share of the semantic channel.")
    keyword = serializers.IntegerField(help_text="Passages that the keyword channel brought.")
    semantic = serializers.IntegerField(help_text="Passages that the semantic channel brought.")
    scoped_to = serializers.ListField(
        child=serializers.CharField(), help_text="Documents that the query was found to name."
    )
    reranker = serializers.CharField()
    timings = serializers.DictField(child=serializers.FloatField(), help_text="Milliseconds.")
    candidates = TracedCandidateSerializer(many=True)
