"""Sniffing: a file is what its bytes say, and a refusal names what it is."""

from __future__ import annotations

import pytest

from documents.errors import CorruptFile, EmptyFile, PasswordRequired, UnsupportedType
from documents.extract.sniff import sniff
from documents.types import MediaType
from tests import format_samples as formats
from tests import samples

ALL = frozenset(MediaType)
MAIL = b"Received: from a by b\r\nSubject: Hello\r\n\r\nText.\r\n"
MEDIA_ENDS = {"a.pptx": "presentation", "a.xlsx": "sheet", "a.odt": "text", "a.epub": "epub+zip"}
MACRO = "application/vnd.ms-excel."
PDF = samples.pdf_bytes(["Hello"])
DOCX = samples.docx_bytes(["Hello"])
ENGLISH = b"The quick brown fox jumps over the lazy dog.\n"


@pytest.mark.parametrize(
    ("data", "filename", "expected"),
    [
        (PDF, "a.pdf", MediaType.PDF),
        (PDF, "no-extension", MediaType.PDF),
        (PDF, "report.txt", MediaType.PDF),
        (b"junk " * 100 + PDF, "a.pdf", MediaType.PDF),
        (DOCX, "a.docx", MediaType.DOCX),
        (DOCX, "a.txt", MediaType.DOCX),
        (DOCX, "", MediaType.DOCX),
        (ENGLISH, "a.txt", MediaType.TXT),
        (ENGLISH, "README", MediaType.TXT),
        (b"a,b\n1,2\n", "a.csv", MediaType.CSV),
        (b"a\tb\n1\t2\n", "a.TSV", MediaType.CSV),
        (b"a,b\n1,2\n", "a.txt", MediaType.TXT),
        (formats.pptx_bytes([formats.slide("")]), "a.zip", MediaType.PPTX),
        (formats.workbook_bytes({"A": formats.sheet([])}), "a.docx", MediaType.XLSX),
        (formats.odf_bytes(""), "a.doc", MediaType.ODT),
        (formats.odf_bytes("", "spreadsheet"), "a", MediaType.ODS),
        (formats.odf_bytes("", "presentation"), "a.odp", MediaType.ODP),
        (formats.epub_bytes({}), "a.zip", MediaType.EPUB),
        (b"{\\rtf1 Hello}", "a.doc", MediaType.RTF),
        (b"\xef\xbb\xbf\n{\\rtf1 Hello}", "a.txt", MediaType.RTF),
        (MAIL, "a.eml", MediaType.EML),
        (MAIL, "a.txt", MediaType.TXT),
        (b"Just a text, no mail.", "a.eml", MediaType.TXT),
        (samples.html_bytes("<table>"), "a.xls", MediaType.HTML),
        (b"<a>text</a>\n", "a.xml", MediaType.TXT),
        (ENGLISH, "notes.MD", MediaType.MARKDOWN),
        (ENGLISH, "page.htm", MediaType.HTML),
        (samples.html_bytes("<p>x</p>"), "page.txt", MediaType.HTML),
        (samples.html_bytes("<p>x</p>"), "page", MediaType.HTML),
        (samples.html_bytes("<p>x</p>"), "page.md", MediaType.MARKDOWN),
    ],
)
def test_a_file_is_what_its_bytes_say(data: bytes, filename: str, expected: MediaType) -> None:
    assert sniff(data, filename, ALL) is expected


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1251", "big5"])
def test_text_is_text_in_any_encoding(codec: str) -> None:
    text = {"cp1251": "Съешь же ещё этих мягких булок.", "big5": "天地玄黃宇宙洪荒日月盈昃"}
    data = (text.get(codec, "Grüße aus München.") * 3 + "\r\n").encode(codec)
    assert sniff(data, "a.txt", ALL) is MediaType.TXT


def test_a_text_that_speaks_of_pdf_is_a_text() -> None:
    assert sniff(b"%PDF-1.7 is how the header begins.", "notes.txt", ALL) is MediaType.TXT


def test_a_text_with_a_stray_zero_byte_is_a_text() -> None:
    assert sniff(ENGLISH * 20 + b"\0" + ENGLISH, "a.txt", ALL) is MediaType.TXT


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"])
def test_nothing_or_a_mark_alone_is_empty(data: bytes) -> None:
    with pytest.raises(EmptyFile):
        sniff(data, "a.txt", ALL)


