"""What is stored of content. Rights come from the collection, and only from there."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from documents.querysets import (
    ChunkQuerySet,
    CollectionQuerySet,
    DocumentQuerySet,
    VersionQuerySet,
)
from documents.types import Notice, Role, Stage, Status


def _choices(values: Any) -> list[tuple[str, str]]:
    return [(value.value, value.value.replace("_", " ").capitalize()) for value in values]


class Collection(models.Model):
    """A set of documents with the people who may read or change them."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="collections"
    )
    #: The user whose uploads land here when they name no collection.
    default_of = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="default_collection",
    )

    objects = CollectionQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """The right of one user in one collection."""

    collection = models.ForeignKey(Collection, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=_choices(Role), default=Role.VIEWER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["collection", "user"], name="one_role_per_member"),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.collection}"


class Document(models.Model):
    """One work through all its versions.

    It answers from ``current_version``, its newest one that is ready;
    ``newest_version`` is the one whose progress people see.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT, related_name="documents")
    title = models.CharField(max_length=300)
    #: Whether a person named it; then the title inside the file does not replace it.
    title_is_set = models.BooleanField(default=False)
    author = models.CharField(max_length=300, blank=True)
    author_is_set = models.BooleanField(default=False)
    #: The path it was ingested from; empty for an upload.
    source = models.CharField(max_length=4096, blank=True)
    current_version = models.ForeignKey(
        "DocumentVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    newest_version = models.ForeignKey(
        "DocumentVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    #: Since when it answers nothing: its file had gone from the folder it was
    #: ingested from, or it is being deleted.
    retired_at = models.DateTimeField(null=True, blank=True)
    #: Whether a deletion was begun; the sweep ends what a crash left behind.
    deleting = models.BooleanField(default=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(fields=["collection", "-created_at"], name="document_by_age"),
            models.Index(fields=["collection", "source"], name="document_by_source"),
            models.Index(
                fields=["created_at"], name="document_deleting", condition=Q(deleting=True)
            ),
        ]

    def __str__(self) -> str:
        return self.title


class DocumentVersion(models.Model):
    """One file of a document. Its text never changes once it is ready."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    filename = models.CharField(max_length=255)
    media_type = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    original = models.CharField(max_length=100)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)

    #: The title its chunks are indexed under; another one means: index again.
    indexed_title = models.CharField(max_length=300, blank=True)
    pages = models.PositiveIntegerField(null=True, blank=True)
    file_title = models.CharField(max_length=300, blank=True)
    file_author = models.CharField(max_length=300, blank=True)
    file_created_at = models.DateTimeField(null=True, blank=True)
    file_modified_at = models.DateTimeField(null=True, blank=True)

    status = models.CharField(max_length=10, choices=_choices(Status), default=Status.QUEUED)
    stage = models.CharField(max_length=12, choices=_choices(Stage), default=Stage.WAITING)
    progress = models.FloatField(default=0.0)
    #: Times that reading it failed while its worker lived; three end it.
    attempts = models.PositiveIntegerField(default=0)
    #: Times that the whole worker died around it, which is rarely its own fault.
    interruptions = models.PositiveIntegerField(default=0)
    #: The worker that holds it, until when; empty when nobody does.
    lease_owner = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    notices = models.JSONField(default=list, blank=True)
    #: Whether it waits in the second lane: pages of it are recognised when nothing else waits.
    needs_recognition = models.BooleanField(default=False)
    #: The pages whose text was recognised from their picture.
    recognised_pages = models.JSONField(default=list, blank=True)
    #: Whose turn it takes in the queue: the uploader's id, which outlives the account, or 0.
    queued_for = models.PositiveBigIntegerField(default=0)
    #: Whether it came with a whole folder; then what the same person uploads by hand goes first.
    in_bulk = models.BooleanField(default=False)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["document", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["document", "number"], name="one_version_per_number"),
        ]
        indexes = [
            models.Index(
                fields=["status", "lease_until"],
                name="version_unfinished",
                condition=Q(status__in=(Status.QUEUED, Status.PROCESSING)),
            ),
            models.Index(
                fields=[
                    *("needs_recognition", "queued_for", "in_bulk"),
                    *("interruptions", "attempts", "id"),
                ],
                name="version_by_turn",
                condition=Q(status=Status.QUEUED),
            ),
            models.Index(
                fields=["queued_for"],
                name="version_processing",
                condition=Q(status=Status.PROCESSING),
            ),
            models.Index(fields=["created_at"], name="version_by_age"),
            models.Index(fields=["sha256"], name="version_by_content"),
            models.Index(fields=["original"], name="version_by_original"),
        ]

    def __str__(self) -> str:
        return f"{self.document} (version {self.number})"

    @property
    def notice_list(self) -> list[Notice]:
        """What the reader should know although the version is ready."""
        return [Notice(**notice) for notice in self.notices]

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        return self.status in (Status.READY, Status.FAILED)


