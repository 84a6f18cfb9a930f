"""How long each part of the work on a version took, told when it has come to an end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from documents.models import DocumentVersion
from documents.signals import stage_done, version_read


@dataclass(slots=True)
class StageTimes:
    """Milliseconds of each stage; a stage that comes in several pieces is summed up."""

    spent: dict[str, float] = field(default_factory=dict)
    #: The stage that broke, if one did.
    broken: str = ""
    _begun: float = field(default_factory=time.perf_counter)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add the time of the body to the stage's. Stages do not lie within each other."""
        started = time.perf_counter()
        try:
            yield
        except BaseException:
            self.broken = name
            raise
        finally:
            took = (time.perf_counter() - started) * 1000
            self.spent[name] = self.spent.get(name, 0.0) + took

    @property
    def whole(self) -> float:
        """Milliseconds since the work began."""
        return (time.perf_counter() - self._begun) * 1000

    def tell(self, outcome: str, code: str = "") -> None:
        """Say how long everything took, and what became of the attempt."""
        for name, ms in self.spent.items():
            ended = "failed" if name == self.broken and outcome == "failed" else "ok"
            stage_done.send(sender=DocumentVersion, stage=name, outcome=ended, ms=ms)
        version_read.send(sender=DocumentVersion, outcome=outcome, code=code, ms=self.whole)
