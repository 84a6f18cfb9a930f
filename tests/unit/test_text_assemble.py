"""One text out of pages and blocks."""

from __future__ import annotations

import pytest

from documents.text.assemble import assemble
from documents.types import Block, BlockKind, ExtractedPage, Extraction, StructuredText

WIDE = "This line of prose is as wide as the page that it was printed on,"


def page(number: int | None, *texts: str, kind: BlockKind = BlockKind.PARAGRAPH) -> ExtractedPage:
    return ExtractedPage(number, tuple(Block(text, kind) for text in texts))


def text_of(kind: BlockKind, text: str) -> str:
    return assemble(Extraction((page(None, text, kind=kind),))).text


def blocks_of(structured: StructuredText) -> list[str]:
    return [structured.text[block.start : block.end] for block in structured.blocks]


def test_blocks_are_apart_by_a_blank_line_and_found_at_their_offsets() -> None:
    structured = assemble(Extraction((page(None, "One.", "  Two\0. ", "Three."),)))
    assert structured.text == "One.\n\nTwo.\n\nThree."
    assert blocks_of(structured) == ["One.", "Two.", "Three."]


def test_kind_level_and_page_of_a_block_are_kept() -> None:
    blocks = (Block("Title", BlockKind.HEADING, 2), Block("x = 1", BlockKind.CODE))
    found = assemble(Extraction((ExtractedPage(4, blocks),))).blocks
    assert [(b.kind, b.level, b.page) for b in found] == [
        (BlockKind.HEADING, 2, 4),
        (BlockKind.CODE, 0, 4),
    ]


def test_blocks_that_are_empty_once_cleaned_are_left_out() -> None:
    structured = assemble(Extraction((page(None, "", " \u200b ", "x", "\0"),)))
    assert blocks_of(structured) == ["x"]


def test_every_page_has_its_start() -> None:
    structured = assemble(Extraction((page(1, "One", "more"), page(2, "Two"), page(3, "Three"))))
    assert [structured.text[start:][:3] for start in structured.page_starts] == [
        "One",
        "Two",
        "Thr",
    ]


def test_pages_without_text_begin_where_the_next_text_does() -> None:
    pages = (page(1), page(2, "Two"), page(3, " "), page(4, "Four"), page(5))
    structured = assemble(Extraction(pages))
    assert structured.text == "Two\n\nFour"
    assert structured.page_starts == (0, 0, 5, 5, 9)


def test_a_page_that_could_not_be_read_leaves_the_numbers_right() -> None:
    structured = assemble(Extraction((page(1, "One"), page(3, "Three"))))
    assert structured.page_starts == (0, 5, 5)


def test_a_format_without_pages_has_no_page_starts() -> None:
    assert assemble(Extraction((page(None, "One"),))).page_starts == ()


def test_nothing_read_gives_an_empty_text() -> None:
    assert assemble(Extraction(())) == StructuredText("", (), ())


def test_lines_of_wrapped_prose_are_joined() -> None:
    assert text_of(BlockKind.PARAGRAPH, f"{WIDE}\nand goes on here.") == f"{WIDE} and goes on here."


def test_lines_of_wrapped_chinese_are_joined_without_a_space() -> None:
    line = "黑豹队的防守丢了三百零八分在联赛中排名第六同时也以二十四次拦截领先国家橄榄球联盟"
    assert text_of(BlockKind.PARAGRAPH, f"{line}\n排名第六") == f"{line}排名第六"


def test_an_address_broken_after_a_slash_is_joined() -> None:
    text = f"{WIDE} see https://\nwww.example.org for more."
    assert "https://www.example.org for" in text_of(BlockKind.PARAGRAPH, text)


@pytest.mark.parametrize(
    "text",
    ["Ada Lovelace\n12 Some Street\nLondon", f"{WIDE}\n- an item", f"Short.\n{WIDE}", "a\tb\nc\td"],
)
def test_line_breaks_that_are_meant_stay(text: str) -> None:
    assert text_of(BlockKind.PARAGRAPH, text) == text


def test_a_table_keeps_its_rows_and_loses_its_blank_lines() -> None:
    assert text_of(BlockKind.TABLE, "a | b\n\n\nc | d\n") == "a | b\nc | d"


def test_a_heading_is_one_line() -> None:
    assert text_of(BlockKind.HEADING, "The long\ntitle") == "The long title"


def test_code_keeps_its_indentation() -> None:
    assert text_of(BlockKind.CODE, "def f():\n    return  1\n") == "def f():\n    return  1"
