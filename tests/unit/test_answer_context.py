"""Hits become passages: neighbours joined, within a budget, offsets exact."""

from __future__ import annotations

import random

import pytest

from chat.answer.context import pack
from chat.types import Passage
from documents.types import Hit

CONTENT = " ".join(f"word{i:04d}" for i in range(600))


def whole(version_id: int) -> str:
    assert version_id
    return CONTENT


def hit(
    start: int, end: int, *, relevance: float = 0.5, version: int = 1, page: int | None = None
) -> Hit:
    return Hit(
        chunk_id=start,
        document_id=f"d{version}",
        document_title="T",
        version=1,
        page=page,
        heading="",
        text=CONTENT[start:end],
        start=start,
        end=end,
        relevance=relevance,
        version_id=version,
    )


def spans(passages: tuple[Passage, ...]) -> list[tuple[int, int]]:
    return [(passage.start, passage.end) for passage in passages]


def test_overlapping_chunks_become_one_passage() -> None:
    (passage,) = pack([hit(0, 100), hit(80, 180)])
    assert (passage.start, passage.end, passage.text) == (0, 180, CONTENT[:180])


def test_the_order_of_overlapping_hits_does_not_matter() -> None:
    assert pack([hit(80, 180), hit(0, 100)])[0].text == CONTENT[:180]


def test_a_chunk_inside_another_adds_nothing() -> None:
    assert spans(pack([hit(0, 200), hit(50, 100)])) == [(0, 200)]


def test_white_space_between_neighbours_is_bridged_where_it_can_be_read() -> None:
    neighbours = [hit(0, 98), hit(99, 197)]
    assert CONTENT[98] == " "
    assert spans(pack(neighbours, content=whole)) == [(0, 197)]
    assert spans(pack(neighbours)) == [(0, 98), (99, 197)]


def test_text_between_chunks_keeps_them_apart() -> None:
    assert len(pack([hit(0, 98), hit(110, 197)], content=whole)) == 2


def test_a_hit_that_fills_a_gap_joins_both_sides() -> None:
    assert spans(pack([hit(0, 100), hit(150, 250), hit(90, 160)])) == [(0, 250)]


def test_versions_are_never_joined() -> None:
    assert len(pack([hit(0, 100, version=1), hit(80, 180, version=2)])) == 2


def test_passages_are_numbered_in_the_order_of_the_hits() -> None:
    passages = pack([hit(500, 600), hit(0, 100), hit(250, 300)])
    assert [(p.n, p.start) for p in passages] == [(1, 500), (2, 0), (3, 250)]


def test_there_are_at_most_so_many_passages() -> None:
    assert len(pack([hit(i * 200, i * 200 + 100) for i in range(9)], max_chunks=3)) == 3


def test_a_neighbour_still_joins_when_the_passages_are_complete() -> None:
    hits = [hit(0, 100), hit(400, 500), hit(450, 550), hit(1000, 1100)]
    assert spans(pack(hits, max_chunks=2)) == [(0, 100), (400, 550)]


def test_the_budget_leaves_out_what_does_not_fit() -> None:
    assert spans(pack([hit(0, 100), hit(200, 390), hit(500, 560)], budget=200)) == [
        (0, 100),
        (500, 560),
    ]


def test_a_first_hit_beyond_the_budget_is_cut_between_words() -> None:
    (passage,) = pack([hit(0, 1000)], budget=105)
    assert passage.text == CONTENT[: passage.end]
    assert len(passage.text) <= 105
    assert CONTENT[passage.end] == " "


def test_a_joined_passage_has_the_relevance_of_its_best_chunk() -> None:
    assert pack([hit(0, 100, relevance=0.4), hit(80, 180, relevance=0.9)])[0].relevance == 0.9


def test_a_passage_knows_the_page_of_each_offset() -> None:
    (passage,) = pack([hit(0, 100, page=1), hit(90, 190, page=2)])
    assert [passage.page_at(0), passage.page_at(89), passage.page_at(95)] == [1, 1, 2]


def test_pages_come_from_where_they_begin_if_that_is_known() -> None:
    (passage,) = pack([hit(0, 300, page=1)], page_starts={1: [0, 120, 250, 900]})
    assert [passage.page_at(i) for i in (0, 119, 120, 299)] == [1, 1, 2, 3]


@pytest.mark.parametrize("seed", range(20))
def test_every_passage_is_the_text_at_its_place(seed: int) -> None:
    chance = random.Random(seed)
    starts = [chance.randrange(0, 4000) for _ in range(12)]
    hits = [hit(start, start + chance.randrange(20, 400)) for start in starts]
    for passage in pack(hits, content=whole if seed % 2 else None):
        assert passage.text == CONTENT[passage.start : passage.end]


def test_no_hits_give_no_passages() -> None:
    assert pack([]) == ()
