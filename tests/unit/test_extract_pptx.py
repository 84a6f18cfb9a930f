"""Presentations: slides in the order of the show, and everything that is on them."""

from __future__ import annotations

import pytest

from documents.errors import CorruptFile, NoPages, TooComplex, UnsafeContent
from documents.extract.base import Piece
from documents.extract.pptx import PptxExtractor
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice
from tests.format_samples import pptx_bytes, relations, shape, slide
from tests.samples import zip_bytes

TITLE = shape("The plan", "title")
CHART = '<c:chart xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
NOTES_RELS = "ppt/slides/_rels/slide1.xml.rels"


def read(data: bytes) -> list[Piece]:
    return list(PptxExtractor().extract(data))


def pages(data: bytes) -> list[ExtractedPage]:
    return [piece for piece in read(data) if isinstance(piece, ExtractedPage)]


def blocks(*shapes: str) -> list[Block]:
    """Return what is read of one slide, below its title."""
    return list(pages(pptx_bytes([slide(TITLE + "".join(shapes))]))[0].blocks[1:])


def frame(inside: str) -> str:
    return (
        '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name="Frame 1" descr="Sales by year"/>'
        f"</p:nvGraphicFramePr><a:graphic><a:graphicData>{inside}</a:graphicData></a:graphic>"
        "</p:graphicFrame>"
    )


def cell(text: str) -> str:
    return f"<a:tc><a:txBody><a:p><a:r><a:t>{text}</a:t></a:r></a:p></a:txBody></a:tc>"


def table(*rows: tuple[str, ...], properties: str = "") -> str:
    inner = "".join(f"<a:tr>{''.join(map(cell, row))}</a:tr>" for row in rows)
    return frame(f"<a:tbl><a:tblPr {properties}/>{inner}</a:tbl>")


def item(text: str, mark: str, level: int = 0) -> str:
    return f'<a:p><a:pPr lvl="{level}">{mark}</a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>'


def test_slides_come_in_the_order_of_the_show() -> None:
    data = pptx_bytes([slide(shape(name, "title")) for name in ("One", "Two", "Three")])
    assert [(page.number, page.blocks[0].text) for page in pages(data)] == [
        (1, "One"),
        (2, "Two"),
        (3, "Three"),
    ]


def test_the_title_leads_wherever_it_stands() -> None:
    data = pptx_bytes([slide(shape("Below") + shape("The\nplan", "ctrTitle"))])
    assert pages(data)[0].blocks == (Block("The plan", BlockKind.HEADING, 1), Block("Below"))


def test_a_slide_without_a_title_is_called_by_its_number() -> None:
    data = pptx_bytes([slide(TITLE), slide(shape("Alone"))])
    assert pages(data)[1].blocks[0] == Block("Slide 2", BlockKind.HEADING, 1)


def test_an_empty_slide_keeps_its_number() -> None:
    data = pptx_bytes([slide(""), slide(TITLE)])
    assert [(page.number, len(page.blocks)) for page in pages(data)] == [(1, 0), (2, 1)]


def test_metadata_counts_the_slides() -> None:
    assert read(pptx_bytes([slide(TITLE)] * 3, title="Deck"))[0] == FileMetadata(
        "Deck", page_count=3
    )


def test_bodies_are_lists_and_text_boxes_are_not() -> None:
    kinds = [block.kind for block in blocks(shape("a", "body"), shape("b"), shape("c", "subTitle"))]
    assert kinds == [BlockKind.LIST_ITEM, BlockKind.PARAGRAPH, BlockKind.PARAGRAPH]


def test_numbers_that_the_program_counts_are_written_out() -> None:
    auto = '<a:buAutoNum type="{}"/>'
    lines = [
        *(item("one", auto.format("arabicPeriod")), item("two", auto.format("arabicPeriod"))),
        *(item("sub", auto.format("alphaLcParenR"), 1), item("three", auto.format("arabicPeriod"))),
        *(item("sub", auto.format("romanUcParenBoth"), 1), item("x", "<a:buNone/>")),
    ]
    texts = [block.text for block in blocks(shape("", paragraphs="".join(lines)))]
    assert texts == ["1. one", "2. two", "a) sub", "3. three", "(I) sub", "x"]


def test_a_bullet_makes_an_item_without_a_mark() -> None:
    assert blocks(shape("", paragraphs=item("point", '<a:buChar char="•"/>'))) == [
        Block("point", BlockKind.LIST_ITEM)
    ]


def test_groups_are_read_through() -> None:
    assert blocks(f"<p:grpSp><p:grpSp>{shape('inside')}</p:grpSp></p:grpSp>") == [Block("inside")]


def test_breaks_and_fields_are_read_but_not_numbers_and_dates_that_change() -> None:
    line = (
        "<a:p><a:r><a:t>one</a:t></a:r><a:br/><a:fld type='slidenum'><a:t>7</a:t></a:fld>"
        "<a:fld type='datetime1'><a:t>today</a:t></a:fld><a:fld type='other'><a:t>two</a:t></a:fld>"
        "</a:p>"
    )
    assert blocks(shape("", paragraphs=line)) == [Block("one\ntwo")]


def test_the_furniture_of_the_master_is_left_out() -> None:
    assert blocks(shape("7", "sldNum"), shape("1 May", "dt")) == []


