"""Characters that Word stores as places in a symbol font."""

from __future__ import annotations

from typing import Final

from documents.extract.ooxml import Element, attribute

#: The Greek letters of Adobe's Symbol encoding, at the codes of Latin ones.
_SYMBOL: Final = dict(
    zip(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
) | {
    "\xa3": "≤", "\xa5": "∞", "\xab": "↔", "\xac": "←", "\xad": "↑", "\xae": "→",
    "\xaf": "↓", "\xb0": "°", "\xb1": "±", "\xb3": "≥", "\xb4": "×", "\xb5": "∝",
    "\xb6": "∂", "\xb7": "•", "\xb8": "÷", "\xb9": "≠", "\xba": "≡", "\xbb": "≈",
    "\xbc": "…", "\xc6": "∅", "\xc7": "∩", "\xc8": "∪", "\xc9": "⊃", "\xcc": "⊂",
    "\xce": "∈", "\xcf": "∉", "\xd1": "∇", "\xd2": "®", "\xd3": "©", "\xd4": "™",
    "\xd5": "∏", "\xd6": "√", "\xd7": "⋅", "\xd8": "¬", "\xd9": "∧", "\xda": "∨",
    "\xdb": "⇔", "\xdc": "⇐", "\xde": "⇒", "\xe5": "∑", "\xf2": "∫",
}  # fmt: skip
_WINGDINGS: Final = {
    "\xfc": "✓", "\xfb": "✗", "\xfe": "☑", "\xfd": "☒", "\xa8": "☐", "\x6f": "☐",
    "\xe0": "→", "\xdf": "←", "\xf0": "⇨", "\xa7": "▪", "\x6c": "●", "\x6e": "■",
    "\x4a": "☺", "\x52": "☑", "\xa3": "☐", "\x46": "☞",
}  # fmt: skip
#: Symbol fonts live in this part of the private use area.
_PRIVATE: Final = range(0xF000, 0xF100)


def symbol(element: Element) -> str:
    """Return the character of ``w:sym``, an empty string where none is known."""
    try:
        number = int(attribute(element, "w:char") or "", 16)
    except ValueError:
        return ""
    return character(number, attribute(element, "w:font") or "")


def character(number: int, font: str) -> str:
    """Return the character at a place of a font, an empty string where none is known."""
    font = font.lower()
    place = chr(number - _PRIVATE.start if number in _PRIVATE else number & 0xFFFF)
    if font == "symbol":
        return _SYMBOL.get(place, place if place < "\x7f" else "")
    if font.startswith(("wingdings", "webdings")):
        return _WINGDINGS.get(place, "")
    return "" if number in _PRIVATE or 0xD800 <= number < 0xE000 else place
