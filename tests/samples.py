"""Small real files, made on the spot, for everybody's tests.

PDF and DOCX are written by hand: a test then says exactly what is in the file.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

from pypdf import PdfReader, PdfWriter

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
W_STRICT = "http://purl.oclc.org/ooxml/wordprocessingml/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
DOCUMENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

_LINE_WIDTH = 88
_LEADING = 14


# --- PDF ----------------------------------------------------------------------------


def pdf_bytes(
    pages: Sequence[str], title: str = "", author: str = "", outline: Sequence[str] = ()
) -> bytes:
    """Return a PDF with one page per string.

    Lines wrap at 88 characters; a blank line makes a gap; a line that begins with
    ``# `` is set large and bold. ``outline[i]`` becomes a bookmark to page ``i + 1``.
    Letters outside Windows-1252 become question marks.
    """
    return pdf_of_contents([_page_content(text) for text in pages], title, author, outline)


def pdf_of_contents(
    contents: Sequence[bytes],
    title: str = "",
    author: str = "",
    outline: Sequence[str] = (),
    resources: str = "",
) -> bytes:
    """Return a PDF whose pages have these content streams; fonts are ``/F1`` and ``/F2``."""
    count = len(contents)
    first_page, outline_root = 6, 6 + 2 * count
    kids = " ".join(f"{first_page + 2 * index} 0 R" for index in range(count))
    catalog = "<< /Type /Catalog /Pages 2 0 R"
    catalog += f" /Outlines {outline_root} 0 R >>" if outline else " >>"
    objects = [
        catalog.encode(),
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        _font("Helvetica"),
        _font("Helvetica-Bold"),
        f"<< /Title {_string(title)} /Author {_string(author)} >>".encode("latin-1"),
    ]
    for index, content in enumerate(contents):
        objects += _page_objects(first_page + 2 * index + 1, content, resources)
    if outline:
        objects += _outline_objects(outline_root, outline, first_page)
    return _assembled(objects)


def _page_objects(content_number: int, content: bytes, resources: str) -> list[bytes]:
    page = (
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
        f" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> {resources} >>"
        f" /Contents {content_number} 0 R >>"
    )
    return [page.encode(), _stream("", content)]


def _stream(entries: str, content: bytes) -> bytes:
    head = f"<< {entries} /Length {len(content)} >>\nstream\n"
    return head.encode() + content + b"\nendstream"


def _outline_objects(root: int, titles: Sequence[str], first_page: int) -> list[bytes]:
    last = root + len(titles)
    objects = [f"<< /First {root + 1} 0 R /Last {last} 0 R /Count {len(titles)} >>".encode()]
    for index, title in enumerate(titles):
        number = root + 1 + index
        following = f" /Next {number + 1} 0 R" if number < last else ""
        objects.append(
            f"<< /Title {_string(title)} /Parent {root} 0 R{following}"
            f" /Dest [{first_page + 2 * index} 0 R /Fit] >>".encode("latin-1")
        )
    return objects


def _assembled(objects: Sequence[bytes]) -> bytes:
    out = BytesIO()
    out.write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    begin = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % begin)
    return out.getvalue()


def _font(name: str) -> bytes:
    return (
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
    ).encode()


def _page_content(text: str) -> bytes:
    lines, y = [], 790
    for line in _wrapped(text):
        if line.startswith("# "):
            lines.append(b"BT /F2 22 Tf 56 %d Td (%s) Tj ET" % (y, _escaped(line[2:])))
            y -= 2 * _LEADING
        elif line:
            lines.append(b"BT /F1 11 Tf 56 %d Td (%s) Tj ET" % (y, _escaped(line)))
        y -= _LEADING
    return b"\n".join(lines)


def _wrapped(text: str) -> list[str]:
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            if line and len(line) + len(word) >= _LINE_WIDTH:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines


def _escaped(text: str) -> bytes:
    raw = text.encode("cp1252", "replace")
    return raw.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _string(text: str) -> str:
    """Return a PDF text string in UTF-16 with a byte order mark, as hexadecimal."""
    return f"<FEFF{text.encode('utf-16-be').hex()}>"


def scanned_pdf_bytes(pages: int = 1) -> bytes:
    """Return a PDF with pages that hold a picture and no text."""
    content = b"q 400 0 0 400 90 200 cm BI /W 2 /H 2 /CS /G /BPC 8 /F /AHx ID 00FF FF00> EI Q"
    return pdf_of_contents([content] * pages)


def pdf_without_pages() -> bytes:
    """Return a well-formed PDF that has no page."""
    return pdf_of_contents([])


def encrypted_pdf_bytes(
    text: str = "Secret words", user_password: str = "geheim", algorithm: str = "AES-256"
) -> bytes:
    """Return a PDF that opens with ``user_password``; without any when it is empty."""
    writer = PdfWriter(clone_from=PdfReader(BytesIO(pdf_bytes([text]))))
    writer.encrypt(user_password, owner_password="owner", algorithm=algorithm)
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def deep_form_pdf_bytes(depth: int = 30) -> bytes:
    """Return a PDF whose page draws ten to the power of ``depth`` forms."""
    forms = []
    for level in range(depth):
        inner = b"/X Do " * 10 if level < depth - 1 else b"BT /F1 9 Tf (deep) Tj ET"
        following = f"/XObject << /X {8 + level + 1} 0 R >>" if level < depth - 1 else ""
        entries = (
            "/Type /XObject /Subtype /Form /BBox [0 0 595 842]"
            f" /Resources << /Font << /F1 3 0 R >> {following} >>"
        )
        forms.append(_stream(entries, inner))
    page = (
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 7 0 R"
        b" /Resources << /XObject << /X 8 0 R >> >> >>"
    )
    fixed = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
        _font("Helvetica"),
        _font("Helvetica-Bold"),
        b"<< >>",
        page,
        _stream("", b"/X Do"),
    ]
    return _assembled(fixed + forms)


def form_pdf_bytes(label: str = "Name", value: str = "Ada Lovelace") -> bytes:
    """Return a PDF with a label on the page and a text field filled with ``value``."""
    look = b"/Tx BMC BT /F1 11 Tf 2 4 Td (%s) Tj ET EMC" % _escaped(value)
    font = "/Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [8 0 R] >> >>",
        b"<< /Type /Pages /Kids [6 0 R] /Count 1 >>",
        _font("Helvetica"),
        _font("Helvetica-Bold"),
        b"<< >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] {font}"
        " /Contents 7 0 R /Annots [8 0 R] >>".encode(),
        _stream("", _page_content(label)),
        b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (f) /F 4 /V (%s) /P 6 0 R"
        b" /Rect [150 780 350 800] /AP << /N 9 0 R >> >>" % _escaped(value),
        _stream(f"/Type /XObject /Subtype /Form /BBox [0 0 200 20] {font}", look),
    ]
    return _assembled(objects)


def truncated(data: bytes, share: float = 0.5) -> bytes:
    """Return the first ``share`` of a file, as an interrupted copy leaves it."""
    return data[: int(len(data) * share)]


# --- DOCX ---------------------------------------------------------------------------


def docx_bytes(
    paragraphs: Sequence[str] = (),
    *,
    title: str = "",
    author: str = "",
    body: str | None = None,
    parts: Mapping[str, str | bytes] | None = None,
    relations: Mapping[str, tuple[str, str]] | None = None,
    namespace: str = W,
) -> bytes:
    """Return a Word document of these paragraphs.

    A paragraph that begins with one to nine ``#`` and a space is a heading of that
    level. ``body`` replaces the paragraphs by XML (prefixes ``w``, ``r``, ``mc``,
    ``m``, ``v``, ``a``, ``wps``); ``parts`` adds or replaces members of the package;
    ``relations`` maps ids to a kind and a target beside the document.
    """
    xml = "".join(_paragraph(text) for text in paragraphs) if body is None else body
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": _content_types(),
        "_rels/.rels": _relations(
            {"rId1": ("officeDocument", "word/document.xml"), "rId2": ("core", "docProps/core.xml")}
        ),
        "docProps/core.xml": _core(title, author),
        "word/document.xml": _document(xml, namespace),
        "word/_rels/document.xml.rels": _relations(
            {"rIdStyles": ("styles", "styles.xml")} | dict(relations or {})
        ),
        "word/styles.xml": _styles(namespace),
    }
    return zip_bytes(members | dict(parts or {}))


def zip_bytes(members: Mapping[str, str | bytes]) -> bytes:
    """Return a deflated zip archive."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def _paragraph(text: str) -> str:
    marks, _, rest = text.partition(" ")
    if marks and not marks.strip("#") and rest:
        style = f'<w:pPr><w:pStyle w:val="Heading{len(marks)}"/></w:pPr>'
        return f"<w:p>{style}<w:r><w:t>{escape(rest)}</w:t></w:r></w:p>"
    return f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def wordml(inner: str, root: str, namespace: str = W) -> str:
    """Return a part of a Word document: ``inner`` inside the element ``root``."""
    return (
        f'{XML}<w:{root} xmlns:w="{namespace}" xmlns:r="{R}"'
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        ' xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
        ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
        ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
        ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
        f' xmlns:v="urn:schemas-microsoft-com:vml">{inner}</w:{root}>'
    )


