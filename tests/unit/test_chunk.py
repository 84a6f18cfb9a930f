"""Cutting a text into chunks."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from documents.text.assemble import assemble
from documents.text.chunk import chunk
from documents.text.cuts import is_grapheme_border
from documents.types import (
    Block,
    BlockKind,
    ChunkDraft,
    ExtractedPage,
    Extraction,
    StructuredText,
)

SENTENCE = "This sentence is about forty characters. "


def structured(*blocks: Block | str, page: int | None = None) -> StructuredText:
    made = tuple(Block(block) if isinstance(block, str) else block for block in blocks)
    return assemble(Extraction((ExtractedPage(page, made),)))


def heading(text: str, level: int = 1) -> Block:
    return Block(text, BlockKind.HEADING, level)


def texts(drafts: Sequence[ChunkDraft]) -> list[str]:
    return [draft.text for draft in drafts]


def test_a_short_text_is_one_chunk() -> None:
    assert chunk(structured("One. Two.")) == [ChunkDraft(0, 0, 9, None, "", "One. Two.")]


def test_an_empty_text_has_no_chunk() -> None:
    assert chunk(StructuredText("", ())) == []


def test_a_text_without_blocks_is_one_paragraph() -> None:
    assert texts(chunk(StructuredText("One. Two.", ()))) == ["One. Two."]


def test_chunks_hold_whole_sentences() -> None:
    found = texts(chunk(structured(SENTENCE * 30), size=300, overlap=0))
    assert len(found) > 3
    assert all(text.startswith("This") and text.endswith("characters.") for text in found)


def test_neighbours_share_whole_sentences_up_to_the_overlap() -> None:
    first, second, *_ = chunk(structured(SENTENCE * 30), size=300, overlap=100)
    shared = first.text[second.start - first.start :]
    assert 0 < len(shared) <= 100
    assert shared.startswith("This")
    assert second.text.startswith(shared)


def test_a_cut_prefers_the_border_of_a_paragraph() -> None:
    first, *_ = chunk(structured(SENTENCE * 6, SENTENCE * 6), size=400, overlap=0)
    assert first.text == (SENTENCE * 6).strip()


def test_what_is_left_is_shared_evenly_rather_than_leaving_a_scrap() -> None:
    found = texts(chunk(structured(SENTENCE * 11), size=400, overlap=0))
    assert len(found) == 2
    assert min(map(len, found)) > 150


def test_a_chunk_never_crosses_a_page() -> None:
    pages = tuple(ExtractedPage(n, (Block(f"Page {n}."),)) for n in (1, 2, 3))
    found = chunk(assemble(Extraction(pages)))
    assert [(draft.page, draft.text) for draft in found] == [
        (1, "Page 1."),
        (2, "Page 2."),
        (3, "Page 3."),
    ]


def test_a_chunk_knows_the_headings_it_stands_under() -> None:
    found = chunk(
        structured(
            heading("Part"), heading("First", 2), SENTENCE * 10, heading("Second", 2), SENTENCE * 10
        ),
        size=600,
    )
    assert [draft.heading for draft in found] == ["Part › First", "Part › Second"]


def test_a_heading_closes_the_deeper_ones_before_it() -> None:
    blocks: list[Block | str] = [
        heading("A"),
        heading("B", 3),
        SENTENCE * 9,
        heading("C", 2),
        SENTENCE * 9,
    ]
    assert chunk(structured(*blocks), size=500)[-1].heading == "A › C"


def test_a_heading_begins_a_chunk() -> None:
    found = texts(chunk(structured(SENTENCE * 5, heading("Next"), SENTENCE * 5), size=600))
    assert [text.split("\n")[0] for text in found] == [(SENTENCE * 5).strip(), "Next"]


def test_nothing_is_shared_across_a_heading() -> None:
    first, second = chunk(structured(SENTENCE * 9, heading("Next"), SENTENCE * 9), size=450)
    assert first.end < second.start


def test_small_sections_are_put_together() -> None:
    blocks = [block for n in range(40) for block in (heading(f"H{n}"), "Two words.")]
    found = chunk(structured(*blocks), size=400)
    assert len(found) < 10


def test_a_heading_stays_with_what_it_is_over() -> None:
    blocks: list[Block | str] = [SENTENCE * 5, heading("Over it"), SENTENCE * 4]
    found = texts(chunk(structured(*blocks), size=230, overlap=0))
    assert not any(text.endswith("Over it") for text in found)


def test_headings_without_text_fill_chunks() -> None:
    found = chunk(structured(*[heading("Title")] * 1000), size=500)
    assert len(found) < 30


def test_a_table_is_cut_at_its_rows() -> None:
    rows = "\n".join(f"row {n} | value. And {n * n}" for n in range(60))
    found = texts(chunk(structured(Block(rows, BlockKind.TABLE)), size=200, overlap=0))
    assert "\n".join(found) == rows


def test_a_word_longer_than_a_chunk_is_cut_between_graphemes() -> None:
    found = chunk(StructuredText("e\u0301" * 100, ()), size=25, overlap=0)
    assert all(len(draft.text) == 24 for draft in found[:-1])


def test_a_flag_or_a_family_is_not_cut() -> None:
    for symbol in ("🇩🇪", "👩‍👩‍👧", "👍🏽"):
        found = texts(chunk(StructuredText(symbol * 50, ()), size=23, overlap=0))
        assert {text.replace(symbol, "") for text in found} == {""}


def test_chinese_is_cut_at_a_clause_and_never_inside_a_latin_word() -> None:
    found = texts(chunk(structured("我们使用PostgreSQL数据库，" * 30), size=100, overlap=0))
    assert all(text.endswith("，") for text in found[:-1])


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (100, 100), (100, -1), (-5, 0)])
def test_sizes_that_make_no_sense_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(ValueError, match="overlap"):
        chunk(structured("One."), size=size, overlap=overlap)


# --- whatever the text -----------------------------------------------------------

PIECES = [
    "alpha", "beta", "Gamma", "naïve", "数据库", "的", "。", "e\u0301" * 3, "👩‍👩‍👧", "🇩🇪🇫🇷",
    "x" * 50, "3.14", "U.S.", "Dr.", "end.", "Really?", "\n", "\n\n", "- item", "| a | b |",
]  # fmt: skip


def random_document(chance: random.Random) -> StructuredText:
    def block() -> Block:
        kind = chance.choice(list(BlockKind))
        glue = " " if chance.random() < 0.8 else ""
        text = glue.join(chance.choice(PIECES) for _ in range(chance.randint(0, 120)))
        return Block(text, kind, chance.randint(1, 6) if kind is BlockKind.HEADING else 0)

    pages = range(1, chance.randint(1, 4) + 1)
    return assemble(
        Extraction(
            tuple(
                ExtractedPage(n, tuple(block() for _ in range(chance.randint(0, 9)))) for n in pages
            )
        )
    )


@pytest.fixture(params=range(40))
def case(request: pytest.FixtureRequest) -> tuple[StructuredText, list[ChunkDraft], int, int]:
    chance = random.Random(request.param)
    size = chance.choice([60, 100, 300, 1000])
    overlap = chance.choice([0, size // 5, size // 2, size - 1])
    document = random_document(chance)
    return document, chunk(document, size=size, overlap=overlap), size, overlap


Case = tuple[StructuredText, list[ChunkDraft], int, int]


def test_offsets_are_exact_and_ordinals_count(case: Case) -> None:
    document, drafts, size, _ = case
    for ordinal, draft in enumerate(drafts):
        assert draft.ordinal == ordinal
        assert draft.text == document.text[draft.start : draft.end] == draft.text.strip()
        assert 0 < len(draft.text) <= size


def test_every_visible_character_is_in_a_chunk(case: Case) -> None:
    document, drafts, _, _ = case
    rest = list(document.text)
    for draft in drafts:
        rest[draft.start : draft.end] = " " * len(draft.text)
    assert "".join(rest).strip() == ""


def test_each_chunk_brings_something_new_and_shares_no_more_than_the_overlap(case: Case) -> None:
    _, drafts, _, overlap = case
    for before, after in pairwise(drafts):
        assert before.start < after.start
        assert before.end < after.end
        assert before.end - after.start <= overlap


def test_a_chunk_is_on_the_page_where_it_starts(case: Case) -> None:
    document, drafts, _, _ = case
    for draft in drafts:
        assert draft.page == sum(start <= draft.start for start in document.page_starts)


def test_a_chunk_never_splits_a_grapheme(case: Case) -> None:
    document, drafts, _, _ = case
    borders = (border for draft in drafts for border in (draft.start, draft.end))
    inside = (border for border in borders if 0 < border < len(document.text))
    assert all(is_grapheme_border(document.text, border) for border in inside)


def test_a_chunk_splits_a_word_only_where_no_white_space_is_near(case: Case) -> None:
    document, drafts, size, _ = case
    text = document.text
    for border in (draft.start for draft in drafts if draft.start):
        if text[border - 1].isascii() and text[border - 1 : border + 1].isalpha():
            unbroken = text[:border].split()[-1] + text[border:].split()[0]
            assert len(unbroken) > size


# --- time ------------------------------------------------------------------------


def one_block(text: str, kind: BlockKind = BlockKind.PARAGRAPH) -> StructuredText:
    return structured(Block(text, kind))


MAKERS: dict[str, Callable[[int], StructuredText]] = {
    "chinese": lambda n: one_block("中" * 10 * n),
    "words": lambda n: one_block("a " * 10 * n),
    "one word": lambda n: one_block("x" * 10 * n),
    "sentences": lambda n: one_block("It is so. " * n),
    "rows": lambda n: one_block("a | b\n" * n, BlockKind.TABLE),
    "headings": lambda n: structured(*[heading("Title", 1 + k % 6) for k in range(n)]),
    "sections": lambda n: structured(*[heading("T") if k % 2 else "Text." for k in range(n)]),
    "flags": lambda n: one_block("🇩🇪" * n),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_time_grows_with_the_length_and_not_faster(make: Callable[[int], StructuredText]) -> None:
    def seconds(document: StructuredText) -> float:
        return min(_timed(document) for _ in range(2))

    small, large = seconds(make(2_000)), seconds(make(8_000))
    assert large < 0.1 + small * 4 * 2.5


def _timed(document: StructuredText) -> float:
    started = time.process_time()
    chunk(document)
    return time.process_time() - started
