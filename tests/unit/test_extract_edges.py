"""Rare files of the Office kinds: broken parts, limits, and what stands for text in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from documents.errors import CorruptFile, PasswordRequired, TooComplex, UnsupportedType
from documents.extract import epub, odf, pptx, tables, xlsx
from documents.extract.containers import zip_type
from documents.extract.docx_fields import shown_without_result
from documents.extract.epub import EpubExtractor
from documents.extract.registry import extractor_for
from documents.extract.tables import filled, table_block
from documents.extract.zipped import Archive
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, MediaType, Notice
from tests.format_samples import (
    eml_bytes,
    epub_bytes,
    odf_bytes,
    odf_xml,
    pptx_bytes,
    relations,
    rtf_bytes,
    shape,
    sheet,
    slide,
    workbook_bytes,
)
from tests.samples import zip_bytes

TITLE = shape("The plan", "title")
ROW = sheet([["a", 1]])
DRAWING_RELS = "xl/worksheets/_rels/sheet1.xml.rels"


def pieces(kind: MediaType, data: bytes) -> list[Any]:
    return list(extractor_for(kind).extract(data))


def blocks(kind: MediaType, data: bytes) -> list[Block]:
    pages = (piece for piece in pieces(kind, data) if isinstance(piece, ExtractedPage))
    return [block for page in pages for block in page.blocks]


def codes(kind: MediaType, data: bytes) -> list[str]:
    return [piece.code for piece in pieces(kind, data) if isinstance(piece, Notice)]


# --- archives -------------------------------------------------------------------------


def test_a_stream_of_an_archive_is_counted_with_what_is_read_whole() -> None:
    archive = Archive(zip_bytes({"a": "x" * 600, "b": "y" * 600}), budget=1000)
    assert archive.stream("a").read() == b"x" * 600
    with pytest.raises(TooComplex):
        archive.stream("b").read()


def test_a_stream_of_an_encrypted_member_needs_its_password() -> None:
    data = bytearray(zip_bytes({"a": "x"}))
    data[6] |= 1
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(PasswordRequired):
        Archive(bytes(data), 1000).stream("a")


def test_a_stream_of_a_damaged_member_says_so() -> None:
    data = zip_bytes({"a": "some text " * 500})
    broken = data[:40] + bytes(10) + data[50:]
    stream = Archive(broken, 10_000).stream("a")
    with pytest.raises(CorruptFile):
        list(iter(stream.read, b""))


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"[Content_Types].xml": "<Types/>", "ppt/presentation.xml": "<x/>"}, MediaType.PPTX),
        ({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<x/>"}, MediaType.XLSX),
        ({"META-INF/container.xml": "<x/>"}, MediaType.EPUB),
        ({"content.xml": "<x/>", "META-INF/manifest.xml": "<x/>"}, MediaType.ODT),
    ],
)
def test_an_archive_is_told_by_its_parts(members: dict[str, str], expected: MediaType) -> None:
    assert zip_type(zip_bytes(members), "odt") is expected


def test_an_office_file_of_another_kind_is_refused() -> None:
    with pytest.raises(UnsupportedType, match="Office file of a kind"):
        zip_type(zip_bytes({"[Content_Types].xml": "<Types/>"}), "docx")


# --- slides ---------------------------------------------------------------------------


def test_pictures_and_lines_of_a_slide_are_described() -> None:
    picture = '<p:nvPicPr><p:cNvPr id="3" name="P" descr="{}"/></p:nvPicPr>'
    shapes = f"<p:pic>{picture.format('A heron')}</p:pic><p:sp>{picture.format('An arrow')}</p:sp>"
    found = blocks(MediaType.PPTX, pptx_bytes([slide(TITLE + shapes)]))
    assert [block.text for block in found[1:]] == ["[Picture: A heron]", "[Picture: An arrow]"]


def test_a_way_of_counting_that_is_not_known_counts_in_figures() -> None:
    mark = '<a:pPr><a:buAutoNum type="thaiNumPeriod" startAt="4"/></a:pPr>'
    line = f"<a:p>{mark}<a:r><a:t>x</a:t></a:r></a:p>"
    found = blocks(MediaType.PPTX, pptx_bytes([slide(TITLE + shape("", paragraphs=line))]))
    assert found[1] == Block("4. x", BlockKind.LIST_ITEM)


def test_broken_notes_cost_the_notes_only() -> None:
    parts = {
        "ppt/slides/_rels/slide1.xml.rels": relations({"rId1": ("notesSlide", "../n.xml")}),
        "ppt/n.xml": "<broken",
    }
    assert len(blocks(MediaType.PPTX, pptx_bytes([slide(TITLE)], parts=parts))) == 1


# --- sheets ---------------------------------------------------------------------------


def with_drawing(drawing: str, **parts: str) -> bytes:
    links = relations({"rId1": ("drawing", "../d.xml")})
    spaces = (
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
        ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
        ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
    )
    members = {DRAWING_RELS: links, "xl/d.xml": f"<d {spaces}>{drawing}</d>"} | parts
    return workbook_bytes({"Data": ROW}, parts=members)


def test_pictures_and_charts_of_a_sheet_are_read() -> None:
    drawing = '<x><cNvPr descr="A map" name="P"/></x><c:chart r:id="rId1"/>'
    chart = (
        '<c xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:v>Sales</c:v></c>'
    )
    links = {"xl/_rels/d.xml.rels": relations({"rId1": ("chart", "c.xml")}), "xl/c.xml": chart}
    found = blocks(MediaType.XLSX, with_drawing(drawing, **links))
    assert [block.text for block in found[2:]] == ["[Picture: A map]", "Sales"]


def test_a_broken_chart_says_nothing() -> None:
    links = {"xl/_rels/d.xml.rels": relations({"rId1": ("chart", "c.xml")}), "xl/c.xml": "<c"}
    assert len(blocks(MediaType.XLSX, with_drawing('<c:chart r:id="rId1"/>', **links))) == 2


def test_broken_styles_cost_the_formats_only() -> None:
    data = workbook_bytes({"Data": ROW}, parts={"xl/styles.xml": "<broken"})
    assert blocks(MediaType.XLSX, data)[1].text == "a | 1"


def test_broken_comments_are_told() -> None:
    parts = {DRAWING_RELS: relations({"rId1": ("comments", "../c.xml")}), "xl/c.xml": "<broken"}
    data = workbook_bytes({"Data": ROW}, parts=parts)
    assert codes(MediaType.XLSX, data) == ["part_failed"]


@pytest.mark.parametrize(
    ("module", "limit", "data"),
    [
        (xlsx, "_MAX_SHEETS", workbook_bytes({"A": ROW, "B": ROW})),
        (xlsx, "_MAX_SHARED", workbook_bytes({"A": ROW}, strings=["<t>long</t>"])),
        (pptx, "_MAX_SLIDES", pptx_bytes([slide(TITLE)] * 2)),
        (epub, "_MAX_CHAPTERS", epub_bytes({"a.xhtml": "x", "b.xhtml": "y"})),
    ],
)
def test_more_parts_than_the_limit_are_too_complex(
    monkeypatch: pytest.MonkeyPatch, module: Any, limit: str, data: bytes
) -> None:
    monkeypatch.setattr(module, limit, 1)
    kind = {xlsx: MediaType.XLSX, pptx: MediaType.PPTX, epub: MediaType.EPUB}[module]
    with pytest.raises(TooComplex):
        pieces(kind, data)


def test_names_of_columns_count_as_characters() -> None:
    budget = tables.Budget(characters=60)
    rows: Iterator[dict[int, str]] = iter([filled(["name", "age", "x"])] + [filled("abc")] * 30)
    (block,) = tables.sheet_blocks(rows, budget, is_list=True)
    assert budget.is_spent
    assert len(block.text) < 120


def test_a_table_of_nothing_is_nothing() -> None:
    assert table_block([]) is None


# --- OpenDocument, e-books, messages --------------------------------------------------


def test_broken_properties_cost_the_properties_only() -> None:
    data = odf_bytes("<text:p>x</text:p>", parts={"meta.xml": "<broken"})
    assert pieces(MediaType.ODT, data)[0] == FileMetadata()


def test_a_sheet_past_the_limit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(odf, "Budget", lambda: tables.Budget(cells=1))
    cell = "<table:table-cell><text:p>x</text:p></table:table-cell>"
    body = f"<table:table><table:table-row>{cell * 3}</table:table-row></table:table>"
    assert codes(MediaType.ODS, odf_bytes(body, "spreadsheet")) == ["partly_read"]


def test_a_comment_on_a_cell_follows_the_sheet() -> None:
    note = (
        "<office:annotation><dc:creator>Ann</dc:creator><text:p>why?</text:p></office:annotation>"
    )
    cell = f"<table:table-cell>{note}<text:p>x</text:p></table:table-cell>"
    body = f'<table:table table:name="S"><table:table-row>{cell}</table:table-row></table:table>'
    found = blocks(MediaType.ODS, odf_bytes(body, "spreadsheet"))
    assert found[1:] == [Block("x"), Block("Comment by Ann: why?", BlockKind.NOTE)]


def test_a_broken_manifest_is_no_password() -> None:
    data = odf_bytes("<text:p>x</text:p>", parts={"META-INF/manifest.xml": "<broken"})
    assert blocks(MediaType.ODT, data) == [Block("x")]


def test_a_body_of_another_kind_is_read_all_the_same() -> None:
    content = odf_xml(
        "<office:body><office:drawing><text:p>x</text:p></office:drawing></office:body>"
    )
    assert blocks(MediaType.ODT, odf_bytes("", parts={"content.xml": content})) == [Block("x")]


def test_a_book_without_a_container_is_found_by_its_package() -> None:
    data = epub_bytes({"a.xhtml": "<p>x</p>"}).replace(
        b"META-INF/container.xml", b"META-INF/nothing__.xml"
    )
    assert list(EpubExtractor().extract(data))[-1] == ExtractedPage(None, (Block("x"),))


def test_a_header_in_an_old_code_page_is_read() -> None:
    data = eml_bytes("x", subject="SUBJECT").replace(b"SUBJECT", "Grüße".encode("cp1252"))
    assert blocks(MediaType.EML, data)[0].text == "Grüße"


# --- others ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "shown"), [("SYMBOL x", "x"), ("SYMBOL", ""), ("FORMTEXT", ""), (r"EQ \a b", "b")]
)
def test_fields_that_are_cut_short_do_no_harm(code: str, shown: str) -> None:
    assert shown_without_result(code) == shown


def test_a_row_of_rich_text_that_nobody_ends_is_a_row() -> None:
    found = blocks(MediaType.RTF, rtf_bytes(r"\intbl a\cell b\par"))
    assert found == [Block("a | b", BlockKind.TABLE)]
