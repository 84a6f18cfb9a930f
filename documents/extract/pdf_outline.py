"""The outline of a PDF ("bookmarks"): which lines are headings, and of which level."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import Any, Final

from documents.types import Block, BlockKind

_MAX_ENTRIES: Final = 5_000
_RICH: Final = 4
_MAX_DEPTH: Final = 9
_NOT_WORD: Final = re.compile(r"[\W_]+")


class Outline:
    """Titles by page, as the document lists them itself.

    ``document`` is a ``pypdfium2.PdfDocument``. Entries without a page are left out.
    """

    def __init__(self, document: Any) -> None:
        self._pages: dict[int, dict[str, int]] = {}
        for entry in itertools.islice(document.get_toc(max_depth=_MAX_DEPTH), _MAX_ENTRIES):
            destination = entry.get_dest()
            page = destination.get_index() if destination is not None else None
            title = _key(entry.get_title())
            if page is not None and title:
                self._pages.setdefault(page, {}).setdefault(title, entry.level + 1)

    @property
    def is_rich(self) -> bool:
        """Whether it says enough to be believed about what is no heading, too."""
        return sum(map(len, self._pages.values())) >= _RICH

    def mark(self, page: int, blocks: Iterable[Block]) -> tuple[Block, ...]:
        """Return the blocks of a page (counted from 0) with its titles made headings.

        A title at the head of a longer block is cut off from it.
        """
        titles = self._pages.get(page)
        if not titles:
            return tuple(blocks)
        return tuple(part for block in blocks for part in _split(block, titles))


def _split(block: Block, titles: dict[str, int]) -> Iterable[Block]:
    lines = block.text.split("\n")
    for count in range(min(3, len(lines)), 0, -1):
        level = titles.get(_key(" ".join(lines[:count])))
        if level is not None:
            yield Block("\n".join(lines[:count]), BlockKind.HEADING, level)
            if rest := "\n".join(lines[count:]):
                yield Block(rest, block.kind, block.level)
            return
    yield block


def _key(title: str) -> str:
    """Return letters and digits only: the outline and the page differ in the rest."""
    return _NOT_WORD.sub("", title.replace("\0", "")).casefold()
