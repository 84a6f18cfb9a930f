"""Files that survive a power cut."""

from __future__ import annotations

from pathlib import Path

import pytest

from documents import durable
from ragsite.ops.first_secrets import replace_file


@pytest.fixture
def flushed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was flushed, in that order."""
    paths: list[Path] = []
    monkeypatch.setattr("os.fsync", lambda fd: paths.append(Path(f"/proc/self/fd/{fd}").readlink()))
    return paths


def test_a_file_is_flushed(tmp_path: Path, flushed: list[Path]) -> None:
    (tmp_path / "file").touch()
    durable.sync(tmp_path / "file")
    assert flushed == [tmp_path / "file"]


def test_what_is_not_there_cannot_be_flushed(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        durable.sync(tmp_path / "nothing")


def test_a_tree_is_flushed_from_the_leaves_to_the_root(tmp_path: Path, flushed: list[Path]) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "file").touch()
    durable.sync_tree(tmp_path)
    a = tmp_path / "a"
    assert flushed == [a / "b" / "file", a / "b", a, tmp_path]


def test_descriptors_are_given_back(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = len(list(Path("/proc/self/fd").iterdir()))
    durable.sync_tree(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_secret_and_its_name_are_flushed(tmp_path: Path, flushed: list[Path]) -> None:
    replace_file(tmp_path / "key", "secret")
    assert flushed[0].name.startswith(".key-")
    assert flushed[1:] == [tmp_path]


def test_a_file_system_that_cannot_flush_names_keeps_secrets_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> None:
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr("ragsite.ops.first_secrets.sync", refuse)
    replace_file(tmp_path / "key", "secret")
    assert (tmp_path / "key").read_text() == "secret"
