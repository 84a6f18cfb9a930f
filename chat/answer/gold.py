"""Whether an answer holds what is known to be right."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

_ARTICLE = re.compile(r"\b(?:a|an|the)\b")


def normalised(text: str) -> str:
    """``text`` without case, punctuation, articles and extra spaces.

    As SQuAD's own measure does it: Rajpurkar et al., "SQuAD: 100,000+ Questions for
    Machine Comprehension of Text", EMNLP 2016.
    """
    letters = (" " if unicodedata.category(c)[0] in "PSZC" else c for c in text.casefold())
    return " ".join(_ARTICLE.sub(" ", "".join(letters)).split())


def holds_one(texts: Iterable[str], gold: Iterable[str]) -> bool:
    """Whether one of ``texts`` holds one of the ``gold`` answers as whole words."""
    wanted = [f" {answer} " for answer in map(normalised, gold) if answer]
    said = [f" {normalised(text)} " for text in texts]
    return any(answer in text for answer in wanted for text in said)
