"""Small real files of the other formats, made on the spot: slides, sheets, books, mails.

Like the documents of ``tests.samples`` they are written by hand, so that a test
says exactly what is in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from tests.samples import PACKAGE, XML, R, zip_bytes

P = "http://schemas.openxmlformats.org/presentationml/2006/main"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
S = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
ODF = "urn:oasis:names:tc:opendocument:xmlns"
_OFFICE = "application/vnd.openxmlformats-officedocument"
Members = Mapping[str, str | bytes]


def relations(targets: Mapping[str, tuple[str, str]], mode: str = "Internal") -> str:
    """Return a part of relationships: ids to a kind and a target."""
    links = "".join(
        f'<Relationship Id="{key}" Type="{R}/{kind}" Target="{target}" TargetMode="{mode}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'


def _package(main: str, content_type: str, parts: Members, title: str) -> bytes:
    types = f'<Override PartName="/{main}" ContentType="{content_type}"/>'
    core = (
        f'{XML}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title>{escape(title)}</dc:title></cp:coreProperties>"
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">{types}</Types>',
        "_rels/.rels": relations({"rId1": ("officeDocument", main)}),
        "docProps/core.xml": core,
    }
    return zip_bytes(members | dict(parts))


# --- PPTX -----------------------------------------------------------------------------


def shape(text: str, kind: str = "", *, paragraphs: str = "") -> str:
    """Return a shape of a slide; ``kind`` is that of its placeholder, none for a text box."""
    place = f'<p:ph type="{kind}"/>' if kind else ""
    lines = paragraphs or "".join(
        f"<a:p><a:r><a:t>{escape(line)}</a:t></a:r></a:p>" for line in text.split("\n")
    )
    return (
        f'<p:sp><p:nvSpPr><p:cNvPr id="2" name="Shape 1"/><p:nvPr>{place}</p:nvPr></p:nvSpPr>'
        f"<p:txBody><a:bodyPr/>{lines}</p:txBody></p:sp>"
    )


def slide(shapes: str, attributes: str = "", root: str = "sld") -> str:
    """Return a slide (or a page of notes) with these shapes."""
    return (
        f'{XML}<p:{root} xmlns:p="{P}" xmlns:a="{A}" xmlns:r="{R}"'
        ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
        ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
        ' xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram"'
        f" {attributes}><p:cSld><p:spTree>{shapes}</p:spTree></p:cSld></p:{root}>"
    )


def pptx_bytes(slides: Sequence[str], *, title: str = "", parts: Members | None = None) -> bytes:
    """Return a presentation of these slides (``slide``), in this order.

    The parts are named against the order, as slides that were moved are.
    """
    names = [f"slide{len(slides) - index}.xml" for index in range(len(slides))]
    listed = "".join(f'<p:sldId id="{256 + i}" r:id="rId{i}"/>' for i in range(len(slides)))
    members: dict[str, str | bytes] = {
        "ppt/presentation.xml": f'{XML}<p:presentation xmlns:p="{P}" xmlns:r="{R}">'
        f"<p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": relations(
            {f"rId{index}": ("slide", f"slides/{name}") for index, name in enumerate(names)}
        ),
    }
    members |= {f"ppt/slides/{name}": xml for name, xml in zip(names, slides, strict=True)}
    kind = f"{_OFFICE}.presentationml.presentation.main+xml"
    return _package("ppt/presentation.xml", kind, members | dict(parts or {}), title)


# --- XLSX -----------------------------------------------------------------------------


def cell(value: str | float | None, place: str = "", style: int = 0) -> str:
    """Return a cell with a number, or with a text of its own."""
    at = f' r="{place}"' if place else ""
    if value is None:
        return f"<c{at}/>"
    if isinstance(value, str):
        return f'<c{at} t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c{at} s="{style}"><v>{value}</v></c>'


def sheet(rows: Sequence[Sequence[str | float | None]] | str) -> str:
    """Return a sheet of these rows, or of the XML of its rows; an empty row is a gap."""
    if isinstance(rows, str):
        inner = rows
    else:
        filled = ((number, row) for number, row in enumerate(rows, 1) if row)
        inner = "".join(
            f'<row r="{number}">{"".join(cell(value) for value in row)}</row>'
            for number, row in filled
        )
    return f'{XML}<worksheet xmlns="{S}" xmlns:r="{R}"><sheetData>{inner}</sheetData></worksheet>'


def _state(hidden: bool) -> str:
    return "hidden" if hidden else "visible"


def workbook_bytes(
    sheets: Mapping[str, str],
    *,
    hidden: Sequence[str] = (),
    formats: Sequence[str] = (),
    strings: Sequence[str] = (),
    properties: str = "",
    kind: str = f"{_OFFICE}.spreadsheetml.sheet.main+xml",
    parts: Members | None = None,
) -> bytes:
    """Return a workbook of these sheets (``sheet``) by their names.

    ``formats[i]`` is the number format of the cell style ``i + 1``; ``strings`` are
    the shared ones.
    """
    tabs = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{i}" r:id="rId{i}"'
        f' state="{_state(name in hidden)}"/>'
        for i, name in enumerate(sheets, 1)
    )
    codes = "".join(
        f'<numFmt numFmtId="{200 + i}" formatCode={quoteattr(code)}/>'
        for i, code in enumerate(formats)
    )
    styles = '<xf numFmtId="0"/>' + "".join(
        f'<xf numFmtId="{200 + i}"/>' for i in range(len(formats))
    )
    links = {
        f"rId{i}": ("worksheet", f"worksheets/sheet{i}.xml") for i in range(1, len(sheets) + 1)
    }
    links |= {"rIdS": ("styles", "styles.xml"), "rIdT": ("sharedStrings", "sharedStrings.xml")}
    shared = "".join(f"<si>{text}</si>" for text in strings)
    members: dict[str, str | bytes] = {
        "xl/workbook.xml": f'{XML}<workbook xmlns="{S}" xmlns:r="{R}">{properties}'
        f"<sheets>{tabs}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relations(links),
        "xl/styles.xml": f'{XML}<styleSheet xmlns="{S}"><numFmts>{codes}</numFmts>'
        f"<cellXfs>{styles}</cellXfs></styleSheet>",
        "xl/sharedStrings.xml": f'{XML}<sst xmlns="{S}">{shared}</sst>',
    }
    members |= {f"xl/worksheets/sheet{i}.xml": xml for i, xml in enumerate(sheets.values(), 1)}
    return _package("xl/workbook.xml", kind, members | dict(parts or {}), "")


# --- OpenDocument ---------------------------------------------------------------------


def odf_xml(inner: str, root: str = "document-content") -> str:
    """Return a part of an OpenDocument file."""
    spaces = " ".join(
        f'xmlns:{short}="{ODF}:{full}:1.0"'
        for short, full in (
            *(("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing")),
            *(("style", "style"), ("presentation", "presentation"), ("svg", "svg-compatible")),
            *(("meta", "meta"), ("manifest", "manifest")),
        )
    )
    dublin = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return f"{XML}<office:{root} {spaces} {dublin}>{inner}</office:{root}>"


def odf_bytes(
    body: str, kind: str = "text", *, styles: str = "", parts: Members | None = None
) -> bytes:
    """Return an OpenDocument file whose body is ``body`` (prefixes as in the format)."""
    content = (
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
    )
    meta = (
        "<office:meta><dc:title>A title</dc:title><meta:initial-creator>Ada</meta:initial-creator>"
        "<meta:creation-date>2024-03-01T09:30:00</meta:creation-date></office:meta>"
    )
    members: dict[str, str | bytes] = {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}",
        "content.xml": odf_xml(content),
        "meta.xml": odf_xml(meta, "document-meta"),
    }
    return zip_bytes(members | dict(parts or {}))


# --- EPUB, EML, RTF -------------------------------------------------------------------


def epub_bytes(
    chapters: Mapping[str, str], *, title: str = "A book", parts: Members | None = None
) -> bytes:
    """Return an e-book: file names of chapters to the inside of their bodies, in order."""
    items = "".join(
        f'<item id="c{i}" href={quoteattr(name)} media-type="application/xhtml+xml"/>'
        for i, name in enumerate(chapters)
    )
    order = "".join(f'<itemref idref="c{i}"/>' for i in range(len(chapters)))
    opf = (
        f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata'
        f' xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title>'
        "<dc:creator>Ada</dc:creator><dc:creator>Bob</dc:creator><dc:date>2012-04-17</dc:date>"
        f'</metadata><manifest>{items}<item id="ncx" href="toc.ncx"'
        ' media-type="application/x-dtbncx+xml"/></manifest>'
        f"<spine>{order}</spine></package>"
    )
    container = (
        f'{XML}<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="OPS/book.opf"/></rootfiles></container>'
    )
    members: dict[str, str | bytes] = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": container,
        "OPS/book.opf": opf,
    }
    members |= {f"OPS/{name}": _chapter(inside) for name, inside in chapters.items()}
    return zip_bytes(members | dict(parts or {}))


def _chapter(inside: str) -> str:
    return (
        f'{XML}<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head>'
        f"<body>{inside}</body></html>"
    )


def eml_bytes(body: str, kind: str = "text/plain; charset=utf-8", **fields: str) -> bytes:
    """Return a message; fields of the header as ``subject="…"``, the body as it stands."""
    header = "".join(
        f"{name.title().replace('_', '-')}: {value}\r\n" for name, value in fields.items()
    )
    head = f"{header}MIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n"
    return (head + body.replace("\n", "\r\n")).encode()


def multipart(kind: str, *parts: str, boundary: str = "BOUNDARY") -> tuple[str, str]:
    """Return body and type of a message in parts; each begins with its own fields."""
    joined = "".join(f"--{boundary}\n{part}\n" for part in parts)
    return f"{joined}--{boundary}--\n", f'multipart/{kind}; boundary="{boundary}"'


def rtf_bytes(body: str, head: str = r"\ansi\ansicpg1252") -> bytes:
    """Return a rich text file of this body, as it stands."""
    return f"{{\\rtf1{head} {body}}}".encode("latin-1")
