"""A wall clock for the programs of one installation that can be put forward and back."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from datetime import datetime
from pathlib import Path

from tests.drill.volume import NotPossible

SOURCE = Path(__file__).with_name("stepped_clock.c")


class SteppedClock:
    """``environment`` is what a program has to be started with; all of them share the clock."""

    def __init__(self, folder: Path) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            raise NotPossible("The drill needs a C compiler named cc (packages gcc and libc6-dev).")
        library, self._file = folder / "stepped_clock.so", folder / "stepped-clock"
        command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotPossible(f"The clock cannot be compiled: {done.stderr[-500:]}")
        self._file.write_bytes(bytes(8))
        self.environment = {"LD_PRELOAD": str(library), "STEPPED_CLOCK": str(self._file)}
        self.ahead = 0

    def step(self, seconds: int) -> None:
        """Put it forward, or back."""
        self.ahead += seconds
        with self._file.open("r+b") as file:
            file.write(struct.pack("=q", self.ahead))

    def put_to(self, moment: datetime) -> None:
        """Put it to a moment."""
        self.step(round(moment.timestamp() - self.now()))

    def now(self) -> float:
        """Return what it shows, in seconds since the epoch."""
        return time.time() + self.ahead
