"""Reads a Dockerfile: its stages, and the instructions of each with their variables filled in.

Only the part of the language that ours uses; anything else is an error, so that no step
can be passed over. The language: https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

KNOWN = frozenset(
    [
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "RUN",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)


class Unsupported(ValueError):
    """The Dockerfile says something that this reader does not know."""


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction, and what it runs in: environment, folder, user."""

    word: str
    text: str
    environment: Mapping[str, str]
    folder: str
    user: str

    @property
    def exec_form(self) -> list[str]:
        """The JSON list of a ``CMD``, an ``ENTRYPOINT`` or a ``VOLUME``; raises ``Unsupported``."""
        try:
            parsed = json.loads(self.text)
        except ValueError:
            raise Unsupported(f"{self.word} must be a JSON list: {self.text}") from None
        return [str(part) for part in parsed]


@dataclass(slots=True)
class Stage:
    """One ``FROM`` and what follows it."""

    base: str
    name: str
    steps: list[Step] = field(default_factory=list)
    #: What containers get; build arguments are for the steps alone.
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0:0"

    def last(self, word: str) -> Step | None:
        """Return the instruction of this kind that counts."""
        found = [step for step in self.steps if step.word == word]
        return found[-1] if found else None

    def add(self, word: str, text: str, arguments: Mapping[str, str]) -> None:
        """Append an instruction, and note what it means for those after it."""
        if word == "ARG":
            name, _, default = text.partition("=")
            self.arguments[name] = arguments.get(name, default.strip('"'))
        elif word == "ENV":
            for pair in shlex.split(text):
                name, _, value = pair.partition("=")
                self.environment[name] = filled(value, self.arguments | self.environment)
        elif word == "WORKDIR":
            self.folder = text
        elif word == "USER":
            self.user = text
        environment = self.arguments | self.environment
        self.steps.append(Step(word, text, environment, self.folder, self.user))


def stages(text: str, arguments: Mapping[str, str]) -> list[Stage]:
    """Return the stages. ``arguments`` are build arguments; raises ``Unsupported``."""
    found: list[Stage] = []
    outside: dict[str, str] = {}
    for word, rest in _instructions(text):
        if word not in KNOWN:
            raise Unsupported(f"{word} is not known here")
        if word == "FROM":
            base, _, name = re.sub(r"\s+as\s+", "\0", rest, flags=re.IGNORECASE).partition("\0")
            # What Docker itself sets: https://docs.docker.com/reference/dockerfile/#env
            start = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
            found.append(Stage(filled(base, outside), name, environment=start))
        elif found:
            found[-1].add(word, rest, arguments)
        else:
            name, _, default = rest.partition("=")
            outside[name] = arguments.get(name, default)
    return found


def filled(text: str, environment: Mapping[str, str]) -> str:
    """Return the text with ``$NAME`` and ``${NAME}`` replaced."""
    return re.sub(r"\$\{?(\w+)\}?", lambda match: environment.get(match[1], ""), text)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines))
    for line in filter(str.strip, whole.splitlines()):
        word, _, rest = line.partition(" ")
        yield word.upper(), rest.strip()
