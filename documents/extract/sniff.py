"""What a file is, decided by its bytes.

The name decides only between kinds of text, which look alike inside. Sniffing
runs in the process that takes the upload, so it looks at a few kilobytes and
never parses.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Final

from documents.errors import CorruptFile, EmptyFile, UnsupportedType
from documents.extract.containers import ole_error, zip_type
from documents.extract.encoding import BOMS, looks_binary
from documents.extract.kinds import EXTENSIONS, LEGACY, TEXTS, TYPE_NAMES
from documents.extract.zipped import LOCAL_HEADER
from documents.types import MediaType

_HEAD: Final = 4096
#: ISO 32000-1, annex H.3: the header may stand anywhere in the first 1,024 bytes.
_PDF_HEADER_REACH: Final = 1024
_PDF_HEADER: Final = b"%PDF-"
_PDF_BODY: Final = re.compile(rb"\bendobj\b|\bstartxref\b|\d\s+\d+\s+obj\b")
_EMPTY_ZIP: Final = b"PK\x05\x06"
_OLE_HEADER: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: Header fields that begin an e-mail (RFC 5322, 3.6, and what servers put before them).
_MAIL_HEADER: Final = re.compile(
    rb"(?:from |(?:received|return-path|delivered-to|from|to|cc|date|subject|message-id|reply-to"
    rb"|sender|mime-version|content-type|x-[\w-]+|arc-[\w-]+|dkim-signature|authentication-results)"
    rb"[ \t]*:)",
    re.IGNORECASE,
)
_HTML_START: Final = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*|<!--.{0,1000}?-->\s*)*"
    rb"<(?:!doctype\s+html|html[\s>]|head[\s>]|body[\s>])",
    re.IGNORECASE | re.DOTALL,
)

#: First bytes of files that are none of ours, with the words for them.
_MAGIC: Final[tuple[tuple[bytes, str], ...]] = (
    (b"\x89PNG\r\n\x1a\n", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF87a", "a picture (GIF)"),
    (b"GIF89a", "a picture (GIF)"),
    (b"II*\x00", "a picture (TIFF)"),
    (b"MM\x00*", "a picture (TIFF)"),
    (b"8BPS", "a picture (Photoshop)"),
    (b"\x00\x00\x01\x00", "an icon"),
    (b"%!PS", "a PostScript file"),
    (b"\xc5\xd0\xd3\xc6", "a PostScript file"),
    (b"\x7fELF", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\xfe\xed\xfa", "a program"),
    (b"\x1f\x8b", "a compressed archive (gzip)"),
    (b"BZh", "a compressed archive (bzip2)"),
    (b"\xfd7zXZ\x00", "a compressed archive (xz)"),
    (b"\x28\xb5\x2f\xfd", "a compressed archive (zstd)"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed archive (7-Zip)"),
    (b"Rar!\x1a\x07", "a compressed archive (RAR)"),
    (b"SQLite format 3\x00", "a database"),
    (b"ID3", "a sound recording"),
    (b"OggS", "a sound or film recording"),
    (b"fLaC", "a sound recording"),
    (b"\x1aE\xdf\xa3", "a film"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
    (b"OTTO", "a font"),
    (b"!<arch>", "a program library"),
    (b"\xffWPC", "a WordPerfect file (save it as .docx)"),
    (b"\xdb\xa5-\x00", "a very old Word file (save it as .docx)"),
    (b"\x31\xbe\x00\x00", "a very old Word file (save it as .docx)"),
    (b"\x09\x04\x06\x00", "a very old spreadsheet (save it as .xlsx)"),
)
_DOS_PROGRAM: Final = b"MZ"
_RIFF: Final = b"RIFF"
_RTF_HEADER: Final = b"{\\rtf"


def sniff(data: bytes, filename: str, allowed: Collection[MediaType]) -> MediaType:
    """Return what ``data`` is.

    Raises ``EmptyFile``, ``PasswordRequired`` for an encrypted Office file, and
    ``UnsupportedType`` with a sentence that names what the file is instead.
    """
    if not data or data in BOMS:
        raise EmptyFile
    extension = PurePosixPath(filename).suffix.lstrip(".").lower()
    media_type = _by_content(data, extension) or _by_text(data, extension, allowed)
    if media_type not in allowed:
        raise _refusal(TYPE_NAMES[media_type], allowed)
    return media_type


def _by_content(data: bytes, extension: str) -> MediaType | None:
    """Return the kind of a binary format, ``None`` for what must be text."""
    if _is_pdf(data, extension):
        return MediaType.PDF
    if data.startswith((LOCAL_HEADER, _EMPTY_ZIP)):
        return zip_type(data, extension)
    if data.startswith(_OLE_HEADER):
        raise ole_error(data, extension)
    if data[:_HEAD].removeprefix(BOM_UTF8).lstrip().startswith(_RTF_HEADER):
        return MediaType.RTF
    if name := _foreign(data):
        raise UnsupportedType(f"This is {name}, which is not accepted.")
    return None


def _is_pdf(data: bytes, extension: str) -> bool:
    """Whether the bytes are a PDF, rather than a text that speaks of one."""
    at = data.find(_PDF_HEADER, 0, _PDF_HEADER_REACH)
    if at < 0:
        return extension == "pdf" and b"endobj" in data
    if extension == "pdf" or (at == 0 and not extension):
        return True
    return _PDF_BODY.search(data) is not None and not (at and _HTML_START.match(data))


def _foreign(data: bytes) -> str:
    """Return words for a known format that is not ours, or an empty string."""
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    if data.startswith(_DOS_PROGRAM) and looks_binary(data):
        return "a program"
    if data.startswith(_RIFF) and data[8:12] in (b"WEBP", b"AVI ", b"WAVE"):
        return "a picture or a recording"
    if data[4:8] == b"ftyp":
        return "a film or a picture"
    if data[257:262] == b"ustar":
        return "an archive (tar)"
    if data.startswith(b"BM") and looks_binary(data):
        return "a picture (BMP)"
    return ""


def _by_text(data: bytes, extension: str, allowed: Collection[MediaType]) -> MediaType:
    """Return which kind of text this is; raise ``UnsupportedType`` when it is none."""
    if extension in LEGACY and not _is_html(data):  # programs export pages under such names
        raise UnsupportedType(f"This is named .{extension}, but no such file can be read here.")
    if extension and extension not in EXTENSIONS and extension not in LEGACY:
        raise _refusal(f".{extension[:16]}", allowed)
    named = EXTENSIONS.get(extension, MediaType.TXT)
    if named is MediaType.EML and MediaType.EML in allowed and _is_mail(data):
        return MediaType.EML  # attachments may be binary
    if looks_binary(data):
        raise UnsupportedType("The file holds binary data that no reader here understands.")
    if named not in TEXTS:
        raise CorruptFile(f"The file is named .{extension}, but it holds something else.")
    if named in (MediaType.CSV, MediaType.EML) and MediaType.TXT in allowed:
        named = named if named is MediaType.CSV and named in allowed else MediaType.TXT
    if named is MediaType.TXT and MediaType.HTML in allowed and _is_html(data):
        return MediaType.HTML
    return named


def _is_mail(data: bytes) -> bool:
    head = data[:_HEAD].replace(b"\0", b"")
    for mark in BOMS:
        head = head.removeprefix(mark)
    return _MAIL_HEADER.match(head.lstrip()) is not None


def _is_html(data: bytes) -> bool:
    head = data[: 4 * _HEAD].replace(b"\0", b"")
    for mark in BOMS:
        head = head.removeprefix(mark)
    return _HTML_START.match(head) is not None


def _refusal(what: str, allowed: Collection[MediaType]) -> UnsupportedType:
    names = [name for kind, name in TYPE_NAMES.items() if kind in allowed]
    listed = ", ".join(names) or "none"
    return UnsupportedType(f"Files of this type ({what}) are not accepted. Accepted are: {listed}.")
