"""The verdict on a sentence, from its evidence alone."""

from __future__ import annotations

import time

import pytest

from chat.answer.citations import cited
from chat.answer.figures import share_stated
from chat.answer.polarity import contradicts
from chat.answer.verify import support, verified
from chat.types import (
    Basis,
    CitedAnswer,
    Missing,
    MissingKind,
    Passage,
    Sentence,
    Verdict,
)

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


SCORES = [
    ("The museum opened in 1998.", "The museum opened in 1989."),
    ("Renzo Piano designed the museum.", "Frank Gehry designed the museum."),
    ("The drug is not approved for children.", "The drug is approved for children."),
    ("In 2021 revenue increased by 12 percent.", "In 2021 revenue increased by 21 percent."),
    ("In 2021 revenue increased by 12 percent.", "In 2021 revenue decreased by 12 percent."),
    ("The museum has three floors.", "The museum has three floors and two gardens."),
    ("The museum opened in 1998.", "The museum closed in 1998."),
]


@pytest.mark.parametrize(("true", "changed"), SCORES)
def test_what_is_changed_in_a_true_sentence_lowers_its_score(true: str, changed: str) -> None:
    assert support(changed, EVIDENCE).score < support(true, EVIDENCE).score


@pytest.mark.parametrize(("true", "changed"), SCORES)
def test_a_changed_sentence_is_not_supported(true: str, changed: str) -> None:
    assert support(true, EVIDENCE).verdict is Verdict.SUPPORTED
    assert support(changed, EVIDENCE).verdict is not Verdict.SUPPORTED


LONG = (
    "The northern line of the harbour railway was opened by Ada Byron on 3 May 1998 after seven "
    "years of work, and it carried coal and timber from the old docks to the yards of the city."
)


def test_one_foreign_name_in_a_long_true_sentence_is_seen() -> None:
    found = support(LONG.replace("Byron", "Holm"), [LONG])
    assert found.verdict is Verdict.PARTIAL
    assert found.missing == (Missing(MissingKind.NAME, "Holm"),)


def test_one_wrong_number_in_a_long_true_sentence_is_seen() -> None:
    assert support(LONG.replace("1998", "1997"), [LONG]).verdict is Verdict.PARTIAL


def test_a_number_that_stands_elsewhere_does_not_count() -> None:
    elsewhere = "Nothing else is known. " * 20 + "The menu of 1997 lists soup."
    assert support(LONG.replace("1998", "1997"), [LONG, elsewhere]).verdict is Verdict.PARTIAL


def test_another_order_of_the_same_words_is_supported() -> None:
    start, end = LONG[:-1].split(", and it ")
    claim = f"It {end}, after {start[0].lower()}{start[1:]}."
    assert support(claim, [LONG]).verdict is Verdict.SUPPORTED


def test_who_did_it_to_whom_matters() -> None:
    found = support("Berta beat Anna in the final.", ["Anna beat Berta in the final."])
    assert (found.verdict, found.contradicted) == (Verdict.UNSUPPORTED, True)


def test_the_passive_says_the_same() -> None:
    found = support("Berta was hired by Anna.", ["Anna hired Berta in May."])
    assert found.verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    "claim", ["The drug is approved for children.", "Revenue decreased by 12 percent in 2021."]
)
def test_the_opposite_is_told_as_such_with_its_place(claim: str) -> None:
    found = support(claim, EVIDENCE)
    place = found.places[0]
    assert found.contradicted
    assert EVIDENCE[place.source][place.start : place.end] in {DRUG, REVENUE}


def test_something_else_of_the_same_thing_is_no_contradiction() -> None:
    found = support("The drug is approved for adults.", EVIDENCE)
    assert (found.verdict, found.contradicted) == (Verdict.UNSUPPORTED, False)


def test_a_long_sentence_contradicts_nothing() -> None:
    long = "The case was never closed, " + "and it went on and on " * 15 + "in the open field."
    assert not support("The case was in the open field.", [long]).contradicted


def test_the_words_of_a_name_are_missing_together() -> None:
    found = support("The museum was designed by Frank Gehry in 1989.", EVIDENCE)
    assert found.missing == (
        Missing(MissingKind.NAME, "Frank Gehry"),
        Missing(MissingKind.NUMBER, "1989"),
    )


def test_a_quotation_is_supported_wholly() -> None:
    found = support(REVENUE, EVIDENCE)
    assert (found.score, found.verdict, found.basis) == (1.0, Verdict.SUPPORTED, Basis.QUOTED)


