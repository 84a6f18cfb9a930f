"""Plain values that travel between the rooms of this app.

Nothing here touches Django, a database or the network. Offsets are always
counted in Unicode code points (what ``str`` slicing uses), start inclusive,
end exclusive, into the text of one document version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MediaType(StrEnum):
    """The kinds of file the product reads, by their registered media type."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    TXT = "text/plain"
    MARKDOWN = "text/markdown"
    HTML = "text/html"


class Status(StrEnum):
    """The life of a version. ``READY`` and ``FAILED`` are terminal."""

    QUEUED = "queued"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


class Stage(StrEnum):
    """What is being done to a version that is processing."""

    WAITING = "waiting"
    EXTRACTING = "extracting"
    CHUNKING = "chunking"
    EMBEDDING = "embedding"
    INDEXING = "indexing"
    DONE = "done"


class Role(StrEnum):
    """What a member may do in a collection; each includes the ones before it."""

    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


class Mode(StrEnum):
    """Which channels a search asks."""

    HYBRID = "hybrid"
    KEYWORD = "keyword"
    SEMANTIC = "semantic"


class BlockKind(StrEnum):
    """What a block of extracted text is in the document's structure."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading, list item or table, as an extractor read it.

    ``level`` is 1-9 for a heading and 0 for anything else.
    """

    text: str
    kind: BlockKind = BlockKind.PARAGRAPH
    level: int = 0


@dataclass(frozen=True, slots=True)
class ExtractedPage:
    """The blocks of one page, in reading order.

    ``number`` counts from 1; it is ``None`` for formats without pages, which
    come as a single ``ExtractedPage``.
    """

    number: int | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class FileMetadata:
    """What a file says about itself. Empty string or ``None`` where it is silent."""

    title: str = ""
    author: str = ""
    created: datetime | None = None
    modified: datetime | None = None
    page_count: int | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """Something the reader should know about a version that is ready anyway."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that was read from one file."""

    pages: tuple[ExtractedPage, ...]
    metadata: FileMetadata = FileMetadata()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """Where one block stands in the assembled text."""

    start: int
    end: int
    kind: BlockKind
    level: int
    page: int | None


@dataclass(frozen=True, slots=True)
class StructuredText:
    """The text of a version with its structure, as offsets into it.

    ``page_starts[i]`` is the offset at which page ``i + 1`` begins; empty for
    formats without pages.
    """

    text: str
    blocks: tuple[BlockSpan, ...]
    page_starts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A chunk before it has a row: ``text == content[start:end]``."""

    ordinal: int
    start: int
    end: int
    page: int | None
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What the index keeps of one chunk. ``vector`` has the space's dimensions."""

    chunk_id: int
    version_id: int
    collection_id: int
    title: str
    heading: str
    text: str
    vector: Sequence[float]


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a search may look. Empty ``collections`` finds nothing: it fails closed.

    ``versions`` narrows further to those versions (current or not); without it
    only chunks of current versions are found.
    """

    collections: frozenset[int]
    versions: frozenset[int] | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be found in this scope."""
        return not self.collections or (self.versions is not None and not self.versions)


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk id with a score; higher is better, the scale is the channel's own."""

    chunk_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Hit:
    """One passage found, with its place. ``highlights`` are offsets into ``text``."""

    chunk_id: int
    document_id: str
    document_title: str
    version: int
    page: int | None
    heading: str
    text: str
    start: int
    end: int
    relevance: float
    ordinal: int = 0
    version_id: int = 0
    collection_id: int = 0
    highlights: tuple[tuple[int, int], ...] = field(default=())
