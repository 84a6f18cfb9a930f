"""The shapes of questions and answers over HTTP."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from chat.api.near import NearSerializer, SearchedSerializer
from chat.models import Conversation, Message
from chat.provenance import SourceState
from chat.types import Basis, ConfidenceLabel, MissingKind, Verdict
from documents.api.serializers import AS_OF
from documents.api.traces import PAGE_KIND
from documents.types import PageKind


class QuestionSerializer(serializers.Serializer[Any]):
    """A question, and where to look for its answer."""

    # The length is checked by the service, whose error has a code of its own.
    question = serializers.CharField(
        allow_blank=True,
        trim_whitespace=True,
        required=False,
        help_text="Required, unless a message is replaced: then the same again when left out.",
    )
    replaces = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=64,
        help_text="The id of one of your messages, to ask again in its place.",
    )
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
    as_of = serializers.CharField(
        required=False, allow_blank=True, allow_null=True, help_text=AS_OF
    )
    stream = serializers.BooleanField(required=False, default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for the question where none is repeated."""
        if "question" not in attrs and not attrs.get("replaces"):
            raise serializers.ValidationError({"question": self.error_messages["required"]})
        return attrs


class EvidenceSerializer(serializers.Serializer[Any]):
    """A span of a document that a verdict rests on."""

    document_id = serializers.UUIDField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    page = serializers.IntegerField(allow_null=True)
    page_kind = serializers.ChoiceField(choices=list(PageKind), help_text=PAGE_KIND)
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
    page_kind = serializers.ChoiceField(choices=list(PageKind), help_text=PAGE_KIND)
    quote = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    url = serializers.CharField(allow_null=True)
    available = serializers.BooleanField(help_text="Whether the caller may still read it.")
    recognised = serializers.BooleanField(
        help_text="Whether its page was recognised from a picture and may hold errors."
    )
    current_version = serializers.IntegerField(
        allow_null=True, help_text="What the document answers from now."
    )
    versions = serializers.IntegerField(allow_null=True, help_text="How many there are now.")
    outdated = serializers.BooleanField(help_text="Whether the document answers otherwise now.")


class SourceSerializer(serializers.Serializer[Any]):
    """A version that an answer rests on, and what became of it."""

    document_id = serializers.UUIDField(allow_null=True)
    title = serializers.CharField()
    version = serializers.IntegerField()
    current_version = serializers.IntegerField(allow_null=True)
    versions = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(
        choices=list(SourceState),
        help_text="Deleted is also what the caller may no longer read.",
    )


class AnswerErrorSerializer(serializers.Serializer[Any]):
    """What stopped an answer."""

    code = serializers.CharField()
    message = serializers.CharField()


class AnswerSerializer(serializers.Serializer[Any]):
    """A question with its answer."""

    id = serializers.UUIDField()
    conversation_id = serializers.UUIDField()
    replaces = serializers.UUIDField(allow_null=True, help_text="The message asked again.")
    question = serializers.CharField()
    standalone_question = serializers.CharField()
    answer = serializers.CharField()
    state = serializers.ChoiceField(choices=Message.State.choices)
    error = AnswerErrorSerializer(allow_null=True)
    refused = serializers.BooleanField()
    confidence = serializers.FloatField()
    confidence_label = serializers.ChoiceField(choices=list(ConfidenceLabel), allow_null=True)
    sentences = SentenceSerializer(many=True)
    citations = CitationSerializer(many=True)
    as_of = serializers.CharField(allow_null=True, help_text="As it was asked, or null.")
    based_on = SourceSerializer(many=True)
    outdated = serializers.BooleanField(
        help_text="Whether a source has a newer version, or is gone. Newer versions do not"
        " count for what was asked as of a time on purpose."
    )
    near = NearSerializer(many=True, help_text="What a refusal offers: no answer, but near.")
    searched = SearchedSerializer(allow_null=True, help_text="Where a refused question was asked.")
    model = serializers.CharField()
    usage = serializers.DictField(child=serializers.IntegerField())
    timings = serializers.DictField(
        child=serializers.FloatField(), help_text="Milliseconds by step."
    )
    created_at = serializers.DateTimeField()


class MatchSerializer(serializers.Serializer[Any]):
    """Where a conversation holds the words that were searched for."""

    where = serializers.ChoiceField(choices=["title", "question", "answer"])
    message_id = serializers.UUIDField(allow_null=True)
    text = serializers.CharField(help_text="The line with the words.")
    highlights = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        help_text="Where in the line the words stand.",
    )


class ConversationHeadSerializer(serializers.ModelSerializer[Conversation]):
    """A conversation without its answers."""

    owner = serializers.CharField(source="user.username", read_only=True)
    shared_with = serializers.CharField(
        source="shared_with.slug",
        read_only=True,
        allow_null=True,
        default=None,
        help_text="A collection's slug.",
    )
    is_own = serializers.SerializerMethodField()

    class Meta:
        model = Conversation
        fields = ["id", "title", "created_at", "updated_at", "owner", "shared_with", "is_own"]

    def get_is_own(self, conversation: Conversation) -> bool:
        """Whether the caller asked it, and may do more than read."""
        return bool(conversation.user_id == self.context["user"].pk)


class ConversationSerializer(ConversationHeadSerializer):
    """A conversation in a list, with where it was found when it was searched for."""

    match = serializers.SerializerMethodField()

    class Meta(ConversationHeadSerializer.Meta):
        fields = [*ConversationHeadSerializer.Meta.fields, "match"]

    @extend_schema_field(MatchSerializer(allow_null=True))
    def get_match(self, conversation: Conversation) -> dict[str, Any] | None:
        """Return the place in the shape of ``MatchSerializer``."""
        match = self.context["matches"].get(conversation.pk)
        return None if match is None else dict(MatchSerializer(match).data)


class ConversationDetailSerializer(ConversationHeadSerializer):
    """A conversation with its answers, in order."""

    messages = AnswerSerializer(many=True)

    class Meta(ConversationHeadSerializer.Meta):
        fields = [*ConversationHeadSerializer.Meta.fields, "messages"]


class ConversationChangeSerializer(serializers.Serializer[Any]):
    """What the owner may change of a conversation."""

    title = serializers.CharField(required=False, max_length=200)
    shared_with = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=120,
        help_text="Id or slug of a collection whose members may read it; null for nobody.",
    )


class ConversationFilterSerializer(serializers.Serializer[Any]):
    """Which conversations are listed."""

    search = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=200,
        default="",
        help_text="Words that a title, a question or an own answer holds.",
    )
    shared = serializers.BooleanField(
        required=False,
        allow_null=True,
        default=None,
        help_text="true: what others share with you; false: your own. Both when left out.",
    )


class ConversationViewSerializer(serializers.Serializer[Any]):
    """How a conversation is shown."""

    all = serializers.BooleanField(
        required=False,
        default=False,
        help_text="Also the answers that were replaced. Of one's own conversations alone.",
    )


class FeedbackSerializer(serializers.Serializer[Any]):
    """What the asker thought of an answer."""

    rating = serializers.ChoiceField(choices=[1, -1])
    comment = serializers.CharField(required=False, allow_blank=True, max_length=2000, default="")
