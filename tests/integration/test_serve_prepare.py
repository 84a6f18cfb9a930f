"""What is looked at before the product starts."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from ragsite.ops.listen import CannotListen, address, listen
from ragsite.ops.prepare import NotReady, hold, prepare, remove_stale, unknown_migrations


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    with hold(tmp_path / "lock"), pytest.raises(NotReady, match="Another server"):
        hold(tmp_path / "lock")


def test_a_lock_that_was_closed_is_free(tmp_path: Path) -> None:
    hold(tmp_path / "lock").close()
    hold(tmp_path / "lock").close()


def test_old_temporary_files_are_removed_and_new_ones_kept(tmp_path: Path) -> None:
    for name, age in (("old", 7200), ("new", 60)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    (tmp_path / "folder").mkdir()
    assert remove_stale(tmp_path, older_than=3600) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "new"]


def test_a_port_in_use_is_refused_with_advice() -> None:
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"Port {port} of 127.0.0.1 is in use"):
            listen("127.0.0.1", port, patience=0.0)


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host"])
def test_an_address_of_another_machine_is_refused(host: str) -> None:
    with pytest.raises(CannotListen, match="HOST must be an address of this machine"):
        listen(host, 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:5000"),
        ("0.0.0.0", "http://127.0.0.1:5000"),
        ("::", "http://[::1]:5000"),
        ("example.org", "http://example.org:5000"),
    ],
)
def test_the_address_can_be_opened_on_this_machine(host: str, expected: str) -> None:
    assert address(host, 5000) == expected


@pytest.mark.django_db(transaction=True)
def test_a_database_of_a_newer_release_is_refused_and_left_alone() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("documents", "9999_of_next_year")
    try:
        with pytest.raises(NotReady, match=r"newer release: .* documents\.9999_of_next_year"):
            prepare(migrate=True)
        assert ("documents", "9999_of_next_year") in recorder.applied_migrations()
    finally:
        recorder.record_unapplied("documents", "9999_of_next_year")


@pytest.mark.django_db
def test_everything_applied_to_a_database_of_this_release_is_known() -> None:
    loader = MigrationLoader(connection)
    assert loader.applied_migrations
    assert unknown_migrations(loader) == []


@pytest.mark.django_db
def test_what_a_squashed_migration_replaces_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = MigrationLoader(connection)
    newest = loader.disk_migrations["documents", "0001_initial"]
    monkeypatch.setattr(loader, "applied_migrations", {("documents", "0001_of_old"): newest})
    assert unknown_migrations(loader) == ["documents.0001_of_old"]
    monkeypatch.setattr(newest, "replaces", [("documents", "0001_of_old")])
    assert unknown_migrations(loader) == []
