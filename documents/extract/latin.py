"""Telling the Latin code pages apart by the languages they were made for.

Code pages of one family differ in a few letters only, so statistics over bytes
cannot separate them; the alphabet of the language that the plain words belong
to can.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class _Language:
    """Letters beyond ASCII, and frequent words that need none of them."""

    letters: frozenset[str]
    words: frozenset[str]


def _language(letters: str, words: str) -> _Language:
    return _Language(frozenset(letters + letters.upper()), frozenset(words.split()))


_LANGUAGES: Final = (
    _language("äöüß", "der die und das ist nicht ein mit von auf den im zu sich des"),
    _language("éèêëàâçîïôùûœæ", "le la les de des et est un une dans que pour pas sur du"),
    _language("áéíóúñü¿¡", "el la los de que y en un una por con las del se para"),
    _language("ãõáéíóúâêôàç", "o a os de que e do da em um para com uma dos no na"),
    _language("àèéìòù", "il la di che e un per non sono con del le una della gli"),
    _language("éèëïöüáóê", "de het een van en is dat niet op te zijn voor met die"),
    _language("åäöé", "och att det som en av är inte den till med har de om ett jag"),
    _language("åæøé", "og i det at en den til er som av for med ikke de har jeg"),
    _language("äöåšž", "ja on ei se oli hän että mutta kun tai joka ovat sekä"),
    _language("áðéíóúýþæö", "og er en til sem um ekki hann var a af fyrir"),
    _language("ąćęłńóśźż", "i w na z nie do to jest o od za po jak ale co dla przez"),
    _language("áčďéěíňóřšťúůýž", "a v na se je to s z do o ve za po jako ale si od by pro"),
    _language("áäčďéíĺľňóôŕšťúýž", "a v na sa je to s z do o vo za po ako ale si od by pre"),
    _language("áéíóöőúüű", "a az nem hogy egy van meg ez el volt de csak mint vagy"),
    _language("čćđšž", "i u je na da se za od s su koji o kao ne to ili iz po"),
    _language("čšž", "je in v na da se za so ki pa z s kot po ne bi tudi od"),
    _language("ăâîșțşţ", "de si la nu cu din un pe care o ca este pentru sunt al"),
    _language("çğıöşüâîİ", "ve bir bu da de ne o ile mi var daha ama gibi kadar olarak"),
    _language("āčēģīķļņšūž", "un ir no ar uz par ka bet tas to ne"),
    _language("ąčęėįšųūž", "ir yra su kad bet tai iki ne jo nuo per"),
    _language("äõöüšž", "ja on ei see ta oli et kui aga mis ning oma"),
    _language("éáíóúàç", "the of and to in is that for it was on are with as be at"),
    _language("çàéèíïóòúü·", "el la els de que i en un una per amb les del"),
    _language("ëç", "dhe e te ne nga per me se si ka eshte nje"),
)

#: In the order of how common they are; the first wins where the texts are equal.
_CODECS: Final = (
    "cp1252",
    "cp1250",
    "iso8859_2",
    "cp1254",
    "iso8859_15",
    "cp1257",
    "iso8859_13",
    "iso8859_4",
    "iso8859_16",
    "mac_roman",
    "cp850",
    "cp437",
    "cp852",
    "mac_latin2",
    "cp865",
    "cp857",
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_TYPOGRAPHY: Final = frozenset("“”„‘’‚–—…«»‹›€§©®°·•¿¡£½¼²³ºª±×µ\xa0\xad´¨")
#: Code pages of DOS and the old Macintosh are rare by now and need clear evidence.
_OLD: Final = frozenset({"mac_roman", "mac_latin2", "cp437", "cp850", "cp852", "cp857", "cp865"})
_OLD_PENALTY: Final = 0.2
#: What a page of signs rather than letters weighs against a wrong alphabet.
_FOREIGN_LETTER: Final = 1.0
_FOREIGN_SIGN: Final = 1.5
_SIGN_IN_WORD: Final = 2.0
_CAPITAL_IN_WORD: Final = 2.0
_NO_CHARACTER: Final = 6.0

_INNER_SIGN: Final = re.compile(r"[a-z]([^\x00-\x7f\w’‘´·\xad\xa0–—])[a-z]")
_INNER_CAPITAL: Final = re.compile(r"[a-zà-ž]{2}[À-ÖØ-ÞŠŽŚŤŹŁĄĽŞŔĂĹĆČĘĚĎĐŃŇŐŘŮŰŢİĞ][a-zà-ž]")


def best_latin(data: bytes) -> str:
    """Return the codec by which ``data`` reads best in one of the languages.

    An empty string when there is nothing beyond ASCII to judge by.
    """
    readings = [(codec, data.decode(codec, "replace")) for codec in _CODECS]
    if data.isascii():
        return ""
    shares = _word_shares(readings[0][1])
    return min(
        readings, key=lambda one: _penalty(one[1], shares) + _OLD_PENALTY * (one[0] in _OLD)
    )[0]


def _word_shares(text: str) -> list[float]:
    """Return, for each language, the share of plain words that are its own."""
    words = Counter(word for word in _WORD.findall(text.lower()) if word.isascii())
    total = max(1, words.total())
    return [sum(words[word] for word in language.words) / total for language in _LANGUAGES]


def _penalty(text: str, shares: list[float]) -> float:
    """Return how badly a reading fits the language it fits best; lower is better."""
    beyond = Counter(char for char in text if char > "\x7f")
    total = beyond.total()
    faults = sum(_NO_CHARACTER * count for char, count in beyond.items() if _is_fault(char))
    faults += _SIGN_IN_WORD * len(_INNER_SIGN.findall(text))
    faults += _CAPITAL_IN_WORD * len(_INNER_CAPITAL.findall(text))
    foreign = min(
        _foreign(beyond, language) / total - 1.5 * share
        for language, share in zip(_LANGUAGES, shares, strict=True)
    )
    return faults / total + foreign


def _is_fault(char: str) -> bool:
    return char == "\ufffd" or "\x80" <= char <= "\x9f"


def _foreign(beyond: Counter[str], language: _Language) -> float:
    """Return the weighed count of characters that the language does not write."""
    weight = 0.0
    for char, count in beyond.items():
        if char in language.letters or char in _TYPOGRAPHY:
            continue
        weight += count * (_FOREIGN_LETTER if char.isalpha() else _FOREIGN_SIGN)
    return weight
