"""The supervisor, with small programs in place of the product's own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragsite.ops import supervise
from ragsite.ops.supervise import Child, Program, how_it_ended

ROOT = Path(__file__).resolve().parents[2]

#: Writes its process id and those of its children into a file, then waits.
PARENT = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(20)"])
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()} {child.pid}\\n")
time.sleep(60)
"""
STUBBORN = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
time.sleep(60)
"""
RUN = """
import sys
from ragsite.ops.supervise import Program, Supervisor
program = Program("part", (sys.executable, "-c", sys.argv[1], sys.argv[2]), grace=1.5)
Supervisor([program], environment={}, say=lambda line: print(line, flush=True)).run()
"""


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Put the handlers of signals back: a supervisor in this process changes them for good."""
    before = {number: signal.getsignal(number) for number in supervise.STOP_SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class Run:
    """A supervisor in a process of its own, with one program."""

    def __init__(self, folder: Path, code: str) -> None:
        self.log = folder / "pids"
        self.said = folder / "said"
        command = [sys.executable, "-c", RUN, code, str(self.log)]
        with self.said.open("w") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out)

    def starts(self) -> list[list[int]]:
        lines = self.log.read_text(encoding="utf-8").splitlines() if self.log.exists() else []
        return [[int(pid) for pid in line.split()] for line in lines]

    def wait_for_start(self, number: int) -> list[int]:
        wait_for(lambda: len(self.starts()) >= number)
        return self.starts()[number - 1]

    def end(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=15)
        return code, self.said.read_text(encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Callable[[str], Run]]:
    made: list[Run] = []

    def start(code: str) -> Run:
        made.append(Run(tmp_path, code))
        return made[-1]

    yield start
    for one in made:
        one.process.terminate()
        one.process.wait(timeout=15)


def test_a_killed_program_is_started_again_at_once(run: Callable[[str], Run]) -> None:
    supervisor = run(PARENT)
    os.kill(supervisor.wait_for_start(1)[0], signal.SIGKILL)
    killed = time.monotonic()
    supervisor.wait_for_start(2)
    assert time.monotonic() - killed < 2.0


def test_what_a_killed_program_started_ends_with_it(run: Callable[[str], Run]) -> None:
    supervisor = run(PARENT)
    parent, child = supervisor.wait_for_start(1)
    os.kill(parent, signal.SIGKILL)
    wait_for(lambda: not alive(child))


def test_a_stop_ends_the_programs_and_succeeds(run: Callable[[str], Run]) -> None:
    supervisor = run(PARENT)
    pids = supervisor.wait_for_start(1)
    code, said = supervisor.end()
    assert (code, said.strip(), [alive(pid) for pid in pids]) == (0, "Stopping.", [False, False])


def test_a_signal_that_comes_twice_at_once_is_one_stop(run: Callable[[str], Run]) -> None:
    supervisor = run(PARENT)
    supervisor.wait_for_start(1)
    supervisor.process.send_signal(signal.SIGTERM)
    code, said = supervisor.end()
    assert (code, "did not stop" in said) == (0, False)


def test_a_program_that_will_not_stop_is_ended_after_its_grace(run: Callable[[str], Run]) -> None:
    supervisor = run(STUBBORN)
    supervisor.wait_for_start(1)
    code, said = supervisor.end()
    assert (code, "part did not stop in time" in said) == (0, True)


def test_a_killed_supervisor_leaves_no_program_behind(run: Callable[[str], Run]) -> None:
    supervisor = run(STUBBORN)
    pid = supervisor.wait_for_start(1)[0]
    supervisor.process.kill()
    wait_for(lambda: not alive(pid), 3.0)


def test_a_program_that_dies_again_and_again_is_said_to_be_broken(
    run: Callable[[str], Run],
) -> None:
    supervisor = run("import sys; open(sys.argv[1], 'a').write('0 0\\n'); sys.exit(3)")
    supervisor.wait_for_start(3)
    time.sleep(0.3)
    _, said = supervisor.end()
    assert "part ended with exit code 3, 3 times in a row: something is wrong" in said


def test_the_wait_between_restarts_grows_and_ends() -> None:
    child = Child(Program("part", ("true",)), started=time.monotonic())
    assert [child.schedule() for _ in range(9)] == [*supervise.DELAYS, 30.0, 30.0]


def test_a_program_that_ran_long_is_started_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Child(Program("part", ("true",)), started=time.monotonic(), deaths=6)
    monkeypatch.setattr(supervise, "HEALTHY_SECONDS", 0.0)
    assert (child.schedule(), child.deaths) == (0.0, 1)


@pytest.mark.parametrize(
    ("code", "words"), [(-9, "was ended by SIGKILL"), (3, "ended with exit code 3")]
)
def test_an_end_is_told_in_words(code: int, words: str) -> None:
    assert how_it_ended(code) == words


def test_readiness_is_told_once() -> None:
    reader, writer = os.pipe()
    program = Program(
        "part",
        (
            sys.executable,
            "-c",
            f"import os,time\nfor _ in 'ab': os.write({writer}, b'.')\ntime.sleep(9)",
        ),
        pass_fds=(writer,),
    )
    told: list[str] = []

    def ready() -> None:
        told.append("ready")
        os.kill(os.getpid(), signal.SIGTERM)

    supervise.Supervisor(
        [program], environment={}, say=told.append, on_ready=ready, ready_fd=reader
    ).run()
    os.close(reader)
    os.close(writer)
    assert told == ["ready", "Stopping."]


def test_what_waits_starts_when_the_first_is_ready() -> None:
    reader, writer = os.pipe()
    code = f"import os, time; os.write({writer}, b'.'); time.sleep(9)"
    first = Program("first", (sys.executable, "-c", code), pass_fds=(writer,))
    stop = f"import os, signal; os.kill({os.getpid()}, signal.SIGTERM)"
    second = Program("second", (sys.executable, "-c", stop), wait=60.0)
    began = time.monotonic()
    supervise.Supervisor(
        [first, second], environment={}, say=lambda _line: None, ready_fd=reader
    ).run()
    os.close(reader)
    os.close(writer)
    assert time.monotonic() - began < 30.0


def test_a_stop_signal_that_comes_after_the_end_has_no_effect() -> None:
    before = signal.getsignal(signal.SIGCHLD)
    with supervise._signals() as wakeup:
        assert isinstance(wakeup, socket.socket)
    os.kill(os.getpid(), signal.SIGTERM)
    # A handler would not do: the interpreter takes it away while it ends.
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
    assert signal.getsignal(signal.SIGCHLD) == before
