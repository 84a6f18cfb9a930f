"""Conversations: questions with their answers, citations and ratings."""

from __future__ import annotations

import uuid
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from documents.models import Collection, Document, Membership


def _is_known(user: User | AnonymousUser) -> bool:
    return user.is_authenticated and user.is_active


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows that belong to one user alone, over the path in ``owner_path``."""

    owner_path = "user"

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the rows of this user; none for an anonymous or deactivated caller."""
        return self.filter(self._own(user)) if _is_known(user) else self.none()

    def _own(self, user: User | AnonymousUser) -> Q:
        return Q(**{f"{self.owner_path}_id": user.pk})


class ConversationQuerySet(OwnedQuerySet):
    """``visible_to``: one's own. ``readable_by``: those that others share as well."""

    def shared_to(self, user: User | AnonymousUser) -> Self:
        """Return what others share with a collection of which they and this user are members."""
        if not _is_known(user):
            return self.none()
        theirs = Membership.objects.filter(
            collection=OuterRef("shared_with"), user=OuterRef("user"), user__is_active=True
        )
        mine = Collection.objects.visible_to(user)
        return self.filter(Exists(theirs), shared_with__in=mine).exclude(user_id=user.pk)

    def readable_by(self, user: User | AnonymousUser) -> Self:
        """Return one's own and what others share. Reading is all that the latter allow."""
        if not _is_known(user):
            return self.none()
        shared = Conversation.objects.shared_to(user)
        return self.filter(self._own(user) | Q(pk__in=shared.values("pk")))


class MessageQuerySet(OwnedQuerySet):
    owner_path = "conversation__user"

    def readable_by(self, user: User | AnonymousUser) -> Self:
        """Return one's own; of shared conversations, those that were not replaced."""
        if not _is_known(user):
            return self.none()
        shared = Conversation.objects.shared_to(user)
        return self.filter(self._own(user) | Q(conversation__in=shared, replaced_by=None))

    def newest(self) -> Self:
        """Return of each question the message that was asked last: what nothing replaced."""
        return self.filter(replaced_by=None)


class Conversation(models.Model):
    """A line of questions, each asked with the ones before it in mind."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="conversations"
    )
    title = models.CharField(max_length=200)
    #: The collection whose members may read it, besides its owner.
    shared_with = models.ForeignKey(
        Collection, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "id"]
        indexes = [models.Index(fields=["user", "-updated_at"], name="conversation_by_age")]

    def __str__(self) -> str:
        return self.title


class Message(models.Model):
    """One question with its answer, complete or as far as it came."""

    class State(models.TextChoices):
        ANSWERING = "answering"
        COMPLETE = "complete"
        STOPPED = "stopped"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    question = models.TextField()
    #: The question as it was searched for: a follow-up made to stand alone.
    standalone_question = models.TextField(blank=True)
    #: Collections, documents and mode it was asked within.
    scope = models.JSONField(default=dict)
    answer = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ANSWERING)
    refused = models.BooleanField(default=False)
    confidence = models.FloatField(default=0.0)
    #: Each a ``chat.types.Sentence`` with its verdict, and the model's ``second_opinion``.
    sentences = models.JSONField(default=list)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    model = models.CharField(max_length=200, blank=True)
    usage = models.JSONField(default=dict)
    timings = models.JSONField(default=dict)
    #: How the answer came about: what was searched, found, cut, and sent to the model.
    trace = models.JSONField(default=dict)
    #: The message whose answer this one takes the place of: asked again, or reworded.
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaced_by"
    )
    #: Its place in the conversation: when its question was first asked. One that
    #: replaces another stands where that one stood.
    place = models.DateTimeField(default=timezone.now, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    #: Written while the answer streams; a stale one tells that its process died.
    touched_at = models.DateTimeField(auto_now=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["place", "created_at", "id"]
        indexes = [
            models.Index(fields=["conversation", "place"], name="message_by_place"),
            models.Index(fields=["created_at"], name="message_by_age"),
            models.Index(
                fields=["touched_at"],
                name="message_answering",
                condition=models.Q(state="answering"),
            ),
        ]

    def __str__(self) -> str:
        return self.question[:80]


class Citation(models.Model):
    """The exact span that carries a sentence: ``content[start:end] == quote``."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="citations")
    n = models.PositiveIntegerField()
    #: Gone when the document was deleted; title and version remain to tell so.
    document = models.ForeignKey(
        Document, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    title = models.CharField(max_length=300)
    version = models.PositiveIntegerField()
    page = models.PositiveIntegerField(null=True, blank=True)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = models.TextField()

    class Meta:
        ordering = ["message", "n"]
        constraints = [
            models.UniqueConstraint(fields=["message", "n"], name="one_citation_per_number"),
        ]

    def __str__(self) -> str:
        return f"[{self.n}] {self.title}"


class Feedback(models.Model):
    """What the asker thought of an answer."""

    message = models.OneToOneField(Message, on_delete=models.CASCADE, related_name="feedback")
    rating = models.SmallIntegerField(choices=[(1, "Good"), (-1, "Bad")])
    comment = models.TextField(blank=True, max_length=2000)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [models.Index(fields=["updated_at"], name="feedback_by_age")]

    def __str__(self) -> str:
        return f"{self.rating:+d} on {self.message_id}"
