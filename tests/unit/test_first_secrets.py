"""The secrets that a new installation makes for itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ragsite.ops.first_secrets import (
    KeyMissing,
    database_path,
    make_missing,
    make_missing_files,
)


def env_lines(root: Path) -> dict[str, str]:
    lines = (root / ".env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_a_new_installation_gets_both_secrets(tmp_path: Path) -> None:
    assert make_missing(tmp_path, {}) == ["SECRET_KEY", "DATABASE_KEY"]
    made = env_lines(tmp_path)
    assert (len(made["SECRET_KEY"]) >= 50, len(made["DATABASE_KEY"])) == (True, 64)


def test_two_installations_have_different_secrets(tmp_path: Path) -> None:
    roots = [tmp_path / "a", tmp_path / "b"]
    for root in roots:
        root.mkdir()
        make_missing(root, {})
    first, second = (env_lines(root) for root in roots)
    assert all(first[name] != second[name] for name in first)


def test_only_the_owner_may_read_the_secrets(tmp_path: Path) -> None:
    (tmp_path / ".env").touch(mode=0o644)
    make_missing(tmp_path, {})
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    make_missing(tmp_path, {})
    before = (tmp_path / ".env").read_bytes()
    assert (make_missing(tmp_path, {}), (tmp_path / ".env").read_bytes()) == ([], before)


@pytest.mark.parametrize(
    "environment",
    [
        {"SECRET_KEY": "x", "DATABASE_KEY": "y"},
        {"SECRET_KEY_FILE": "/run/secrets/a", "DATABASE_KEY_FILE": "/run/secrets/b"},
    ],
)
def test_what_the_environment_gives_is_not_made(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    assert make_missing(tmp_path, environment) == []
    assert not (tmp_path / ".env").exists()


def test_other_lines_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# mine\nPORT=8000  # not 5000\nSECRET_KEY=", encoding="utf-8")
    make_missing(tmp_path, {})
    text = (tmp_path / ".env").read_text(encoding="utf-8")
    assert text.startswith("# mine\nPORT=8000  # not 5000\nSECRET_KEY=")


def test_an_empty_line_is_filled_rather_than_repeated(tmp_path: Path) -> None:
    example = "SECRET_KEY=\nDATABASE_KEY=  # 64 digits\nPORT=5000\n"
    (tmp_path / ".env").write_text(example, encoding="utf-8")
    make_missing(tmp_path, {})
    text = (tmp_path / ".env").read_text(encoding="utf-8")
    assert (text.count("SECRET_KEY="), text.count("DATABASE_KEY=")) == (1, 1)
    assert make_missing(tmp_path, {}) == []


def test_no_new_key_is_made_beside_a_database(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "ragsite.db").write_bytes(b"encrypted")
    with pytest.raises(KeyMissing, match="DATABASE_KEY"):
        make_missing(tmp_path, {})
    assert not (tmp_path / ".env").exists()


def test_a_database_of_which_the_key_is_known_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "ragsite.db").write_bytes(b"encrypted")
    assert make_missing(tmp_path, {"DATABASE_KEY": "known"}) == ["SECRET_KEY"]


def test_the_database_is_looked_for_where_env_says(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "ragsite.db").write_bytes(b"encrypted")
    (tmp_path / ".env").write_text("DATA_DIR=elsewhere\n", encoding="utf-8")
    with pytest.raises(KeyMissing, match="elsewhere"):
        make_missing(tmp_path, {})


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        ({}, "/srv/var/ragsite.db"),
        ({"DATA_DIR": "/data"}, "/data/ragsite.db"),
        ({"DATABASE_URL": "sqlite:////data/my.db"}, "/data/my.db"),
        ({"DATABASE_URL": "sqlite:///my.db", "DATA_DIR": "/data"}, "/srv/my.db"),
    ],
)
def test_the_place_of_the_database(known: dict[str, str], expected: str) -> None:
    assert database_path(Path("/srv"), known) == Path(expected)


def test_secrets_can_be_kept_as_files(tmp_path: Path) -> None:
    made = make_missing_files(tmp_path, tmp_path / "absent.db")
    files = [tmp_path / name for name in made]
    assert made == ["SECRET_KEY", "DATABASE_KEY"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_files_that_are_there_are_left_alone(tmp_path: Path) -> None:
    make_missing_files(tmp_path, tmp_path / "absent.db")
    before = (tmp_path / "DATABASE_KEY").read_bytes()
    assert make_missing_files(tmp_path, tmp_path / "absent.db") == []
    assert (tmp_path / "DATABASE_KEY").read_bytes() == before


def test_no_key_file_is_made_beside_a_database(tmp_path: Path) -> None:
    (tmp_path / "ragsite.db").write_bytes(b"encrypted")
    with pytest.raises(KeyMissing, match="Put that key into"):
        make_missing_files(tmp_path, tmp_path / "ragsite.db")


def test_it_runs_alone_before_anything_of_the_product_can(tmp_path: Path) -> None:
    program = Path(__file__).resolve().parents[2] / "ragsite" / "ops" / "first_secrets.py"
    command = [sys.executable, "-P", str(program), str(tmp_path / "secrets")]
    (tmp_path / "secrets").mkdir()
    environment = {"DATA_DIR": str(tmp_path / "data")}
    done = subprocess.run(
        command, env=environment, cwd="/", capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in (tmp_path / "secrets").iterdir()} >= {
        "SECRET_KEY",
        "DATABASE_KEY",
    }