def test_a_footer_is_read_once() -> None:
    data = pptx_bytes([slide(TITLE + shape("Acme Ltd", "ftr"))] * 2)
    notes = [[b.text for b in page.blocks if b.kind is BlockKind.NOTE] for page in pages(data)]
    assert notes == [["Acme Ltd"], []]


def test_a_table_with_a_header_names_its_columns_in_every_row() -> None:
    (found,) = blocks(table(("City", "People"), ("Oslo", "709,000"), properties='firstRow="1"'))
    assert found == Block("City | People\nCity: Oslo | People: 709,000", BlockKind.TABLE)


def test_a_table_without_a_header_is_rows() -> None:
    (found,) = blocks(table(("Oslo", "709,000"), ("Bergen", "291,000")))
    assert found == Block("Oslo | 709,000\nBergen | 291,000", BlockKind.TABLE)


@pytest.mark.parametrize(
    ("inside", "kind", "content"),
    [
        ('<c:chart r:id="rId9"/>', "chart", "<c:v xmlns:c='{c}'>Sales</c:v>"),
        ('<dgm:relIds r:dm="rId9"/>', "diagramData", "<a:t xmlns:a='{a}'>Sales</a:t>"),
    ],
)
def test_the_words_of_charts_and_diagrams_are_read(inside: str, kind: str, content: str) -> None:
    spaces = {
        "c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        "a": "http://schemas.openxmlformats.org/drawingml/2006/main",
    }
    data = pptx_bytes(
        [slide(TITLE + frame(inside))],
        parts={
            "ppt/slides/_rels/slide1.xml.rels": relations({"rId9": (kind, "../x/part.xml")}),
            "ppt/x/part.xml": f"<root>{content.format(**spaces)}</root>",
        },
    )
    assert pages(data)[0].blocks[1] == Block("Sales")


def test_a_frame_that_cannot_be_read_is_described() -> None:
    assert blocks(frame('<c:chart r:id="rId404"/>')) == [
        Block("[Picture: Sales by year]", BlockKind.NOTE)
    ]


def test_the_first_choice_that_says_anything_is_taken() -> None:
    choices = f"<mc:Choice>{shape('')}</mc:Choice><mc:Fallback>{shape('old')}</mc:Fallback>"
    assert blocks(f"<mc:AlternateContent>{choices}</mc:AlternateContent>") == [Block("old")]


def test_notes_of_the_speaker_follow_the_slide() -> None:
    data = pptx_bytes(
        [slide(TITLE)],
        parts={
            NOTES_RELS: relations({"rId1": ("notesSlide", "../notesSlides/n.xml")}),
            "ppt/notesSlides/n.xml": slide(
                shape("1", "sldNum") + shape("Smile.\nWait.", "body"), root="notes"
            ),
        },
    )
    assert pages(data)[0].blocks[1] == Block("Notes: Smile.\nWait.", BlockKind.NOTE)


def test_comments_are_read() -> None:
    text = (
        '<p:cmLst xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main"><p:cm>'
        "<p:text>Is this right?</p:text></p:cm></p:cmLst>"
    )
    data = pptx_bytes(
        [slide(TITLE)],
        parts={
            NOTES_RELS: relations({"rId1": ("comments", "../comments/c.xml")}),
            "ppt/comments/c.xml": text,
        },
    )
    assert pages(data)[0].blocks[1] == Block("Comment: Is this right?", BlockKind.NOTE)


def test_a_hidden_slide_is_read_and_marked() -> None:
    pieces = read(pptx_bytes([slide(TITLE), slide(TITLE, 'show="0"')]))
    assert pieces[2] == ExtractedPage(2, (Block("The plan (hidden slide)", BlockKind.HEADING, 1),))
    assert pieces[3] == Notice("hidden_text", "Slide 2 is hidden in the show and read anyway.")


def test_a_broken_slide_costs_that_slide_only() -> None:
    pieces = read(pptx_bytes([slide(TITLE), "<broken", slide(TITLE)]))
    assert [len(p.blocks) for p in pieces if isinstance(p, ExtractedPage)] == [1, 0, 1]
    assert pieces[-1] == Notice("pages_failed", "Slide 2 could not be read.")


def test_a_link_to_another_host_is_never_followed() -> None:
    links = relations({"rId1": ("notesSlide", "http://127.0.0.1:9/notes.xml")}, mode="External")
    data = pptx_bytes([slide(TITLE)], parts={NOTES_RELS: links})
    assert len(pages(data)[0].blocks) == 1


def test_a_presentation_without_slides_says_so() -> None:
    with pytest.raises(NoPages):
        read(pptx_bytes([]))


def test_definitions_are_refused() -> None:
    hostile = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + slide("&e;")
    with pytest.raises(UnsafeContent):
        read(pptx_bytes([hostile]))


def test_groups_in_groups_without_end_do_not_hang() -> None:
    deep = "<p:grpSp>" * 200 + shape("deep") + "</p:grpSp>" * 200
    assert blocks(deep, shape("after")) == [Block("after")]


def test_absurd_nesting_is_too_complex() -> None:
    with pytest.raises(TooComplex):
        read(pptx_bytes([slide("<p:grpSp>" * 5000 + "</p:grpSp>" * 5000)]))


def test_a_package_without_a_presentation_is_damaged() -> None:
    with pytest.raises(CorruptFile):
        read(zip_bytes({"[Content_Types].xml": "<Types/>"}))
