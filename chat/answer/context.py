"""From search hits to the passages of a prompt: neighbours joined, within a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from chat.types import Passage
from documents.types import Hit

#: Characters of all passages of a prompt together.
BUDGET = 12_000
#: Chunks with at most this many characters between them are neighbours.
GAP = 20

#: Gives the whole text of a version, by its id.
Content = Callable[[int], str]


@dataclass(slots=True)
class _Run:
    """Neighbouring chunks of one version that become a passage. ``rank`` is of the best."""

    rank: int
    hits: list[Hit]

    @property
    def start(self) -> int:
        return min(hit.start for hit in self.hits)

    @property
    def end(self) -> int:
        return max(hit.end for hit in self.hits)


def pack(
    hits: Sequence[Hit],
    *,
    max_chunks: int = 5,
    budget: int = BUDGET,
    content: Content | None = None,
    page_starts: Mapping[int, Sequence[int]] | None = None,
) -> tuple[Passage, ...]:
    """At most ``max_chunks`` passages of at most ``budget`` characters, best first.

    Overlapping chunks of a version are joined; chunks with white space between them
    as well where ``content`` can read it. ``page_starts`` gives for a version id the
    offset at which each page begins. The first passage is cut when it is longer than
    the budget, any other left out. ``text == content[start:end]`` for each.
    """
    content = lru_cache(maxsize=None)(content) if content else None
    runs = _runs(hits, max_chunks, budget, content)
    passages = [
        _passage(n, run, content, (page_starts or {}).get(run.hits[0].version_id, ()))
        for n, run in enumerate(runs, start=1)
    ]
    return tuple(_shortened(passage, budget) for passage in passages)


def _runs(hits: Sequence[Hit], max_chunks: int, budget: int, content: Content | None) -> list[_Run]:
    runs: list[_Run] = []
    for rank, hit in enumerate(hits):
        joined = _joined(runs, _Run(rank, [hit]), content)
        size = sum(run.end - run.start for run in joined)
        if len(joined) <= max_chunks and (size <= budget or not runs):
            runs = joined
    return sorted(runs, key=lambda run: run.rank)


def _joined(runs: Sequence[_Run], new: _Run, content: Content | None) -> list[_Run]:
    """``runs`` with ``new``, which takes in every run that it touches."""
    apart = []
    for run in runs:
        if _touch(run, new, content):
            new = _Run(min(run.rank, new.rank), [*run.hits, *new.hits])
        else:
            apart.append(run)
    return [*apart, new]


def _touch(one: _Run, other: _Run, content: Content | None) -> bool:
    first, second = sorted((one, other), key=lambda run: run.start)
    if first.hits[0].version_id != second.hits[0].version_id:
        return False
    gap = second.start - first.end
    if gap <= 0:
        return True
    if content is None or gap > GAP:
        return False
    return not content(first.hits[0].version_id)[first.end : second.start].strip()


def _passage(n: int, run: _Run, content: Content | None, page_starts: Sequence[int]) -> Passage:
    best = max(run.hits, key=lambda hit: hit.relevance)
    ordered = sorted(run.hits, key=lambda hit: (hit.start, hit.end))
    start, end = run.start, run.end
    text = content(best.version_id)[start:end] if content else _overlaid(ordered)
    return Passage(
        n=n,
        document_id=best.document_id,
        title=best.document_title,
        version=best.version,
        version_id=best.version_id,
        page=ordered[0].page,
        heading=best.heading,
        text=text,
        start=start,
        end=end,
        relevance=best.relevance,
        page_breaks=_page_breaks(ordered, start, end, page_starts),
        chunks=tuple((hit.start, hit.end) for hit in ordered),
        page_kind=best.page_kind,
    )


def _overlaid(ordered: Sequence[Hit]) -> str:
    """The text of overlapping chunks, each character once."""
    text, end = "", ordered[0].start
    for hit in ordered:
        text += hit.text[max(end - hit.start, 0) :]
        end = max(end, hit.end)
    return text


def _page_breaks(
    ordered: Sequence[Hit], start: int, end: int, page_starts: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    if page_starts:
        numbered = enumerate(page_starts, start=1)
        return tuple((offset, page) for page, offset in numbered if start < offset < end)
    breaks: list[tuple[int, int]] = []
    page = ordered[0].page
    for hit in ordered[1:]:
        if hit.page is not None and hit.page != page:
            breaks.append((hit.start, hit.page))
            page = hit.page
    return tuple(breaks)


def _shortened(passage: Passage, budget: int) -> Passage:
    if len(passage.text) <= budget:
        return passage
    cut = max(passage.text.rfind(" ", budget // 2, budget), 0) or budget
    return replace(passage, text=passage.text[:cut], end=passage.start + cut)
