"""What another reader may see of an answer."""

from __future__ import annotations

from typing import Any

import pytest

from chat.masking import LEFT_OUT, carried, for_reader

TEXT = "One [1]. Two [2]. Three."
PLACES = {"One [1].": (0, 8), "Two [2].": (9, 17), "Three.": (18, 24)}


def _sentence(text: str, *citations: int, verdict: str = "supported") -> dict[str, Any]:
    start, end = PLACES[text]
    return {
        "text": text, "citations": list(citations), "verdict": verdict, "start": start, "end": end,
    }  # fmt: skip


SENTENCES = [_sentence("One [1].", 1), _sentence("Two [2].", 2), _sentence("Three.")]


@pytest.mark.parametrize(
    ("readable", "shown"),
    [
        ({1, 2}, f"One [1]. Two [2]. {LEFT_OUT}"),
        ({1}, f"One [1]. {LEFT_OUT}"),
        ({2}, f"{LEFT_OUT} Two [2]. {LEFT_OUT}"),
        (set(), LEFT_OUT),
    ],
)
def test_only_sentences_on_readable_sources_are_shown(readable: set[int], shown: str) -> None:
    assert carried(TEXT, SENTENCES, readable)[0] == shown


@pytest.mark.parametrize("readable", [{1, 2}, {1}, {2}, set()])
def test_the_offsets_are_those_of_the_text_shown(readable: set[int]) -> None:
    text, sentences = carried(TEXT, SENTENCES, readable)
    assert [text[s["start"] : s["end"]] for s in sentences] == [s["text"] for s in sentences]


def test_a_sentence_needs_all_of_its_sources() -> None:
    both = [_sentence("One [1].", 1, 2)]
    assert carried("One [1].", both, {1})[0] == LEFT_OUT


def test_what_its_source_does_not_carry_is_left_out() -> None:
    wrong = [_sentence("One [1].", 1, verdict="unsupported")]
    assert carried("One [1].", wrong, {1})[0] == LEFT_OUT


@pytest.mark.parametrize(
    ("gap", "kept"),
    [
        ("\n\n- ", "\n\n- "),
        ("\n2. ", "\n2. "),
        (" [3] ", " [3] "),
        ("\n```\n", "\n```\n"),
        (" ninety ", " "),
        (" 90 ", " "),
        ("\n\n## Ninety\n\n", "\n\n"),
    ],
)
def test_between_sentences_only_what_holds_no_words_is_kept(gap: str, kept: str) -> None:
    first, second = _sentence("One [1].", 1), _sentence("One [1].", 1)
    second |= {"start": 8 + len(gap), "end": 16 + len(gap)}
    text = f"One [1].{gap}One [1]."
    assert carried(text, [first, second], {1})[0] == f"One [1].{kept}One [1]."


def test_members_that_are_not_known_to_be_harmless_come_back_empty() -> None:
    answer = {
        "id": "1", "question": "?", "refused": False, "state": "complete", "answer": "x",
        "sentences": [], "citations": [], "trace": {"prompt": "secret"}, "near": ["secret"],
        "words": "secret", "score": 0.7, "is_sure": True, "replaces": "0",
    }  # fmt: skip
    shown = for_reader(answer)
    assert (shown["id"], shown["question"]) == ("1", "?")
    assert [shown[k] for k in ("trace", "near", "words", "score", "is_sure", "replaces")] == [
        {}, [], "", 0.0, False, None,
    ]  # fmt: skip


def test_a_sentence_that_is_left_out_keeps_none_of_its_members() -> None:
    told = {"evidence": [{"quote": "ninety"}], "reason": "The number 90", "basis": "quoted"}
    _, (shown,) = carried("Three.", [_sentence("Three.") | told | {"start": 0, "end": 6}], {1})
    assert (shown["evidence"], shown["reason"], shown["basis"]) == ([], "", "nothing")
    assert shown["text"] == LEFT_OUT


def test_a_member_of_a_sentence_that_is_not_known_comes_back_empty() -> None:
    sentence = _sentence("One [1].", 1) | {"reason": "It is there.", "prompt": "secret"}
    _, (shown,) = carried("One [1].", [sentence], {1})
    assert (shown["reason"], shown["prompt"]) == ("It is there.", "")


def test_an_answer_is_old_for_a_reader_by_what_they_may_read() -> None:
    gone = {"document_id": None, "state": "deleted", "version": 3}
    old = {"document_id": "1", "state": "superseded", "version": 1}
    answer = {
        "refused": False, "state": "complete", "answer": "", "sentences": [], "citations": [],
        "based_on": [gone, old], "outdated": True,
    }  # fmt: skip
    assert for_reader(answer)["based_on"] == [old]
    assert for_reader(answer)["outdated"]
    assert not for_reader(answer | {"based_on": [gone]})["outdated"]
