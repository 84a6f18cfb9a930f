"""``manage.py ingest``: a folder and a collection kept in step."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command

from documents.ingest import lease as leases
from documents.models import Document, DocumentVersion, Membership, Worker
from documents.types import Role
from tests.integration.factories import WREN, Api, person, shelf
from tests.samples import png_bytes, scanned_pdf_bytes

pytestmark = pytest.mark.django_db

Ingest = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files, one of them further down, and one that is hidden."""
    (tmp_path / "wren.txt").write_bytes(WREN)
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "heron.md").write_text("# The heron\n\nIt eats eels.")
    (tmp_path / ".hidden.txt").write_text("Not for anybody.")
    return tmp_path


@pytest.fixture
def ingest(ada: Api) -> Ingest:
    """Run the command with ``--wait --json``; return its exit code and what it said."""

    def run(*arguments: object, wait: bool = True) -> tuple[int, dict[str, Any]]:
        out, options = StringIO(), ["--json", *(["--wait"] if wait else [])]
        code = 0
        try:
            call_command("ingest", *map(str, arguments), *options, stdout=out)
        except SystemExit as end:
            code = int(end.code or 0)
        return code, json.loads(out.getvalue())

    return run


def _outcomes(body: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {Path(f["path"]).name: (f["outcome"], f["status"]) for f in body["files"]}


def test_a_folder_is_taken_in_recursively(ingest: Ingest, ada: Api, folder: Path) -> None:
    code, body = ingest(folder)
    assert (code, body["counts"]) == (0, {"ready": 2})
    assert _outcomes(body) == {"wren.txt": ("new", "ready"), "heron.md": ("new", "ready")}
    assert ada.found("eggs in April")
    assert ada.found("heron eels")


def test_a_single_file_is_taken_in(ingest: Ingest, folder: Path) -> None:
    code, body = ingest(folder / "wren.txt")
    assert (code, list(_outcomes(body))) == (0, ["wren.txt"])
    assert body["files"][0]["document_id"] == str(Document.objects.get().pk)


def test_a_second_run_changes_nothing(ingest: Ingest, folder: Path) -> None:
    ingest(folder)
    code, body = ingest(folder)
    assert code == 0
    assert {outcome for outcome, _ in _outcomes(body).values()} == {"unchanged"}
    assert DocumentVersion.objects.count() == 2


def test_a_changed_file_becomes_a_version(ingest: Ingest, ada: Api, folder: Path) -> None:
    ingest(folder)
    (folder / "wren.txt").write_text("The wren lays nine eggs now.")
    code, body = ingest(folder)
    assert (code, _outcomes(body)["wren.txt"]) == (0, ("version", "ready"))
    assert ada.found("nine eggs")[0]["version"] == 2
    assert Document.objects.count() == 2


def test_a_moved_file_stays_the_same_document(ingest: Ingest, folder: Path) -> None:
    ingest(folder)
    (folder / "wren.txt").rename(folder / "deeper" / "bird.txt")
    _, body = ingest(folder, "--prune")
    assert _outcomes(body)["bird.txt"][0] == "duplicate"
    assert body["pruned"] == []
    assert Document.objects.filter(source=str(folder / "deeper" / "bird.txt")).exists()
    assert Document.objects.filter(retired_at=None).count() == 2


def test_a_moved_and_then_changed_file_becomes_a_version(ingest: Ingest, folder: Path) -> None:
    ingest(folder)
    (folder / "wren.txt").rename(folder / "bird.txt")
    ingest(folder)
    (folder / "bird.txt").write_text("Another text.")
    _, body = ingest(folder)
    assert _outcomes(body)["bird.txt"] == ("version", "ready")
    assert Document.objects.count() == 2


def test_pruning_retires_what_is_gone_and_the_file_brings_it_back(
    ingest: Ingest, ada: Api, folder: Path
) -> None:
    ingest(folder)
    (folder / "wren.txt").unlink()
    _, body = ingest(folder, "--prune")
    assert [Path(path).name for path in body["pruned"]] == ["wren.txt"]
    assert ada.found("eggs in April", mode="keyword") == []
    assert ada.get("/api/documents").json()["count"] == 1
    (folder / "wren.txt").write_bytes(WREN)
    ingest(folder)
    assert ada.found("eggs in April", mode="keyword")
    assert Document.objects.count() == 2


def test_a_retired_document_answers_again_though_its_new_version_fails(
    ingest: Ingest, ada: Api, folder: Path
) -> None:
    ingest(folder)
    (folder / "wren.txt").unlink()
    ingest(folder, "--prune")
    (folder / "wren.txt").write_bytes(scanned_pdf_bytes())
    code, _ = ingest(folder)
    assert code == 1
    assert ada.found("eggs in April", mode="keyword")[0]["version"] == 1


def test_without_prune_nothing_is_retired(ingest: Ingest, ada: Api, folder: Path) -> None:
    ingest(folder)
    (folder / "wren.txt").unlink()
    ingest(folder)
    assert ada.found("eggs in April")


def test_pruning_one_folder_leaves_others_and_uploads_alone(
    ingest: Ingest, ada: Api, folder: Path
) -> None:
    ada.ready("upload.txt", b"An upload.")
    ingest(folder)
    (folder / "wren.txt").unlink()
    _, body = ingest(folder / "deeper", "--prune")
    assert body["pruned"] == []
    assert Document.objects.filter(retired_at=None).count() == 3


def test_a_file_that_fails_is_named_with_its_reason_and_exit_1(
    ingest: Ingest, folder: Path
) -> None:
    (folder / "scan.pdf").write_bytes(scanned_pdf_bytes())
    (folder / "picture.png").write_bytes(png_bytes())
    (folder / "empty.txt").write_bytes(b"")
    code, body = ingest(folder)
    errors = {Path(f["path"]).name: f["error"]["code"] for f in body["files"] if f["error"]}
    assert code == 1
    assert errors == {
        "scan.pdf": "no_text",
        "picture.png": "unsupported_type",
        "empty.txt": "empty_file",
    }
    assert body["counts"] == {"ready": 2, "failed": 3}


def test_a_file_beyond_the_limit_is_named(
    ingest: Ingest, folder: Path, settings: LazySettings
) -> None:
    settings.MAX_FILE_SIZE = 100
    code, body = ingest(folder / "wren.txt")
    assert (code, body["files"][0]["error"]["code"]) == (1, "file_too_large")


def test_a_file_that_may_not_be_read_is_named(
    ingest: Ingest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    code, body = ingest(folder / "wren.txt", wait=False)
    assert code == 1
    assert "Permission denied" in body["files"][0]["error"]["message"]


def test_a_name_that_is_no_text_is_taken_in(ingest: Ingest, folder: Path) -> None:
    (folder / "wr\udce9n.txt").write_bytes(b"A text under a Latin-1 name.")
    code, body = ingest(folder)
    assert (code, body["counts"]) == (0, {"ready": 3})
    assert ingest(folder)[1]["counts"] == {"ready": 3}
    assert Document.objects.count() == 3


def test_a_link_to_a_folder_above_is_no_endless_way(ingest: Ingest, folder: Path) -> None:
    (folder / "deeper" / "loop").symlink_to(folder, target_is_directory=True)
    assert ingest(folder)[1]["counts"] == {"ready": 2}


# --- whose, and where -----------------------------------------------------------------


def test_a_new_collection_is_made_and_belongs_to_the_owner(
    ingest: Ingest, ada: Api, folder: Path
) -> None:
    ingest(folder, "--collection", "birds", "--owner", "ada")
    assert ada.get("/api/collections/birds").json()["documents"] == 2
    assert ada.get("/api/collections/birds").json()["role"] == "owner"


def test_without_an_owner_it_is_the_first_administrator(ingest: Ingest, folder: Path) -> None:
    root = person("root", is_superuser=True)
    ingest(folder / "wren.txt", wait=False)
    assert Document.objects.get().created_by == root


@pytest.mark.parametrize(
    "arguments",
    [["nowhere"], [".", "--owner", "nobody"], [".", "--collection", "of-bob", "--owner", "ada"]],
)
def test_a_use_that_cannot_be_meant_ends_with_2(ada: Api, bob: Api, arguments: list[str]) -> None:
    shelf(bob.user, "Of Bob")
    with pytest.raises(CommandError) as caught:
        call_command("ingest", *arguments)
    assert caught.value.returncode == 2
    assert not Document.objects.exists()


def test_a_reader_of_a_collection_cannot_add_to_it(ada: Api, bob: Api, folder: Path) -> None:
    collection = shelf(bob.user, "Of Bob")
    Membership.objects.create(collection=collection, user=ada.user, role=Role.VIEWER)
    with pytest.raises(CommandError) as caught:
        call_command("ingest", str(folder), "--collection", "of-bob", "--owner", "ada")
    assert caught.value.returncode == 2


def test_without_any_user_it_says_how_to_make_one(db: None, folder: Path) -> None:
    with pytest.raises(CommandError, match="createsuperuser") as caught:
        call_command("ingest", str(folder))
    assert caught.value.returncode == 2


# --- waiting --------------------------------------------------------------------------


def test_without_wait_the_files_are_queued_and_it_says_who_is_missing(
    ada: Api, folder: Path
) -> None:
    out = StringIO()
    call_command("ingest", str(folder), stdout=out)
    assert out.getvalue().count("queued") >= 2
    assert "No worker is running" in out.getvalue()
    assert DocumentVersion.objects.filter(status="queued").count() == 2


def test_waiting_leaves_no_worker_behind(ingest: Ingest, folder: Path) -> None:
    ingest(folder)
    assert not Worker.objects.exists()


def test_what_a_dead_worker_held_is_finished_too(ingest: Ingest, folder: Path) -> None:
    ingest(folder, wait=False)
    assert leases.claim("a worker that is gone") is not None
    assert ingest(folder)[1]["counts"] == {"ready": 2}


def test_for_people_there_is_a_line_for_each_file_and_a_sum(ada: Api, folder: Path) -> None:
    out = StringIO()
    call_command("ingest", str(folder), "--wait", stdout=out)
    lines = out.getvalue().splitlines()
    assert lines[-1] == "2 files: 2 ready."
    assert any(line.startswith("ready") and line.endswith("wren.txt") for line in lines)
