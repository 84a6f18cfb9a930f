"""What a zip archive or a compound file (OLE) is: which program's file it holds."""

from __future__ import annotations

import re
from typing import Final

from documents.errors import CorruptFile, FileError, PasswordRequired, TooComplex, UnsupportedType
from documents.extract.kinds import EXTENSIONS, LEGACY, TEXTS
from documents.extract.zipped import Archive
from documents.types import MediaType

_HEAD: Final = 4096
_ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")
_MAX_CONTENT_TYPES: Final = 1024 * 1024

_WORD_MAIN: Final = (
    rb"wordprocessingml\.(?:document|template)\.main\+xml"
    rb"|ms-word\.(?:document|template)\.macroenabled(?:template)?\.main\+xml"
)
_SLIDES_MAIN: Final = (
    rb"presentationml\.(?:presentation|slideshow|template)\.main\+xml"
    rb"|ms-powerpoint\.(?:presentation|slideshow|template)\.macroenabled\.main\+xml"
)
_SHEETS_MAIN: Final = (
    rb"spreadsheetml\.(?:sheet|template)\.main\+xml"
    rb"|ms-excel\.(?:sheet|template)\.macroenabled\.main\+xml"
)
#: The content type of an Office package's main part, and its usual name (ECMA-376
#: part 1, 11 to 13; [MS-OFFMACRO]).
_MAIN_PARTS: Final[tuple[tuple[MediaType, re.Pattern[bytes], str], ...]] = (
    (MediaType.DOCX, re.compile(_WORD_MAIN, re.IGNORECASE), "word/document.xml"),
    (MediaType.PPTX, re.compile(_SLIDES_MAIN, re.IGNORECASE), "ppt/presentation.xml"),
    (MediaType.XLSX, re.compile(_SHEETS_MAIN, re.IGNORECASE), "xl/workbook.xml"),
)
_OTHER_OFFICE: Final[tuple[tuple[bytes, str], ...]] = (
    (b"sheet.binary", LEGACY["xlsb"]),
    (b"visio", "a drawing (Visio), which is not accepted"),
)
#: The first member of an OpenDocument or EPUB file holds its media type.
_MIMETYPES: Final[tuple[tuple[bytes, MediaType], ...]] = (
    (b"opendocument.text", MediaType.ODT),
    (b"opendocument.spreadsheet", MediaType.ODS),
    (b"opendocument.presentation", MediaType.ODP),
    (b"epub+zip", MediaType.EPUB),
)
_REFUSED_MIMETYPES: Final[tuple[tuple[bytes, str], ...]] = (
    (b"opendocument", "an OpenDocument drawing, chart or formula, which is not accepted"),
    (b"vnd.sun.xml", "a file of an old OpenOffice. Save it as .odt, .ods or .odp"),
)
_IWORK: Final = "an Apple file (Pages, Numbers or Keynote). Export it as PDF, .docx, .xlsx or .pptx"
#: Streams of a compound file, with the ending of the program's files. A message and
#: a document may hold others inside, so the order matters.
_OLE_STREAMS: Final[tuple[tuple[str, str], ...]] = (
    ("__properties_version1.0", "msg"),
    ("__nameid_version1.0", "msg"),
    ("PowerPoint Document", "ppt"),
    ("WordDocument", "doc"),
    ("Workbook", "xls"),
    ("WORKBOOK", "xls"),
    ("Book", "xls"),
)


def zip_type(data: bytes, extension: str) -> MediaType:
    """Return which kind of file an archive is, by the parts it holds.

    Raises ``UnsupportedType`` with the words for another kind, ``CorruptFile`` and
    ``TooComplex`` for an archive that cannot be opened and is named like none of ours.
    """
    named = EXTENSIONS.get(extension)
    try:
        archive = Archive(data, budget=2 * _MAX_CONTENT_TYPES)
        types = _member(archive, "[Content_Types].xml")
        mimetype = _member(archive, "mimetype")[:_HEAD]
    except (CorruptFile, TooComplex):
        for kind, _, part in _MAIN_PARTS:
            if part.encode() in data[:_HEAD]:
                return kind  # reading it will say what is wrong with it
        if named is not None and named not in TEXTS and named is not MediaType.PDF:
            return named
        raise
    found = _office_type(archive, types) or _open_type(archive, mimetype, named)
    if found is None:
        raise UnsupportedType(f"This is {_zip_name(archive, types, mimetype)}.")
    return found


def _office_type(archive: Archive, types: bytes) -> MediaType | None:
    for kind, pattern, _ in _MAIN_PARTS:
        if pattern.search(types):
            return kind
    if not types or any(key in types.lower() for key, _ in _OTHER_OFFICE):
        return None
    return next((kind for kind, _, part in _MAIN_PARTS if part in archive), None)


def _open_type(archive: Archive, mimetype: bytes, named: MediaType | None) -> MediaType | None:
    for key, kind in _MIMETYPES:
        if key in mimetype:
            return kind
    if mimetype:
        return None
    if "META-INF/container.xml" in archive:
        return MediaType.EPUB
    is_open = "content.xml" in archive and "META-INF/manifest.xml" in archive
    return named if is_open and named in (MediaType.ODT, MediaType.ODS, MediaType.ODP) else None


def _zip_name(archive: Archive, types: bytes, mimetype: bytes) -> str:
    lowered = types.lower()
    for key, name in _OTHER_OFFICE:
        if key in lowered:
            return name
    if types:
        return "an Office file of a kind that is not accepted"
    for key, name in _REFUSED_MIMETYPES:
        if key in mimetype:
            return name
    if "index/document.iwa" in archive or "index.apxl" in archive or "index.xml" in archive:
        return _IWORK
    return "a zip archive, which is not accepted. Upload the files in it"


def _member(archive: Archive, name: str) -> bytes:
    """Return the member without NUL bytes (UTF-16 becomes readable), or nothing."""
    try:
        return archive.read(name, _MAX_CONTENT_TYPES).replace(b"\0", b"")
    except KeyError:
        return b""


def ole_error(data: bytes, extension: str) -> FileError:
    """Return the error for a compound file: encrypted, or of an old program."""
    if _ENCRYPTED_PACKAGE in data:
        return PasswordRequired()
    found = [end for stream, end in _OLE_STREAMS if stream.encode("utf-16-le") in data]
    if "msg" not in found and extension in found:
        return UnsupportedType(f"This is {LEGACY[extension]}.")
    if found:
        return UnsupportedType(f"This is {LEGACY[found[0]]}.")
    return UnsupportedType(
        "This is a file of an old Office program. Save it as .docx, .xlsx or .pptx."
    )
