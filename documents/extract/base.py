"""What an extractor is: bytes in, pages out, one at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from documents.types import ExtractedPage, FileMetadata, MediaType, Notice

#: What an extractor yields: metadata as soon as it is known, then pages in order,
#: and notices wherever something had to be left out.
Piece = FileMetadata | ExtractedPage | Notice


class Extractor(Protocol):
    """Reads one kind of file.

    ``extract`` raises a ``documents.errors.FileError`` when nothing can be read.
    A page that fails alone becomes a ``Notice``; the pages before and after it
    are still yielded. Implementations run inside the sandbox: they may use up
    to its memory and time, and never Django, the network or other files.
    """

    media_type: MediaType

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield what the file holds, page by page."""
        ...
