"""The two channels, asked inside a scope, and their fusion."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from documents.embed.base import Embedder, Vectors
from documents.errors import EmbeddingFailed
from documents.index.base import Index
from documents.models import EmbeddingSpace
from documents.search.fusion import Fused, fuse, lifted
from documents.search.titles import Pointed
from documents.search.tracing import Stopwatch
from documents.search.tuning import Tuning
from documents.search.vectors import query_vector
from documents.selectors import active_space, search_index, space_embedder
from documents.text.terms import query_terms
from documents.types import Mode, Scope, Scored

#: What is added to the fused score of passages in documents that the query names.
NAMED_LIFT = 0.5

#: Share of the passages with a name that must stand in the documents named by it.
LEAST_AT_HOME = 0.75

logger = logging.getLogger(__name__)

#: Candidates of each channel before fusion, at least.
CANDIDATES = 100


@dataclass(frozen=True, slots=True)
class Engine:
    """The space that is searched, with its index and its embedder."""

    space: EmbeddingSpace
    index: Index
    embedder: Embedder


#: Words of a question, besides names, that are enough to look for inside what it names.
LEAST_LEFT = 4


@dataclass(frozen=True, slots=True)
class Where:
    """A scope, and the documents in it that the query names."""

    scope: Scope
    named: Sequence[Pointed] = ()

    @property
    def named_scope(self) -> Scope:
        """The scope of the named documents alone."""
        versions = frozenset(pointed.version_id for pointed in self.named)
        return Scope(self.scope.collections, versions)

    def at_home(self, index: Index) -> Where:
        """Only the documents in which the name that points at them is at home.

        A name stands mostly in the texts of what it names, or in none at all, as
        abbreviations do. A phrase that other documents hold as well is a topic.
        """
        if not self.named:
            return self
        home = {phrase: self._share(index, phrase) for phrase in {p.phrase for p in self.named}}
        return Where(self.scope, [p for p in self.named if home[p.phrase] >= LEAST_AT_HOME])

    def _share(self, index: Index, phrase: str) -> float:
        """The share of the passages with this phrase that the documents named by it hold."""
        held = index.spread(phrase, self.scope)
        named = {pointed.version_id for pointed in self.named if pointed.phrase == phrase}
        if not held:
            return 1.0
        return sum(count for version, count in held.items() if version in named) / sum(
            held.values()
        )

    def without_names(self, query: str) -> str:
        """The query without the words that point at documents; they say nothing inside them.

        As it is where too little would be left: then the name is what is asked about.
        """
        whole = query
        for phrase in sorted({pointed.phrase for pointed in self.named}, key=len, reverse=True):
            words = r"\W+".join(map(re.escape, phrase.split()))
            query = re.sub(rf"\b{words}\b(?:['\u2019]s\b)?", " ", query)
        return query if len(query_terms(query)) >= LEAST_LEFT else whole

    def strength(self, version_id: int) -> float:
        """How surely a version is meant, beside the one that is meant most surely; 0 to 1."""
        most = max((pointed.strength for pointed in self.named), default=0.0)
        if not most:
            return 0.0
        meant = {pointed.version_id: pointed.strength for pointed in self.named}
        return meant.get(version_id, 0.0) / most


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the channels brought for a query, and in which order it stands together."""

    query: str
    mode: Mode
    where: Where
    fused: Sequence[Fused] = ()
    keyword: Sequence[Scored] = ()
    semantic: Sequence[Scored] = ()
    engine: Engine | None = None
    dense_weight: float = 0.0
    #: Whether every channel that was wanted had its part.
    whole: bool = True

    @property
    def model(self) -> str:
        """The model of the space; nothing where nothing was ever indexed."""
        return self.engine.space.model if self.engine else ""


def candidates(
    query: str, where: Where, *, mode: Mode, limit: int, tuning: Tuning, watch: Stopwatch
) -> Candidates:
    """Return the best chunks by both channels, best first, as ids with scores.

    Documents that the query names are asked for themselves too, and lifted.
    """
    space = active_space()
    if space is None or where.scope.is_empty:
        return Candidates(query, mode, where)
    engine = Engine(space, search_index(space), space_embedder(space))
    weight = {Mode.KEYWORD: 0.0, Mode.SEMANTIC: 1.0}.get(mode, _weight(engine, tuning))
    ask = _Asking(query, mode, max(CANDIDATES, limit), engine, watch)
    keyword, semantic = ask.channels(where.scope)
    whole = not ask.failed
    with watch.step("fusion"):
        fused = fuse(keyword, semantic, weight)
    with watch.step("names"):
        where = where.at_home(engine.index)
    if where.named:
        inside = _Asking(where.without_names(query), mode, ask.count, engine, watch)
        own_words, own_meaning = inside.channels(where.named_scope)
        whole = whole and not inside.failed
        fused = lifted(fused, fuse(own_words, own_meaning, weight), NAMED_LIFT)
        keyword, semantic = _joined(keyword, own_words), _joined(semantic, own_meaning)
    return Candidates(query, mode, where, fused, keyword, semantic, engine, weight, whole)


def _joined(channel: Sequence[Scored], more: Sequence[Scored]) -> list[Scored]:
    """Two results of one channel as one; a chunk has the same score in both."""
    scores = {hit.chunk_id: hit for hit in (*channel, *more)}
    return sorted(scores.values(), key=lambda hit: (-hit.score, hit.chunk_id))


class _Asking:
    """One query, put to the channels of one engine; it is embedded once."""

    def __init__(
        self, query: str, mode: Mode, count: int, engine: Engine, watch: Stopwatch
    ) -> None:
        self._query, self._mode, self.count = query, mode, count
        self._engine, self._watch = engine, watch
        self._vector: Vectors | None = None
        #: Whether a channel was left out because what it needs failed.
        self.failed = False

    def channels(self, scope: Scope) -> tuple[list[Scored], list[Scored]]:
        """What the keyword and the semantic channel find in the scope."""
        index = self._engine.index
        words: list[Scored] = []
        if self._mode is not Mode.SEMANTIC:
            with self._watch.step("keyword"):
                words = index.keyword(self._query, scope, self.count)
        if self._mode is Mode.KEYWORD:
            return words, []
        with self._watch.step("semantic"):
            return words, self._meaning(scope)

    def _meaning(self, scope: Scope) -> list[Scored]:
        try:
            if self._vector is None:
                self._vector = query_vector(self._engine.embedder, self._query)
            return self._engine.index.semantic(self._vector, scope, self.count)
        except EmbeddingFailed:
            if self._mode is Mode.SEMANTIC:
                raise
            # Words alone still find most things; an answer is worth more than an error.
            logger.warning("the embedder failed: searching by words alone")
            self.failed = True
            return []


def _weight(engine: Engine, tuning: Tuning) -> float:
    """Return the share of the semantic channel: as asked, as recorded, or as measured."""
    known = (tuning.dense_weight, engine.space.dense_weight, engine.embedder.dense_weight)
    return next(weight for weight in known if weight is not None)
