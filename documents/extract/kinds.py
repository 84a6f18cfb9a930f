"""The kinds of file that are read: their endings, and what people call them."""

from __future__ import annotations

from typing import Final

from documents.types import MediaType

#: How an installation names the kinds it takes in (``ALLOWED_EXTENSIONS``).
SETTING_NAMES: Final = {
    "pdf": MediaType.PDF,
    "txt": MediaType.TXT,
    "docx": MediaType.DOCX,
    "md": MediaType.MARKDOWN,
    "html": MediaType.HTML,
    "pptx": MediaType.PPTX,
    "xlsx": MediaType.XLSX,
    "csv": MediaType.CSV,
    "odt": MediaType.ODT,
    "ods": MediaType.ODS,
    "odp": MediaType.ODP,
    "rtf": MediaType.RTF,
    "epub": MediaType.EPUB,
    "eml": MediaType.EML,
}
#: In front of people, in the order in which a refusal lists them.
TYPE_NAMES: Final = {
    MediaType.PDF: "PDF",
    MediaType.DOCX: "Word (.docx)",
    MediaType.PPTX: "PowerPoint (.pptx)",
    MediaType.XLSX: "Excel (.xlsx)",
    MediaType.ODT: "OpenDocument text (.odt)",
    MediaType.ODS: "OpenDocument spreadsheet (.ods)",
    MediaType.ODP: "OpenDocument presentation (.odp)",
    MediaType.RTF: "rich text (.rtf)",
    MediaType.EPUB: "e-book (.epub)",
    MediaType.EML: "e-mail (.eml)",
    MediaType.CSV: "table in text (.csv)",
    MediaType.TXT: "plain text",
    MediaType.MARKDOWN: "Markdown",
    MediaType.HTML: "HTML",
}
#: Text by another name: read as it stands, wherever plain text is accepted.
_OTHER_TEXT: Final = (
    *("text", "xml", "json", "jsonl", "yaml", "yml", "toml", "ini", "cfg", "conf", "log"),
    *("rst", "adoc", "tex", "srt", "vtt"),
)
EXTENSIONS: Final = {
    **SETTING_NAMES,
    "docm": MediaType.DOCX,
    "dotx": MediaType.DOCX,
    "pptm": MediaType.PPTX,
    "ppsx": MediaType.PPTX,
    "potx": MediaType.PPTX,
    "xlsm": MediaType.XLSX,
    "xltx": MediaType.XLSX,
    "ott": MediaType.ODT,
    "ots": MediaType.ODS,
    "otp": MediaType.ODP,
    "tsv": MediaType.CSV,
    "tab": MediaType.CSV,
    "markdown": MediaType.MARKDOWN,
    "htm": MediaType.HTML,
    "xhtml": MediaType.HTML,
    **dict.fromkeys(_OTHER_TEXT, MediaType.TXT),
}
#: Kinds that are text in bytes: what says it is one of them may be another one.
TEXTS: Final = frozenset(
    {MediaType.TXT, MediaType.MARKDOWN, MediaType.HTML, MediaType.CSV, MediaType.EML}
)
#: Old formats of Office programs, with the words for them.
LEGACY: Final = {
    "doc": "an old Word file (.doc). Save it as .docx and upload it again",
    "dot": "an old Word template (.dot). Save it as .docx and upload it again",
    "xls": "an old spreadsheet (.xls). Save it as .xlsx and upload it again",
    "xlsb": "a spreadsheet in binary form (.xlsb). Save it as .xlsx and upload it again",
    "ppt": "an old presentation (.ppt). Save it as .pptx and upload it again",
    "pps": "an old slide show (.pps). Save it as .pptx and upload it again",
    "msg": "an Outlook message (.msg). Save it as .eml and upload it again",
}
