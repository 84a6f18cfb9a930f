"""The shapes of question sets, comparisons, watches and notices over HTTP."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chat.answer.judging import Change
from chat.models import Comparison, Judgement, Notice, QuestionSet, SavedQuestion, Watch
from documents.api.traces import PAGE_KIND
from documents.types import PageKind


class HomeSerializer(serializers.Serializer[Any]):
    """The collection that something belongs to."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class QuestionSetSerializer(serializers.ModelSerializer[QuestionSet]):
    """A set of questions about one collection."""

    collection = HomeSerializer(read_only=True)
    questions = serializers.IntegerField(source="question_count", read_only=True)

    class Meta:
        model = QuestionSet
        fields = ["id", "name", "collection", "questions", "created_at"]


class QuestionSetCreateSerializer(serializers.Serializer[Any]):
    """What a new set needs."""

    collection = serializers.CharField(max_length=120, help_text="Id or slug.")
    name = serializers.CharField(max_length=120)


class QuestionSetChangeSerializer(serializers.Serializer[Any]):
    """What of a set can be changed."""

    name = serializers.CharField(max_length=120)


class JudgementSerializer(serializers.ModelSerializer[Judgement]):
    """What somebody says of a passage: 1 that it answers the question, 0 that it does not."""

    document_id = serializers.UUIDField(read_only=True)
    by = serializers.CharField(source="by.username", read_only=True, default=None)

    class Meta:
        model = Judgement
        fields = ["id", "document_id", "version", "start", "end", "quote", "grade", "by", "at"]


class JudgementCreateSerializer(serializers.Serializer[Any]):
    """A passage by its words, and whether it answers the question."""

    document_id = serializers.UUIDField()
    quote = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=20_000,
        help_text="Words of the document's current version; the whole document when empty.",
    )
    grade = serializers.ChoiceField(choices=[1, 0], default=1)


class SavedQuestionSerializer(serializers.ModelSerializer[SavedQuestion]):
    """A question of a set, with what is known of its answer."""

    question = serializers.CharField(source="text", read_only=True)
    judgements = JudgementSerializer(many=True, read_only=True)

    class Meta:
        model = SavedQuestion
        fields = ["id", "question", "expected", "judgements", "created_at"]


class SavedQuestionCreateSerializer(serializers.Serializer[Any]):
    """A question for a set. The same words again are the same question."""

    question = serializers.CharField(max_length=2000)
    expected = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=2000,
        help_text="What a right answer says.",
    )  # fmt: skip
    message_id = serializers.CharField(
        required=False, allow_null=True, default=None, max_length=64,
        help_text="One of the caller's answers that the question comes from.",
    )  # fmt: skip


class SavedQuestionChangeSerializer(serializers.Serializer[Any]):
    """What of a saved question can be changed."""

    expected = serializers.CharField(allow_blank=True, max_length=2000)


class SetupSerializer(serializers.Serializer[Any]):
    """One way to search."""

    dense_weight = serializers.FloatField(help_text="Share of meaning against words, from 0 to 1.")
    threshold = serializers.FloatField(help_text="Relevance that a passage needs, from 0 to 1.")
    chunk_size = serializers.IntegerField(help_text="Characters.")
    chunk_overlap = serializers.IntegerField(help_text="Characters.")
    embedding_model = serializers.CharField()


class ComparisonCreateSerializer(serializers.Serializer[Any]):
    """What to set otherwise than it is live; what is left out stays."""

    dense_weight = serializers.FloatField(required=False)
    threshold = serializers.FloatField(required=False)
    chunk_size = serializers.IntegerField(required=False)
    chunk_overlap = serializers.IntegerField(required=False)
    embedding_model = serializers.CharField(required=False, max_length=200)


class SummarySerializer(serializers.Serializer[Any]):
    """The means of one side; ``null`` where no question has what it takes."""

    questions = serializers.IntegerField()
    judged = serializers.IntegerField(help_text="Questions with a right passage.")
    expected = serializers.IntegerField(help_text="Questions with an expected answer.")
    ndcg_10 = serializers.FloatField(allow_null=True)
    recall_10 = serializers.FloatField(allow_null=True)
    mrr_10 = serializers.FloatField(allow_null=True)
    refused = serializers.FloatField(allow_null=True)
    answered_right = serializers.FloatField(allow_null=True)


