"""Fields of Word documents that keep no result, form fields, and pictures' alternative texts."""

from __future__ import annotations

import pytest

from documents.extract.docx import DocxExtractor
from documents.extract.docx_fields import shown_without_result
from documents.extract.pictures import picture_text
from documents.types import Block, BlockKind, ExtractedPage
from tests.samples import docx_bytes

WP = 'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'


def blocks(xml: str) -> list[Block]:
    pieces = DocxExtractor().extract(docx_bytes(body=xml))
    return [b for piece in pieces if isinstance(piece, ExtractedPage) for b in piece.blocks]


def texts(xml: str) -> list[str]:
    return [block.text for block in blocks(xml)]


def char(kind: str, form: str = "") -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}">{form}</w:fldChar></w:r>'


def field(code: str, result: str | None = None, form: str = "") -> str:
    """Return the runs of a field; ``result=None`` leaves its result part out."""
    shown = "" if result is None else char("separate") + f"<w:r><w:t>{result}</w:t></w:r>"
    instruction = f"<w:r><w:instrText>{code}</w:instrText></w:r>"
    return char("begin", form) + instruction + shown + char("end")


def form_data(inner: str) -> str:
    return f'<w:ffData><w:name w:val="Field1"/>{inner}</w:ffData>'


def picture(words: str) -> str:
    properties = f'<wp:docPr name="Picture 1" descr="{words}"/>'
    return f"<w:r><w:drawing><wp:inline {WP}>{properties}</wp:inline></w:drawing></w:r>"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (r"EQ \a \al(Milk,Eggs,Detergent)", "Milk, Eggs, Detergent"),
        (r"eq x = -b + \f(\r(b2 - 4ac),2a)", "x = -b + √(b2 - 4ac)/2a"),
        (r"EQ \f(a + 1;b)", "(a + 1)/b"),
        (r"EQ \r(3,x)", "√(x)^(1/3)"),
        (r"EQ \b \bc\[ (\l(1,2))", "[1, 2]"),
        (r"EQ \i(0,1,f(x))", "∫_0 ^1 f(x)"),
        (r"EQ \d\ba8()\s\up9(re)visit", "revisit"),
        (r"EQ 1\,5 euros", "1,5 euros"),
        ('QUOTE "as it was said"', "as it was said"),
        (r"SYMBOL 183 \f Symbol", "•"),
        ("SYMBOL 0xA9", "©"),
        ("MACROBUTTON NoMacro [Enter the name]", "[Enter the name]"),
    ],
)
def test_some_fields_show_what_their_code_says(code: str, shown: str) -> None:
    assert shown_without_result(code) == shown


@pytest.mark.parametrize(
    "code",
    ["PAGE", r"TOC \o 1-3", "DATE", "HYPERLINK https://a.example", "=SUM(A1)", "EQ", "", "\\"],
)
def test_other_fields_show_nothing_without_their_result(code: str) -> None:
    assert shown_without_result(code) == ""


@pytest.mark.parametrize(
    "code", ["EQ " + "\\f(" * 5000, "EQ " + "(" * 5000, "EQ )))(((,;", "EQ \\"]
)
def test_a_hostile_formula_ends_soon(code: str) -> None:
    assert len(shown_without_result(code)) < 200


def test_a_formula_without_a_result_is_read_in_its_place() -> None:
    formula = field(r"EQ \l(milk,eggs)")
    assert texts(f"<w:p><w:r><w:t>Buy </w:t></w:r>{formula}</w:p>") == ["Buy milk, eggs"]


def test_a_result_that_is_kept_is_read_instead_of_the_code() -> None:
    assert texts(f"<w:p>{field('QUOTE old', 'new')}</w:p>") == ["new"]


def test_a_simple_field_without_a_result_shows_its_code_alike() -> None:
    assert texts('<w:p><w:fldSimple w:instr="QUOTE hello"/></w:p>') == ["hello"]