def _document(body: str, namespace: str) -> str:
    return wordml(f"<w:body>{body}</w:body>", "document", namespace)


def _styles(namespace: str) -> str:
    headings = "".join(
        f'<w:style w:type="paragraph" w:styleId="Heading{level}">'
        f'<w:name w:val="heading {level}"/></w:style>'
        for level in range(1, 10)
    )
    return wordml(headings, "styles", namespace)


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    kinds = {"core": f"{PACKAGE}/relationships/metadata/core-properties"}
    links = "".join(
        f'<Relationship Id="{key}" Type="{kinds.get(kind, f"{R}/{kind}")}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def _content_types() -> str:
    return (
        f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/>'
        '<Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/word/document.xml" ContentType="{DOCUMENT_TYPE}"/></Types>'
    )


def _core(title: str, author: str) -> str:
    return (
        f'{XML}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:title>{escape(title)}</dc:title><dc:creator>{escape(author)}</dc:creator>"
        '<dcterms:created xsi:type="dcterms:W3CDTF">2024-03-01T09:30:00Z</dcterms:created>'
        "</cp:coreProperties>"
    )


def zip_bomb_docx_bytes(inflated: int = 150 * 1024 * 1024) -> bytes:
    """Return a small DOCX whose document inflates to ``inflated`` bytes."""
    paragraph = b"<w:p><w:r><w:t>boom</w:t></w:r></w:p>"
    head, tail = _document("SPLIT", W).encode().split(b"SPLIT")
    document = head + paragraph * (inflated // len(paragraph)) + tail
    return docx_bytes(parts={"word/document.xml": document})


def doctype_docx_bytes(declaration: str = '<!ENTITY x SYSTEM "file:///etc/passwd">') -> bytes:
    """Return a DOCX whose document declares an entity and uses it."""
    xml = _document("<w:p><w:r><w:t>before &x; after</w:t></w:r></w:p>", W)
    declared = xml.replace(XML, f"{XML}<!DOCTYPE d [{declaration}]>", 1)
    return docx_bytes(parts={"word/document.xml": declared})


def corrupt_docx_bytes() -> bytes:
    """Return a DOCX whose document has damaged bytes inside."""
    data = bytearray(docx_bytes([f"Paragraph {number}" for number in range(200)]))
    at = data.index(b"word/document.xml") + 80
    data[at : at + 20] = bytes(20)
    return bytes(data)


# --- others -------------------------------------------------------------------------


def xlsx_bytes() -> bytes:
    """Return as much of a spreadsheet as it takes to be one."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    types = (
        f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}"/></Types>'
    )
    return zip_bytes({"[Content_Types].xml": types, "xl/workbook.xml": f"{XML}<workbook/>"})


def ole_bytes(stream: str) -> bytes:
    """Return the beginning of a compound file with one stream named ``stream``."""
    entry = stream.encode("utf-16-le").ljust(64, b"\0")
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + entry + bytes(448)


def png_bytes() -> bytes:
    """Return a picture of one grey pixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checked = kind + content
        return struct.pack(">I", len(content)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0\x7f"))
        + chunk(b"IEND", b"")
    )


def html_bytes(body: str, head: str = "<title>A page</title>") -> bytes:
    """Return a page of HTML in UTF-8."""
    return f"<!doctype html><html><head>{head}</head><body>{body}</body></html>".encode()
