"""E-books: chapters in reading order, without what is only furniture."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from documents.errors import CorruptFile, TooComplex, UnsafeContent, UnsupportedEncryption
from documents.extract.base import Piece
from documents.extract.epub import EpubExtractor
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, Notice
from tests.format_samples import epub_bytes
from tests.samples import zip_bytes

NCX = (
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>The sea'
    '</text></navLabel><content src="a.xhtml#top"/></navPoint></navMap></ncx>'
)
SCRAMBLED = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container"'
    ' xmlns:e="http://www.w3.org/2001/04/xmlenc#"><e:EncryptedData><e:EncryptionMethod'
    ' Algorithm="{}"/><e:CipherData><e:CipherReference URI="{}"/></e:CipherData>'
    "</e:EncryptedData></encryption>"
)


def read(data: bytes) -> list[Piece]:
    return list(EpubExtractor().extract(data))


def blocks(data: bytes) -> list[Block]:
    return [b for piece in read(data) if isinstance(piece, ExtractedPage) for b in piece.blocks]


def test_chapters_come_in_reading_order() -> None:
    data = epub_bytes({"z.xhtml": "<h1>One</h1><p>first</p>", "a.xhtml": "<h1>Two</h1>"})
    assert [block.text for block in blocks(data)] == ["One", "first", "Two"]


def test_title_and_authors_are_read() -> None:
    assert read(epub_bytes({"a.xhtml": "<p>x</p>"}, title="Deep sea"))[0] == FileMetadata(
        "Deep sea", "Ada, Bob", datetime(2012, 4, 17, tzinfo=UTC)
    )


def test_a_chapter_without_a_heading_is_named_by_the_contents() -> None:
    data = epub_bytes({"a.xhtml": "<p>waves</p>"}, parts={"OPS/toc.ncx": NCX})
    assert blocks(data) == [Block("The sea", BlockKind.HEADING, 1), Block("waves")]


def test_elements_that_close_themselves_do_not_swallow_the_chapter() -> None:
    data = epub_bytes({"a.xhtml": "<script src='x'/><a id='p1'/><p>one<br/>two</p><p/>"})
    assert blocks(data) == [Block("one\ntwo")]


def test_names_with_escapes_are_found() -> None:
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a%20b.xhtml"'
        ' media-type="application/xhtml+xml"/></manifest><spine><itemref idref="a"/></spine>'
        "</package>"
    )
    data = epub_bytes({"a b.xhtml": "<p>x</p>"}, parts={"OPS/book.opf": opf})
    assert blocks(data) == [Block("x")]


def test_a_missing_chapter_costs_a_notice_only() -> None:
    data = epub_bytes({"a.xhtml": "<p>x</p>", "b.xhtml": "<p>y</p>"})
    gone = data.replace(b"OPS/b.xhtml", b"OPS/c.xhtml")
    assert [p.code for p in read(gone) if isinstance(p, Notice)] == ["part_failed"]


def test_references_outside_the_book_find_nothing() -> None:
    opf = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest>'
        '<item id="a" href="../../../etc/passwd" media-type="application/xhtml+xml"/>'
        '<item id="b" href="http://127.0.0.1:9/x" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>'
    )
    data = epub_bytes({"a.xhtml": "<p>x</p>"}, parts={"OPS/book.opf": opf})
    assert blocks(data) == []


@pytest.mark.parametrize("place", ["OPS/a.xhtml", "OPS/A.xhtml"])
def test_a_protected_book_is_refused(place: str) -> None:
    rights = SCRAMBLED.format("http://www.w3.org/2001/04/xmlenc#aes128-cbc", place)
    with pytest.raises(UnsupportedEncryption, match="DRM"):
        read(epub_bytes({"a.xhtml": "x"}, parts={"META-INF/encryption.xml": rights}))


@pytest.mark.parametrize(
    ("method", "place"),
    [
        ("http://www.idpf.org/2008/embedding", "OPS/a.xhtml"),
        ("http://www.w3.org/2001/04/xmlenc#aes128-cbc", "OPS/font.otf"),
    ],
)
def test_scrambled_fonts_do_not_protect_a_book(method: str, place: str) -> None:
    rights = SCRAMBLED.format(method, place)
    data = epub_bytes({"a.xhtml": "<p>x</p>"}, parts={"META-INF/encryption.xml": rights})
    assert blocks(data) == [Block("x")]


def test_an_old_declaration_of_the_type_is_no_danger() -> None:
    ncx = f'<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "ncx.dtd">{NCX}'
    data = epub_bytes({"a.xhtml": "<p>waves</p>"}, parts={"OPS/toc.ncx": ncx})
    assert blocks(data)[0].text == "The sea"


def test_definitions_are_refused() -> None:
    hostile = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>'
    with pytest.raises(UnsafeContent):
        read(epub_bytes({}, parts={"OPS/book.opf": hostile}))


def test_an_archive_without_a_book_is_damaged() -> None:
    with pytest.raises(CorruptFile):
        read(zip_bytes({"mimetype": "application/epub+zip"}))


def test_a_bomb_ends_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("documents.extract.epub.MAX_INFLATED", 100_000)
    with pytest.raises(TooComplex):
        read(epub_bytes({"a.xhtml": "<p>" + "word " * 50_000 + "</p>"}))
