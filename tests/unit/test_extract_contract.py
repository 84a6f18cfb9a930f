"""What every extractor promises, whatever it reads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from documents.errors import FileError
from documents.extract.registry import extractor_for
from documents.types import Block, BlockKind, ExtractedPage, FileMetadata, MediaType, Notice
from tests import format_samples as formats
from tests import samples

SWIM, FLY = "They swim well.", "They cannot fly."
GOOD = {
    MediaType.PDF: samples.pdf_bytes(["# Penguins\n\nThey swim well.", "They cannot fly."]),
    MediaType.DOCX: samples.docx_bytes(["# Penguins", "They swim well.", "They cannot fly."]),
    MediaType.PPTX: formats.pptx_bytes(
        [formats.slide(formats.shape("Penguins", "title") + formats.shape(f"{SWIM}\n{FLY}"))]
    ),
    MediaType.XLSX: formats.workbook_bytes({"Penguins": formats.sheet([[SWIM], [FLY]])}),
    MediaType.ODT: formats.odf_bytes(
        f'<text:h text:outline-level="1">Penguins</text:h><text:p>{SWIM}</text:p>'
        f"<text:p>{FLY}</text:p>"
    ),
    MediaType.ODS: formats.odf_bytes(
        '<table:table table:name="Penguins">'
        + "".join(
            f"<table:table-row><table:table-cell><text:p>{line}</text:p></table:table-cell>"
            "</table:table-row>"
            for line in (SWIM, FLY)
        )
        + "</table:table>",
        "spreadsheet",
    ),
    MediaType.ODP: formats.odf_bytes(
        '<draw:page><draw:frame presentation:class="title"><draw:text-box><text:p>Penguins'
        "</text:p></draw:text-box></draw:frame><draw:frame><draw:text-box>"
        f"<text:p>{SWIM}</text:p><text:p>{FLY}</text:p></draw:text-box></draw:frame></draw:page>",
        "presentation",
    ),
    MediaType.RTF: formats.rtf_bytes(
        rf"{{\pard\outlinelevel0 Penguins\par}}\pard {SWIM}\par {FLY}\par"
    ),
    MediaType.EPUB: formats.epub_bytes({"a.xhtml": f"<h1>Penguins</h1><p>{SWIM}</p><p>{FLY}</p>"}),
    MediaType.EML: formats.eml_bytes(f"{SWIM}\n\n{FLY}\n", subject="Penguins"),
    MediaType.CSV: b"Penguins\n\nThey swim well.\n\nThey cannot fly.\n",
    MediaType.TXT: b"Penguins\n\nThey swim well.\n\nThey cannot fly.\n",
    MediaType.MARKDOWN: b"# Penguins\n\nThey swim *well*.\n\nThey cannot fly.\n",
    MediaType.HTML: samples.html_bytes("<h1>Penguins</h1><p>They swim well.<p>They cannot fly."),
}
EVERY_TYPE = pytest.mark.parametrize("media_type", list(MediaType))


def read(media_type: MediaType, data: bytes) -> list[object]:
    return list(extractor_for(media_type).extract(data))


def pages_of(pieces: list[object]) -> list[ExtractedPage]:
    return [piece for piece in pieces if isinstance(piece, ExtractedPage)]


@EVERY_TYPE
def test_it_says_which_type_it_reads(media_type: MediaType) -> None:
    assert extractor_for(media_type).media_type is media_type


@EVERY_TYPE
def test_it_yields_the_text_in_reading_order(media_type: MediaType) -> None:
    texts = [b.text for p in pages_of(read(media_type, GOOD[media_type])) for b in p.blocks]
    assert texts == ["Penguins", "They swim well.", "They cannot fly."]


@EVERY_TYPE
def test_it_yields_nothing_but_pieces_and_metadata_before_pages(media_type: MediaType) -> None:
    pieces = read(media_type, GOOD[media_type])
    assert {type(piece) for piece in pieces} <= {FileMetadata, ExtractedPage, Notice}
    kinds = [type(piece) for piece in pieces]
    assert FileMetadata not in kinds[kinds.index(ExtractedPage) :]


@EVERY_TYPE
def test_it_numbers_pages_from_one_or_yields_a_single_one(media_type: MediaType) -> None:
    numbers = [page.number for page in pages_of(read(media_type, GOOD[media_type]))]
    assert numbers in ([None], list(range(1, len(numbers) + 1)))


@EVERY_TYPE
def test_it_knows_headings_where_the_format_has_them(media_type: MediaType) -> None:
    first = pages_of(read(media_type, GOOD[media_type]))[0].blocks[0]
    if media_type in (MediaType.TXT, MediaType.CSV):
        assert first == Block("Penguins")
    else:
        assert first == Block("Penguins", BlockKind.HEADING, 1)


@EVERY_TYPE
def test_blocks_have_text_and_a_level_only_as_headings(media_type: MediaType) -> None:
    for page in pages_of(read(media_type, GOOD[media_type])):
        for block in page.blocks:
            assert block.text.strip()
            assert (block.level > 0) == (block.kind is BlockKind.HEADING)


def outcome(media_type: MediaType, data: bytes) -> str:
    """Return ``read``, or the sentence of the error; any other error is the test's."""
    try:
        read(media_type, data)
    except FileError as error:
        return error.message
    return "read"


@EVERY_TYPE
@pytest.mark.parametrize("data", [b"", b"\0" * 100, bytes(range(256)) * 8, b"<" * 5000])
def test_it_survives_what_is_not_its_own(media_type: MediaType, data: bytes) -> None:
    assert outcome(media_type, data)


@EVERY_TYPE
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_it_survives_half_a_file(media_type: MediaType, share: float) -> None:
    assert outcome(media_type, samples.truncated(GOOD[media_type], share))


@EVERY_TYPE
def test_reading_twice_gives_the_same(media_type: MediaType) -> None:
    assert read(media_type, GOOD[media_type]) == read(media_type, GOOD[media_type])


def test_the_parent_loads_no_parser() -> None:
    code = (
        "import sys, documents.extract.sandbox, documents.extract.sniff;"
        "bad = {'django', 'lxml', 'pypdf', 'pypdfium2', 'selectolax', 'charset_normalizer'};"
        "sys.exit(bool(bad & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
