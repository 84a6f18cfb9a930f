"""Tables: rows that name their columns, from text between commas and from workbooks."""

from __future__ import annotations

import pytest

from documents.errors import TooComplex, UnsafeContent
from documents.extract import tables
from documents.extract.base import Piece
from documents.extract.cell_formats import shown_number
from documents.extract.delimited import DelimitedExtractor
from documents.extract.tables import filled, sheet_blocks
from documents.extract.xlsx import XlsxExtractor
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice
from tests.format_samples import S, cell, relations, sheet, workbook_bytes
from tests.samples import R

Rows = list[list[str]]


def of_sheet(rows: Rows, *, is_list: bool = False) -> list[Block]:
    return list(sheet_blocks(map(filled, rows), tables.Budget(), is_list=is_list))


def csv_pieces(text: str | bytes) -> list[Piece]:
    return list(DelimitedExtractor().extract(text.encode() if isinstance(text, str) else text))


def csv_blocks(text: str | bytes) -> list[Block]:
    return [b for p in csv_pieces(text) if isinstance(p, ExtractedPage) for b in p.blocks]


def csv_lines(text: str | bytes) -> list[str]:
    return "\n".join(block.text for block in csv_blocks(text)).split("\n")


# --- rows -----------------------------------------------------------------------------


def test_every_row_names_its_columns() -> None:
    (block,) = of_sheet([["City", "People"], ["Oslo", "709,000"], ["Bergen", "291,000"]])
    assert block.kind is BlockKind.TABLE
    assert block.text.split("\n") == [
        "City | People",
        "City: Oslo | People: 709,000",
        "City: Bergen | People: 291,000",
    ]


def test_an_empty_cell_is_left_out_of_its_row() -> None:
    rows = [["a", "b", "c"], ["1", "", "3"]]
    assert of_sheet(rows)[0].text.split("\n")[1] == "a: 1 | c: 3"


def test_a_row_of_values_is_no_header() -> None:
    assert of_sheet([["Oslo", "709000"], ["Bergen", "291000"]])[0].text == (
        "Oslo | 709000\nBergen | 291000"
    )


def test_years_may_be_names_of_columns() -> None:
    rows = [["Region", "2023", "2024"], ["North", "5", "6"]]
    assert of_sheet(rows)[0].text.split("\n")[1] == "Region: North | 2023: 5 | 2024: 6"


def test_pairs_of_words_in_a_sheet_have_no_header() -> None:
    rows = [["Name", "Ada"], ["Office", "Oslo"], ["Role", "Chief"]]
    assert of_sheet(rows)[0].text.split("\n")[1] == "Office | Oslo"


def test_lines_above_and_between_tables_are_text() -> None:
    rows = [["Report of 2024"], [], ["a", "b", "c"], ["1", "2", "3"], [], ["Source: us"]]
    found = of_sheet(rows)
    assert [block.kind.value for block in found] == ["paragraph", "table", "paragraph"]


def test_the_header_holds_for_rows_behind_a_gap() -> None:
    rows = [["a", "b", "c"], ["1", "2", "3"], [], ["4", "5", "6"]]
    assert of_sheet(rows)[1].text == "a: 4 | b: 5 | c: 6"


def test_another_table_below_has_its_own_header() -> None:
    rows = [["a", "b", "c"], ["1", "2", "3"], [], ["x", "y", "z"], ["7", "8", "9"]]
    assert of_sheet(rows)[1].text.split("\n")[1] == "x: 7 | y: 8 | z: 9"


def test_a_group_of_rows_keeps_its_name_alone() -> None:
    rows = [["a", "b", "c"], ["Europe"], ["1", "2", "3"]]
    assert of_sheet(rows)[0].text.split("\n")[1] == "Europe"


# --- text between commas --------------------------------------------------------------


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found(mark: str) -> None:
    text = "\n".join(mark.join(row) for row in [("name", "age"), ("Ann", "31"), ("Bob", "42")])
    assert csv_lines(text)[1:] == ["name: Ann | age: 31", "name: Bob | age: 42"]


def test_a_decimal_comma_does_not_separate() -> None:
    assert csv_lines("what;price\ntea;1,50\ncoffee;2,20\n")[1] == "what: tea | price: 1,50"


def test_the_separator_may_be_declared() -> None:
    assert csv_lines("sep=|\na|b\n1,5|2,5\n")[1] == "a: 1,5 | b: 2,5"


def test_separators_quotes_and_line_ends_inside_quotes_belong_to_the_cell() -> None:
    assert csv_lines('a,b\n"x, ""y""","first\nsecond"\n')[1] == 'a: x, "y" | b: first second'


def test_a_quote_that_nobody_closes_does_not_swallow_the_table() -> None:
    rows = "".join(f"{number},height 5\n" for number in range(600))
    lines = csv_lines(f'id,note\n1,"open\n{rows}')
    assert lines[-1] == "id: 599 | note: height 5"


def test_other_encodings_are_read() -> None:
    assert csv_lines("Stadt;Land\nKöln;Österreich\n".encode("utf-16"))[1] == (
        "Stadt: Köln | Land: Österreich"
    )


