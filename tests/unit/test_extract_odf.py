"""OpenDocument: texts, spreadsheets, presentations."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from documents.errors import CorruptFile, NoPages, PasswordRequired, TooComplex, UnsafeContent
from documents.extract.base import Piece
from documents.extract.odf import OdpExtractor, OdsExtractor, OdtExtractor
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice
from tests.format_samples import odf_bytes, odf_xml
from tests.samples import zip_bytes


def read(data: bytes) -> list[Piece]:
    return list(OdtExtractor().extract(data))


def blocks(body: str, styles: str = "") -> list[Block]:
    pieces = read(odf_bytes(body, styles=styles))
    return [b for piece in pieces if isinstance(piece, ExtractedPage) for b in piece.blocks]


def texts(body: str, styles: str = "") -> list[str]:
    return [block.text for block in blocks(body, styles)]


def cell(text: str, attributes: str = "") -> str:
    return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, attributes: str = "") -> str:
    return f"<table:table-row {attributes}>{''.join(cells)}</table:table-row>"


def listed(*items: str) -> str:
    return "".join(f"<text:list-item>{inner}</text:list-item>" for inner in items)


def style_of(name: str, properties: str) -> str:
    return f'<style:style style:name="{name}">{properties}</style:style>'


# --- texts ----------------------------------------------------------------------------


def test_headings_have_their_level() -> None:
    assert blocks('<text:h text:outline-level="3">Deep</text:h><text:h>Plain</text:h>') == [
        Block("Deep", BlockKind.HEADING, 3),
        Block("Plain", BlockKind.HEADING, 1),
    ]


def test_spans_spaces_tabs_and_breaks_are_read_in_place() -> None:
    spaced = "<text:span>b<text:s text:c='2'/>c</text:span>"
    assert texts(f"<text:p>a{spaced}<text:tab/>d<text:line-break/>e</text:p>") == ["ab  c\td\ne"]


def test_lists_are_items_and_count_where_their_style_does() -> None:
    style = (
        '<text:list-style style:name="L1"><text:list-level-style-number text:level="1"'
        ' style:num-format="1" style:num-suffix="."/><text:list-level-style-number text:level="2"'
        ' style:num-format="a" style:num-suffix=")"/></text:list-style>'
    )
    inner = f"<text:p>two</text:p><text:list>{listed('<text:p>sub</text:p>')}</text:list>"
    body = f'<text:list text:style-name="L1">{listed("<text:p>one</text:p>", inner)}</text:list>'
    assert texts(body, style) == ["1. one", "2. two", "a) sub"]
    assert {block.kind for block in blocks(body, style)} == {BlockKind.LIST_ITEM}


def test_a_list_without_numbers_is_items() -> None:
    assert texts(f"<text:list>{listed('<text:p>one</text:p>')}</text:list>") == ["one"]


def test_a_table_with_a_header_names_its_columns_in_every_row() -> None:
    header = f"<table:table-header-rows>{row(cell('a'), cell('b'))}</table:table-header-rows>"
    body = f"<table:table>{header}{row(cell('1'), cell('2'))}</table:table>"
    assert blocks(body) == [Block("a | b\na: 1 | b: 2", BlockKind.TABLE)]


def test_notes_and_comments_follow_their_paragraph() -> None:
    note = (
        "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>the note"
        "</text:p></text:note-body></text:note>"
    )
    comment = (
        "<office:annotation><dc:creator>Ann</dc:creator><text:p>why?</text:p></office:annotation>"
    )
    assert blocks(f"<text:p>a{note}b{comment}c</text:p>") == [
        Block("abc"),
        Block("the note", BlockKind.NOTE),
        Block("Comment by Ann: why?", BlockKind.NOTE),
    ]


def test_text_boxes_follow_and_pictures_are_described() -> None:
    box = "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"
    picture = (
        "<draw:frame draw:name='Image1'><draw:image/><svg:desc>A heron</svg:desc></draw:frame>"
    )
    assert texts(f"<text:p>a{box}b{picture}</text:p>") == ["ab", "boxed", "[Picture: A heron]"]


def test_what_was_deleted_is_left_out() -> None:
    deleted = (
        "<text:tracked-changes><text:changed-region><text:deletion><text:p>gone</text:p>"
        "</text:deletion></text:changed-region></text:tracked-changes>"
    )
    assert texts(f"{deleted}<text:p>a<text:change/>b</text:p>") == ["ab"]


@pytest.mark.parametrize(
    "body",
    [
        '<text:section text:display="none"><text:p>x</text:p></text:section>',
        '<text:p text:style-name="Hidden">x</text:p>',
        '<text:p><text:span text:style-name="Hidden">x</text:span></text:p>',
        "<text:p><text:hidden-text>x</text:hidden-text></text:p>",
    ],
)
def test_hidden_text_is_left_out_and_noted(body: str) -> None:
    style = style_of("Hidden", '<style:text-properties text:display="none"/>')
    pieces = read(odf_bytes(f"{body}<text:p>seen</text:p>", styles=style))
    assert [p.code for p in pieces if isinstance(p, Notice)] == ["hidden_text"]
    assert pieces[-1] == ExtractedPage(None, (Block("seen"),))


def test_headers_and_footers_come_once_and_last() -> None:
    margins = "<style:header><text:p>Acme</text:p></style:header>" * 2
    part = odf_xml(f"<office:master-styles>{margins}</office:master-styles>", "document-styles")
    pieces = read(odf_bytes("<text:p>body</text:p>", parts={"styles.xml": part}))
    assert pieces[-1] == ExtractedPage(None, (Block("body"), Block("Acme", BlockKind.NOTE)))


def test_properties_are_read() -> None:
    written = datetime(2024, 3, 1, 9, 30, tzinfo=UTC)
    assert read(odf_bytes("<text:p>x</text:p>"))[0] == FileMetadata("A title", "Ada", written)


# --- spreadsheets and presentations ---------------------------------------------------


def sheets(body: str, styles: str = "") -> list[Piece]:
    return list(OdsExtractor().extract(odf_bytes(body, "spreadsheet", styles=styles)))


def test_each_sheet_is_a_page_with_rows_that_name_their_columns() -> None:
    table = row(cell("City"), cell("People")) + row(cell("Oslo"), cell("709,000"))
    pieces = sheets(f'<table:table table:name="Cities">{table}</table:table>')
    assert pieces[1] == ExtractedPage(
        1,
        (
            Block("Cities", BlockKind.HEADING, 1),
            Block("City | People\nCity: Oslo | People: 709,000", BlockKind.TABLE),
        ),
    )


def test_repeated_rows_and_columns_stay_within_bounds() -> None:
    empty = '<table:table-cell table:number-columns-repeated="16384"/>'
    rows = row(cell("a", 'table:number-columns-repeated="2"'), cell("1"))
    rows += row(empty, attributes='table:number-rows-repeated="1048576"')
    rows += row(cell("b"), cell("c"), attributes='table:number-rows-repeated="999999999"')
    page = sheets(f"<table:table>{rows}</table:table>")[1]
    assert isinstance(page, ExtractedPage)
    assert page.blocks[1].text == "a | a | 1"
    assert len(page.blocks[2].text.split("\n")) == 1000


def test_a_hidden_sheet_is_read_and_marked() -> None:
    style = style_of("ta2", '<style:table-properties table:display="false"/>')
    table = f'<table:table table:name="S" table:style-name="ta2">{row(cell("x"))}</table:table>'
    pieces = sheets(table, style)
    assert isinstance(pieces[1], ExtractedPage)
    assert pieces[1].blocks[0].text == "S (hidden sheet)"


def test_each_slide_is_a_page_with_its_notes() -> None:
    frame = "<draw:frame {}><draw:text-box><text:p>{}</text:p></draw:text-box></draw:frame>"
    title = frame.format('presentation:class="title"', "The plan")
    notes = f"<presentation:notes>{frame.format('', 'Smile.')}</presentation:notes>"
    body = f"<draw:page>{frame.format('', 'below')}{title}{notes}</draw:page><draw:page/>"
    pieces = list(OdpExtractor().extract(odf_bytes(body, "presentation")))
    assert pieces[1:] == [
        ExtractedPage(
            1,
            (
                Block("The plan", BlockKind.HEADING, 1),
                Block("below"),
                Block("Notes: Smile.", BlockKind.NOTE),
            ),
        ),
        ExtractedPage(2, ()),
    ]


def test_a_presentation_without_slides_says_so() -> None:
    with pytest.raises(NoPages):
        list(OdpExtractor().extract(odf_bytes("", "presentation")))


# --- what is refused ------------------------------------------------------------------


def test_an_encrypted_file_needs_its_password() -> None:
    manifest = odf_xml("<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>")
    with pytest.raises(PasswordRequired):
        read(odf_bytes("", parts={"META-INF/manifest.xml": manifest, "content.xml": b"\x91\x02"}))


def test_definitions_are_refused() -> None:
    hostile = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(UnsafeContent):
        read(odf_bytes("", parts={"content.xml": hostile}))


def test_the_declaration_of_old_manifests_is_no_danger() -> None:
    old = (
        '<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest 1.0//EN"'
        ' "Manifest.dtd"><x/>'
    )
    data = odf_bytes("<text:p>x</text:p>", parts={"META-INF/manifest.xml": old})
    assert read(data)[-1] == ExtractedPage(None, (Block("x"),))


@pytest.mark.parametrize("parts", [{"content.xml": "<x/>"}, {"content.xml": "no xml"}])
def test_damage_is_named_as_such(parts: dict[str, str]) -> None:
    with pytest.raises(CorruptFile):
        read(odf_bytes("", parts=parts))


def test_a_file_without_content_is_damaged() -> None:
    with pytest.raises(CorruptFile):
        read(zip_bytes({"mimetype": "application/vnd.oasis.opendocument.text"}))


def test_absurd_nesting_ends() -> None:
    deep = "<text:span>" * 450 + "x" + "</text:span>" * 450
    with pytest.raises((RecursionError, TooComplex)):
        read(odf_bytes(f"<text:p>{deep}</text:p>"))
