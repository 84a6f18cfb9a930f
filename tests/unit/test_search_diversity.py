"""One document does not crowd out the others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from documents.search.diversity import MOST, NEARLY, PLACES, diverse
from documents.search.rows import Ranked


def _ranked(*items: tuple[int, float]) -> list[Ranked]:
    """Return candidates from pairs of document and score."""
    rows: list[Any] = [
        SimpleNamespace(chunk=SimpleNamespace(version_id=document)) for document, _ in items
    ]
    return [Ranked(row, score, 0.5) for row, (_, score) in zip(rows, items, strict=True)]


def _order(*items: tuple[int, float]) -> list[tuple[int, float]]:
    return [(item.row.chunk.version_id, item.score) for item in diverse(_ranked(*items))]


def test_a_fourth_passage_gives_way_to_another_document_that_is_as_good() -> None:
    crowd = [(1, 1.0), (1, 0.99), (1, 0.98), (1, 0.97)]
    assert _order(*crowd, (2, 0.96)) == [*crowd[:3], (2, 0.96), (1, 0.97)]


def test_it_does_not_give_way_to_one_that_is_worse() -> None:
    items = [(1, 1.0)] * (MOST + 1) + [(2, NEARLY - 0.01)]
    assert _order(*items) == items


def test_documents_come_in_the_order_they_came_in() -> None:
    items = [(1, 1.0)] * 5 + [(2, 0.99), (3, 0.98), (2, 0.97)]
    assert list(dict.fromkeys(document for document, _ in _order(*items))) == [1, 2, 3]


def test_a_library_of_one_document_stays_as_it_is() -> None:
    items = [(1, 1.0 - n / 100) for n in range(10)]
    assert _order(*items) == items


def test_when_all_have_had_their_turn_the_better_one_comes_first() -> None:
    items = [(1, 1.0)] * 4 + [(2, 0.99)] * 4
    assert _order(*items) == [(1, 1.0)] * 3 + [(2, 0.99)] * 3 + [(1, 1.0), (2, 0.99)]


def test_nothing_is_lost_and_far_places_stay() -> None:
    items = [(n % 2, 1.0 - n / 1000) for n in range(PLACES)] + [(0, 0.5)] * 5 + [(9, 0.49)]
    assert sorted(_order(*items)) == sorted(items)
    assert _order(*items)[PLACES:] == items[PLACES:]


def test_scores_below_zero_are_compared_as_well() -> None:
    items = [(1, -1.0)] * (MOST + 1) + [(2, -2.0)]
    assert _order(*items) == items
