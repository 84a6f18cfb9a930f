"""The shapes of the API, both ways."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from documents.api.traces import PAGE_KIND, SearchTraceSerializer
from documents.models import Collection, Document, DocumentVersion, Membership
from documents.types import Hit, Mode, PageKind, Role, Stage, Status

#: What a caller may write to ask the library as it was.
AS_OF = (
    "The library as it was: a date (at its end, in the server's time zone), a date with a"
    " time, or the number of a version where one document is named."
)


class CollectionRefSerializer(serializers.ModelSerializer[Collection]):
    """A collection as others name it."""

    class Meta:
        model = Collection
        fields = ["id", "slug", "name"]


class FailureSerializer(serializers.Serializer[Any]):
    """Why something did not become ready, or what to know about it anyway."""

    code = serializers.CharField()
    message = serializers.CharField()


def _error(version: DocumentVersion | None) -> dict[str, str] | None:
    if version is None or not version.error_code:
        return None
    return {"code": version.error_code, "message": version.error_message}


class DocumentSerializer(serializers.ModelSerializer[Document]):
    """A document as it stands: its title, and the state of its newest version."""

    collection = CollectionRefSerializer()
    filename = serializers.CharField(source="newest_version.filename")
    media_type = serializers.CharField(source="newest_version.media_type")
    size = serializers.IntegerField(source="newest_version.size", help_text="Bytes.")
    pages = serializers.IntegerField(source="newest_version.pages", allow_null=True)
    version = serializers.IntegerField(
        source="newest_version.number", help_text="Number of the newest version."
    )
    versions = serializers.IntegerField(
        source="newest_version.number", help_text="How many versions there are."
    )
    current_version = serializers.IntegerField(
        source="current_version.number",
        allow_null=True,
        default=None,
        help_text="Number of the version it answers from; null before the first is ready.",
    )
    status = serializers.ChoiceField(choices=list(Status), source="newest_version.status")
    stage = serializers.ChoiceField(choices=list(Stage), source="newest_version.stage")
    progress = serializers.FloatField(source="newest_version.progress", help_text="From 0 to 1.")
    error = serializers.SerializerMethodField()
    notices = FailureSerializer(source="newest_version.notices", many=True)

    class Meta:
        model = Document
        fields = [
            "id",
            "title",
            "author",
            "collection",
            "filename",
            "media_type",
            "size",
            "pages",
            "version",
            "versions",
            "current_version",
            "status",
            "stage",
            "progress",
            "error",
            "notices",
            "created_at",
            "updated_at",
        ]

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, document: Document) -> dict[str, str] | None:
        """Return code and sentence of a failure."""
        return _error(document.newest_version)


class UploadedDocumentSerializer(DocumentSerializer):
    """A document that an upload led to."""

    duplicate = serializers.BooleanField(
        help_text="Whether these bytes were in the collection already."
    )

    class Meta(DocumentSerializer.Meta):
        fields = [*DocumentSerializer.Meta.fields, "duplicate"]


class DocumentChangeSerializer(serializers.Serializer[Any]):
    """What can be changed of a document."""

    title = serializers.CharField(max_length=300, required=False)
    author = serializers.CharField(max_length=300, required=False, allow_blank=True)
    collection = serializers.CharField(
        max_length=120, required=False, help_text="Id or slug of another collection."
    )


class UploadFieldsSerializer(serializers.Serializer[Any]):
    """Where files go, and what to call them."""

    collection = serializers.CharField(
        max_length=120, required=False, allow_blank=True, help_text="Id or slug."
    )
    title = serializers.CharField(max_length=300, required=False, allow_blank=True)
    author = serializers.CharField(max_length=300, required=False, allow_blank=True)


class UploadSerializer(UploadFieldsSerializer):
    """Files and where they go."""

    files = serializers.ListField(child=serializers.FileField(), allow_empty=False)


class RejectedSerializer(FailureSerializer):
    """A file that was not taken in."""

    filename = serializers.CharField()


class UploadResultSerializer(serializers.Serializer[Any]):
    """What came of each file."""

    documents = UploadedDocumentSerializer(many=True)
    rejected = RejectedSerializer(many=True)


class VersionFileSerializer(serializers.Serializer[Any]):
    """The file of a new version."""

    file = serializers.FileField()


class VersionSerializer(serializers.ModelSerializer[DocumentVersion]):
    """One version of a document."""

    status = serializers.ChoiceField(choices=list(Status))
    stage = serializers.ChoiceField(choices=list(Stage))
    error = serializers.SerializerMethodField()
    notices = FailureSerializer(many=True)
    recognised_pages = serializers.ListField(
        child=serializers.IntegerField(), help_text="Pages recognised from their pictures."
    )
    current = serializers.SerializerMethodField(help_text="Whether the document answers from it.")

    class Meta:
        model = DocumentVersion
        fields = [
            "number",
            "filename",
            "media_type",
            "size",
            "sha256",
            "pages",
            "status",
            "stage",
            "progress",
            "error",
            "notices",
            "recognised_pages",
            "current",
            "created_at",
            "ready_at",
            "superseded_at",
        ]

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, version: DocumentVersion) -> dict[str, str] | None:
        """Return code and sentence of a failure."""
        return _error(version)

    def get_current(self, version: DocumentVersion) -> bool:
        """Whether the document answers from this version."""
        return version.document.current_version_id == version.pk


class SearchSerializer(serializers.Serializer[Any]):
    """A search."""

    q = serializers.CharField(max_length=2000, trim_whitespace=True)
    mode = serializers.ChoiceField(choices=list(Mode), default=Mode.HYBRID)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=10)
    collection = serializers.CharField(
        required=False, allow_blank=True, max_length=120, help_text="Id or slug."
    )
    document = serializers.UUIDField(required=False)
    explain = serializers.BooleanField(
        default=False, help_text="Whether to tell how the results came about."
    )
    as_of = serializers.CharField(required=False, allow_blank=True, help_text=AS_OF)


class DocumentRefSerializer(serializers.Serializer[Any]):
    """A document as a hit names it."""

    id = serializers.UUIDField(source="document_id")
    title = serializers.CharField(source="document_title")


class HitSerializer(serializers.Serializer[Hit]):
    """A passage that was found; offsets count characters of the version's content."""

    document = DocumentRefSerializer(source="*")
    version = serializers.IntegerField()
    current_version = serializers.IntegerField(help_text="What the document answers from now.")
    page = serializers.IntegerField(allow_null=True)
    page_kind = serializers.ChoiceField(choices=list(PageKind), help_text=PAGE_KIND)
    heading = serializers.CharField()
    text = serializers.CharField()
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    highlights = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField(), min_length=2, max_length=2),
        help_text="Spans of text, counted within it.",
    )
    relevance = serializers.FloatField(help_text="From 0 to 1.")
    recognised = serializers.BooleanField(
        help_text="Whether its page was recognised from a picture and may hold errors."
    )


