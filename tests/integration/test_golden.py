"""The volume of every release is taken over by today's code, whatever interrupts that."""

from __future__ import annotations

import json
import random
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.golden import restoring
from tests.golden.place import FOLDER, ROOT, manage, releases, run
from tests.golden.volume import WORDS

RELEASES = releases()
NAMES = ["0001_labels", "0002_text", "0003_titles"]


@pytest.fixture(scope="module", params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def restored(release: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of a release, restored by today's code. Tests that change it take a copy."""
    return restoring.restored(release, tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def found(release: str, restored: Path) -> dict[str, Any]:
    return restoring.found(release, restored)


def test_there_is_a_volume_of_this_release() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["version"] in RELEASES, "script/golden makes it"


def test_a_volume_is_small(release: str) -> None:
    assert sum(p.stat().st_size for p in (FOLDER / release).rglob("*") if p.is_file()) < 300_000


@pytest.mark.parametrize(
    "kind",
    ["people", "members", "quotas", "documents", "searches", "answers", "ratings", "faults"],
)
def test_what_the_release_said_is_found(release: str, found: dict[str, Any], kind: str) -> None:
    assert found[kind] == restoring.expected(release)[kind]


def test_there_is_something_to_find(release: str) -> None:
    said = restoring.expected(release)
    assert sum(len(answer["citations"]) for answer in said["answers"].values()) >= 4
    assert all(all(answer["proved"]) for answer in said["answers"].values())
    assert {len(row["versions"]) for row in said["documents"]["henrike"].values()} == {1, 2}
    assert said["documents"]["sten"] == 401
    assert any(answer["refused"] for answer in said["answers"].values())


def test_what_the_release_sealed_is_opened(release: str, restored: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sealed"
    folder.mkdir()
    for path in (FOLDER / release / "sealed").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    done = run(restored, "-m", "tests.golden.inside", "samples", str(folder))
    assert json.loads(done.stdout) == [WORDS] * 3, done.stderr


def test_the_comparison_finds_nothing_to_mend(restored: Path) -> None:
    done = manage(restored, "reconcile", "--dry-run", "--json")
    report = json.loads(done.stdout)
    assert (report["left"], report["mended"]) == ([], {}), done.stderr


@dataclass(frozen=True, slots=True)
class Upgraded:
    """Data brought up to a later release, which was killed over it; what was there each time."""

    data: Path
    trail: list[tuple[list[str], int | None]]


@pytest.fixture(scope="module")
def upgraded(restored: Path, tmp_path_factory: pytest.TempPathFactory) -> Upgraded:
    data = restoring.copied(restored, tmp_path_factory.mktemp("later"), "data")
    chance, trail = random.Random(108), []
    for _ in range(2):
        restoring.killed(data, chance)
        trail.append(restoring.applied(data))
    restoring.later(data, "migrate", "--verbosity", "0").check_returncode()
    return Upgraded(data, trail)


def test_a_killed_migration_is_made_whole_or_not_at_all(upgraded: Upgraded) -> None:
    for names, rows in upgraded.trail:
        assert names == NAMES[: len(names)]
        assert bool(rows) is bool(names)


def test_after_it_was_killed_it_goes_on_to_its_end(
    release: str, upgraded: Upgraded, found: dict[str, Any]
) -> None:
    assert restoring.applied(upgraded.data)[0] == NAMES
    assert restoring.found(release, upgraded.data, **restoring.LATER) == found


@pytest.mark.parametrize("command", [["migrate"], ["serve", "--migrate"]])
def test_the_database_of_a_later_release_is_refused(upgraded: Upgraded, command: list[str]) -> None:
    done = manage(upgraded.data, *command)
    assert done.returncode == 1
    assert "The database is of a newer release: this one does not know later." in done.stderr
    assert "Traceback" not in done.stderr
    assert restoring.applied(upgraded.data)[0] == NAMES


def test_the_backup_of_a_later_release_is_refused(upgraded: Upgraded, tmp_path: Path) -> None:
    made = restoring.later(upgraded.data, "backup", "--to", str(tmp_path), "--no-verify")
    done = manage(tmp_path / "empty", "restore", made.stdout.strip())
    assert done.returncode == 1
    assert "Nothing was restored. The backup was made by a newer release" in done.stderr
    assert not (tmp_path / "empty" / "ragsite.db").exists()