def test_three_long_sentences_quoted_together_are_supported() -> None:
    text = " ".join(f"{name} {'walked along the river ' * 8}home." for name in ("Ada", "Bo", "Cy"))
    assert support(text, [f"Before. {text} After."]).verdict is Verdict.SUPPORTED


def test_a_half_quotation_is_compared_like_any_other() -> None:
    assert support("approved for children", EVIDENCE).basis is Basis.FACTS


@pytest.mark.parametrize("claim", ["", "?!", "The of and.", "Yes.", "…"])
def test_what_says_nothing_is_neither_supported_nor_not(claim: str) -> None:
    found = support(claim, EVIDENCE)
    assert (found.verdict, found.basis) == (Verdict.PARTIAL, Basis.NOTHING)


@pytest.mark.parametrize(
    "claim",
    ["Das Museum wurde im Jahr 1998 eröffnet und hat drei Stockwerke.", "博物馆于1998年开放。"],
)
def test_a_translation_with_the_right_figures_is_partial(claim: str) -> None:
    found = support(claim, EVIDENCE)
    assert (found.verdict, found.basis) == (Verdict.PARTIAL, Basis.FIGURES)


@pytest.mark.parametrize(
    "claim",
    ["Das Museum wurde im Jahr 1989 eröffnet und hat drei Stockwerke.", "博物馆于1989年开放。"],
)
def test_a_translation_with_a_wrong_figure_is_not(claim: str) -> None:
    found = support(claim, EVIDENCE)
    assert found.verdict is Verdict.UNSUPPORTED
    assert Missing(MissingKind.NUMBER, "1989") in found.missing


TABLE = "Country | People | Capital\nFrance | 67 million | Paris\nGermany | 83 million | Berlin"


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("The capital of France is Paris.", Verdict.SUPPORTED),
        ("The people of Germany are 83 million.", Verdict.SUPPORTED),
        ("The capital of France is Berlin.", Verdict.PARTIAL),
        ("The people of Germany are 67 million.", Verdict.PARTIAL),
    ],
)
def test_the_cells_of_a_table_belong_to_their_rows(claim: str, verdict: Verdict) -> None:
    assert support(claim, [TABLE]).verdict is verdict


def test_items_of_a_list_carry_sentences_together() -> None:
    items = "Requirements:\n- Python 3.11 or newer\n- 2 GB of memory\n- PostgreSQL 14"
    assert support("Python 3.11 and PostgreSQL 14.", [items]).verdict is Verdict.SUPPORTED
    assert support("Python 3.12 and PostgreSQL 14.", [items]).verdict is not Verdict.SUPPORTED


def test_verdicts_are_the_same_every_time() -> None:
    found = [support("The museum opened in May 1998.", list(EVIDENCE)) for _ in range(3)]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("claim", ["A" * 5000, "1 " * 2000, "a, b; c (d) " * 300])
def test_a_monstrous_sentence_takes_no_monstrous_time(claim: str) -> None:
    began = time.perf_counter()
    assert 0 <= support(claim, EVIDENCE).score <= 1
    assert time.perf_counter() - began < 1


def test_evidence_is_a_span_of_the_version() -> None:
    moved = Passage(1, "doc", "T", 3, 1, 4, "", MUSEUM, 100, 100 + len(MUSEUM), 1.0)
    (sentence,) = verified(cited("Renzo Piano designed it [1].", [moved]), [moved])
    (span,) = sentence.evidence
    assert (span.document_id, span.version, span.page) == ("doc", 3, 4)
    assert MUSEUM[span.start - 100 : span.end - 100] == "It was designed by Renzo Piano."


def test_evidence_in_two_passages_is_two_spans() -> None:
    (sentence,) = judged("Revenue increased in 2021, and the museum opened in 1998 [1][2].")
    assert {span.document_id for span in sentence.evidence} == {"1", "2"}


def test_what_nothing_comes_near_has_no_evidence() -> None:
    (sentence,) = judged("Bananas grow in tropical forests [1].")
    assert (sentence.verdict, sentence.evidence) == (Verdict.UNSUPPORTED, ())


def test_an_invented_citation_is_no_number_of_the_sentence() -> None:
    (sentence,) = judged("The museum opened in 1998 [7].")
    assert (sentence.invented, sentence.missing) == ((7,), ())


def test_no_sentences_give_no_verdicts() -> None:
    assert verified(CitedAnswer("", (), ()), PASSAGES) == ()
