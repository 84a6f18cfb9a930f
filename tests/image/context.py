"""What of a folder goes to the builder, as ``.dockerignore`` says."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path


class Context:
    """The files of ``root`` that an image may be made of.

    The last pattern that matches a path, or a folder above it, decides:
    https://docs.docker.com/build/concepts/context/#dockerignore-files
    """

    def __init__(self, root: Path, patterns: Sequence[str]) -> None:
        self.root = root
        self._rules = [
            (not line.startswith("!"), re.compile(_expression(line.lstrip("!"))))
            for line in map(str.strip, patterns)
            if line and not line.startswith("#")
        ]

    @classmethod
    def of(cls, root: Path) -> Context:
        """Return the context of a project, with the patterns of its ``.dockerignore``."""
        return cls(root, (root / ".dockerignore").read_text(encoding="utf-8").splitlines())

    def holds(self, path: str) -> bool:
        """Whether the file at this relative path is part of it."""
        ignored = False
        for ignore, expression in self._rules:
            if expression.fullmatch(path):
                ignored = ignore
        return not ignored

    def files(self) -> Iterator[str]:
        """Yield the relative paths of all files in it."""
        for folder, below, names in os.walk(self.root):
            below[:] = [name for name in below if name not in {".git", ".venv", "node_modules"}]
            for name in names:
                path = (Path(folder) / name).relative_to(self.root).as_posix()
                if self.holds(path):
                    yield path

    def copy(self, source: str, target: Path) -> int:
        """Copy a file, or with ``.`` everything, to ``target``. Returns how many files."""
        wanted = list(self.files()) if source == "." else [source]
        for path in wanted:
            if not self.holds(path):
                raise FileNotFoundError(f"{path} is not part of what is sent to the builder")
            into = target / path
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.root / path, into)
        return len(wanted)


def _expression(pattern: str) -> str:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern.strip("/"))
    meaning = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(meaning.get(part, re.escape(part)) for part in parts) + "(?:/.*)?"
