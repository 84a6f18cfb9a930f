"""The unit for a plain server, and the command that goes with it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "systemd"


def unit() -> list[tuple[str, str, str]]:
    """Return section, name and value of each line."""
    section, found = "", []
    for line in (FOLDER / "ragsite.service").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            assert equals, line
            found.append((section, name, value))
    return found


def value(name: str) -> str:
    (found,) = [value for _, each, value in unit() if each == name]
    return found


def test_the_unit_has_the_sections_of_a_service() -> None:
    assert list(dict.fromkeys(s for s, _, _ in unit())) == ["Unit", "Service", "Install"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("User", "ragsite"),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "true"),
        ("PrivateTmp", "true"),
        ("NoNewPrivileges", "true"),
        ("CapabilityBoundingSet", ""),
        ("RestrictAddressFamilies", "AF_UNIX AF_INET AF_INET6"),
        ("UMask", "0077"),
        ("LimitCORE", "0"),
    ],
)
def test_the_service_is_confined(name: str, wanted: str) -> None:
    assert value(name) == wanted


def test_the_service_writes_in_one_place_which_holds_its_data() -> None:
    assert not [name for _, name, _ in unit() if name == "ReadWritePaths"]
    assert ("Service", "Environment", f"DATA_DIR=/var/lib/{value('StateDirectory')}") in unit()


def test_the_service_may_do_what_sqlite_does_with_its_log() -> None:
    filters = [value for _, name, value in unit() if name == "SystemCallFilter"]
    assert filters == ["@system-service", "~@privileged", "@chown"]


def test_the_service_brings_its_database_up_to_date() -> None:
    assert value("ExecStart").endswith("manage.py serve --migrate")


def test_the_supervisor_alone_is_told_to_stop_and_has_the_time() -> None:
    assert value("KillMode") == "mixed"
    assert int(value("TimeoutStopSec").rstrip("s")) > 40


def test_the_command_has_the_environment_of_the_service() -> None:
    script = (FOLDER / "ragsite").read_text(encoding="utf-8")
    exported = re.findall(r"^export (\S+)$", script, re.MULTILINE)
    assert exported == [value for _, name, value in unit() if name == "Environment"]


def test_the_command_runs_as_the_user_of_the_service() -> None:
    script = (FOLDER / "ragsite").read_text(encoding="utf-8")
    assert f"runuser -u {value('User')} -- .venv/bin/python" in script


def test_both_name_the_folder_of_the_code() -> None:
    script = (FOLDER / "ragsite").read_text(encoding="utf-8")
    assert f"cd {value('WorkingDirectory')}\n" in script
    assert value("ExecStart").startswith(f"{value('WorkingDirectory')}/.venv/bin/python ")
