"""What is kept of an answer's making: numbers and places, bounded, and no text."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from chat.answer.engine import AnswerRun, Asked, Retrieved
from chat.answer.near import LONGEST, MOST, near_places
from chat.answer.prompt import answer_prompt
from chat.answer.trace import CANDIDATES, answer_trace, places_of, prompt_digest
from chat.llm.base import LanguageModel
from chat.llm.scripted import ScriptedModel
from chat.types import DoneEvent, Passage, Turn
from documents.types import Mode, Outcome, SearchTrace, TracedCandidate

TEXT = "The museum opened in 1998. It is closed on Mondays. Bread is baked at night."
QUESTION = "When did the museum open?"


def passage(n: int, text: str = TEXT, relevance: float = 0.9, **more: Any) -> Passage:
    end = len(text)
    return Passage(n, f"d{n}", f"Title {n}", 1, n, 4, "", text, 0, end, relevance, **more)


def candidate(document: str, start: int, end: int, outcome: Outcome = Outcome.USED) -> Any:
    return TracedCandidate(
        7, document, f"Title of {document}", 1, 4, start, end,
        8.12345, 1, 0.5, 2, 0.61, 0.7, 0.9, outcome,
    )  # fmt: skip


def traced(*candidates: TracedCandidate, **more: Any) -> SearchTrace:
    return SearchTrace("q", Mode.HYBRID, ("museum",), "m", 0.3, 9, 8, candidates, **more)


def ran(
    passages: tuple[Passage, ...],
    trace: SearchTrace | None = None,
    model: LanguageModel | None = None,
    **asked: Any,
) -> tuple[AnswerRun, bool]:
    """A run that has come to its end, and whether it refused."""
    found = Retrieved(passages, None, trace)
    run = AnswerRun(Asked(QUESTION, **asked), retrieve=lambda _: found, model=model)

    async def go() -> bool:
        events = [event async for event in run.events()]
        assert isinstance(events[-1], DoneEvent)
        return events[-1].answer.refused

    return run, asyncio.run(go())


def kept(*args: Any, **more: Any) -> dict[str, Any]:
    run, refused = ran(*args, **more)
    return answer_trace(run, refused=refused)


def test_no_text_and_no_title_is_kept() -> None:
    body = json.dumps(kept((passage(1),), traced(candidate("d1", 0, len(TEXT)))))
    assert "1998" not in body
    assert "Title" not in body


def test_the_choice_without_a_model_is_kept_by_place_and_score() -> None:
    (quote,) = kept((passage(1, TEXT[:26]),))["quotes"]
    assert (quote["passage"], quote["start"], quote["end"]) == (1, 0, 26)
    assert quote["score"] > 0


def test_the_grounds_are_kept_with_the_weights_of_the_day() -> None:
    found = kept((passage(1),))
    assert found["grounds"].keys() | {"bias"} == found["weights"].keys()
    assert found["grounds"]["retrieval"] == 0.9


def test_what_the_threshold_cut_is_told() -> None:
    found = kept((passage(1), passage(2, relevance=0.1)), threshold=0.25)
    assert [each["outcome"] for each in found["passages"]] == ["used", "below_threshold"]


def test_a_candidate_tells_the_passage_it_went_into() -> None:
    joined = passage(1, chunks=((0, 30), (27, len(TEXT))))
    trace = traced(
        candidate("d1", 0, 30), candidate("d1", 27, len(TEXT)), candidate("d9", 0, 5),
        candidate("d8", 0, 5, Outcome.DUPLICATE),
    )  # fmt: skip
    fates = [(each["outcome"], each["passage"]) for each in kept((joined,), trace)["candidates"]]
    assert fates == [("used", 1), ("joined", 1), ("beyond_limit", None), ("duplicate", None)]


def test_a_candidate_of_a_passage_below_the_threshold_was_cut_with_it() -> None:
    low = passage(1, relevance=0.1, chunks=((0, len(TEXT)),))
    found = kept((low,), traced(candidate("d1", 0, len(TEXT))), threshold=0.25)
    assert found["candidates"][0]["outcome"] == "below_threshold"


def test_the_size_is_bounded() -> None:
    many = traced(*(candidate("d" * 36, i, i + 1) for i in range(300)))
    found = kept(tuple(passage(n) for n in range(1, 6)), many)
    assert len(found["candidates"]) == CANDIDATES
    assert len(json.dumps(found)) < 12_000


def test_documents_that_the_question_names_are_kept_by_id() -> None:
    trace = traced(candidate("d1", 0, 9), scoped_to=("Title of d1", "Elsewhere"))
    assert kept((passage(1),), trace)["search"]["named"] == ["d1"]


def test_the_prompt_is_kept_by_its_size_and_a_hash() -> None:
    model = ScriptedModel(["It opened in 1998 [1]."])
    found = kept((passage(1),), model=model, history=(Turn("Who?", "Ada."),))["prompt"]
    sent = model.prompts[-1]
    assert found["characters"] == sum(len(message.content) for message in sent.messages)
    assert found["digest"] == prompt_digest(sent)
    assert (found["passages"], found["turns"], found["messages"]) == ([1], 1, 4)


def test_the_hash_of_a_prompt_tells_any_change() -> None:
    one = prompt_digest(answer_prompt(QUESTION, [passage(1)]))
    assert one == prompt_digest(answer_prompt(QUESTION, [passage(1)]))
    assert one != prompt_digest(answer_prompt(QUESTION, [passage(1, TEXT + " ")], [Turn("a", "b")]))


def test_citations_that_the_model_invented_are_counted() -> None:
    model = ScriptedModel(["It opened in 1998 [1]. It closed in 2001 [7]."])
    assert kept((passage(1),), model=model)["invented"] == 1


# --- what a refusal offers ------------------------------------------------------------


def test_a_refusal_by_the_threshold_keeps_what_was_near() -> None:
    (place,) = kept((passage(1, relevance=0.1),), threshold=0.25)["near"]
    assert TEXT[place["start"] : place["end"]] == "The museum opened in 1998."
    assert (place["document"], place["version"], place["page"]) == ("d1", 1, 4)


def test_a_refusal_by_the_model_keeps_what_was_near() -> None:
    found = kept((passage(1),), model=ScriptedModel(["NO_ANSWER The year is missing."]))
    assert len(found["near"]) == 1
    assert "grounds" not in found


def test_a_refusal_without_any_passage_offers_nothing() -> None:
    assert kept(())["near"] == []


def test_an_answer_offers_nothing_near() -> None:
    assert "near" not in kept((passage(1),))


def test_where_nothing_is_shared_the_first_whole_sentence_is_near() -> None:
    (place,) = near_places("Tungsten boils?", [passage(1, "Tickets and prices\n\nBread is baked.")])
    assert place.start == len("Tickets and prices\n\n")


def test_at_most_three_lines_of_bounded_length_are_near() -> None:
    places = near_places("museum", [passage(n, "museum " * 400) for n in range(1, 9)])
    assert len(places) == MOST
    assert all(0 < place.end - place.start <= LONGEST for place in places)


def test_a_near_line_ends_where_its_chunk_ends() -> None:
    joined = passage(1, chunks=((0, 40), (30, len(TEXT))))
    (place,) = near_places("When is it closed on Mondays?", [joined])
    assert TEXT[place.start : place.end] == "It is closed"
    assert place.chunk == 0


def test_every_place_is_named_for_looking_up() -> None:
    found = kept((passage(1, relevance=0.1),), traced(candidate("d1", 0, 9)), threshold=0.25)
    assert {place["document"] for place in places_of(found)} == {"d1"}
    assert len(places_of(found)) == 3
