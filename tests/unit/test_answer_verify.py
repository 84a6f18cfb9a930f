"""The verdict on a sentence, from its evidence alone."""

from __future__ import annotations

import time

import pytest

from chat.answer.citations import cited
from chat.answer.figures import share_stated
from chat.answer.polarity import contradicts
from chat.answer.verify import support, verified
from chat.types import CitedAnswer, Passage, Sentence, Verdict

DRUG = "The drug is not approved for children."
REVENUE = "Revenue increased by 12 percent to 4.2 million euros in 2021."
MUSEUM = "The museum opened in 1998 and has three floors. It was designed by Renzo Piano."
EVIDENCE = [f"{DRUG} {REVENUE}", MUSEUM]


@pytest.mark.parametrize(
    "claim",
    [
        "The drug is not approved for children.",
        "The museum opened in 1998.",
        "The museum has 3 floors.",
        "Renzo Piano designed the museum.",
        "In 2021 revenue increased by 12 percent.",
        "Revenue increased to about 4 million euros in 2021.",
    ],
)
def test_what_the_evidence_says_is_supported(claim: str) -> None:
    assert support(claim, EVIDENCE).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        "The museum opened in 1989.",
        "Revenue increased by 13 percent in 2021.",
        "The museum opened in 1998 and has four hundred rooms.",
        "The drug is approved for children.",
        "Revenue decreased by 12 percent in 2021.",
    ],
)
def test_a_wrong_number_or_a_denial_is_never_supported(claim: str) -> None:
    assert support(claim, EVIDENCE).verdict is not Verdict.SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        "Bananas grow in the tropics.",
        "The drug is approved for children.",
        "Frank Gehry lives in California.",
        "香蕉生长在热带地区。",
    ],
)
def test_what_it_does_not_say_is_unsupported(claim: str) -> None:
    assert support(claim, EVIDENCE).verdict is Verdict.UNSUPPORTED


def test_without_evidence_nothing_is_supported() -> None:
    assert support("Water is wet.", []).verdict is Verdict.UNSUPPORTED


def test_chinese_is_compared_too() -> None:
    evidence = ["这座博物馆于1998年开放，共有三层。"]
    assert support("博物馆于1998年开放。", evidence).verdict is Verdict.SUPPORTED
    assert support("博物馆于1989年开放。", evidence).verdict is not Verdict.SUPPORTED


def test_more_evidence_never_lowers_the_words_held() -> None:
    alone = support("The museum opened in 1998.", EVIDENCE[1:]).score
    assert support("The museum opened in 1998.", EVIDENCE).score >= alone


@pytest.mark.parametrize("claim", ["", "?!", "The of and.", "[]"])
def test_a_sentence_without_words_does_no_harm(claim: str) -> None:
    assert 0 <= support(claim, EVIDENCE).score <= 1


def test_a_verdict_takes_milliseconds() -> None:
    evidence = [" ".join(EVIDENCE) + f" Item {i} costs {i} euros." * 20 for i in range(5)]
    support("warm up", evidence)
    began = time.perf_counter()
    for i in range(20):
        support(f"The museum number {i} opened in 1998 with {i} floors.", evidence)
    assert (time.perf_counter() - began) / 20 < 0.02


@pytest.mark.parametrize(
    ("claim", "evidence", "share"),
    [
        ("It costs 1,250 euros.", "The price is 1250 euros.", 1.0),
        ("It costs 1.250,50 euros.", "The price is 1,250.50 euros.", 1.0),
        ("It has 3 floors.", "It has three floors.", 1.0),
        ("About 2.1 million people.", "A population of 2,134,567.", 1.0),
        ("About 2.5 million people.", "A population of 2,134,567.", 0.0),
        ("In 1989.", "In 1998.", 0.0),
        ("5 of 10.", "There are 10.", 0.5),
        ("No number.", "Nothing.", 1.0),
        ("It is 2.50 m.", "It is 2.5 m.", 1.0),
        ("Minus -5 degrees.", "At 5 degrees.", 0.0),
    ],
)
def test_numbers_are_compared_by_value(claim: str, evidence: str, share: float) -> None:
    assert share_stated(claim, [evidence]) == share


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The drug is approved.", "The drug is not approved."),
        ("The drug is not approved.", "The drug is approved."),
        ("Sales rose.", "Sales fell."),
        ("The tool doesn't support NaN.", "The tool supports NaN."),
        ("Das Mittel ist nicht zugelassen.", "Das Mittel ist zugelassen."),
        ("该药不可用于儿童。", "该药可用于儿童。"),
    ],
)
def test_the_opposite_contradicts(claim: str, evidence: str) -> None:
    assert contradicts(claim, evidence)


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("The drug is not approved.", "It was never approved."),
        ("He drove the race.", "He would not start the race he had once won."),
        ("It is not only fast but cheap.", "It is fast and cheap."),
        ("Sales rose and fell.", "Sales rose."),
        ("The tower is high.", "The tower is high."),
    ],
)
def test_the_same_in_other_words_does_not(claim: str, evidence: str) -> None:
    assert not contradicts(claim, evidence)


def passage(n: int, text: str) -> Passage:
    return Passage(n, str(n), "T", 1, n, None, "", text, 0, len(text), 1.0)


PASSAGES = [passage(n, text) for n, text in enumerate(EVIDENCE, start=1)]


def judged(text: str) -> tuple[Sentence, ...]:
    return verified(cited(text, PASSAGES), PASSAGES)


def test_a_sentence_is_judged_by_the_passages_it_cites() -> None:
    right, wrong = judged("The museum opened in 1998 [2]. The museum opened in 1998 [1].")
    assert right.verdict is Verdict.SUPPORTED
    assert wrong.verdict is Verdict.UNSUPPORTED


def test_a_sentence_that_cites_nothing_is_partial_at_best() -> None:
    (sentence,) = judged("The museum opened in 1998.")
    assert sentence.verdict is Verdict.PARTIAL


def test_a_sentence_that_only_leads_in_is_not_held_against_the_answer() -> None:
    lead, _ = judged("Here is what they say:\n\n- The museum opened in 1998 [2].")
    assert lead.verdict is Verdict.PARTIAL


def test_sentences_keep_text_numbers_and_place() -> None:
    answer = cited("The museum opened in 1998 [2].", PASSAGES)
    (sentence,) = verified(answer, PASSAGES)
    known = answer.sentences[0]
    assert (sentence.text, sentence.citations) == (known.text, known.citations)
    assert (sentence.start, sentence.end) == (known.start, known.end)


def test_no_sentences_give_no_verdicts() -> None:
    assert verified(CitedAnswer("", (), ()), PASSAGES) == ()
