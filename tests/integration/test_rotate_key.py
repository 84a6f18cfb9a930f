"""A new key: everything opens with it, and nothing with the old one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from documents.services.documents import document_upload
from ragsite.ops.backup.archive import backup_write
from ragsite.ops.rotation import NAME, NEXT, KeyPlace
from tests.integration.factories import WREN, person, shelf, work
from tests.integration.serving import ROOT

OLD = os.environ["DATABASE_KEY"]


class Elsewhere:
    """The product on other data, with its key in a file."""

    def __init__(self, folder: Path) -> None:
        self.data, self.key = folder / "data", folder / "key"
        self.key.write_text(OLD)
        self.key.chmod(0o600)

    def manage(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        known = {k: v for k, v in os.environ.items() if k != NAME}
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=known | {"DATA_DIR": str(self.data), f"{NAME}_FILE": str(self.key)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def finds(self) -> bool:
        done = self.manage("search", "who counts the nests", "--user", "ada", "--json")
        assert done.returncode == 0, done.stderr
        return "Odalys Brennt" in json.loads(done.stdout)["results"][0]["text"]


@pytest.fixture
def elsewhere(transactional_db: None, no_broker: list[str], tmp_path: Path) -> Elsewhere:
    owner = person("ada")
    document_upload(user=owner, collection=shelf(owner), data=WREN, filename="wren.txt")
    work()
    place = Elsewhere(tmp_path)
    restored = place.manage("restore", str(backup_write(tmp_path / "backups")))
    assert restored.returncode == 0, restored.stderr
    return place


@pytest.mark.django_db(transaction=True)
def test_after_a_rotation_only_the_new_key_opens_anything(elsewhere: Elsewhere) -> None:
    done = elsewhere.manage("rotate_key")
    assert done.returncode == 0, done.stderr
    assert elsewhere.key.read_text().strip() != OLD
    assert elsewhere.finds()
    elsewhere.key.write_text(OLD)
    refused = elsewhere.manage("search", "nests", "--user", "ada")
    assert "DATABASE_KEY is not the key" in refused.stderr


def audited(elsewhere: Elsewhere) -> list[str]:
    """Return what the audit log says of keys, in order."""
    asked = (
        "from ragsite.audit.models import AuditEntry as A; print(*A.objects.filter("
        "action__startswith='key.').order_by('at').values_list('action', flat=True))"
    )
    done = elsewhere.manage("shell", "--no-imports", "-c", asked)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.django_db(transaction=True)
def test_beginning_and_end_of_a_rotation_are_written_down(elsewhere: Elsewhere) -> None:
    elsewhere.manage("rotate_key")
    assert audited(elsewhere) == ["key.rotation_begun", "key.rotated"]


@pytest.mark.django_db(transaction=True)
def test_a_rotation_that_failed_is_written_down_as_such(elsewhere: Elsewhere) -> None:
    for path in elsewhere.data.glob("originals/*/*"):
        path.write_bytes(b"damaged")
    done = elsewhere.manage("rotate_key")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert audited(elsewhere) == ["key.rotation_begun", "key.rotation_failed"]
    assert elsewhere.key.read_text() == OLD


@pytest.mark.django_db(transaction=True)
def test_originals_open_after_a_rotation(elsewhere: Elsewhere, tmp_path: Path) -> None:
    elsewhere.manage("rotate_key")
    made = elsewhere.manage("backup", "--to", str(tmp_path / "after"))
    assert "verified" in made.stderr, made.stderr


@pytest.mark.django_db(transaction=True)
def test_an_interrupted_rotation_is_completed(elsewhere: Elsewhere) -> None:
    crash = (
        "import django; django.setup();"
        "from ragsite.ops import rotation; import os;"
        "real = rotation.KeyPlace.write;"
        "dying = lambda p, n, v: os._exit(9) if n == 'DATABASE_KEY' else real(p, n, v);"
        "rotation.KeyPlace.write = dying;"
        "rotation.rotate(rotation.key_place())"
    )
    died = subprocess.run(
        [sys.executable, "-c", crash],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if k != NAME}
        | {
            "DATA_DIR": str(elsewhere.data),
            f"{NAME}_FILE": str(elsewhere.key),
            "DJANGO_SETTINGS_MODULE": "ragsite.settings",
        },
        check=False,
    )
    assert died.returncode == 9
    assert "interrupted" in elsewhere.manage("serve", "beat").stderr
    assert elsewhere.manage("rotate_key").returncode == 0
    assert elsewhere.finds()
    assert audited(elsewhere) == ["key.rotation_begun", "key.rotated"]
    assert not (elsewhere.data / "rotating").exists()


def test_a_key_in_an_environment_file_is_replaced_in_place(tmp_path: Path) -> None:
    env = tmp_path / ".env"
    env.write_text("SECRET_KEY=abc\nDATABASE_KEY=old\nPORT=5000")
    place = KeyPlace(env, is_env=True)
    place.write(NEXT, "new")
    assert (place.read(NAME), place.read(NEXT)) == ("old", "new")
    place.write(NAME, "new")
    place.write(NEXT, "")
    assert sorted(env.read_text().split()) == ["DATABASE_KEY=new", "PORT=5000", "SECRET_KEY=abc"]


def test_a_key_that_only_the_environment_gives_is_not_rotated(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "rotate_key"],
        cwd=ROOT,
        env=os.environ | {"DATA_DIR": str(tmp_path), f"{NAME}_FILE": str(tmp_path / "absent")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
