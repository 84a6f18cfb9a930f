"""Making a follow-up question searchable without a model.

"And in 2021?" finds nothing by itself. Where a question leans on the one before it,
the content words of that one are added; they steer the search and the choice of
sentences, and nobody reads them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from chat.llm.terms import term_set
from chat.types import Turn
from documents.text.words import words

_PRONOUN = re.compile(
    r"\b(?:it|its|itself|they|them|their|theirs|he|him|his|she|her|hers|this|that|these|those|there|"
    r"the (?:same|former|latter|second|first|other|others)|one|ones|er|sie|es|ihn|ihm|ihr|ihre|"
    r"dies(?:e[rsmn]?)?|dort|dessen|deren|él|ella|ellos|ellas|eso|esto|ese|esa|su|sus|allí|il|elle|"
    r"ils|elles|son|sa|ses|leur|cela|ça|celui|celle)\b|[他她它]们?|[这那](?:个|些|里|是|儿)?|それ|これ|あれ|その|この",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\W*(?:(?:and|but|or|so|also|then|what about|how about|what else|why(?: not)?\W*$|und|aber|"
    r"oder|was ist mit|wie wäre|y|pero|qué hay de|et|mais)\b|那么?|还有|では)",
    re.IGNORECASE,
)
#: A question with fewer content words of its own than this cannot be searched for.
ENOUGH = 2
#: A question with more than this says what it is about, pronoun or not.
PLENTY = 6
#: Words taken over from the question before.
BORROWED = 12


def combined(question: str, history: Sequence[Turn]) -> str:
    """``question`` with the content words of the question before it, where it needs them.

    Where that question was itself a follow-up, the ones before it lend words too.
    """
    if not history or not leans(question):
        return question
    before = combined(history[-1].question, history[:-1])
    own = term_set(question)
    borrowed = [
        before[word.start : word.end]
        for word in words(before)
        if word.is_content and word.stem not in own
    ]
    distinct = list(dict.fromkeys(borrowed))[:BORROWED]
    return f"{question.strip()} ({' '.join(distinct)})" if distinct else question


def leans(question: str) -> bool:
    """Whether ``question`` can hardly be understood without the one before it."""
    own = len(term_set(question))
    if own < ENOUGH:
        return True
    if own > PLENTY:
        return False
    return bool(_CONTINUES.match(question) or _PRONOUN.search(question))