class ChangesSerializer(serializers.Serializer[Any]):
    """How many questions got better or worse, or stayed as they were."""

    better = serializers.IntegerField()
    worse = serializers.IntegerField()
    same = serializers.IntegerField()


class ComparisonSummarySerializer(serializers.Serializer[Any]):
    """What came of a comparison over the whole set; empty until it is done."""

    live = SummarySerializer(required=False)
    other = SummarySerializer(required=False)
    changes = ChangesSerializer(required=False)


class PlaceSerializer(serializers.Serializer[Any]):
    """A result of a search, by its place in a version."""

    document_id = serializers.UUIDField()
    version = serializers.IntegerField()
    page = serializers.IntegerField(allow_null=True)
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    relevance = serializers.FloatField()


class SideSerializer(serializers.Serializer[Any]):
    """What one side made of a question. A rank of ``null`` means: not found."""

    right = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    wrong = serializers.ListField(child=serializers.IntegerField(allow_null=True))
    refused = serializers.BooleanField()
    answered_right = serializers.BooleanField(allow_null=True)
    ndcg_10 = serializers.FloatField(allow_null=True)
    hits = PlaceSerializer(many=True)


class ComparedQuestionSerializer(serializers.Serializer[Any]):
    """A question, and what both sides made of it."""

    question_id = serializers.IntegerField()
    change = serializers.ChoiceField(choices=list(Change))
    live = SideSerializer()
    other = SideSerializer()


class ComparisonSerializer(serializers.ModelSerializer[Comparison]):
    """Two ways to search, measured on a set."""

    question_set = serializers.IntegerField(source="question_set_id", read_only=True)
    state = serializers.ChoiceField(choices=Comparison.State.choices, read_only=True)
    live = SetupSerializer(read_only=True)
    other = SetupSerializer(read_only=True)
    summary = ComparisonSummarySerializer(read_only=True)

    class Meta:
        model = Comparison
        fields = [
            "id",
            "question_set",
            "state",
            "progress",
            "reason",
            "live",
            "other",
            "summary",
            "created_at",
            "finished_at",
        ]


class ComparisonDetailSerializer(ComparisonSerializer):
    """A comparison with its results, question by question."""

    results = ComparedQuestionSerializer(many=True, read_only=True)

    class Meta(ComparisonSerializer.Meta):
        fields = [*ComparisonSerializer.Meta.fields, "results"]


class WatchSerializer(serializers.ModelSerializer[Watch]):
    """An answer that the caller watches."""

    message_id = serializers.UUIDField(read_only=True, allow_null=True)
    saved_question_id = serializers.IntegerField(read_only=True, allow_null=True)
    due = serializers.SerializerMethodField(help_text="Whether it will be asked again soon.")

    class Meta:
        model = Watch
        fields = [
            "id",
            "question",
            "message_id",
            "saved_question_id",
            "created_at",
            "checked_at",
            "due",
            "problem",
        ]

    def get_due(self, watch: Watch) -> bool:
        """Whether a check is to come."""
        return watch.due_at is not None


class WatchCreateSerializer(serializers.Serializer[Any]):
    """One of the caller's answers, or a saved question; exactly one of the two."""

    message_id = serializers.CharField(required=False, max_length=64)
    saved_question_id = serializers.IntegerField(required=False, min_value=1)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Ask for exactly one."""
        if len(attrs) != 1:
            raise serializers.ValidationError("Give message_id or saved_question_id.")
        return attrs


class KeptCitationSerializer(serializers.Serializer[Any]):
    """What an answer cited when it was given."""

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


class KeptAnswerSerializer(serializers.Serializer[Any]):
    """An answer as it was, as far as the caller may still read it."""

    answer = serializers.CharField()
    refused = serializers.BooleanField()
    model = serializers.CharField()
    citations = KeptCitationSerializer(many=True)


class NoticeSerializer(serializers.Serializer[Any]):
    """News for the caller: an answer that they watch has changed."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Notice.Kind.choices)
    text = serializers.CharField()
    watch_id = serializers.IntegerField(allow_null=True)
    before = KeptAnswerSerializer()
    after = KeptAnswerSerializer()
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(allow_null=True)
