"""Tables of Rich Text Format: code pages, special characters, and groups that hold no text.

From the specification, version 1.9.1 (Microsoft, 2008).
"""

from __future__ import annotations

import codecs
from functools import lru_cache
from typing import Final

#: ``\\fcharset`` to code page; 0 and 1 mean that of the document, 2 is a symbol font.
_CHARSETS: Final = {
    77: "mac_roman", 78: "shift_jis", 79: "big5", 80: "euc_kr", 81: "mac_arabic",
    83: "mac_greek", 85: "mac_turkish", 86: "mac_latin2", 89: "mac_cyrillic", 128: "cp932",
    129: "cp949", 130: "johab", 134: "gb18030", 136: "big5hkscs", 161: "cp1253",
    162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257",
    204: "cp1251", 222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip
SYMBOL_CHARSET: Final = 2
_CODE_PAGES: Final = {
    "936": "gb18030", "950": "big5hkscs", "1361": "johab", "65001": "utf-8", "1200": "utf-8",
    "10000": "mac_roman", "10007": "mac_cyrillic", "10029": "mac_latin2",
}  # fmt: skip
DECLARED: Final = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}

CHARACTERS: Final = {
    "tab": "\t", "line": "\n", "emdash": "—", "endash": "–", "bullet": "•", "lquote": "‘",
    "rquote": "’", "ldblquote": "“", "rdblquote": "”", "emspace": "\u2003",
    "enspace": "\u2002", "qmspace": "\u2005", "softline": "\n",
}  # fmt: skip
SYMBOLS: Final = {"~": "\xa0", "_": "-", "{": "{", "}": "}", "\\": "\\"}
#: Groups marked as ignorable (``\\*``) whose text is seen all the same.
SHOWN_IF_STARRED: Final = frozenset({"shpinst", "ud", "annotation", "atnauthor"})
#: Groups without text of the document.
SKIPPED: Final = frozenset(
    (
        *("colortbl", "listtable", "listoverridetable", "rsidtbl", "revtbl", "filetbl", "pict"),
        *("objdata", "objclass", "objname", "objalias", "objsect", "objtime", "fldinst", "sp"),
        *("nonshppict", "shprslt", "bkmkstart", "bkmkend", "xe", "tc", "tcn", "txe", "rxe", "do"),
        *("atnid", "atnref", "atndate", "atntime", "atnparent", "atnicn", "atrfstart", "atrfend"),
        *("themedata", "colorschememapping", "datastore", "latentstyles", "generator", "template"),
        *("formfield", "ffname", "ffdeftext", "ffl", "picprop", "blipuid", "panose", "falt"),
        *(
            "keywords",
            "doccomm",
            "subject",
            "operator",
            "company",
            "category",
            "manager",
            "comment",
        ),
        *("hlinkbase", "printim", "revtim", "buptim", "userprops", "xmlnstbl", "mmathPr", "pgptbl"),
        *("wgrffmtfilter", "fname", "fontemb", "fontfile", "background", "ftnsep", "ftnsepc"),
        *("ftncn", "aftnsep", "aftnsepc", "aftncn", "pnseclvl", "passwordhash", "protusertbl"),
        *("nonesttables", "nesttableprops", "listname", "leveltext", "levelnumbers"),
    )
)
MARGINS: Final = frozenset(
    {"header", "headerl", "headerr", "headerf", "footer", "footerl", "footerr", "footerf"}
)


def charset_codec(charset: int, default: str) -> str:
    """Return the codec of a font's character set."""
    return _CHARSETS.get(charset, default)


@lru_cache(maxsize=64)
def page_codec(page: int) -> str:
    """Return the codec of a Windows code page, Western European for those not known."""
    name = _CODE_PAGES.get(str(page), f"cp{page}")
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "cp1252"