class VersionText(models.Model):
    """The text of a version, apart from its row because it is long."""

    version = models.OneToOneField(
        DocumentVersion, primary_key=True, on_delete=models.CASCADE, related_name="content"
    )
    text = models.TextField()
    #: Offset at which each page begins; empty for formats without pages.
    page_starts = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"text of {self.version}"


class RecognisedPage(models.Model):
    """What was recognised on a page that has no text of its own; perhaps nothing."""

    version = models.ForeignKey(
        DocumentVersion, on_delete=models.CASCADE, related_name="recognitions"
    )
    number = models.PositiveIntegerField()
    #: Its words with their places, as ``documents.extract.recognition.packed`` writes them.
    content = models.JSONField()

    class Meta:
        ordering = ["version", "number"]
        constraints = [
            models.UniqueConstraint(fields=["version", "number"], name="one_recognition_per_page"),
        ]

    def __str__(self) -> str:
        return f"page {self.number} of {self.version}, recognised"


class Chunk(models.Model):
    """A span of a version that is indexed: ``text == content[start:end]``."""

    version = models.ForeignKey(DocumentVersion, on_delete=models.CASCADE, related_name="chunks")
    ordinal = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    page = models.PositiveIntegerField(null=True, blank=True)
    heading = models.CharField(max_length=500, blank=True)
    text = models.TextField()
    #: SHA-256 of what is embedded for it: title, heading and text.
    content_hash = models.CharField(max_length=64, db_index=True)

    objects = ChunkQuerySet.as_manager()

    class Meta:
        ordering = ["version", "ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["version", "ordinal"], name="one_chunk_per_ordinal"),
            models.CheckConstraint(condition=Q(end__gt=models.F("start")), name="chunk_not_empty"),
        ]

    def __str__(self) -> str:
        return f"chunk {self.ordinal} of {self.version}"


class EmbeddingSpace(models.Model):
    """One table of vectors, all from one model at one size."""

    class State(models.TextChoices):
        BUILDING = "building"
        ACTIVE = "active"
        RETIRED = "retired"

    model = models.CharField(max_length=200)
    dimensions = models.PositiveIntegerField()
    #: The model that the settings named when this space was made. Once they name another,
    #: everything moves there; a model chosen by hand stays until then.
    configured_model = models.CharField(max_length=200)
    table = models.CharField(max_length=60, unique=True)
    #: The share of its channel in the fusion, from 0 to 1; the embedder's own where empty.
    dense_weight = models.FloatField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["model", "dimensions"], name="one_space_per_model"),
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="one_active_space"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} ({self.dimensions})"


class Embedding(models.Model):
    """The vector of a text, kept so that the same text is embedded once."""

    model = models.CharField(max_length=200)
    content_hash = models.CharField(max_length=64, db_index=True)
    vector = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model", "content_hash"], name="one_embedding_per_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.content_hash[:12]}"


class Worker(models.Model):
    """A running worker, and when it was last heard of."""

    id = models.CharField(primary_key=True, max_length=80)
    hostname = models.CharField(max_length=255)
    pid = models.PositiveIntegerField()
    #: Start time of the process in clock ticks since boot: a pid alone may be reused.
    pid_started = models.CharField(max_length=40, blank=True)
    started_at = models.DateTimeField(auto_now_add=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["-seen_at"]

    def __str__(self) -> str:
        return f"{self.hostname}:{self.pid}"

    def is_fresh(self, now: datetime, seconds: float) -> bool:
        """Whether it was heard of within that many seconds, before or after ``now``.

        The distance, whichever is later: the clock may have been put back.
        """
        return abs((now - self.seen_at).total_seconds()) <= seconds


class Turn(models.Model):
    """When each person was last served by the queue: a number that only grows."""

    queued_for = models.PositiveBigIntegerField(primary_key=True)
    served = models.PositiveBigIntegerField(db_index=True)

    def __str__(self) -> str:
        return f"{self.queued_for} was served as number {self.served}"


class Reconciliation(models.Model):
    """One comparison of rows, files, index and cache, and what came of it."""

    started_at = models.DateTimeField()
    #: When it came to its end; empty while it runs, or when it was killed.
    finished_at = models.DateTimeField(null=True, blank=True)
    #: How many of each kind were looked at.
    looked = models.JSONField(default=dict)
    #: How many of each fault were mended.
    mended = models.JSONField(default=dict)
    #: What only a person can mend: ``{"code", "version"}`` each. No titles: they could be deleted.
    left = models.JSONField(default=list)

    class Meta:
        ordering = ["-started_at", "-id"]
        indexes = [models.Index(fields=["-started_at"], name="reconciliation_by_age")]

    def __str__(self) -> str:
        return f"reconciliation of {self.started_at:%Y-%m-%d %H:%M}"
