"""Where sentences begin and end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import pytest

from documents.text.sentences import MAX_SENTENCE, sentence_spans


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Dr. Smith met Mrs. Jones. They spoke.", ["Dr. Smith met Mrs. Jones.", "They spoke."]),
        ("J. K. Rowling wrote it. J. A. Smith read it.", 2),
        ("It cost $3.50 in v2.1 today. Cheap.", ["It cost $3.50 in v2.1 today.", "Cheap."]),
        ("See Fig. 3 and Sec. II for more. Then stop.", 2),
        ("The U.S. Army came. It left.", ["The U.S. Army came.", "It left."]),
        ("It is made in the U.S. The price is low.", 2),
        ("Shown by Lee et al. (2012) and others. Good.", 2),
        ("Some fruit, e.g. apples, i.e. red ones. Fine.", 2),
        ("He went to the U.N. at 5 p.m. on Jan. 5. She stayed.", 2),
        ('"Really?" he asked. "Yes!" she said.', ['"Really?" he asked.', '"Yes!" she said.']),
        ("(It ended.) Then more.", ["(It ended.)", "Then more."]),
        ("He died in 2012.[3] The next one.", ["He died in 2012.[3]", "The next one."]),
        ("So he said... and left. Then what?!  Nothing.", 3),
        ("Das ist z. B. gut, d. h. am 3. Oktober. Ende.", 2),
        ("La Sra. López vino. ¿Cuándo? Ayer.", ["La Sra. López vino.", "¿Cuándo?", "Ayer."]),
        ("all lower case. still two sentences.", 2),
        ("tokenised text . with spaces . here", 3),
        ("1. Introduction to it. 2. Methods of it.", 2),
    ],
)
def test_a_stop_ends_a_sentence_unless_it_belongs_to_a_word(
    text: str, expected: list[str] | int
) -> None:
    found = sentences(text)
    assert (len(found) if isinstance(expected, int) else found) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("黑豹队赢了。他说：“好！”然后走了。真的吗？是", 5),
        ("今日は晴れです。明日は雨？", 2),
        ("यह एक वाक्य है। यह दूसरा है।", 2),
        ("هل هذا صحيح؟ نعم. هذا نص.", 3),
        ("Это первое. Это второе, т. е. последнее.", 2),
    ],
)
def test_stops_of_other_scripts_end_a_sentence(text: str, expected: int) -> None:
    assert len(sentences(text)) == expected


def test_a_blank_line_ends_a_sentence_and_a_single_line_break_does_not() -> None:
    text = "A line that was\nwrapped here\n\nAnother paragraph"
    assert sentences(text) == ["A line that was\nwrapped here", "Another paragraph"]


@pytest.mark.parametrize("item", ["- two", "* two", "• two", "2) two", "b) two", "# two"])
def test_a_list_item_is_a_sentence_of_its_own(item: str) -> None:
    assert sentences(f"- one\n{item}") == ["- one", item]


def test_a_heading_above_prose_is_a_sentence_of_its_own() -> None:
    prose = "This is a line of prose that is long enough to have been broken by a margin,\nhere."
    assert sentences(f"Introduction\n{prose}") == ["Introduction", prose]


def test_rows_of_a_table_are_apart() -> None:
    assert sentences("name | age\nAda | 36") == ["name | age", "Ada | 36"]


def test_a_run_on_is_cut_at_spaces() -> None:
    found = sentences("word " * 1000)
    assert max(map(len, found)) <= MAX_SENTENCE
    assert {word for sentence in found for word in sentence.split(" ")} == {"word"}


def test_a_run_on_without_spaces_never_loses_a_latin_word() -> None:
    found = sentences("数据库使用PostgreSQL存储" * 300)
    assert sum(sentence.count("PostgreSQL") for sentence in found) == 300


@pytest.mark.parametrize("text", ["", "   ", "\n\n \t", "\u3000"])
def test_white_space_holds_no_sentence(text: str) -> None:
    assert sentence_spans(text) == []


PIECES = [
    "word", "Dr.", "e.g.", "3.14", "end.", "?!", "...", '"', ")", "(", "[1]", " ", "  ", "\n",
    "\n\n", "。", "中文", "؟", "- ", "\t", "é", "e\u0301", "👩‍👧", "A.", "x" * 30, "\u2028", "\xa0",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_spans_are_ordered_trimmed_and_hold_every_visible_character(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choice(PIECES) for _ in range(chance.randint(0, 400)))
    spans = sentence_spans(text)
    rest = list(text)
    last = 0
    for start, end in spans:
        assert last <= start < end
        assert text[start:end] == text[start:end].strip()
        rest[start:end] = " " * (end - start)
        last = end
    assert "".join(rest).strip() == ""


MAKERS: dict[str, Callable[[int], str]] = {
    "words": lambda n: "a " * n,
    "stops": lambda n: "." * n,
    "quotes": lambda n: ' ."' * n,
    "spaces": lambda n: " " * n + ".",
    "lines": lambda n: "a\n" * n,
    "blank lines": lambda n: " \n" * n,
    "han": lambda n: "中" * n,
    "marks": lambda n: "e" + "\u0301" * n,
    "initials": lambda n: "A. " * n,
    "one word": lambda n: "x" * n,
    "flags": lambda n: "🇩🇪" * n,
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_time_grows_with_the_length_and_not_faster(make: Callable[[int], str]) -> None:
    def seconds(text: str) -> float:
        return min(_timed(text) for _ in range(2))

    small, large = seconds(make(4_000)), seconds(make(32_000))
    assert large < 0.1 + small * 8 * 2.5


def _timed(text: str) -> float:
    started = time.process_time()
    sentence_spans(text)
    return time.process_time() - started