def test_a_single_column_is_a_list() -> None:
    assert csv_blocks("name\nAnn\nBob\n") == [Block("name\nAnn\nBob", BlockKind.TABLE)]


def test_prose_under_the_name_of_a_table_is_prose() -> None:
    text = "Dear all,\n\nthe plan is ready, at last.\n\nYours, Ann, Bob, and the others\n"
    assert [block.kind for block in csv_blocks(text)] == [BlockKind.PARAGRAPH] * 3


def test_a_huge_field_is_read() -> None:
    assert len(csv_blocks('a,b\n1,"' + "word " * 60_000 + '"\n')[0].text) > 290_000


def test_a_formula_is_text() -> None:
    assert csv_lines('a,b\n=cmd|calc,"=1+1"\n')[1] == "a: =cmd|calc | b: =1+1"


def test_past_the_limit_the_beginning_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.Budget.__init__, "__defaults__", (10, 1000))
    pieces = csv_pieces("a,b\n" + "1,2\n" * 100)
    assert [piece.code for piece in pieces if isinstance(piece, Notice)] == ["partly_read"]
    (page,) = (piece for piece in pieces if isinstance(piece, ExtractedPage))
    assert len(page.blocks[0].text.split("\n")) == 5


# --- numbers as people see them -------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "code", "shown"),
    [
        ("45292", "yyyy-mm-dd", "2024-01-01"),
        ("45292", "[$-409]mmmm d, yyyy", "2024-01-01"),
        ("45292.5", "m/d/yy h:mm", "2024-01-01 12:00"),
        ("0.5", "h:mm", "12:00"),
        ("1.5", "[h]:mm", "36:00:00"),
        ("1", "d/m/yyyy", "1900-01-01"),
        ("-1", "d/m/yyyy", "-1"),
        ("0.1234", "0.0%", "12.3%"),
        ("1234.5", "#,##0.00", "1,234.50"),
        ("1234.5", '"$"#,##0.00_);[Red]("$"#,##0.00)', "$1,234.50"),
        ("-1234.5", "#,##0.00 [$€-407]", "-1,234.50 €"),
        ("5", "[$USD] 0.00", "USD 5.00"),
        ("0.30000000000000004", "", "0.3"),
        ("5901234123457", "", "5901234123457"),
        ("3.0", "General", "3"),
        ("1E-7", "0.00E+00", "1E-7"),
        ("1e400", "", "1e400"),
        ("nonsense", "0.00", "nonsense"),
    ],
)
def test_a_number_is_shown_in_its_format(raw: str, code: str, shown: str) -> None:
    assert shown_number(raw, code) == shown


def test_the_other_calendar_of_spreadsheets_is_followed() -> None:
    assert shown_number("0", "yyyy-mm-dd", from_1904=True) == "1904-01-01"


# --- workbooks ------------------------------------------------------------------------


def read(data: bytes) -> list[Piece]:
    return list(XlsxExtractor().extract(data))


def pages(data: bytes) -> list[ExtractedPage]:
    return [piece for piece in read(data) if isinstance(piece, ExtractedPage)]


def only(rows: str, **options: object) -> list[str]:
    """Return the lines of a workbook of one sheet, below its name."""
    data = workbook_bytes({"Data": sheet(rows)}, **options)  # type: ignore[arg-type]
    return [line for block in pages(data)[0].blocks[1:] for line in block.text.split("\n")]


def test_each_sheet_is_a_page_under_its_name() -> None:
    data = workbook_bytes({"Cities": sheet([["Oslo", 709000]]), "Rivers": sheet([["Glomma", 621]])})
    assert [(page.number, page.blocks[0]) for page in pages(data)] == [
        (1, Block("Cities", BlockKind.HEADING, 1)),
        (2, Block("Rivers", BlockKind.HEADING, 1)),
    ]
    assert read(data)[0] == FileMetadata(page_count=2)


def test_an_empty_sheet_is_an_empty_page() -> None:
    data = workbook_bytes({"Empty": sheet([]), "Data": sheet([["Oslo", 1]])})
    assert [len(page.blocks) for page in pages(data)] == [0, 2]


def test_rows_of_a_sheet_name_their_columns() -> None:
    data = workbook_bytes({"Data": sheet([["City", "People"], ["Oslo", 709000]])})
    assert pages(data)[0].blocks[1].text == "City | People\nCity: Oslo | People: 709000"


def test_a_gap_between_rows_separates_tables() -> None:
    data = workbook_bytes({"Data": sheet([["a", 1], [], ["b", 2]])})
    assert [block.text for block in pages(data)[0].blocks[1:]] == ["a | 1", "b | 2"]


def test_shared_strings_are_read_without_their_reading_aids() -> None:
    rich = "<r><t>東</t></r><r><t>京_x000D_</t></r><rPh><t>トウキョウ</t></rPh>"
    rows = '<row r="1"><c t="s"><v>0</v></c><c t="s"><v>9</v></c><c><v>1</v></c></row>'
    assert only(rows, strings=[rich]) == ["東京 | 1"]


