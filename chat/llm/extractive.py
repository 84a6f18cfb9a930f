"""Answering without a language model: the sentences that best carry the answer, quoted.

Each sentence of the passages is scored by the share of the question's words it
holds, weighted by how rare they are, by the kind of answer asked for (a number, a
date, a name), by likeness of meaning where an embedder is at hand, and by the rank
of its passage. The best few are quoted, each with its citation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chat.llm.terms import numbers, rarity, term_set
from chat.types import Passage
from documents.text.sentences import sentence_spans

#: What a word counts that a follow-up only carries over from the question before it.
CARRIED = 0.25

#: Gives the likeness of a question to each of some sentences, cosines in [-1, 1].
Similarity = Callable[[str, Sequence[str]], Sequence[float]]

MAX_SENTENCES = 4
#: A sentence that holds less of the question than this share of the best one is left out.
RELATIVE_FLOOR = 0.62
#: Below this score nothing in the passages speaks of the question. On SQuAD 2.0 with 120
#: questions from elsewhere this refuses 90 % of those and none of the right answers.
FLOOR = 0.34
#: The same where no likeness of meaning adds to the scores.
FLOOR_OF_WORDS = 0.27
#: Sentences that share more of their words than this say the same.
SAME = 0.75

#: What the parts of a score weigh: the question's words in the sentence and around it, the
#: kind of answer, the rank of the passage, likeness of meaning. Chosen on SQuAD 2.0 and XQuAD
#: (es, zh): among five paragraphs the best sentence holds the answer for 83-85 %.
WORDS, AROUND, CUE, RANK, LIKENESS = 0.75, 0.15, 0.20, 0.05, 0.25
#: What a sentence counts that says nothing beyond the question's own words, as a title does.
ECHO = 0.4
#: How far words of the sentence before count, and where a pronoun points back to it.
BEFORE, BEFORE_PRONOUN = 0.3, 0.5

_PRONOUN = re.compile(
    r"\W*(?:it|its|he|his|she|her|they|their|this|these|that|those|such|er|sie|es|ihr|dies\w*|"
    r"él|ella|ellos|ellas|su|sus|esto|este|esta|il|elle|ils|elles|ce|cette|son|sa|leur)\b"
    r"|[他她它其]们?|[这该此]",
    re.IGNORECASE,
)
_HOW_MUCH = re.compile(
    r"\bhow (?:many|much|long|old|far|high|large|big|tall|often|fast|deep|wide|heavy)\b"
    r"|\bwhat (?:percentage|percent|number|amount|proportion|share|rate|price|cost|age|size)\b"
    r"|\bwie ?(?:viele?|lange|alt|hoch|gro(?:ß|ss)|weit|oft|teuer)\b|\bcu[aá]nt[oa]s?\b"
    r"|\bcombien\b|\bquant[oaie]\b|多少|几个|幾|いくつ|いくら|何人",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"\bwhen\b|\b(?:what|which|in what|in which) (?:year|date|day|month|century|decade)\b"
    r"|\bwann\b|\bcu[aá]ndo\b|\bquand\b|\bquando\b|\ben qu[eé] (?:año|fecha)\b"
    r"|什么时候|何时|哪一年|哪年|いつ|何年",
    re.IGNORECASE,
)
_WHO = re.compile(
    r"\bwho(?:m|se)?\b|\bwer\b|\bwem\b|\bwen\b|\bqui[eé]n(?:es)?\b|\bqui\b|\bchi\b|谁|誰",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\b(?:1[0-9]|20)\d{2}s?\b|\b\d{1,2}(?:st|nd|rd|th)?[ -]+centur|\bcentur(?:y|ies)\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? \d{1,4}\b"
    r"|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{4}-\d{2}-\d{2}|\bsiglos?\b|\d+ ?年|世纪|世紀",
    re.IGNORECASE,
)
_NUMBER_WORD = re.compile(
    r"\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|"
    r"fifty|hundred|thousand|million|billion|half|third|quarter|dozen|once|twice|dos|tres|cuatro|"
    r"cinco|zwei|drei|vier|fünf|deux|trois|quatre|cinq)\b|[一二三四五六七八九十百千万亿两]",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,;:\"“(] )(?:[A-Z][\w'’-]+)|[\u4e00-\u9fff]{2,}")


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of a passage. ``text == content[start:end]`` of its version."""

    passage: Passage
    text: str
    start: int
    end: int
    score: float


