"""What a question asks the keyword index for."""

from __future__ import annotations

from dataclasses import dataclass

from documents.text.words import fold_words, is_content, is_unspaced, stop_words_for

#: A longer question adds cost and noise, not precision.
MAX_TERMS = 64

#: Characters of a question that are looked at; the rest is a pasted text, not a question.
MAX_QUERY = 20_000


@dataclass(frozen=True, slots=True)
class Term:
    """A folded word, or a pair of characters. ``is_prefix``: longer ones match too."""

    text: str
    is_prefix: bool = False


def query_terms(query: str) -> list[Term]:
    """The distinct words of ``query`` worth looking up, in order, at most ``MAX_TERMS``.

    Stop words are left out unless there is nothing else. A single character of a
    script without spaces is asked as a prefix, since the index holds pairs.
    Empty when the query has no word at all.
    """
    forms = list(dict.fromkeys(fold_words(query[:MAX_QUERY])))
    stop = stop_words_for(forms)
    content = [form for form in forms if is_content(form, stop)]
    return [Term(form, _stands_alone(form)) for form in (content or forms)[:MAX_TERMS]]


def _stands_alone(form: str) -> bool:
    return len(form) == 1 and is_unspaced(form)
