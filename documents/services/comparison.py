"""Two versions of a document side by side: which ones, and what changed."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from documents.errors import NotFound
from documents.models import Document, DocumentVersion
from documents.querysets import Caller
from documents.selectors import document_get
from documents.text.diff import Change, Kind, Offsets, WordKind, compare, reworded
from documents.types import Status


@dataclass(frozen=True, slots=True)
class Place:
    """A passage in one version; ``text == content[start:end]``."""

    start: int
    end: int
    text: str
    page: int | None


@dataclass(frozen=True, slots=True)
class WordRun:
    """Words of a reworded passage that stayed, went or came, and their places."""

    kind: WordKind
    text: str
    before: Offsets | None
    after: Offsets | None


@dataclass(frozen=True, slots=True)
class ShownChange:
    """A change with its text. ``words`` is empty unless the passage was reworded.

    ``unchanged`` counts the passages since the change before that stayed as they were.
    """

    kind: Kind
    before: Place | None
    after: Place | None
    words: tuple[WordRun, ...] = ()
    unchanged: int = 0


class Comparison:
    """What changed from one version of a document to another, neither need be the newer."""

    def __init__(self, document: Document, before: DocumentVersion, after: DocumentVersion) -> None:
        self.document, self.before, self.after = document, before, after
        self._texts = before.content.text, after.content.text
        self._starts = before.content.page_starts, after.content.page_starts

    @cached_property
    def _all(self) -> list[Change]:
        return compare(*self._texts)

    @cached_property
    def stats(self) -> dict[str, int]:
        """How many passages were added, removed, reworded, moved, and left unchanged."""
        counts = Counter(change.kind for change in self._all)
        return {kind.value: counts[kind] for kind in Kind}

    @cached_property
    def changes(self) -> list[tuple[Change, int]]:
        """All but the unchanged, each with how many of those stand before it."""
        found: list[tuple[Change, int]] = []
        passed = 0
        for change in self._all:
            if change.kind is Kind.UNCHANGED:
                passed += 1
            else:
                found.append((change, passed))
                passed = 0
        return found

    def shown(self, changes: Sequence[tuple[Change, int]]) -> list[ShownChange]:
        """Return some of the changes with their text and, where reworded, their words."""
        return [
            ShownChange(
                change.kind,
                self._place(0, change.before),
                self._place(1, change.after),
                tuple(self._words(change)),
                passed,
            )
            for change, passed in changes
        ]

    def _place(self, side: int, span: Offsets | None) -> Place | None:
        if span is None:
            return None
        starts = self._starts[side]
        page = bisect_right(starts, span[0]) if starts else None
        return Place(*span, self._texts[side][slice(*span)], page)

    def _words(self, change: Change) -> Iterator[WordRun]:
        if change.kind is not Kind.REWORDED or change.before is None or change.after is None:
            return
        old, new = self._texts
        for run in reworded(old, new, change.before, change.after):
            text = new[slice(*run.after)] if run.after else old[slice(*run.before or (0, 0))]
            yield WordRun(run.kind, text, run.before, run.after)


def versions_compare(
    user: Caller, document_id: object, *, before: int | None = None, after: int | None = None
) -> Comparison:
    """Return what changed between two versions of a visible document.

    Without ``after`` it is the version that the document answers from, without
    ``before`` the one that was ready before ``after``. Raises ``NotFound`` for a
    document or version that is not there to compare.
    """
    document = document_get(user, document_id)
    rows = {version.number: version for version in comparable(document)}
    if after is None:
        current = document.current_version
        after = current.number if current else None
    if before is None and after is not None:
        before = max((number for number in rows if number < after), default=None)
    if before is None or after is None:
        raise NotFound("There is no earlier version to compare with.")
    for number in (before, after):
        if number not in rows:
            raise NotFound(f"There is no version {number} that could be compared.")
    return Comparison(document, rows[before], rows[after])


def comparable(document: Document) -> list[DocumentVersion]:
    """Return the versions of a document that have a text, newest first."""
    rows = document.versions.filter(status=Status.READY).order_by("-number")
    return list(rows)
