"""The reason of a verdict in words, and what of it may be kept."""

from __future__ import annotations

from typing import Any

import pytest

from chat.verdicts import UNTOLD, evidence_documents, reason, without_evidence

ONE, TWO = "8c2c2a52-6f0f-4c1c-9d5c-111111111111", "8c2c2a52-6f0f-4c1c-9d5c-222222222222"


def sentence(verdict: str = "partial", **fields: Any) -> dict[str, Any]:
    return {"text": "It is so.", "citations": [1], "verdict": verdict, **fields}


def missing(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"kind": kind, "text": text} for kind, text in pairs]


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("supported", "The sources say this."),
        ("partial", "The sources say this only in part."),
        ("unsupported", "The sources do not say this."),
    ],
)
def test_each_verdict_has_its_words(verdict: str, words: str) -> None:
    assert reason(sentence(verdict)) == words


def test_a_missing_number_is_named() -> None:
    found = reason(sentence(missing=missing(("number", "42"))))
    assert found.endswith("The number 42 is not in the sources.")


def test_what_is_missing_is_named_by_kind_figures_first() -> None:
    given = missing(("word", "red"), ("name", "Ada Byron"), ("number", "4"), ("number", "2"))
    assert reason(sentence(missing=given)).endswith(
        "The numbers 4 and 2 are not in the sources. The name “Ada Byron” is not in the sources. "
        "The word “red” is not in the sources."
    )


def test_many_missing_words_are_counted() -> None:
    given = missing(*(("word", letter) for letter in "abcdefgh"))
    assert "“a”, “b”, “c”, “d” and 4 more are" in reason(sentence(missing=given))


def test_a_contradiction_is_told_first() -> None:
    assert reason(sentence("unsupported", contradicted=True)) == "A source says the opposite."


def test_an_invented_citation_is_told() -> None:
    assert reason(sentence(invented=[7])).startswith("The model cited passage 7,")
    assert reason(sentence(invented=[7, 9])).startswith("The model cited passages 7 and 9,")


def test_a_sentence_without_a_source_is_told() -> None:
    silent = sentence("unsupported") | {"citations": []}
    assert reason(silent).endswith("The sentence itself names none.")


def test_a_whole_sentence_without_a_source_is_only_that() -> None:
    found = reason(sentence(evidence=spans(ONE)) | {"citations": []})
    assert found == "A source says this. The sentence itself names none."


def test_parts_that_stand_apart_are_told() -> None:
    found = reason(sentence(evidence=spans(ONE)))
    assert found == "Its parts are in the sources, but not together."


def test_what_says_nothing_is_only_told_so() -> None:
    silent = sentence(basis="nothing", missing=missing(("word", "x"))) | {"citations": []}
    assert reason(silent) == "It says nothing that could be looked for in the sources."


def test_what_may_not_be_told_has_no_reason() -> None:
    assert reason(sentence() | UNTOLD) == ""


@pytest.mark.parametrize("basis", ["quoted", "figures"])
def test_another_basis_has_words_of_its_own(basis: str) -> None:
    assert reason(sentence("supported", basis=basis)) != reason(sentence("supported"))


def spans(*documents: str) -> list[dict[str, Any]]:
    return [{"document_id": document, "start": 0, "end": 1} for document in documents]


def test_the_documents_of_all_evidence_are_known() -> None:
    found = evidence_documents([sentence(evidence=spans(ONE)), sentence(evidence=spans(TWO, ONE))])
    assert {str(key) for key in found} == {ONE, TWO}
    assert evidence_documents([sentence()]) == set()


def test_evidence_in_one_document_can_be_taken_away() -> None:
    (kept,) = without_evidence([sentence(evidence=spans(ONE, TWO))], ONE)
    assert kept["evidence"] == spans(TWO)