class SearchResultSerializer(serializers.Serializer[Any]):
    """Passages, best first."""

    query = serializers.CharField()
    mode = serializers.ChoiceField(choices=list(Mode))
    as_of = serializers.CharField(
        source="as_of.asked", default=None, allow_null=True, help_text="As it was asked, or null."
    )
    took_ms = serializers.FloatField()
    results = HitSerializer(many=True, source="hits")
    trace = SearchTraceSerializer(required=False, help_text="Where it was asked for.")

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Return the result; without a trace where none was asked for."""
        shown: dict[str, Any] = super().to_representation(instance)
        if shown["trace"] is None:
            del shown["trace"]
        return shown


class CollectionSerializer(serializers.ModelSerializer[Collection]):
    """A collection, and what the caller may do in it."""

    role = serializers.ChoiceField(choices=list(Role), read_only=True)
    documents = serializers.IntegerField(read_only=True, source="document_count")

    class Meta:
        model = Collection
        fields = ["id", "slug", "name", "role", "documents", "created_at"]


class CollectionCreateSerializer(serializers.Serializer[Any]):
    """A new collection."""

    name = serializers.CharField(max_length=120)
    slug = serializers.SlugField(max_length=100, required=False, allow_blank=True)


class CollectionChangeSerializer(serializers.Serializer[Any]):
    """Another name for a collection."""

    name = serializers.CharField(max_length=120)


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """A member and their role."""

    username = serializers.CharField(source="user.username")
    role = serializers.ChoiceField(choices=list(Role))

    class Meta:
        model = Membership
        fields = ["username", "role", "created_at"]
        read_only_fields = ["created_at"]


class MemberRoleSerializer(serializers.Serializer[Any]):
    """Another role for a member."""

    role = serializers.ChoiceField(choices=list(Role))
