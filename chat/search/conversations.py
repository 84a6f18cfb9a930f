"""Searching the conversations that a person may read.

Of one's own, titles, questions and answers are searched; of those that others share,
titles and questions alone: their answers are seen through the reader's rights, and a
hit must not tell what they hide. One's own answers are searched as they can still be
read, for the same reason.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User

from chat.models import Conversation, Message
from chat.search.folding import Line, folded, holds, line_with, query_words
from chat.selectors import answers_of, conversation_list, conversations_shared

#: The latest messages that are looked at, and conversations that are found at most.
MAX_MESSAGES = 20_000
MAX_FOUND = 200
#: Conversations whose messages are looked at together.
_GROUP = 100

#: A message's id, its conversation's, its question and its answer.
Row = tuple[uuid.UUID, uuid.UUID, str, str]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a conversation holds the words: ``where`` is title, question or answer."""

    where: str
    text: str
    highlights: tuple[tuple[int, int], ...]
    message_id: uuid.UUID | None = None


Matches = dict[uuid.UUID, Match]


def conversations_matching(
    user: User, query: str, *, shared: bool | None = None
) -> dict[Conversation, Match]:
    """Return conversations with the words of the query and where they stand, latest first.

    All words must stand in one title, question or answer. ``shared`` takes those of
    others (true) or one's own (false) alone. A query without words finds nothing.
    """
    words = query_words(query)
    if not words:
        return {}
    own = {} if shared else {row.pk: row for row in conversation_list(user)}
    others = {} if shared is False else {row.pk: row for row in conversations_shared(user)}
    rows = own | others
    matches = _titles(rows.values(), words)
    _add_questions(matches, list(others), words)
    for group in _groups(list(own)):
        if len(matches) >= MAX_FOUND:
            break
        _add_messages(matches, user, group, words)
    latest = sorted(matches, key=lambda key: rows[key].updated_at, reverse=True)
    return {rows[key]: matches[key] for key in latest[:MAX_FOUND]}


def _titles(rows: Iterable[Conversation], words: Sequence[str]) -> dict[uuid.UUID, Match]:
    lines = ((row.pk, line_with(row.title, words)) for row in rows)
    return {key: _match("title", line) for key, line in lines if line is not None}


def _match(where: str, line: Line, message_id: uuid.UUID | None = None) -> Match:
    return Match(where, line.text, line.highlights, message_id)


def _add_questions(matches: Matches, others: list[uuid.UUID], words: Sequence[str]) -> None:
    """Find the words in the questions of shared conversations, as they stand there now."""
    rows = Message.objects.newest().filter(conversation__in=others)
    found = rows.order_by("-created_at").values_list("pk", "conversation_id", "question")
    for key, conversation, question in found[:MAX_MESSAGES]:
        line = None if conversation in matches else line_with(question, words)
        if line is not None:
            matches[conversation] = _match("question", line, key)


def _groups(own: Sequence[uuid.UUID]) -> Iterator[list[Row]]:
    """Yield the messages of some conversations at a time, the latest conversations first.

    In the order of their index: sorting the texts themselves would cost the most.
    """
    left = MAX_MESSAGES
    for first in range(0, len(own), _GROUP):
        rows = Message.objects.filter(conversation__in=own[first : first + _GROUP])
        texts = rows.order_by("conversation_id", "place").values_list(
            "pk", "conversation_id", "question", "answer"
        )
        group = list(texts[:left])
        left -= len(group)
        if group:
            yield group
        if left <= 0:
            return


def _add_messages(matches: Matches, user: User, group: Sequence[Row], words: Sequence[str]) -> None:
    """Find the words in questions, and in what can still be read of answers."""
    unread: dict[uuid.UUID, list[uuid.UUID]] = {}
    for key, conversation, question, answer in group:
        if conversation in matches:
            continue
        if holds(folded(question), words) and (line := line_with(question, words)):
            matches[conversation] = _match("question", line, key)
        elif holds(folded(answer), words):
            unread.setdefault(conversation, []).append(key)
    while unread := {c: keys for c, keys in unread.items() if keys and c not in matches}:
        firsts = [keys.pop(0) for keys in unread.values()]
        for message, line in _answers(user, firsts, words):
            matches[message.conversation_id] = _match("answer", line, message.pk)


def _answers(
    user: User, keys: Sequence[uuid.UUID], words: Sequence[str]
) -> Iterator[tuple[Message, Line]]:
    found = Message.objects.filter(pk__in=keys).select_related("conversation")
    rows = list(found.defer("trace"))
    for message, answer in zip(rows, answers_of(rows, user), strict=True):
        line = line_with(answer["answer"], words)
        if line is not None:
            yield message, line
