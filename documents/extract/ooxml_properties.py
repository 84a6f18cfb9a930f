"""What an Office package says of itself: title, author, dates."""

from __future__ import annotations

from datetime import UTC, datetime

from docx.opc.coreprops import CoreProperties
from docx.oxml.coreprops import CT_CoreProperties
from docx.oxml.parser import parse_xml
from lxml import etree

from documents.errors import CorruptFile
from documents.extract.ooxml import Package
from documents.types import FileMetadata


def core_properties(package: Package) -> FileMetadata:
    """Return the core properties (ISO/IEC 29500-2, 11); empty where unreadable."""
    part = package.related("", "core-properties") or "docProps/core.xml"
    try:
        # Parsed by our own rules first, which refuse definitions of entities.
        element = parse_xml(etree.tostring(package.xml(part)))
    except (CorruptFile, etree.XMLSyntaxError):
        return FileMetadata()
    if not isinstance(element, CT_CoreProperties):
        return FileMetadata()
    core = CoreProperties(element)
    return FileMetadata(
        title=" ".join(core.title.split()),
        author=" ".join(core.author.split()),
        created=_moment(core.created),
        modified=_moment(core.modified),
    )


def _moment(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)
