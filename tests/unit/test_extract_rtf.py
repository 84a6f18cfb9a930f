"""Rich text: groups, code pages, and what of them people see."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from documents.errors import CorruptFile, TooComplex
from documents.extract.base import Piece
from documents.extract.rtf import RtfExtractor
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice
from tests.format_samples import rtf_bytes


def read(data: bytes) -> list[Piece]:
    return list(RtfExtractor().extract(data))


def blocks(body: str, head: str = r"\ansi\ansicpg1252") -> list[Block]:
    pieces = read(rtf_bytes(body, head))
    return [b for piece in pieces if isinstance(piece, ExtractedPage) for b in piece.blocks]


def texts(body: str, head: str = r"\ansi\ansicpg1252") -> list[str]:
    return [block.text for block in blocks(body, head)]


def test_paragraphs_end_at_their_marks_and_not_at_line_ends() -> None:
    assert texts("one\r\n two\\par three\\line four\\par") == ["one two", "three\nfour"]


def test_special_characters_are_written_out() -> None:
    assert texts(r"a\emdash b\~c\_d\-e\'e9\{\}\\ \ldblquote x\rdblquote\bullet") == [
        "a—b\xa0c-deé{}\\ “x”•"
    ]


def test_unicode_is_read_and_its_replacement_skipped() -> None:
    assert texts(r"\u8364?1 \uc2\u-10179\'3f\'3f\u-8704 ?? \uc0\u233z") == ["€1 \ud83d\ude00 éz"]


@pytest.mark.parametrize(
    ("head", "body", "expected"),
    [
        (r"\ansi\ansicpg1251", r"\'cf\'f0\'e8", "При"),
        (r"\mac", r"\'8e", "é"),
        (r"\ansi{\fonttbl{\f0\fcharset128 MS;}}", r"\f0 \'83\'65\'83X\'83\'67", "テスト"),
        (r"\ansi{\fonttbl{\f0\fcharset238 X;}{\f1\fcharset0 Y;}}", r"{\f0 \'bf}\f1\'bf", "ż¿"),
        (r"\ansi{\fonttbl{\f3\fcharset2 Symbol;}}", r"\f3 \'b7 \'61", "•α"),
    ],
)
def test_bytes_are_read_by_the_code_page_of_their_font(head: str, body: str, expected: str) -> None:
    assert texts(body, head)[0].replace(" ", "") == expected


def test_styles_and_outline_levels_make_headings() -> None:
    head = r"\ansi{\stylesheet{\s0 Normal;}{\s1\b heading 1;}{\s7\outlinelevel2 Section;}}"
    body = r"\pard\s1 One\par\pard\s7 Three\par\pard\outlinelevel1 Two\par\pard Text\par"
    assert blocks(body, head) == [
        Block("One", BlockKind.HEADING, 1),
        Block("Three", BlockKind.HEADING, 3),
        Block("Two", BlockKind.HEADING, 2),
        Block("Text"),
    ]


def test_list_items_carry_their_number() -> None:
    body = r"{\listtext 1.\tab}One\par{\*\pn\pnlvl}{\pntext\'b7\tab}Two\par After\par"
    assert blocks(body)[0] == Block("1.\tOne", BlockKind.LIST_ITEM)
    assert [block.kind for block in blocks(body)[1:]] == [BlockKind.LIST_ITEM, BlockKind.PARAGRAPH]


def test_rows_become_a_table() -> None:
    rows = r"\trowd\intbl a\cell b\cell\row\trowd\pard\intbl c\par d\cell e\cell\row\pard"
    assert blocks(f"before\\par {rows} after\\par") == [
        Block("before"),
        Block("a | b\nc d | e", BlockKind.TABLE),
        Block("after"),
    ]


def test_notes_comments_and_boxes_follow_their_paragraph() -> None:
    body = (
        r"\pard\outlinelevel0 Title{\footnote\pard\plain the note}"
        r"{\*\atnauthor Ann}{\*\annotation why?}{\shp{\*\shpinst{\sp{\sn x}{\sv y}}"
        r"{\shptxt boxed\par}}{\shprslt old}}\par"
    )
    assert blocks(body) == [
        Block("Title", BlockKind.HEADING, 1),
        Block("the note", BlockKind.NOTE),
        Block("Comment by Ann: why?", BlockKind.NOTE),
        Block("boxed", BlockKind.NOTE),
    ]


def test_headers_and_footers_come_once_and_last() -> None:
    body = r"{\header Acme\par}{\footerl Acme\par}{\footer\chpgn 1\par}body\par"
    assert blocks(body) == [Block("body"), Block("Acme", BlockKind.NOTE)]


@pytest.mark.parametrize(
    "group",
    [
        r"{\pict\wmetafile8 0100090000}",
        r"{\*\unknown secret}",
        r"{\field{\*\fldinst HYPERLINK x}}",
        r"{\object{\*\objdata 00ff}}",
        r"{\deleted gone}",
        r"{\xe index}",
        r"{\*\bkmkstart mark}",
        r"{\colortbl;\red0;}",
        r"{\info{\keywords x}}",
    ],
)
def test_groups_without_text_are_passed_over(group: str) -> None:
    assert texts(f"a{group}b") == ["ab"]


def test_results_of_fields_and_objects_are_read() -> None:
    assert texts(r"{\field{\*\fldinst X}{\fldrslt seen}} {\object{\result too}}") == ["seen too"]


def test_raw_bytes_are_skipped_by_their_count() -> None:
    assert texts("a{\\pict\\bin5 }{\\x}}b") == ["ab"]


def test_text_that_is_given_twice_is_read_once() -> None:
    assert texts(r"{\upr{old}{\*\ud{new\u233 ?}}}") == ["newé"]


def test_hidden_text_is_left_out_and_noted() -> None:
    pieces = read(rtf_bytes(r"a{\v secret}b\v x\v0 c\par"))
    assert pieces[-1] == ExtractedPage(None, (Block("abc"),))
    assert [p.code for p in pieces if isinstance(p, Notice)] == ["hidden_text"]


def test_properties_are_read() -> None:
    info = (
        r"{\info{\title A\'e9 title}{\author Ada}{\creatim\yr2020\mo5\dy1\hr9\min30}"
        r"{\revtim\yr2021\mo13\dy1}}"
    )
    assert read(rtf_bytes(f"{info}text"))[0] == FileMetadata(
        "Aé title", "Ada", datetime(2020, 5, 1, 9, 30, tzinfo=UTC)
    )


def test_a_file_that_breaks_off_keeps_what_it_has() -> None:
    assert read(rtf_bytes(r"one\par two")[:-2])[-1] == ExtractedPage(
        None, (Block("one"), Block("tw"))
    )


def test_what_follows_the_end_is_no_text() -> None:
    assert read(rtf_bytes("text") + b"\0\0 rubbish {")[-1] == ExtractedPage(None, (Block("text"),))


@pytest.mark.parametrize("body", [r"\u99999999999 x", r"\f-1\s-5\uc-3 x", r"}x", r"\bin-5 x", "\\"])
def test_nonsense_does_no_harm(body: str) -> None:
    assert len(blocks(body)) <= 1


def test_groups_in_groups_without_end_are_too_complex() -> None:
    with pytest.raises(TooComplex):
        read(b"{\\rtf1" + b"{" * 100_000)


def test_what_is_no_rich_text_is_damaged() -> None:
    with pytest.raises(CorruptFile):
        read(b"plain text")
