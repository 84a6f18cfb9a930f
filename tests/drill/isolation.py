"""Two people with a library each ask for every word of the other's."""

from __future__ import annotations

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.drill.client import Client
from tests.drill.report import Report
from tests.drill.site import Site
from tests.load.fixture import Person, fare, text
from tests.openai_server import OpenAIServer

NAMES = ("ada", "bob")
MODES = ("hybrid", "keyword", "semantic")
#: Files in one upload.
BATCH = 50
#: Results that are asked for: with the other's words, and with one's own.
FOREIGN_LIMIT, OWN_LIMIT = 20, 50
_NOTICE = re.compile(r"notice[ -](\d+)", re.IGNORECASE)


@dataclass(slots=True)
class Side:
    """One of the two: what is theirs, by number and id, and what was seen of the other's."""

    client: Client
    cookies: dict[str, str]
    numbers: range
    ids: dict[str, int] = field(default_factory=dict)
    foreign: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def note(self, door: str, seen: str) -> None:
        """Count what a door showed, and whether it named a document of somebody else."""
        self.asked[door] += 1
        named = {int(number) for number in _NOTICE.findall(seen)}
        self.foreign[door] += bool(named - set(self.numbers))


def run(given: argparse.Namespace, scratch: Path) -> Report:
    """Fill both libraries, ask crosswise, and read what the model was sent."""
    report, chance = Report("Isolation drill"), random.Random(6)  # choices, not secrets
    with OpenAIServer() as model:
        site = Site(
            scratch,
            CHAT_MODEL="test-model",
            EMBEDDING_MODEL="wordllama-256",
            OPENAI_BASE_URL=model.url,
            OPENAI_API_KEY="none",
        )
        try:
            site.start()
            sides = _fill(site, given.documents, report)
            for side, other in (sides, sides[::-1]):
                before = len(model.prompts())
                _ask(side, other, given.searches, chance)
                for prompt in model.prompts()[before:]:
                    side.note("the model's prompts", prompt)
                    side.asked["prompts with passages"] += bool(_NOTICE.search(prompt))
            _tell(sides, report)
            _own(sides, given.searches, chance, report)
        finally:
            site.stop()
    return report


def _fill(site: Site, documents: int, report: Report) -> list[Side]:
    """Upload so many documents for each; they differ in a price and in their own number."""
    people = site.people(*NAMES)
    sides = []
    for place, name in enumerate(NAMES):
        person: Person = people[name]
        numbers = range(place * documents, (place + 1) * documents)
        side = Side(site.client(person.token), {"sessionid": person.session}, numbers)
        for batch in _batches(numbers):
            files = [(f"notice-{number}.md", text(number, 1).encode()) for number in batch]
            side.ids |= dict(zip(side.client.upload_many(files), batch, strict=True))
        sides.append(side)
    begin = time.monotonic()
    while any(side.client.waiting() for side in sides):
        time.sleep(2)
    ready = [Counter(side.client.documents().values())["ready"] for side in sides]
    told = f"{ready[0]} and {ready[1]}, {time.monotonic() - begin:.0f} s after the last upload"
    report.check("documents ready", ready == [documents, documents], told)
    return sides


def _batches(numbers: range) -> Iterator[range]:
    for start in range(numbers.start, numbers.stop, BATCH):
        yield range(start, min(start + BATCH, numbers.stop))


def sentence(number: int) -> str:
    """Return a sentence that stands in document ``number`` alone, and does not name it."""
    harbour, goods, price = fare(number)
    return f"To take a {goods} on board at {harbour} costs {price} pence, paid at the pier."


def _ask(side: Side, other: Side, count: int, chance: random.Random) -> None:
    """Use every door with sentences of the other's."""
    for number in chance.sample(other.numbers, min(count, len(other.numbers))):
        words = sentence(number)
        for mode in MODES:
            hits = _search(side.client, words, mode, FOREIGN_LIMIT)
            side.note(f"search, {mode}", "\n".join(map(str, hits)))
            _note_hits(side, hits)
            expected = min(FOREIGN_LIMIT, len(side.numbers))
            side.foreign["short lists"] += len(hits) < expected
        answer = side.client.call("POST", "/api/chat", {"question": words})
        answer.raise_for_status()
        side.note("chat", answer.text)
        conversation = f"/chat/{answer.json()['conversation_id']}/"
        for door, path, given in (
            ("search page", "/search/", {"q": words}),
            ("conversation page", conversation, {}),
        ):
            page = side.client.page(path, side.cookies, given)
            side.note(door, page)


def _note_hits(side: Side, hits: Sequence[Any]) -> None:
    side.foreign["ids"] += any(hit["document"]["id"] not in side.ids for hit in hits)


def _search(client: Client, words: str, mode: str, limit: int) -> list[Any]:
    answer = client.call("POST", "/api/search", {"q": words, "mode": mode, "limit": limit})
    answer.raise_for_status()
    return list(answer.json()["results"])


def _tell(sides: Sequence[Side], report: Report) -> None:
    asked = sum((side.asked for side in sides), Counter())
    foreign = sum((side.foreign for side in sides), Counter())
    read = asked.pop("prompts with passages")
    for door, count in asked.items():
        report.check(f"nothing foreign: {door}", not foreign[door], f"{foreign[door]} of {count}")
    report.check("the prompts were really read", read > 0, f"{read} hold passages")
    report.check("no foreign id in results", not foreign["ids"], f"{foreign['ids']} lists")
    told = f"{foreign['short lists']} of {sum(asked[f'search, {mode}'] for mode in MODES)}"
    report.check("lists are full", not foreign["short lists"], f"{told} are shorter")


def _own(sides: Sequence[Side], count: int, chance: random.Random, report: Report) -> None:
    """One's own sentences are found, first, in a full list."""
    first, full, total = 0, 0, 0
    for side in sides:
        for number in chance.sample(side.numbers, min(count, len(side.numbers))):
            hits = _search(side.client, sentence(number), "hybrid", OWN_LIMIT)
            total += 1
            full += len(hits) == min(OWN_LIMIT, len(side.numbers))
            first += bool(hits) and side.ids.get(hits[0]["document"]["id"]) == number
    report.check("one's own is found first", first == total, f"{first} of {total}")
    report.check("in full lists", full == total, f"{full} of {total}")