def test_stored_results_are_read_instead_of_formulas() -> None:
    rows = '<row><c><f>SUM(A1)</f><v>42</v></c><c t="str"><f>X()</f><v>said</v></c></row>'
    assert only(rows) == ["42 | said"]


def test_formulas_without_a_result_are_told() -> None:
    rows = '<row><c t="inlineStr"><is><t>x</t></is></c><c><f>SUM(A1)</f></c></row>'
    notices = [p for p in read(workbook_bytes({"D": sheet(rows)})) if isinstance(p, Notice)]
    assert [notice.code for notice in notices] == ["formulas_without_result"]


def test_dates_truth_and_faults_are_shown_as_people_see_them() -> None:
    rows = (
        f'<row>{cell(45292, style=1)}<c t="b"><v>1</v></c><c t="e"><v>#N/A</v></c>'
        '<c t="d"><v>2024-05-01</v></c></row>'
    )
    assert only(rows, formats=["dd/mm/yyyy"]) == ["2024-01-01 | TRUE | 2024-05-01"]


def test_cells_know_their_column_by_their_reference() -> None:
    rows = f'<row r="1">{cell("a", "A1")}{cell("b", "B1")}{cell("c", "D1")}</row>'
    rows += f'<row r="2">{cell("x", "B2")}{cell("y", "D2")}{cell("z", "XFE2")}</row>'
    assert only(rows)[1] == "b: x | c: y"


def test_hidden_sheets_are_read_and_marked() -> None:
    data = workbook_bytes(
        {"Open": sheet([["a", 1]]), "Secret": sheet([["b", 2]])}, hidden=["Secret"]
    )
    assert pages(data)[1].blocks[0].text == "Secret (hidden sheet)"
    assert read(data)[-1] == Notice(
        "hidden_text", "Sheets that are hidden were read too: “Secret”."
    )


def test_comments_and_text_boxes_follow_the_table() -> None:
    links = {"rId1": ("comments", "../comments1.xml"), "rId2": ("drawing", "../d.xml")}
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": relations(links),
        "xl/comments1.xml": f'<comments xmlns="{S}"><commentList><comment ref="B2"><text>'
        "<t>Check this</t></text></comment></commentList></comments>",
        "xl/d.xml": '<d xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:p>'
        "<a:r><a:t>Boxed</a:t></a:r></a:p></d>",
    }
    data = workbook_bytes({"Data": sheet([["a", 1]])}, parts=parts)
    assert [block.text for block in pages(data)[0].blocks[2:]] == [
        "Comment at B2: Check this",
        "Boxed",
    ]


def test_the_strict_namespaces_are_read_like_the_usual_ones() -> None:
    strict = sheet([["Oslo", 1]]).replace(S, "http://purl.oclc.org/ooxml/spreadsheetml/main")
    assert len(pages(workbook_bytes({"Data": strict}))[0].blocks) == 2


def test_a_broken_sheet_keeps_what_came_before_the_break() -> None:
    broken = sheet([["a", 1], [], ["b", 2]]).replace('<row r="3">', '<row r="3"><<')
    data = workbook_bytes({"Data": broken, "Good": sheet([["c", 3]])})
    assert [len(page.blocks) for page in pages(data)] == [2, 2]
    assert [p.code for p in read(data) if isinstance(p, Notice)] == ["part_failed"]


def test_a_sheet_that_is_missing_is_an_empty_page() -> None:
    data = workbook_bytes({"Data": sheet([["a", 1]])}, parts={"xl/_rels/workbook.xml.rels": ""})
    with pytest.raises(Exception, match="damaged"):
        read(data)


def test_sheets_on_another_host_are_never_fetched() -> None:
    links = relations({"rId1": ("worksheet", "http://127.0.0.1:9/s.xml")}, mode="External")
    data = workbook_bytes({"Data": sheet([["a", 1]])}, parts={"xl/_rels/workbook.xml.rels": links})
    assert [len(page.blocks) for page in pages(data)] == [0]


def test_cells_past_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.Budget.__init__, "__defaults__", (10, 1000))
    pieces = read(workbook_bytes({"Data": sheet([["x", 1]] * 50), "More": sheet([["y", 2]])}))
    assert [p.code for p in pieces if isinstance(p, Notice)] == ["partly_read"]


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
def test_definitions_are_refused_in_what_is_read_as_a_stream(part: str) -> None:
    hostile = f'<!DOCTYPE x [<!ENTITY e "ha">]><x xmlns="{S}" xmlns:r="{R}"><row/></x>'
    with pytest.raises(UnsafeContent):
        read(workbook_bytes({"Data": sheet([["a", 1]])}, parts={part: hostile}))


def test_a_bomb_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.extract.ooxml.MAX_INFLATED", 100_000)
    rows = [["word " * 20, 1]] * 3000
    with pytest.raises(TooComplex):
        read(workbook_bytes({"Data": sheet(rows)}))  # type: ignore[arg-type]
