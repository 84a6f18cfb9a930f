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
