"""Text on a PDF page that a reader cannot see, but a machine reads.

White on nothing, or smaller than a point: a way to slip words to whoever reads
by program. Text of render mode 3 is left alone: that is how recognised text lies
over a scan.
"""

from __future__ import annotations

import ctypes
import re
from typing import Any, Final

from pypdfium2 import raw

_WORD: Final = re.compile(r"\S+")
#: Of 255, for each of red, green and blue.
_WHITE: Final = 250
_TINY: Final = 1.5
_MAX_OBJECTS: Final = 20_000
_GROUNDS: Final = frozenset(
    {
        raw.FPDF_PAGEOBJ_PATH,
        raw.FPDF_PAGEOBJ_IMAGE,
        raw.FPDF_PAGEOBJ_SHADING,
        raw.FPDF_PAGEOBJ_FORM,
    }
)


def hides_text(page: Any, textpage: Any, text: str) -> bool:
    """Whether some word of the page is tiny, or white with nothing to stand out from."""
    pale = False
    for match in _WORD.finditer(text):
        if _height(textpage.raw, match.start()) < _TINY:
            return True
        pale = pale or _is_white(textpage.raw, match.start())
    return pale and not _has_ground(page.raw)


def _height(handle: Any, index: int) -> float:
    """Return the height of the type of a character in points; a large one if unknown."""
    box = raw.FS_RECTF()
    if not raw.FPDFText_GetLooseCharBox(handle, index, box):
        return 99.0
    height = max(abs(box.top - box.bottom), abs(box.right - box.left))
    return height if height > 0 else 99.0


def _is_white(handle: Any, index: int) -> bool:
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFText_GetFillColor(handle, index, red, green, blue, alpha):
        return False
    return min(red.value, green.value, blue.value) >= _WHITE


def _has_ground(page: Any) -> bool:
    """Whether anything on the page may be darker than paper: a shape, a picture."""
    count = min(raw.FPDFPage_CountObjects(page), _MAX_OBJECTS)
    objects = (raw.FPDFPage_GetObject(page, index) for index in range(count))
    return any(raw.FPDFPageObj_GetType(one) in _GROUNDS for one in objects)
