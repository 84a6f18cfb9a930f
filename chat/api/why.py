"""Why an answer is what it is, over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from chat.api.near import NearSerializer, SearchedSerializer
from chat.selectors import message_get
from chat.services.explaining import explanation_of
from chat.types import ConfidenceLabel
from documents.api.callers import signed_in
from documents.api.traces import PAGE_KIND
from documents.types import Mode, Outcome, PageKind

_MILLISECONDS = "Milliseconds by step."


class PlaceSerializer(serializers.Serializer[Any]):
    """Where something stands; nothing but that it was there, when the caller may not read it."""

    document_id = serializers.UUIDField(allow_null=True)
    title = serializers.CharField()
    version = serializers.IntegerField(allow_null=True)
    page = serializers.IntegerField(allow_null=True)
    page_kind = serializers.ChoiceField(choices=list(PageKind), help_text=PAGE_KIND)
    start = serializers.IntegerField(allow_null=True)
    end = serializers.IntegerField(allow_null=True)
    url = serializers.CharField(allow_null=True)
    available = serializers.BooleanField()


class WhyCandidateSerializer(PlaceSerializer):
    """A passage on its way through the search, and what became of it."""

    keyword = serializers.FloatField(allow_null=True, help_text="BM25, where the words found it.")
    keyword_rank = serializers.IntegerField(allow_null=True)
    semantic = serializers.FloatField(allow_null=True, help_text="Cosine, where meaning found it.")
    semantic_rank = serializers.IntegerField(allow_null=True)
    fused = serializers.FloatField()
    ranked = serializers.FloatField(help_text="The score that orders the results.")
    relevance = serializers.FloatField()
    outcome = serializers.ChoiceField(choices=list(Outcome))
    passage = serializers.IntegerField(
        allow_null=True, help_text="The passage it is in, by number."
    )


class WhyPassageSerializer(PlaceSerializer):
    """A passage that was put together for the answer."""

    n = serializers.IntegerField()
    chunks = serializers.IntegerField(help_text="How many neighbours were joined.")
    characters = serializers.IntegerField()
    relevance = serializers.FloatField()
    outcome = serializers.ChoiceField(choices=list(Outcome))


class WhyQuoteSerializer(PlaceSerializer):
    """A sentence that was chosen without a language model."""

    passage = serializers.IntegerField()
    score = serializers.FloatField()


class WhySearchSerializer(serializers.Serializer[Any]):
    """What was asked of the search."""

    mode = serializers.ChoiceField(choices=list(Mode))
    terms = serializers.ListField(child=serializers.CharField())
    model = serializers.CharField()
    dense_weight = serializers.FloatField(help_text="The share of meaning in the fusion.")
    keyword = serializers.IntegerField(help_text="Candidates found by words.")
    semantic = serializers.IntegerField(help_text="Candidates found by meaning.")
    reranker = serializers.CharField(allow_blank=True)
    timings = serializers.DictField(child=serializers.FloatField(), help_text=_MILLISECONDS)
    scoped_to = serializers.ListField(child=serializers.CharField())


class PromptMessageSerializer(serializers.Serializer[Any]):
    """One message of a prompt."""

    role = serializers.ChoiceField(choices=["system", "user", "assistant"])
    content = serializers.CharField()


class WhyPromptSerializer(serializers.Serializer[Any]):
    """What the language model was sent."""

    messages = serializers.IntegerField()
    characters = serializers.IntegerField()
    passages = serializers.ListField(child=serializers.IntegerField())
    turns = serializers.IntegerField(help_text="Earlier questions that went along.")
    text = PromptMessageSerializer(many=True, allow_null=True, help_text="For the asker alone.")
    is_exact = serializers.BooleanField(
        allow_null=True, help_text="Whether the text is what was sent, letter for letter."
    )


class GroundSerializer(serializers.Serializer[Any]):
    """One of the grounds of a confidence; adds is value times weight, in log-odds."""

    name = serializers.CharField()
    meaning = serializers.CharField()
    value = serializers.FloatField()
    weight = serializers.FloatField()
    adds = serializers.FloatField()


class WhyConfidenceSerializer(serializers.Serializer[Any]):
    """How the confidence came about: a logistic function of the grounds."""

    value = serializers.FloatField()
    label = serializers.ChoiceField(  # type: ignore[assignment]  # a field called label
        choices=list(ConfidenceLabel), allow_null=True
    )
    bias = serializers.FloatField(allow_null=True)
    grounds = GroundSerializer(many=True)


class RepeatsSerializer(serializers.Serializer[Any]):
    """The earlier message of the same asker whose answer was given once more."""

    message_id = serializers.UUIDField()
    answered_at = serializers.DateTimeField()


class WhySerializer(serializers.Serializer[Any]):
    """How an answer came about."""

    message_id = serializers.UUIDField()
    question = serializers.CharField()
    searched_for = serializers.CharField(help_text="The question as the search was asked it.")
    refused = serializers.BooleanField()
    threshold = serializers.FloatField(allow_null=True)
    search = WhySearchSerializer(allow_null=True)
    candidates = WhyCandidateSerializer(many=True)
    passages = WhyPassageSerializer(many=True)
    prompt = WhyPromptSerializer(allow_null=True)
    quotes = WhyQuoteSerializer(many=True)
    confidence = WhyConfidenceSerializer()
    verdicts = serializers.DictField(child=serializers.IntegerField())
    near = NearSerializer(many=True)
    searched = SearchedSerializer(allow_null=True)
    model = serializers.CharField()
    usage = serializers.DictField(child=serializers.IntegerField())
    timings = serializers.DictField(child=serializers.FloatField(), help_text=_MILLISECONDS)
    repeats = RepeatsSerializer(
        allow_null=True, help_text="Set where nothing was worked out: an answer from the cache."
    )


class WhyView(APIView):
    """How one of the caller's answers came about."""

    @extend_schema(operation_id="messages_why", responses=WhySerializer)
    def get(self, request: Request, message_id: str) -> Response:
        """Show what was searched, found, cut, sent and weighed, as the caller may see it now."""
        user = signed_in(request)
        return Response(explanation_of(message_get(user, message_id), user))
