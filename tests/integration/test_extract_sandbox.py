"""The sandbox: whatever the child does, the parent ends with pages or a reason."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from documents.errors import (
    CorruptFile,
    EmptyFile,
    FileError,
    NoText,
    PasswordRequired,
    ServiceError,
    TooComplex,
)
from documents.extract import process as processes
from documents.extract import sandbox, wire
from documents.extract.sandbox import Limits, SandboxReport, extract
from documents.types import (
    Block,
    BlockKind,
    ExtractedPage,
    Extraction,
    FileMetadata,
    MediaType,
    Notice,
)
from tests import samples

QUICK = Limits(cpu=5, stall=0.5, wall=20.0)


@pytest.fixture
def rogue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the misbehaving child in place of the real one."""
    monkeypatch.setattr(sandbox, "_CHILD", "tests.rogue")


def play(script: str, limits: Limits = QUICK) -> Extraction:
    """Have the rogue child act ``script``: a deed and a number of pages before it."""
    return extract(script.encode(), MediaType.TXT, limits=limits)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


# --- the good case


def test_pages_and_metadata_come_back_from_the_child() -> None:
    data = samples.pdf_bytes(["First page", "Second page"], title="A title")
    extraction = extract(data, MediaType.PDF)
    assert [page.blocks[0].text for page in extraction.pages] == ["First page", "Second page"]
    assert extraction.metadata.title == "A title"
    assert extraction.metadata.page_count == 2


def test_a_file_larger_than_a_pipe_is_read_whole() -> None:
    text = "A sentence of the long file. " * 40_000
    extraction = extract(text.encode(), MediaType.TXT)
    assert extraction.pages[0].blocks[0].text == text.strip("\n")


def test_what_reading_took_is_reported() -> None:
    reports: list[SandboxReport] = []
    extract(b"Some text.", MediaType.TXT, on_report=reports.append)
    assert 1_000_000 < reports[0].peak_rss_bytes < Limits().memory
    assert 0 < reports[0].cpu_seconds < 10
    assert reports[0].wall_seconds > 0


def test_the_errors_of_the_extractor_arrive_as_they_were_raised() -> None:
    with pytest.raises(PasswordRequired):
        extract(samples.encrypted_pdf_bytes(), MediaType.PDF)


def test_white_space_alone_is_no_text() -> None:
    with pytest.raises(NoText):
        extract(b" \n\t\n ", MediaType.TXT)


def test_a_scan_has_no_text() -> None:
    with pytest.raises(NoText):
        extract(samples.scanned_pdf_bytes(), MediaType.PDF)


@pytest.mark.usefixtures("rogue")
def test_surrogate_pairs_are_joined_and_lone_surrogates_removed() -> None:
    assert play("surrogate").pages[0].blocks[0].text == "a \U0001d465 b  c"


@pytest.mark.usefixtures("rogue")
def test_notices_of_the_extractor_are_kept() -> None:
    assert play("notice 1").notices == (Notice("page_failed", "Page 2 could not be read."),)


# --- what the child may not do


def test_the_child_gives_way_to_whoever_waits_for_an_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[int] = []
    give_way = processes.give_way

    def watched(pid: int) -> None:
        give_way(pid)
        seen.append(os.getpriority(os.PRIO_PROCESS, pid))

    monkeypatch.setattr(processes, "give_way", watched)
    extract(b"Some text.", MediaType.TXT)
    assert seen == [min(os.nice(0) + processes.NICENESS, 19)]


def test_a_child_that_is_gone_already_need_not_give_way() -> None:
    processes.give_way(2**22 - 1)


@pytest.mark.usefixtures("rogue")
def test_no_secret_is_in_the_environment_of_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "canary-in-the-environment")
    text = play("environment").pages[0].blocks[0].text
    assert "canary-in-the-environment" not in text
    assert "PATH=" in text


@pytest.mark.usefixtures("rogue")
def test_the_child_cannot_write_files() -> None:
    before = set(Path("/tmp").glob("rogue-*"))
    with pytest.raises(CorruptFile):
        play("write")
    written = set(Path("/tmp").glob("rogue-*")) - before
    sizes = [path.stat().st_size for path in written]
    for path in written:
        path.unlink()
    assert not any(sizes)


@pytest.mark.usefixtures("rogue")
def test_an_exception_in_the_child_leaks_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CorruptFile) as caught:
        play("raise")
    assert "a line of the document" not in str(caught.value) + "".join(capfd.readouterr())


# --- ends before the end