def test_a_field_inside_the_code_of_another_adds_to_that_code() -> None:
    inner = field("QUOTE eggs")
    code = "<w:r><w:instrText>EQ \\l(milk,</w:instrText></w:r>" + inner
    rest = "<w:r><w:instrText>)</w:instrText></w:r>"
    assert texts(f"<w:p>{char('begin')}{code}{rest}{char('end')}</w:p>") == ["milk, eggs"]


def test_the_code_of_a_field_without_an_end_never_shows() -> None:
    code = "<w:r><w:instrText>QUOTE secret</w:instrText></w:r>"
    assert texts(f"<w:p>{char('begin')}{code}<w:r><w:t>seen</w:t></w:r></w:p>") == ["seen"]


@pytest.mark.parametrize(
    ("kind", "inner", "shown"),
    [
        ("FORMDROPDOWN", '<w:ddList><w:result w:val="1"/>{}</w:ddList>', "tea"),
        ("FORMDROPDOWN", "<w:ddList>{}</w:ddList>", "coffee"),
        ("FORMDROPDOWN", '<w:ddList><w:default w:val="1"/>{}</w:ddList>', "tea"),
        ("FORMDROPDOWN", '<w:ddList><w:result w:val="9"/>{}</w:ddList>', ""),
        ("FORMTEXT", '<w:textInput><w:default w:val="your name"/></w:textInput>', "your name"),
        ("FORMCHECKBOX", "<w:checkBox><w:checked/></w:checkBox>", "☒"),
        ("FORMCHECKBOX", '<w:checkBox><w:default w:val="1"/></w:checkBox>', "☒"),
        ("FORMCHECKBOX", '<w:checkBox><w:checked w:val="0"/></w:checkBox>', "☐"),
    ],
)
def test_a_form_shows_what_is_chosen(kind: str, inner: str, shown: str) -> None:
    entries = '<w:listEntry w:val="coffee"/><w:listEntry w:val="tea"/>'
    xml = f"<w:p>{field(kind, form=form_data(inner.format(entries)))}</w:p>"
    assert texts(xml) == ([shown] if shown else [])


def test_the_words_of_a_picture_follow_its_paragraph() -> None:
    xml = f"<w:p>{picture('A heron at dawn')}<w:r><w:t>Look:</w:t></w:r></w:p>"
    assert blocks(xml) == [Block("Look:"), Block("[Picture: A heron at dawn]", BlockKind.NOTE)]


def test_the_words_of_an_old_picture_are_read_too() -> None:
    xml = '<w:p><w:r><w:pict><v:shape alt="A heron at dawn"/></w:pict></w:r></w:p>'
    assert texts(xml) == ["[Picture: A heron at dawn]"]


def test_pictures_in_cells_do_not_make_a_table_a_layout() -> None:
    cell = "".join(f"<w:p>{picture(f'Bird of kind {kind}')}</w:p>" for kind in "abcdefghij")
    value = "<w:tc><w:p><w:r><w:t>one</w:t></w:r></w:p></w:tc>"
    xml = f"<w:tbl><w:tr>{value}<w:tc>{cell}</w:tc>{value}</w:tr></w:tbl>"
    assert blocks(xml)[0] == Block("one |  | one", BlockKind.TABLE)


@pytest.mark.parametrize(
    "name",
    [
        *("C:\\Users\\ann\\x.png", "santa.wmf", "My holiday.jpeg", "https://a.example/x", "./a/b"),
        *("Picture 3", "Рисунок 2", "图片 2", "image1", "hspace=0", "Logo", "", "...", None),
    ],
)
def test_a_file_name_or_a_given_name_says_nothing_of_a_picture(name: str | None) -> None:
    assert picture_text(name) == ""


def test_the_title_of_a_picture_speaks_where_the_description_does_not() -> None:
    assert picture_text("x.png", "The heron") == "[Picture: The heron]"


def test_the_words_of_the_program_are_taken_off_a_description() -> None:
    text = "A red bus\n\nDescription automatically generated with medium confidence"
    assert picture_text(text) == "[Picture: A red bus]"
