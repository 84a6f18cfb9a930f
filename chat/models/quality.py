"""Sets of questions with what answers them, comparisons made on them, and watched answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from chat.models.conversations import Message, OwnedQuerySet
from documents.models import Collection, Document
from documents.querysets import Caller, ScopedQuerySet
from documents.types import Role

User = settings.AUTH_USER_MODEL


class InSetQuerySet(ScopedQuerySet):
    collection_path = "question_set__collection__"


class JudgementQuerySet(ScopedQuerySet):
    collection_path = "question__question_set__collection__"

    def _members(self, user: Caller, roles: Sequence[Role]) -> Self:
        # Its quote is the document's text, and that may have moved since.
        readable = Document.objects.visible_to(user).values("pk")
        return super()._members(user, roles).filter(document__in=readable)


class QuestionSet(models.Model):
    """Questions about one collection, to measure its search by. Rights are the collection's."""

    collection = models.ForeignKey(
        Collection, on_delete=models.CASCADE, related_name="question_sets"
    )
    name = models.CharField(max_length=120)
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["collection__name", "name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["collection", "name"], name="one_set_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class SavedQuestion(models.Model):
    """A question of a set. The same words, whatever their case and spacing, are kept once."""

    question_set = models.ForeignKey(
        QuestionSet, on_delete=models.CASCADE, related_name="questions"
    )
    text = models.TextField()
    #: SHA-256 of the text in its comparable form.
    key = models.CharField(max_length=64)
    #: What a right answer says; empty where only the passages are known.
    expected = models.TextField(blank=True)
    #: The answer under which it was saved.
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InSetQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["question_set", "key"], name="one_question_per_text"),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class Judgement(models.Model):
    """What one person says of one passage: that it answers the question, or that it does not.

    It is about the words: version and offsets tell where they stood when it was made.
    It goes with its document, so that no text of a deleted one stays.
    """

    class Grade(models.IntegerChoices):
        WRONG = 0, "Not this one"
        RIGHT = 1, "The right passage"

    question = models.ForeignKey(SavedQuestion, on_delete=models.CASCADE, related_name="judgements")
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="+")
    version = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    #: Empty where the whole document is meant.
    quote = models.TextField(blank=True)
    #: SHA-256 of the quote in its comparable form.
    quote_key = models.CharField(max_length=64)
    grade = models.SmallIntegerField(choices=Grade.choices)
    #: Whether it was said of this very passage, and not of the whole answer.
    explicit = models.BooleanField(default=True)
    by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    at = models.DateTimeField(auto_now=True)

    objects = JudgementQuerySet.as_manager()

    class Meta:
        ordering = ["question", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["question", "document", "quote_key", "by"],
                name="one_judgement_per_passage_and_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_grade_display()}: {self.quote[:60]}"


class Comparison(models.Model):
    """Two ways to search, measured on one set of questions."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    question_set = models.ForeignKey(
        QuestionSet, on_delete=models.CASCADE, related_name="comparisons"
    )
    created_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    #: ``{"dense_weight", "threshold", "chunk_size", "chunk_overlap", "embedding_model"}``:
    #: what was live when it was asked for, and what it is compared with.
    live = models.JSONField()
    other = models.JSONField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    progress = models.FloatField(default=0.0)
    #: Why it failed, as a sentence.
    reason = models.CharField(max_length=500, blank=True)
    #: Places and marks by question; never text of a document.
    results = models.JSONField(default=list)
    summary = models.JSONField(default=dict)
    attempts = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)

    objects = InSetQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(
                fields=["state", "lease_until"],
                name="comparison_unfinished",
                condition=Q(state__in=("queued", "running")),
            ),
        ]

    def __str__(self) -> str:
        return f"comparison {self.pk} on {self.question_set}"

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.state in (self.State.DONE, self.State.FAILED)


class Watch(models.Model):
    """An answer whose owner wants to hear when it changes.

    ``due_at`` is the truth about work: a watch that has one is asked again after that
    moment, whatever dies in between.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="watches")
    #: The question as it can be asked alone.
    question = models.TextField()
    #: SHA-256 of question and scope in comparable form.
    key = models.CharField(max_length=64)
    #: Where it is asked, in the form a message keeps.
    scope = models.JSONField(default=dict)
    saved_question = models.ForeignKey(
        SavedQuestion, null=True, blank=True, on_delete=models.SET_NULL, related_name="watches"
    )
    message = models.ForeignKey(
        Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    #: The last answer: ``{"answer", "refused", "model", "sentences", "citations"}``; empty
    #: before the first.
    answer = models.JSONField(default=dict)
    #: Counts the answers that were kept, so that one of two checks at once comes to nothing.
    serial = models.PositiveIntegerField(default=0)
    #: What the last answer cites; a change of one of these makes the watch due.
    documents: models.ManyToManyField[Any, Any] = models.ManyToManyField(
        Document, related_name="watches"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    #: When the first change that was not looked at yet came.
    changed_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    #: Counts changes: one that comes during a check makes the watch due again.
    changes = models.PositiveIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    #: Why the last check came to nothing, as a sentence.
    problem = models.CharField(max_length=500, blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="one_watch_per_question"),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="watch_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"watch {self.pk}"


class Notice(models.Model):
    """News for one person. A watch tells of each change of its answer once."""

    class Kind(models.TextChoices):
        ANSWER_CHANGED = "answer_changed"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    #: What it is about, in a line.
    text = models.TextField()
    watch = models.ForeignKey(
        Watch, null=True, blank=True, on_delete=models.SET_NULL, related_name="notices"
    )
    #: The number of the watch's answer that it tells of.
    serial = models.PositiveIntegerField(default=0)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    #: When a message with it was handed to the mail server, or begun to be.
    mailed_at = models.DateTimeField(null=True, blank=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["watch", "serial"], name="one_notice_per_change"),
        ]
        indexes = [
            models.Index(fields=["user"], name="notice_unseen", condition=Q(seen_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"notice {self.pk}"
