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
        "words": "secret", "score": 0.7, "replaces": "0",
    }  # fmt: skip
    shown = for_reader(answer)
    assert (shown["id"], shown["question"]) == ("1", "?")
    assert [shown[k] for k in ("trace", "near", "words", "score", "replaces")] == [
        {}, [], "", None, None,
    ]  # fmt: skip
