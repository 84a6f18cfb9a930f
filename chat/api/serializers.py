"""The shapes of questions and answers over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chat.models import Conversation, Message
from chat.types import Basis, MissingKind, Verdict


class QuestionSerializer(serializers.Serializer[Any]):
    """A question, and where to look for its answer."""

    # The length is checked by the service, whose error has a code of its own.
    question = serializers.CharField(allow_blank=True, trim_whitespace=True)
    conversation_id = serializers.CharField(required=False, allow_null=True, max_length=64)
    collections = serializers.ListField(
        child=serializers.CharField(max_length=120),
        required=False,
        max_length=100,
        help_text="Ids or slugs; all the caller may read when left out.",
    )
    documents = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=1000
    )
    stream = serializers.BooleanField(required=False, default=False)


class EvidenceSerializer(serializers.Serializer[Any]):
    """A span of a document that a verdict rests on."""

    document_id = serializers.UUIDField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    page = serializers.IntegerField(allow_null=True)
    start = serializers.IntegerField(help_text="Where it begins in the version's content.")
    end = serializers.IntegerField()
    url = serializers.CharField()


class MissingSerializer(serializers.Serializer[Any]):
    """A piece of a sentence that no source holds."""

    kind = serializers.ChoiceField(choices=list(MissingKind))
    text = serializers.CharField()


class SentenceSerializer(serializers.Serializer[Any]):
    """A sentence of an answer and what its sources say of it."""

    text = serializers.CharField()
    citations = serializers.ListField(child=serializers.IntegerField())
    verdict = serializers.ChoiceField(choices=list(Verdict))
    support = serializers.FloatField(help_text="The score behind the verdict, from 0 to 1.")
    start = serializers.IntegerField(help_text="Where it begins in the answer.")
    end = serializers.IntegerField()
    reason = serializers.CharField(help_text="Why it got its verdict, in words.")
    basis = serializers.ChoiceField(choices=list(Basis), help_text="What was compared.")
    evidence = EvidenceSerializer(
        many=True, help_text="What carries the sentence, or comes nearest to it."
    )
    missing = MissingSerializer(many=True)
    contradicted = serializers.BooleanField(help_text="Whether a source says the opposite.")
    invented = serializers.ListField(
        child=serializers.IntegerField(), help_text="Numbers it cited that named no passage."
    )
    second_opinion = serializers.ChoiceField(
        choices=list(Verdict), allow_null=True, help_text="The model's own view, where asked for."
    )


class CitationSerializer(serializers.Serializer[Any]):
    """The span that carries a sentence: content[start:end] is the quote."""

    n = serializers.IntegerField()
    document_id = serializers.UUIDField(allow_null=True)
    title = serializers.CharField()
    version = serializers.IntegerField()
    page = serializers.IntegerField(allow_null=True)
    quote = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    url = serializers.CharField(allow_null=True)
    available = serializers.BooleanField(help_text="Whether the caller may still read it.")


class AnswerErrorSerializer(serializers.Serializer[Any]):
    """What stopped an answer."""

    code = serializers.CharField()
    message = serializers.CharField()


class AnswerSerializer(serializers.Serializer[Any]):
    """A question with its answer."""

    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    question = serializers.CharField()
    standalone_question = serializers.CharField()
    answer = serializers.CharField()
    state = serializers.ChoiceField(choices=Message.State.choices)
    error = AnswerErrorSerializer(allow_null=True)
    refused = serializers.BooleanField()
    confidence = serializers.FloatField()
    sentences = SentenceSerializer(many=True)
    citations = CitationSerializer(many=True)
    model = serializers.CharField()
    usage = serializers.DictField(child=serializers.IntegerField())
    timings = serializers.DictField(
        child=serializers.FloatField(), help_text="Milliseconds by step."
    )
    created_at = serializers.DateTimeField()


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    """A conversation in a list."""

    class Meta:
        model = Conversation
        fields = ["id", "title", "created_at", "updated_at"]


class ConversationDetailSerializer(ConversationSerializer):
    """A conversation with its answers, in order."""

    messages = AnswerSerializer(many=True)

    class Meta(ConversationSerializer.Meta):
        fields = [*ConversationSerializer.Meta.fields, "messages"]


class FeedbackSerializer(serializers.Serializer[Any]):
    """What the asker thought of an answer."""

    rating = serializers.ChoiceField(choices=[1, -1])
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
