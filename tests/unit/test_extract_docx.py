"""Word documents: every story is read, nothing hidden or deleted is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from documents.errors import CorruptFile, PasswordRequired, TooComplex, UnsafeContent
from documents.extract import ooxml
from documents.extract.base import Piece
from documents.extract.docx import DocxExtractor
from documents.extract.docx_numbering import formatted
from documents.extract.zipped import Archive
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice
from tests import samples
from tests.samples import docx_bytes, wordml

W14 = "http://schemas.microsoft.com/office/word/2010/wordml"


def read(data: bytes) -> list[Piece]:
    return list(DocxExtractor().extract(data))


def blocks(data: bytes) -> list[Block]:
    return [b for piece in read(data) if isinstance(piece, ExtractedPage) for b in piece.blocks]


def texts(data: bytes) -> list[str]:
    return [block.text for block in blocks(data)]


def body(xml: str) -> list[str]:
    return texts(docx_bytes(body=xml))


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr>{run(text)}</w:p>"


def cell(*paragraphs: str) -> str:
    return f"<w:tc>{''.join(paragraph(text) for text in paragraphs)}</w:tc>"


def row(*cells: str) -> str:
    return f"<w:tr>{''.join(cells)}</w:tr>"


def control(xml: str) -> str:
    return f"<w:sdt><w:sdtPr/><w:sdtContent>{xml}</w:sdtContent></w:sdt>"


def old_box(text: str) -> str:
    box = f"<w:txbxContent>{paragraph(text)}</w:txbxContent>"
    return f"<w:pict><v:textbox>{box}</v:textbox></w:pict>"


def formula(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


# --- paragraphs


def test_runs_of_a_paragraph_are_joined() -> None:
    assert body(f"<w:p>{run('one ')}{run('two')}</w:p>") == ["one two"]


def test_tabs_breaks_and_hyphens_become_characters() -> None:
    xml = "<w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t><w:noBreakHyphen/>"
    assert body(f"<w:p><w:r>{xml}</w:r></w:p>") == ["a\tb\nc-"]


def test_symbols_of_symbol_fonts_become_characters() -> None:
    alpha = '<w:sym w:font="Symbol" w:char="F061"/>'
    tick = '<w:sym w:font="Wingdings" w:char="F0FC"/>'
    assert body(f"<w:p><w:r>{alpha}{tick}</w:r></w:p>") == ["α✓"]


def test_insertions_stay_and_deletions_go() -> None:
    gone = "<w:del><w:r><w:delText>gone</w:delText></w:r></w:del>"
    moved = f"<w:moveFrom>{run('moved')}</w:moveFrom><w:moveTo>{run('here')}</w:moveTo>"
    xml = f"<w:p>{run('kept ')}<w:ins>{run('added ')}</w:ins>{gone}{moved}</w:p>"
    assert body(xml) == ["kept added here"]


def test_hidden_text_is_left_out_and_noted() -> None:
    data = docx_bytes(body=f"<w:p>{run('seen')}{run(' unseen', '<w:vanish/>')}</w:p>")
    assert texts(data) == ["seen"]
    assert any(isinstance(piece, Notice) and piece.code == "hidden_text" for piece in read(data))


@pytest.mark.parametrize("properties", ['<w:color w:val="FFFFFF"/>', '<w:sz w:val="2"/>'])
def test_text_that_nobody_can_see_is_noted(properties: str) -> None:
    data = docx_bytes(body=f"<w:p>{run('seen')}{run(' unseen', properties)}</w:p>")
    assert texts(data) == ["seen unseen"]
    assert any(isinstance(piece, Notice) and piece.code == "hidden_text" for piece in read(data))


def test_white_text_on_a_shade_can_be_seen() -> None:
    properties = '<w:color w:val="FFFFFF"/><w:shd w:fill="000000"/>'
    pieces = read(docx_bytes(body=f"<w:p>{run('seen', properties)}</w:p>"))
    assert not any(isinstance(piece, Notice) for piece in pieces)


def test_a_switched_off_vanish_hides_nothing() -> None:
    off = '<w:vanish w:val="0"/>'
    assert body(f"<w:p>{run('seen', off)}</w:p>") == ["seen"]


def test_a_style_can_hide_its_text() -> None:
    styles = wordml(
        '<w:style w:type="paragraph" w:styleId="S"><w:rPr><w:vanish/></w:rPr></w:style>', "styles"
    )
    data = docx_bytes(
        body=paragraph("unseen", '<w:pStyle w:val="S"/>') + paragraph("seen"),
        parts={"word/styles.xml": styles},
    )
    assert texts(data) == ["seen"]


def test_of_a_field_only_its_result_is_read() -> None:
    xml = (
        '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE \\x</w:instrText>'
        '</w:r><w:r><w:t>CODE</w:t></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>'
        f'{run("12")}<w:r><w:fldChar w:fldCharType="end"/></w:r>{run(" after")}</w:p>'
    )
    assert body(xml) == ["12 after"]


def test_a_field_without_an_end_does_not_swallow_the_rest() -> None:
    xml = f'<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r></w:p>{paragraph("the rest")}'
    assert body(xml) == ["the rest"]


def test_hyperlinks_content_controls_and_smart_tags_are_read_through() -> None:
    link = f"<w:hyperlink>{run('link ')}</w:hyperlink>"
    tag = f"<w:smartTag>{run('tag')}</w:smartTag>"
    xml = f"<w:p>{link}{control(run('box '))}{tag}</w:p>{control(paragraph('block'))}"
    assert body(xml) == ["link box tag", "block"]


def test_formulas_are_written_in_a_line() -> None:
    fraction = f"<m:f><m:num>{formula('a+b')}</m:num><m:den>{formula('c')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{formula('x')}</m:e><m:sup>{formula('2')}</m:sup></m:sSup>"
    assert body(f"<w:p><m:oMath>{fraction}{power}</m:oMath></w:p>") == ["(a+b)/cx^2"]


def test_the_strict_namespaces_are_read_like_the_usual_ones() -> None:
    assert texts(docx_bytes(["# Title", "Text"], namespace=samples.W_STRICT)) == ["Title", "Text"]


def test_a_document_in_utf_16_is_read() -> None:
    xml = wordml(f"<w:body>{paragraph('wide')}</w:body>", "document").replace("UTF-8", "UTF-16")
    assert texts(docx_bytes(parts={"word/document.xml": xml.encode("utf-16")})) == ["wide"]


# --- structure


def test_headings_have_the_level_of_their_style() -> None:
    found = blocks(docx_bytes(["# One", "### Three", "plain"]))
    assert [(block.kind, block.level) for block in found] == [
        (BlockKind.HEADING, 1),
        (BlockKind.HEADING, 3),
        (BlockKind.PARAGRAPH, 0),
    ]


def test_a_style_based_on_a_heading_is_a_heading() -> None:
    styles = wordml(
        '<w:style w:styleId="H"><w:name w:val="heading 2"/></w:style>'
        '<w:style w:styleId="Mine"><w:name w:val="Mine"/><w:basedOn w:val="H"/></w:style>',
        "styles",
    )
    data = docx_bytes(
        body=paragraph("x", '<w:pStyle w:val="Mine"/>'), parts={"word/styles.xml": styles}
    )
    assert blocks(data) == [Block("x", BlockKind.HEADING, 2)]


def test_styles_in_a_circle_do_not_hang() -> None:
    styles = wordml(
        '<w:style w:styleId="A"><w:basedOn w:val="B"/></w:style>'
        '<w:style w:styleId="B"><w:basedOn w:val="A"/></w:style>',
        "styles",
    )
    data = docx_bytes(
        body=paragraph("x", '<w:pStyle w:val="A"/>'), parts={"word/styles.xml": styles}
    )
    assert texts(data) == ["x"]


def test_an_outline_level_makes_a_heading() -> None:
    data = docx_bytes(body=paragraph("x", '<w:outlineLvl w:val="2"/>'))
    assert blocks(data) == [Block("x", BlockKind.HEADING, 3)]


def numbered_docx(*members: tuple[int, str]) -> bytes:
    """Return a document with numbered paragraphs: depth and text of each."""
    levels = (
        '<w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="lowerLetter"/>'
        '<w:lvlText w:val="%1.%2)"/></w:lvl>'
        '<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="o"/></w:lvl>'
    )
    numbering = wordml(
        f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>',
        "numbering",
    )
    number = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'
    return docx_bytes(
        body="".join(paragraph(text, number.format(depth)) for depth, text in members),
        parts={"word/numbering.xml": numbering},
        relations={"rIdN": ("numbering", "numbering.xml")},
    )


def test_automatic_numbers_are_written_out() -> None:
    data = numbered_docx((0, "one"), (1, "below"), (1, "again"), (0, "two"), (1, "fresh"))
    assert texts(data) == ["1. one", "1.a) below", "1.b) again", "2. two", "2.a) fresh"]


def test_bullets_are_list_items_without_a_mark() -> None:
    assert blocks(numbered_docx((2, "point"))) == [Block("point", BlockKind.LIST_ITEM)]


@pytest.mark.parametrize(
    ("number", "style", "expected"),
    [
        (4, "lowerRoman", "iv"),
        (1990, "upperRoman", "MCMXC"),
        (3, "upperLetter", "C"),
        (28, "lowerLetter", "bb"),
        (7, "decimalZero", "07"),
        (7, "somethingNew", "7"),
        (99_999, "upperRoman", "99999"),
    ],
)
def test_numbers_are_formatted_as_word_does(number: int, style: str, expected: str) -> None:
    assert formatted(number, style) == expected


# --- tables


def test_a_table_is_one_block_with_a_row_a_line() -> None:
    xml = f"<w:tbl>{row(cell('a'), cell('b'))}{row(cell('c'), cell('d', 'e'))}</w:tbl>"
    assert blocks(docx_bytes(body=xml)) == [Block("a | b\nc | d e", BlockKind.TABLE)]


def test_a_nested_table_stays_in_its_cell() -> None:
    inner = f"<w:tbl><w:tr>{cell('x')}{cell('y')}</w:tr></w:tbl>"
    xml = f"<w:tbl><w:tr>{cell('a')}<w:tc>{inner}{paragraph('b')}</w:tc></w:tr></w:tbl>"
    assert body(xml) == ["a | x | y b"]


def test_a_table_of_one_column_is_layout() -> None:
    xml = f"<w:tbl><w:tr>{cell('first')}</w:tr><w:tr>{cell('second')}</w:tr></w:tbl>"
    assert {block.kind for block in blocks(docx_bytes(body=xml))} == {BlockKind.PARAGRAPH}


def test_a_deleted_row_is_left_out() -> None:
    gone = f"<w:tr><w:trPr><w:del/></w:trPr>{cell('x')}{cell('y')}</w:tr>"
    assert body(f"<w:tbl><w:tr>{cell('a')}{cell('b')}</w:tr>{gone}</w:tbl>") == ["a | b"]


def test_rows_and_cells_inside_content_controls_are_read() -> None:
    controlled = control(row(cell("a"), control(cell("b"))))
    assert body(f"<w:tbl>{controlled}</w:tbl>") == ["a | b"]


# --- beside the text


def test_a_text_box_is_read_once() -> None:
    box = f"<wps:txbx><w:txbxContent>{paragraph('in the box')}</w:txbxContent></wps:txbx>"
    choice = f"<mc:Choice Requires='wps'><w:drawing>{box}</w:drawing></mc:Choice>"
    fallback = f"<mc:Fallback>{old_box('in the box')}</mc:Fallback>"
    alternatives = f"<mc:AlternateContent>{choice}{fallback}</mc:AlternateContent>"
    assert body(f"<w:p>{run('anchor')}<w:r>{alternatives}</w:r></w:p>") == ["anchor", "in the box"]


def test_the_fallback_is_read_where_the_choice_says_nothing() -> None:
    choice = "<mc:Choice Requires='x'><w:drawing/></mc:Choice>"
    fallback = f"<mc:Fallback>{old_box('old box')}</mc:Fallback>"
    alternatives = f"<mc:AlternateContent>{choice}{fallback}</mc:AlternateContent>"
    assert body(f"<w:p><w:r>{alternatives}</w:r></w:p>") == ["old box"]


def noted_docx(kind: str, xml: str, note: str = "the note", attributes: str = "") -> bytes:
    """Return a document whose part ``kind``s holds one note with the id 2."""
    part = wordml(
        f'<w:{kind} w:type="separator" w:id="0">{paragraph("never")}</w:{kind}>'
        f'<w:{kind} w:id="2" {attributes}>{paragraph(note)}</w:{kind}>',
        f"{kind}s",
    )
    return docx_bytes(
        body=xml,
        parts={f"word/{kind}s.xml": part},
        relations={"rIdF": (f"{kind}s", f"{kind}s.xml")},
    )


@pytest.mark.parametrize("kind", ["footnote", "endnote"])
def test_a_note_follows_the_paragraph_that_refers_to_it(kind: str) -> None:
    reference = f'<w:r><w:{kind}Reference w:id="2"/></w:r>'
    data = noted_docx(kind, f"<w:p>{run('text')}{reference}</w:p>{paragraph('next')}")
    assert blocks(data) == [Block("text"), Block("the note", BlockKind.NOTE), Block("next")]


def test_a_note_is_read_once_however_often_it_is_named() -> None:
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    assert texts(noted_docx("footnote", f"<w:p>{run('text')}{reference * 3}</w:p>")) == [
        "text",
        "the note",
    ]


def test_a_note_in_a_table_follows_the_table() -> None:
    noted = f'<w:tc><w:p>{run("b")}<w:r><w:footnoteReference w:id="2"/></w:r></w:p></w:tc>'
    xml = f"<w:tbl><w:tr>{cell('a')}{noted}</w:tr></w:tbl>"
    assert texts(noted_docx("footnote", xml)) == ["a | b", "the note"]


def test_a_comment_says_whose_it_is() -> None:
    xml = f'<w:p>{run("text")}<w:r><w:commentReference w:id="2"/></w:r></w:p>'
    data = noted_docx("comment", xml, "really?", 'w:author="Ann"')
    assert texts(data) == ["text", "Comment by Ann: really?"]


def test_headers_and_footers_come_once_and_last() -> None:
    references = "".join(
        f'<w:sectPr><w:headerReference r:id="rH"/><w:footerReference r:id="{footer}"/></w:sectPr>'
        for footer in ("rF", "rP")
    )
    data = docx_bytes(
        body=paragraph("text") + references,
        parts={
            "word/h.xml": wordml(paragraph("Acme Ltd"), "hdr"),
            "word/f.xml": wordml(paragraph("Confidential"), "ftr"),
            "word/p.xml": wordml(paragraph("12"), "ftr"),
        },
        relations={"rH": ("header", "h.xml"), "rF": ("footer", "f.xml"), "rP": ("footer", "p.xml")},
    )
    assert texts(data) == ["text", "Acme Ltd", "Confidential"]


def test_the_words_of_a_chart_are_read() -> None:
    chart = wordml("<c:v>Sales</c:v>", "chart")
    data = docx_bytes(
        body='<w:p><w:r><w:drawing><c:chart r:id="rC"/></w:drawing></w:r></w:p>',
        parts={"word/chart.xml": chart},
        relations={"rC": ("chart", "chart.xml")},
    )
    assert texts(data) == ["Sales"]


@pytest.mark.parametrize(("name", "content"), [("a.html", "<p>inside"), ("a.txt", "inside")])
def test_an_embedded_page_or_text_is_read(name: str, content: str) -> None:
    data = docx_bytes(
        body='<w:altChunk r:id="rA"/>',
        parts={f"word/{name}": content},
        relations={"rA": ("aFChunk", name)},
    )
    assert texts(data) == ["inside"]


def test_core_properties_are_read() -> None:
    assert read(docx_bytes(["x"], title="A title", author="Ann"))[0] == FileMetadata(
        "A title", "Ann", created=datetime(2024, 3, 1, 9, 30, tzinfo=UTC)
    )


def test_a_broken_part_beside_the_text_costs_a_notice_only() -> None:
    data = docx_bytes(["text"], parts={"word/styles.xml": "<not xml"})
    assert texts(data) == ["text"]
    assert any(isinstance(piece, Notice) and piece.code == "part_failed" for piece in read(data))


# --- hostile and damaged


@pytest.mark.parametrize(
    "declaration",
    [
        '<!ENTITY x SYSTEM "file:///etc/passwd">',
        '<!ENTITY x SYSTEM "http://localhost:1/">',
        '<!ENTITY a "ha"><!ENTITY x "&a;&a;">',
    ],
)
def test_declarations_are_refused(declaration: str) -> None:
    with pytest.raises(UnsafeContent):
        read(samples.doctype_docx_bytes(declaration))


@pytest.mark.parametrize("codec", ["utf-16", "utf-32"])
def test_declarations_in_another_encoding_are_refused(codec: str) -> None:
    xml = f'<?xml version="1.0" encoding="{codec}"?><!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>'
    with pytest.raises((UnsafeContent, CorruptFile)):
        ooxml.parse(xml.encode(codec))


def test_declarations_among_the_relationships_are_refused() -> None:
    rels = '<!DOCTYPE r [<!ENTITY x "y">]><Relationships/>'
    with pytest.raises(UnsafeContent):
        read(docx_bytes(["x"], parts={"_rels/.rels": rels}))


def test_a_bomb_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ooxml, "MAX_INFLATED", 1_000_000)
    with pytest.raises(TooComplex):
        read(samples.zip_bomb_docx_bytes(2_000_000))


def test_the_budget_holds_for_all_parts_together() -> None:
    archive = Archive(samples.zip_bytes({"a": b"x" * 600, "b": b"x" * 600}), 1000)
    archive.read("a")
    with pytest.raises(TooComplex):
        archive.read("b")


def test_absurd_nesting_is_too_complex() -> None:
    with pytest.raises(TooComplex):
        body("<w:tbl><w:tr><w:tc>" * 3000 + "</w:tc></w:tr></w:tbl>" * 3000)


def test_thousands_of_entries_are_too_complex() -> None:
    with pytest.raises(TooComplex):
        Archive(samples.zip_bytes({f"f{number}": "" for number in range(10_001)}), 1000)


@pytest.mark.parametrize(
    "data",
    [
        samples.corrupt_docx_bytes(),
        samples.truncated(docx_bytes(["x"])),
        docx_bytes(parts={"word/document.xml": "<w:document"}),
        docx_bytes(parts={"word/document.xml": ""}),
        samples.zip_bytes({"[Content_Types].xml": "<Types/>"}),
        b"PK\x03\x04",
        b"",
    ],
)
def test_damage_is_named_as_such(data: bytes) -> None:
    with pytest.raises(CorruptFile):
        read(data)


def test_an_encrypted_member_needs_its_password() -> None:
    data = bytearray(samples.zip_bytes({"a": "x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(PasswordRequired):
        Archive(bytes(data), 100).read("a")


def test_names_with_backslashes_or_capitals_are_found() -> None:
    archive = Archive(samples.zip_bytes({"Word\\Document.xml": "x"}), 100)
    assert archive.read("word/document.xml") == b"x"


def test_targets_outside_the_package_or_on_the_network_are_ignored() -> None:
    rels = (
        f'<Relationships xmlns="{samples.PACKAGE}/relationships"><Relationship Id="rA"'
        f' Type="{samples.R}/aFChunk" Target="http://localhost:1/x.html" TargetMode="External"/>'
        f'<Relationship Id="rB" Type="{samples.R}/aFChunk" Target="../../etc/passwd.txt"/>'
        "</Relationships>"
    )
    data = docx_bytes(
        body=f'<w:altChunk r:id="rA"/><w:altChunk r:id="rB"/>{paragraph("text")}',
        parts={"word/_rels/document.xml.rels": rels},
    )
    assert texts(data) == ["text"]
