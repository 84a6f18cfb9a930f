"""What is remembered of how the product is used: facts and numbers, never text."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.db import models

from analytics.sketch import Buckets, counted, merged
from analytics.types import Kind
from documents.models import Document


class RequestLog(models.Model):
    """One request with its response."""

    at = models.DateTimeField(db_index=True)
    request_id = models.CharField(max_length=64, db_index=True)
    method = models.CharField(max_length=10)
    #: The pattern of the address, with names in the place of ids.
    route = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    ms = models.FloatField()
    request_bytes = models.PositiveBigIntegerField()
    response_bytes = models.PositiveBigIntegerField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        db_constraint=False,  # a user may be deleted before a batch is written
        related_name="+",
    )
    token_id = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["status", "-at"], name="request_by_status")]

    def __str__(self) -> str:
        return f"{self.method} {self.route} {self.status}"


class Counted(models.Model):
    """How long one kind of thing took, as counts that can be added."""

    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in Kind])
    name = models.CharField(max_length=200)
    outcome = models.CharField(max_length=20)
    count = models.PositiveBigIntegerField(default=0)
    total_ms = models.FloatField(default=0.0)
    #: Counts by bucket (see ``analytics.sketch``); the keys are numbers as text.
    counts = models.JSONField(default=dict)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.kind} {self.name} {self.outcome}"

    @property
    def buckets(self) -> Buckets:
        """The counts by bucket."""
        return {int(number): count for number, count in self.counts.items()}

    def add(self, durations: Sequence[float]) -> None:
        """Count these durations too."""
        counts = merged([self.buckets, counted(durations)])
        self.counts = {str(number): count for number, count in counts.items()}
        self.count += len(durations)
        self.total_ms += sum(durations)


class Durations(Counted):
    """What took how long within one minute; of days long over, within one hour."""

    minute = models.DateTimeField()
    #: Whether it stands for a whole hour, put together from its minutes.
    is_hour = models.BooleanField(default=False)

    class Meta:
        ordering = ["minute", "id"]
        indexes = [
            models.Index(fields=["kind", "minute"], name="durations_by_kind"),
            models.Index(
                fields=["minute"], name="durations_to_thin", condition=models.Q(is_hour=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["minute", "kind", "name", "outcome"], name="one_row_per_minute"
            )
        ]


class Total(Counted):
    """What took how long since the beginning, for programs that want counts that only grow."""

    class Meta:
        ordering = ["kind", "name", "outcome"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "name", "outcome"], name="one_total")
        ]


class Use(models.Model):
    """How often somebody looked at a document on one day."""

    day = models.DateField()
    document = models.ForeignKey(
        Document,
        on_delete=models.CASCADE,
        db_constraint=False,  # a document may be deleted before a batch is written
        related_name="+",
    )
    #: The id of the user, which outlives the account.
    reader = models.PositiveBigIntegerField()
    viewed = models.PositiveIntegerField(default=0)
    opened = models.PositiveIntegerField(default=0)
    downloaded = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-day", "id"]
        constraints = [
            models.UniqueConstraint(fields=["day", "document", "reader"], name="one_use_per_day")
        ]

    def __str__(self) -> str:
        return f"{self.document_id} on {self.day}"


class ErrorGroup(models.Model):
    """One fault of the product, however often it happened. Holds no value of anybody."""

    fingerprint = models.CharField(max_length=32, unique=True)
    kind = models.CharField(max_length=200)
    title = models.CharField(max_length=300)
    #: Its message, where that cannot quote a person.
    said = models.CharField(max_length=300, blank=True)
    #: The way through the code: files, lines, functions and their source.
    trace = models.TextField(blank=True)
    #: The route or the task it happened in last.
    where = models.CharField(max_length=200, blank=True)
    count = models.PositiveBigIntegerField(default=0)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField(db_index=True)
    first_release = models.CharField(max_length=40)
    last_release = models.CharField(max_length=40)
    last_request_id = models.CharField(max_length=64, blank=True)
    #: When somebody said that it is mended; empty again when it came back.
    resolved_at = models.DateTimeField(null=True, blank=True, db_index=True)
    reopened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen", "-id"]

    def __str__(self) -> str:
        return self.title


class Alert(models.Model):
    """The state of one thing that is watched."""

    name = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=100)
    #: What was measured last, in a sentence and as a number; nothing where it cannot be told.
    says = models.CharField(max_length=300, blank=True)
    value = models.FloatField(null=True)
    #: Looks in a row that spoke for a change of the state.
    streak = models.PositiveSmallIntegerField(default=0)
    checked_at = models.DateTimeField()
    #: Since when it fires; empty when all is well.
    firing_since = models.DateTimeField(null=True)
    notified_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title


class AlertNotice(models.Model):
    """One message about an alert, for one channel."""

    class Kind(models.TextChoices):
        FIRING = "firing", "firing"
        AGAIN = "again", "still firing"
        RESOLVED = "resolved", "resolved"
        TEST = "test", "a test"

    class Channel(models.TextChoices):
        MAIL = "mail", "e-mail"
        WEBHOOK = "webhook", "webhook"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    channel = models.CharField(max_length=10, choices=Channel.choices)
    alert = models.CharField(max_length=40)
    body = models.JSONField()
    created_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    #: Not to be tried before; empty when it is not to be tried any more.
    next_at = models.DateTimeField(null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.alert}: {self.get_kind_display()}"
