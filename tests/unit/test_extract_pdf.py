"""PDF files: text, structure, and every way not to be readable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from documents.errors import (
    CorruptFile,
    FileError,
    NoPages,
    PasswordRequired,
    TooComplex,
    UnsupportedEncryption,
)
from documents.extract import pdf
from documents.extract.base import Piece
from documents.extract.pdf import PdfExtractor, parse_date
from documents.extract.pdf_fallback import read_with_pypdf, with_new_trailer
from documents.extract.pdf_rtl import in_reading_order, runs_leftward
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice
from tests import samples


def read(data: bytes) -> list[Piece]:
    return list(PdfExtractor().extract(data))


def blocks(data: bytes) -> list[Block]:
    return [b for piece in read(data) if isinstance(piece, ExtractedPage) for b in piece.blocks]


def texts(data: bytes) -> list[str]:
    return [block.text for block in blocks(data)]


def notice_codes(content: bytes) -> list[str]:
    pieces = read(samples.pdf_of_contents([content]))
    return [piece.code for piece in pieces if isinstance(piece, Notice)]


def one_line(text: str, x: int, y: int, font: str = "/F1 11") -> bytes:
    return f"BT {font} Tf {x} {y} Td ({text}) Tj ET\n".encode()


# --- text and structure


def test_lines_of_one_paragraph_stay_together() -> None:
    sentence = "This sentence goes on and on until the line must break, and then it goes on."
    (text,) = texts(samples.pdf_bytes([f"{sentence} {sentence}"]))
    assert text.replace("\n", " ") == f"{sentence} {sentence}"


def test_more_space_between_lines_begins_a_paragraph() -> None:
    assert texts(samples.pdf_bytes(["First one.\n\nSecond one."])) == ["First one.", "Second one."]


def test_an_indent_after_a_sentence_begins_a_paragraph() -> None:
    content = one_line("It ends here.", 56, 700) + one_line("The next begins.", 80, 687)
    assert texts(samples.pdf_of_contents([content])) == ["It ends here.", "The next begins."]


def test_a_hyphen_at_the_end_of_a_line_is_kept_with_the_line_break() -> None:
    content = one_line("a long exam-", 56, 700) + one_line("ple of it", 56, 687)
    assert texts(samples.pdf_of_contents([content])) == ["a long exam-\nple of it"]


def test_a_sentence_goes_on_in_the_next_column() -> None:
    content = one_line("it goes on in", 56, 100) + one_line("the next column", 300, 700)
    assert texts(samples.pdf_of_contents([content])) == ["it goes on in\nthe next column"]


def test_large_type_is_a_heading() -> None:
    first = blocks(samples.pdf_bytes(["# Results\n\n" + "Plain words follow here. " * 20]))[0]
    assert first == Block("Results", BlockKind.HEADING, 1)


def test_a_bold_line_alone_is_a_heading_of_a_low_level() -> None:
    body = b"".join(one_line("Some plain words of the text", 56, 600 - 13 * n) for n in range(9))
    content = one_line("Methods", 56, 640, "/F2 11") + body
    assert blocks(samples.pdf_of_contents([content]))[0] == Block("Methods", BlockKind.HEADING, 4)


def test_bullets_are_list_items() -> None:
    content = b"".join(one_line(f"\\225 point {n}", 56, 700 - 13 * n) for n in range(3))
    kinds = {block.kind for block in blocks(samples.pdf_of_contents([content]))}
    assert kinds == {BlockKind.LIST_ITEM}


def test_the_outline_names_headings() -> None:
    pages = ["Alpha\n\nText one.", "Beta\n\nText two.", "Gamma\n\nText", "Delta\n\nText"]
    data = samples.pdf_bytes(pages, outline=["Alpha", "Beta", "Gamma", "Delta"])
    headings = [block.text for block in blocks(data) if block.kind is BlockKind.HEADING]
    assert headings == ["Alpha", "Beta", "Gamma", "Delta"]


def test_values_of_form_fields_are_read() -> None:
    words = " ".join(texts(samples.form_pdf_bytes("Name", "Ada Lovelace"))).split()
    assert words == ["Name", "Ada", "Lovelace"]


def test_metadata_says_title_author_and_pages() -> None:
    metadata = read(samples.pdf_bytes(["a", "b"], title="Über  alles", author="Zoë"))[0]
    assert metadata == FileMetadata("Über alles", "Zoë", page_count=2)


def test_a_page_without_text_keeps_its_number_and_is_named() -> None:
    content = one_line("words", 56, 700)
    pieces = read(samples.pdf_of_contents([content, b"", content]))
    pages = [piece for piece in pieces if isinstance(piece, ExtractedPage)]
    assert [(page.number, len(page.blocks)) for page in pages] == [(1, 1), (2, 0), (3, 1)]
    assert any(isinstance(piece, Notice) and "Page 2" in piece.message for piece in pieces)


@pytest.mark.parametrize("hidden", [b"1 1 1 rg ", b"1 g "])
def test_white_text_on_an_empty_page_is_noted(hidden: bytes) -> None:
    content = one_line("seen", 56, 700) + hidden + one_line("ignore the above", 56, 600)
    assert notice_codes(content) == ["hidden_text"]


def test_tiny_text_is_noted() -> None:
    content = one_line("seen", 56, 700) + one_line("ignore the above", 56, 600, "/F1 0.5")
    assert notice_codes(content) == ["hidden_text"]


def test_white_text_on_a_coloured_band_is_not_hidden() -> None:
    content = b"0 0 1 rg 0 580 595 60 re f 1 g " + one_line("A white title", 56, 600)
    assert notice_codes(content) == []


# --- dates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("D:20240229103000Z", datetime(2024, 2, 29, 10, 30, tzinfo=UTC)),
        (
            "D:20240229103000+02'00'",
            datetime(2024, 2, 29, 10, 30, tzinfo=timezone(timedelta(hours=2))),
        ),
        ("D:2024", datetime(2024, 1, 1, tzinfo=UTC)),
        ("20240105", datetime(2024, 1, 5, tzinfo=UTC)),
        ("D:20241399", None),
        ("D:20240101000000+99'00'", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_dates_are_understood_or_left_out(text: str, expected: datetime | None) -> None:
    assert parse_date(text) == expected


# --- files that cannot be read


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_a_password_is_asked_for(algorithm: str) -> None:
    with pytest.raises(PasswordRequired):
        read(samples.encrypted_pdf_bytes(algorithm=algorithm))


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_an_owner_password_alone_does_not_keep_readers_out(algorithm: str) -> None:
    data = samples.encrypted_pdf_bytes("Open words", user_password="", algorithm=algorithm)
    assert texts(data) == ["Open words"]


def test_an_unknown_security_handler_is_unsupported() -> None:
    data = samples.pdf_bytes(["x"]).replace(
        b"/Info 5 0 R", b"/Info 5 0 R /Encrypt << /Filter /Acme /V 9 >>"
    )
    with pytest.raises(UnsupportedEncryption):
        read(data)


def test_a_file_without_pages_says_so() -> None:
    with pytest.raises(NoPages):
        read(samples.pdf_without_pages())


@pytest.mark.parametrize("data", [b"%PDF-1.7\n", b"%PDF-1.7\n" + bytes(range(256)) * 20])
def test_garbage_behind_a_header_is_corrupt(data: bytes) -> None:
    with pytest.raises(CorruptFile):
        read(data)


def test_a_file_that_lost_its_end_is_repaired() -> None:
    data = samples.pdf_bytes(["Saved words"])
    assert texts(data[: data.index(b"xref\n")]) == ["Saved words"]


def test_a_lost_catalogue_cannot_be_repaired() -> None:
    assert with_new_trailer(b"%PDF-1.7\n1 0 obj << >> endobj") is None


def test_too_many_pages_are_too_complex(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "MAX_PAGES", 2)
    with pytest.raises(TooComplex, match="3 pages"):
        read(samples.pdf_bytes(["a", "b", "c"]))


@pytest.mark.parametrize("limit", ["MAX_CHARACTERS", "MAX_PAGE_CHARACTERS"])
def test_too_many_characters_are_too_complex(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, limit, 10)
    with pytest.raises(TooComplex):
        read(samples.pdf_bytes(["More than ten characters."]))


# --- the fallback


def test_the_fallback_reads_the_same_pages() -> None:
    data = samples.pdf_bytes(["First page", "Second page"])
    pages = [p for p in read_with_pypdf(data, 10, 1000) if isinstance(p, ExtractedPage)]
    assert [(page.number, page.blocks[0].text) for page in pages] == [
        (1, "First page"),
        (2, "Second page"),
    ]


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (samples.encrypted_pdf_bytes(), PasswordRequired),
        (samples.pdf_without_pages(), NoPages),
        (b"%PDF-1.7", CorruptFile),
        (b"%PDF-1.7 /Encrypt", UnsupportedEncryption),
    ],
)
def test_the_fallback_says_why_it_cannot(data: bytes, error: type[FileError]) -> None:
    with pytest.raises(error):
        list(read_with_pypdf(data, 10, 1000))


# --- from right to left


@pytest.mark.parametrize(
    ("shown", "read_as"),
    [
        ("םולש", "שלום"),
        ("םלוע םולש", "שלום עולם"),
        ("2019 תנש", "שנת 2019"),
        ("2019-ב", "ב-2019"),
        ("Python 3.11 תפש", "שפת Python 3.11"),
    ],
)
def test_a_line_as_it_stands_on_the_page_is_read_from_the_right(shown: str, read_as: str) -> None:
    assert in_reading_order(shown, [float(place) for place in range(len(shown))]) == read_as


def test_a_line_already_in_reading_order_stays() -> None:
    places = [float(-place) for place in range(9)]
    assert in_reading_order("שלום עולם", places) == "שלום עולם"


def test_marks_stay_on_their_letters() -> None:
    assert in_reading_order("\u05b8\u05d1\u05d0", [0.0, 0.0, 1.0]) == "\u05d0\u05d1\u05b8"


def test_only_lines_mostly_from_the_right_are_touched() -> None:
    assert runs_leftward("שלום 12")
    assert not runs_leftward("The word שלום means peace")
    assert not runs_leftward("")
