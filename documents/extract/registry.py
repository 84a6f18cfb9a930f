"""Which extractor reads which media type.

The modules are loaded on demand: a process that reads a text file never pays
for the PDF library, and the web process never loads any of them.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from documents.errors import UnsupportedType
from documents.extract.base import Extractor
from documents.types import MediaType

_EXTRACTORS: dict[MediaType, tuple[str, str]] = {
    MediaType.PDF: ("documents.extract.pdf", "PdfExtractor"),
    MediaType.DOCX: ("documents.extract.docx", "DocxExtractor"),
    MediaType.PPTX: ("documents.extract.pptx", "PptxExtractor"),
    MediaType.XLSX: ("documents.extract.xlsx", "XlsxExtractor"),
    MediaType.ODT: ("documents.extract.odf", "OdtExtractor"),
    MediaType.ODS: ("documents.extract.odf", "OdsExtractor"),
    MediaType.ODP: ("documents.extract.odf", "OdpExtractor"),
    MediaType.RTF: ("documents.extract.rtf", "RtfExtractor"),
    MediaType.EPUB: ("documents.extract.epub", "EpubExtractor"),
    MediaType.EML: ("documents.extract.eml", "EmlExtractor"),
    MediaType.CSV: ("documents.extract.delimited", "DelimitedExtractor"),
    MediaType.TXT: ("documents.extract.txt", "TextExtractor"),
    MediaType.MARKDOWN: ("documents.extract.markdown", "MarkdownExtractor"),
    MediaType.HTML: ("documents.extract.html", "HtmlExtractor"),
}


def extractor_for(media_type: MediaType) -> Extractor:
    """Return a new extractor for ``media_type``.

    Raises ``UnsupportedType`` where nothing reads that type.
    """
    try:
        module, name = _EXTRACTORS[media_type]
    except KeyError:
        raise UnsupportedType from None
    return cast("Extractor", getattr(import_module(module), name)())
