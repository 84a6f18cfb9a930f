"""Whether two texts can be compared word by word."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from documents.text.stopwords import STOP_WORDS, guess_language
from documents.text.words import fold_words, is_unspaced

#: Characters of a text that are looked at.
SAMPLE = 2_000
#: Grammatical words of its language that a sentence must hold for the guess to count.
TELLING = 2


def comparable(claim: str, evidence: Sequence[str]) -> bool:
    """Whether any text of ``evidence`` is in the script and the language of ``claim``.

    In doubt it is: a short sentence does not tell its language.
    """
    script, language = _kind(claim)
    matching = {language, ""}
    return any(
        other_script == script and (not language or other in matching)
        for other_script, other in map(_kind, evidence)
    )


@lru_cache(maxsize=1024)
def _kind(text: str) -> tuple[bool, str]:
    """Whether most letters are of a script without spaces, and the language if it is plain."""
    text = text[:SAMPLE]
    letters = [] if text.isascii() else [char for char in text if char.isalpha()]
    unspaced = 2 * sum(map(is_unspaced, letters)) > len(letters)
    forms = fold_words(text)
    language = guess_language(forms)
    telling = len(STOP_WORDS[language] & set(forms))
    return unspaced, language if telling >= TELLING else ""
