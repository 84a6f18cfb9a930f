"""Plain values that travel between the rooms of this app.

Nothing here touches Django, a database or the network. Offsets are always
counted in Unicode code points (what ``str`` slicing uses), start inclusive,
end exclusive, into the text of one document version.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class MediaType(StrEnum):
    """The kinds of file the product reads, by their registered media type."""

    PDF = "application/pdf"
    DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ODT = "application/vnd.oasis.opendocument.text"
    ODS = "application/vnd.oasis.opendocument.spreadsheet"
    ODP = "application/vnd.oasis.opendocument.presentation"
    RTF = "application/rtf"
    EPUB = "application/epub+zip"
    EML = "message/rfc822"
    CSV = "text/csv"
    TXT = "text/plain"
    MARKDOWN = "text/markdown"
    HTML = "text/html"


class PageKind(StrEnum):
    """What the numbered pages of a document are called by those who made it."""

    PAGE = "page"
    SLIDE = "slide"
    SHEET = "sheet"

    @classmethod
    def of(cls, media_type: str) -> PageKind:
        """Return the word for such a file; ``PAGE`` where nothing else is known."""
        return PAGE_KINDS.get(media_type, cls.PAGE)


#: The media types whose numbered pages are no pages of paper.
PAGE_KINDS: Mapping[str, PageKind] = {
    MediaType.PPTX: PageKind.SLIDE,
    MediaType.ODP: PageKind.SLIDE,
    MediaType.XLSX: PageKind.SHEET,
    MediaType.ODS: PageKind.SHEET,
}


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
    RECOGNISING = "recognising"
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
class AsOf:
    """A state of the library that was: at a moment, or one version of a single document.

    Exactly one of the two is set. ``moment`` is aware of its time zone. ``asked`` is
    how it was written by who asked.
    """

    moment: datetime | None = None
    version: int | None = None
    asked: str = field(default="", compare=False)


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
    #: The version that the document answers from now.
    current_version: int = 0
    media_type: str = ""
    #: Whether its page was recognised from a picture.
    recognised: bool = False

    @property
    def page_kind(self) -> PageKind:
        """What its page is called."""
        return PageKind.of(self.media_type)


class Outcome(StrEnum):
    """What became of a candidate of a search or of an answer."""

    USED = "used"
    DUPLICATE = "duplicate"
    JOINED = "joined"
    BELOW_THRESHOLD = "below_threshold"
    BEYOND_LIMIT = "beyond_limit"


@dataclass(frozen=True, slots=True)
class TracedCandidate:
    """One passage on its way through a search.

    ``keyword`` is the BM25 score, ``semantic`` the cosine, each with its rank in its
    channel from 1, and ``None`` where that channel did not bring the passage. ``fused``
    is the fusion's score and ``ranked`` the one that orders the results; both mean
    something within one search only. ``relevance`` is absolute, in [0, 1].
    """

    chunk_id: int
    document_id: str
    title: str
    version: int
    page: int | None
    start: int
    end: int
    keyword: float | None
    keyword_rank: int | None
    semantic: float | None
    semantic_rank: int | None
    fused: float
    ranked: float
    relevance: float
    outcome: Outcome = Outcome.USED
    page_kind: PageKind = PageKind.PAGE


@dataclass(frozen=True, slots=True)
class SearchTrace:
    """How a search came to its results.

    ``terms`` are the words looked for as the index keeps them, ``scoped_to`` the titles
    of documents that the question was found to name. ``keyword`` and ``semantic`` count
    what each channel brought. ``timings`` maps a step to milliseconds.
    """

    query: str
    mode: Mode
    terms: tuple[str, ...]
    model: str
    dense_weight: float
    keyword: int
    semantic: int
    candidates: tuple[TracedCandidate, ...] = ()
    scoped_to: tuple[str, ...] = ()
    reranker: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page as people see it, from the upper left corner.

    In units in which the longer side of the page is ``PAGE_UNITS``.
    """

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """The distance from left to right."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """The distance from top to bottom."""
        return self.bottom - self.top

    def joined(self, other: Box) -> Box:
        """Return the smallest box around both."""
        return Box(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )


#: The longer side of every page in the units of ``Box``.
PAGE_UNITS = 1_000_000


@dataclass(frozen=True, slots=True)
class PageLetters:
    """The characters of a page and where each stands.

    ``edges[4 * i : 4 * i + 4]`` are left, top, right and bottom of ``text[i]``; all
    four are 0 for what has no place, such as the end of a line. ``width`` and
    ``height`` are the page's, in the units of ``Box``.
    """

    width: int
    height: int
    text: str
    edges: Sequence[int]

    def box(self, index: int) -> Box | None:
        """Return where one character stands, ``None`` when it has no place."""
        left, top, right, bottom = self.edges[4 * index : 4 * index + 4]
        return Box(left, top, right, bottom) if right > left or bottom > top else None