@pytest.mark.parametrize(
    ("data", "filename", "word"),
    [
        (samples.png_bytes(), "a.pdf", "picture"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "a.txt", "JPEG"),
        (b"MZ" + bytes(range(256)) * 8, "setup.txt", "program"),
        (b"\x7fELF" + bytes(60), "a", "program"),
        (b"\x1f\x8b\x08" + bytes(60), "a.txt", "gzip"),
        (
            formats.workbook_bytes({}, kind=f"{MACRO}sheet.binary.macroEnabled.main"),
            "a.xlsb",
            ".xlsx",
        ),
        (samples.zip_bytes({"a.txt": "hello"}), "a.docx", "zip"),
        (formats.odf_bytes("", "graphics"), "a.odg", "OpenDocument drawing"),
        (samples.zip_bytes({"mimetype": "application/vnd.sun.xml.writer"}), "a.sxw", ".odt"),
        (samples.zip_bytes({"Index/Document.iwa": "x"}), "a.pages", "Apple"),
        (samples.ole_bytes("WordDocument"), "a.doc", ".docx"),
        (samples.ole_bytes("Workbook"), "a.xls", ".xlsx"),
        (samples.ole_bytes("PowerPoint Document"), "a.ppt", ".pptx"),
        (samples.ole_bytes("__properties_version1.0"), "a.msg", ".eml"),
        (samples.ole_bytes("SomethingElse"), "a.doc", "old Office program"),
        (ENGLISH, "a.doc", ".doc"),
        (bytes(range(256)) * 64, "a.txt", "binary"),
        (bytes(1_000_000), "a.txt", "binary"),
        (ENGLISH, "a.xyz", ".xyz"),
    ],
)
def test_a_refusal_names_what_the_file_is(data: bytes, filename: str, word: str) -> None:
    with pytest.raises(UnsupportedType) as caught:
        sniff(data, filename, ALL)
    assert word in caught.value.message


def test_a_type_that_is_not_allowed_is_refused_with_those_that_are() -> None:
    with pytest.raises(UnsupportedType) as caught:
        sniff(DOCX, "a.docx", {MediaType.PDF, MediaType.TXT})
    assert "PDF, plain text" in caught.value.message


def test_html_is_text_where_html_is_not_allowed() -> None:
    assert sniff(samples.html_bytes("x"), "a.txt", {MediaType.TXT}) is MediaType.TXT


@pytest.mark.parametrize("filename", ["a.docx", "a.doc", "a"])
def test_an_encrypted_office_file_needs_its_password(filename: str) -> None:
    with pytest.raises(PasswordRequired):
        sniff(samples.ole_bytes("EncryptedPackage"), filename, ALL)


@pytest.mark.parametrize("filename", ["a.pdf", "a.docx"])
def test_a_text_under_a_binary_name_is_not_taken(filename: str) -> None:
    with pytest.raises(CorruptFile):
        sniff(ENGLISH, filename, ALL)


def test_a_page_of_html_with_a_pdf_header_inside_is_no_pdf() -> None:
    data = samples.html_bytes("%PDF-1.4 1 0 obj endobj")
    assert sniff(data, "page.html", ALL) is MediaType.HTML


def test_a_truncated_docx_is_left_to_its_reader() -> None:
    assert sniff(samples.truncated(DOCX), "a.docx", ALL) is MediaType.DOCX


def test_a_truncated_zip_of_another_name_is_damaged() -> None:
    data = samples.truncated(samples.zip_bytes({"a.txt": "hello" * 1000}))
    with pytest.raises(CorruptFile):
        sniff(data, "a.zip", ALL)


def test_a_main_part_of_any_name_makes_a_word_document() -> None:
    types = (
        '<Types><Override PartName="/other.xml" ContentType="application/'
        'vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
    )
    data = samples.zip_bytes({"[Content_Types].xml": types, "other.xml": "<x/>"})
    assert sniff(data, "a.bin", ALL) is MediaType.DOCX


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("application/vnd.ms-excel.sheet.macroEnabled.main+xml", MediaType.XLSX),
        ("application/vnd.ms-powerpoint.presentation.macroEnabled.main+xml", MediaType.PPTX),
        ("application/vnd.ms-word.document.macroEnabled.main+xml", MediaType.DOCX),
        (
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow.main+xml",
            MediaType.PPTX,
        ),
    ],
)
def test_files_with_macros_and_shows_are_of_the_same_kinds(kind: str, expected: MediaType) -> None:
    assert sniff(formats.workbook_bytes({}, kind=kind), "a.bin", ALL) is expected


def test_a_file_inside_another_old_file_does_not_name_it() -> None:
    data = samples.ole_bytes("WordDocument") + samples.ole_bytes("Workbook")
    with pytest.raises(UnsupportedType, match=r"\.xlsx"):
        sniff(data, "a.xls", ALL)
    with pytest.raises(UnsupportedType, match=r"\.eml"):
        sniff(data + samples.ole_bytes("__nameid_version1.0"), "a.doc", ALL)


def test_a_mail_with_a_binary_attachment_is_a_mail() -> None:
    assert sniff(MAIL + bytes(range(256)) * 40, "a.eml", ALL) is MediaType.EML


@pytest.mark.parametrize("name", ["a.csv", "a.eml"])
def test_other_texts_are_plain_where_only_that_is_allowed(name: str) -> None:
    assert sniff(MAIL, name, {MediaType.TXT}) is MediaType.TXT


@pytest.mark.parametrize("name", ["a.pptx", "a.xlsx", "a.odt", "a.epub", "a.rtf"])
def test_what_is_not_what_its_name_says_is_damaged(name: str) -> None:
    with pytest.raises(CorruptFile):
        sniff(b"Only a text.", name, ALL)


@pytest.mark.parametrize("name", ["a.pptx", "a.xlsx", "a.odt", "a.epub"])
def test_half_an_archive_is_left_to_its_reader(name: str) -> None:
    data = samples.truncated(samples.zip_bytes({"a.txt": "hello" * 1000}))
    assert sniff(data, name, ALL).value.endswith(MEDIA_ENDS[name])