@pytest.mark.usefixtures("rogue")
@pytest.mark.parametrize(
    ("deed", "error"),
    [
        ("die", CorruptFile),
        ("raise", CorruptFile),
        ("judge", CorruptFile),
        ("spin", TooComplex),
        ("nonsense", CorruptFile),
    ],
)
def test_a_death_before_any_page_is_an_error(deed: str, error: type[FileError]) -> None:
    with pytest.raises(error):
        play(deed)


@pytest.mark.usefixtures("rogue")
@pytest.mark.parametrize("deed", ["die", "spin", "raise", "hoard"])
def test_a_death_after_some_pages_keeps_them(deed: str) -> None:
    extraction = play(f"{deed} 3", Limits(memory=400 * 1024 * 1024, cpu=20, stall=1.5, wall=30))
    assert len(extraction.pages) == 3
    assert extraction.notices[-1].code == "partly_read"
    assert "1\N{EN DASH}3 of 40" in extraction.notices[-1].message


@pytest.mark.usefixtures("rogue")
def test_a_judgement_on_the_file_stands_even_after_pages() -> None:
    with pytest.raises(CorruptFile):
        play("judge 3")


@pytest.mark.usefixtures("rogue")
def test_memory_beyond_the_limit_is_too_complex() -> None:
    with pytest.raises(TooComplex):
        play("hoard", Limits(memory=400 * 1024 * 1024, cpu=20, stall=10.0, wall=30))


@pytest.mark.usefixtures("rogue")
def test_the_clock_ends_a_child_that_sleeps() -> None:
    begin = time.monotonic()
    with pytest.raises(TooComplex):
        play("sleep", Limits(wall=1.5))
    assert time.monotonic() - begin < 10


@pytest.mark.usefixtures("rogue")
def test_a_flood_of_output_is_cut() -> None:
    with pytest.raises(TooComplex):
        play("flood", Limits(output=1_000_000))


@pytest.mark.usefixtures("rogue")
def test_what_the_child_started_dies_with_it() -> None:
    pid = int(play("linger").pages[0].blocks[0].text)
    time.sleep(0.1)
    assert not is_running(pid)


def test_a_child_that_cannot_start_is_not_the_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sandbox, "_CHILD", "documents.extract.no_such_module")
    with pytest.raises(ServiceError):
        extract(b"Some text.", MediaType.TXT)


# --- the caller


@pytest.mark.usefixtures("rogue")
def test_the_caller_hears_while_it_waits() -> None:
    heard: list[tuple[int, int | None]] = []
    with pytest.raises(TooComplex):
        extract(
            b"sleep", MediaType.TXT, limits=Limits(wall=2.5), on_page=lambda *it: heard.append(it)
        )
    assert len(heard) >= 2


@pytest.mark.usefixtures("rogue")
def test_the_caller_hears_the_last_count() -> None:
    heard: list[tuple[int, int | None]] = []
    extract(b"end 7", MediaType.TXT, on_page=lambda *it: heard.append(it))
    assert heard[-1] == (7, 40)


def children() -> set[int]:
    """Return the processes this one has started: a browser or a server may be among them."""
    return set(map(int, Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()))


@pytest.mark.usefixtures("rogue")
def test_an_error_of_the_caller_ends_the_child() -> None:
    pids: set[int] = set()
    others = children()

    def give_up(_done: int, _total: int | None) -> None:
        pids.update(children() - others)
        raise InterruptedError("the lease is lost")

    with pytest.raises(InterruptedError):
        extract(b"sleep", MediaType.TXT, on_page=give_up)
    assert pids
    assert not any(map(is_running, pids))


# --- the frames


@pytest.mark.parametrize(
    "frame",
    [
        ExtractedPage(3, (Block("Text", BlockKind.HEADING, 2), Block("x\ny \u2028"))),
        ExtractedPage(None, ()),
        FileMetadata("T", "A", None, None, 12),
        Notice("code", "A sentence."),
        wire.Failure("corrupt", "Damaged.", final=False),
        wire.Started(),
        wire.End(123),
    ],
)
def test_a_frame_survives_the_wire(frame: wire.Frame) -> None:
    line = wire.encode(frame)
    assert line.count(b"\n") == 1
    assert wire.decode(line) == frame


@pytest.mark.parametrize(
    "line", [b"", b"[]", b"7", b'["page"]', b'["page",1,[["nose",0,"x"]]]', b"[" * 5000, b'"page"']
)
def test_a_line_that_is_no_frame_is_refused(line: bytes) -> None:
    with pytest.raises(wire.BadFrame):
        wire.decode(line)


def test_a_failure_becomes_the_error_of_its_code() -> None:
    assert isinstance(wire.Failure("empty_file", "").as_error(), EmptyFile)
    assert type(wire.Failure("no such code", "What?").as_error()) is FileError