def choose(
    question: str,
    passages: Sequence[Passage],
    *,
    focus: str = "",
    similarity: Similarity | None = None,
    limit: int = MAX_SENTENCES,
) -> tuple[Quote, ...]:
    """The one to ``limit`` sentences that best carry the answer, best first.

    ``focus`` is the part of a follow-up that is new: its words count more than those
    that ``question`` carries over from the question before. Empty when no sentence
    speaks of the question. Same input, same output.
    """
    scored = _scored(question, passages, similarity, focus)
    scored.sort(key=lambda quote: (-quote.score, quote.passage.n, quote.start))
    least = FLOOR if similarity else FLOOR_OF_WORDS
    if not scored or scored[0].score < least:
        return ()
    floor = max(scored[0].score * RELATIVE_FLOOR, least)
    chosen: list[Quote] = []
    for quote in scored:
        if quote.score < floor or len(chosen) == limit:
            break
        if not any(_says_the_same(quote.text, other.text) for other in chosen):
            chosen.append(quote)
    return tuple(chosen)


def arranged(quotes: Sequence[Quote]) -> tuple[Quote, ...]:
    """``quotes`` in the order to read them.

    The best one leads. Those of the same passage follow in the order of the
    document, so that the quotation reads on; then those of the next passage.
    """
    best = {quote.passage.n: i for i, quote in reversed(list(enumerate(quotes)))}
    return tuple(sorted(quotes, key=lambda quote: (best[quote.passage.n], quote.start)))


@dataclass(frozen=True, slots=True)
class _Question:
    """A question with what each of its words tells about a sentence."""

    text: str
    weights: Mapping[str, float]

    @classmethod
    def about(cls, text: str, sentences: Sequence[str], focus: str = "") -> _Question:
        known = rarity(sentences)
        unknown = max(known.values(), default=1.0)
        terms, new = term_set(text), term_set(focus)
        carried = terms - new if new & terms else frozenset()
        return cls(
            text,
            {t: known.get(t, unknown) * (CARRIED if t in carried else 1.0) for t in terms},
        )

    def share(self, said: frozenset[str]) -> float:
        """The share of the question that the words ``said`` hold, by weight."""
        total = sum(self.weights.values())
        held = sum(weight for term, weight in self.weights.items() if term in said)
        return held / total if total else 0.0


def _scored(
    question: str, passages: Sequence[Passage], similarity: Similarity | None, focus: str
) -> list[Quote]:
    spans = [(passage, span) for passage in passages for span in sentence_spans(passage.text)]
    texts = [passage.text[start:end] for passage, (start, end) in spans]
    likeness = similarity(question, texts) if similarity and texts else [0.0] * len(texts)
    asked = _Question.about(question, texts, focus)
    quotes: list[Quote] = []
    before = ""
    for (passage, (start, end)), text, alike in zip(spans, texts, likeness, strict=True):
        first = not quotes or quotes[-1].passage != passage
        score = _score(asked, text, "" if first else before, passage)
        if score:
            score += LIKENESS * max(float(alike), 0.0)
        place = passage.start + start, passage.start + end
        quotes.append(Quote(passage, text, *place, score))
        before = text
    return quotes


def _score(asked: _Question, text: str, before: str, passage: Passage) -> float:
    said = term_set(text)
    share = asked.share(said)
    lead = asked.share(said | term_set(before)) - share
    # "It was founded in 1912." speaks of what the sentence before it names.
    share += lead * (BEFORE_PRONOUN if _PRONOUN.match(text) else BEFORE)
    if share == 0:
        return 0.0
    around = asked.share(term_set(f"{passage.title} {passage.heading} {passage.text}"))
    cue = CUE if _fits_kind(asked.text, text) else 0.0
    news = 1.0 if said - asked.weights.keys() else ECHO
    return (WORDS * share + AROUND * around + cue + RANK / passage.n) * _form(text, said) * news


def _fits_kind(question: str, sentence: str) -> bool:
    """Whether ``sentence`` holds something of the kind that ``question`` asks for.

    A number or name that the question itself gives is no answer to it.
    """
    if _WHEN.search(question):
        return any(match[0] not in question for match in _DATE.finditer(sentence))
    if _HOW_MUCH.search(question):
        return bool(numbers(sentence) - numbers(question) or _NUMBER_WORD.search(sentence))
    if _WHO.search(question):
        return any(match[0] not in question for match in _NAME.finditer(sentence))
    return False


def _form(text: str, said: frozenset[str]) -> float:
    """How far ``text`` is a sentence: headings, table rows and questions count less."""
    if text.rstrip().endswith(("?", "？")):
        return 0.6
    if "\t" in text or " | " in text:
        return 0.85
    if len(said) < 3:
        return 0.6
    if text.rstrip()[-1:] not in ".!。！\"”’':)]»）":
        return 0.8
    return 1.0


def _says_the_same(one: str, other: str) -> bool:
    a, b = term_set(one), term_set(other)
    smaller = min(len(a), len(b))
    return smaller > 0 and len(a & b) / smaller > SAME and numbers(one) == numbers(other)
