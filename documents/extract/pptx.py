"""PPTX: slides in the order they are shown, each a page with its title as heading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar, Final

from documents.errors import CorruptFile, NoPages, TooComplex
from documents.extract.base import Piece
from documents.extract.ooxml import Element, Package, attribute, child, name
from documents.extract.ooxml_properties import core_properties
from documents.extract.pptx_slide import SlideWalk
from documents.types import Block, BlockKind, ExtractedPage, MediaType, Notice

_MAX_SLIDES: Final = 5_000
_COMMENTS: Final = frozenset({"comments", "comment"})


class PptxExtractor:
    """Reads PowerPoint presentations, with macros or without. Yields a page a slide."""

    media_type: ClassVar[MediaType] = MediaType.PPTX

    def extract(self, data: bytes) -> Iterator[Piece]:
        """Yield the properties, then slide by slide what is on it and its notes.

        Raises ``CorruptFile``, ``NoPages``, ``UnsafeContent``, ``TooComplex`` and
        ``PasswordRequired``.
        """
        package = Package(data)
        parts = _slides(package)
        yield replace(core_properties(package), page_count=len(parts))
        deck = _Deck(package)
        for number, part in enumerate(parts, 1):
            yield ExtractedPage(number, tuple(deck.blocks(number, part)))
        yield from deck.notices()


def _slides(package: Package) -> list[str]:
    """Return the parts of the slides in the order of the show."""
    main = package.main_part()
    listed = child(package.xml(main), "p:sldIdLst")
    relations = package.relations(main)
    parts = []
    for node in listed if listed is not None else ():
        relation = relations.get(attribute(node, "r:id") or "")
        parts.append(relation.target if relation is not None and not relation.external else "")
    if not parts:
        raise NoPages("The presentation has no slides.")
    if len(parts) > _MAX_SLIDES:
        raise TooComplex
    return parts


class _Deck:
    """The slides of one presentation, and what of them could not be read."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._hidden: list[int] = []
        self._failed: list[int] = []
        self._footers: set[str] = set()

    def blocks(self, number: int, part: str) -> Iterator[Block]:
        """Yield the title, the body, comments and notes; nothing of an empty slide."""
        try:
            root = self._package.xml(part)
        except CorruptFile:
            self._failed.append(number)
            return
        walk = SlideWalk(self._package, part)
        walk.shapes(root)
        hidden = root.get("show") in ("0", "false")
        rest = [*walk.blocks, *self._new(walk.footers), *self._around(part)]
        if not walk.title and not rest:
            return
        if hidden:
            self._hidden.append(number)
        mark = " (hidden slide)" if hidden else ""
        yield Block(f"{walk.title or f'Slide {number}'}{mark}", BlockKind.HEADING, 1)
        yield from rest

    def notices(self) -> Iterator[Notice]:
        """Yield which slides could not be read, and which the audience does not see."""
        if self._failed:
            yield Notice("pages_failed", f"{_named(self._failed)} could not be read.")
        if self._hidden:
            verb = "is" if len(self._hidden) == 1 else "are"
            yield Notice(
                "hidden_text", f"{_named(self._hidden)} {verb} hidden in the show and read anyway."
            )

    def _new(self, footers: list[str]) -> list[Block]:
        """Return footers not seen before: most decks repeat theirs on every slide."""
        new = [text for text in dict.fromkeys(footers) if text not in self._footers]
        self._footers.update(new)
        return [Block(text, BlockKind.NOTE) for text in new]

    def _around(self, part: str) -> Iterator[Block]:
        """Yield the comments on a slide and the speaker's notes."""
        for relation in self._package.relations(part).values():
            if relation.external or relation.target not in self._package:
                continue
            try:
                if relation.kind == "notesSlide":
                    yield from self._notes(relation.target)
                elif relation.kind in _COMMENTS:
                    yield from _comments(self._package.xml(relation.target))
            except CorruptFile:
                continue

    def _notes(self, part: str) -> Iterator[Block]:
        walk = SlideWalk(self._package, part, only=("body",))
        walk.shapes(self._package.xml(part))
        text = "\n".join(block.text for block in walk.blocks)
        if text:
            yield Block(f"Notes: {text}", BlockKind.NOTE)


def _comments(root: Element) -> Iterator[Block]:
    """Yield comments of the old kind (``p:text``) and of the threaded one (``a:t``)."""
    for node in root.iter():
        if node.tag.endswith(("}cm", "}reply")):
            inside = (
                part.text or ""
                for child_node in node
                if not child_node.tag.endswith("}replyLst")
                for part in child_node.iter()
                if name(part) in ("p:text", "a:t")
            )
            if text := " ".join("".join(inside).split()):
                yield Block(f"Comment: {text}", BlockKind.NOTE)


def _named(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")
    return f"Slide {listed}" if len(numbers) == 1 else f"Slides {listed}"
