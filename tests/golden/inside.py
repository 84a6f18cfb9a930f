"""What is done with Django, on the data that the environment names; prints JSON.

``fill FOLDER``, ``state EXPECTED``, ``seal VOLUME BACKUP`` or ``samples FOLDER``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragsite.settings")
django.setup()

from django.test.utils import setup_test_environment  # noqa: E402  # needs the settings
from django.utils import timezone  # noqa: E402

from tests.golden import filling, volume  # noqa: E402
from tests.golden.state import state  # noqa: E402


def fill(folder: Path) -> None:
    """Fill this installation and write its volume."""
    expected = state(filling.fill())
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (folder / "expected.json").write_text(f"{text}\n", encoding="utf-8")
    volume.volume_write(folder, made=timezone.now().isoformat())


def main(word: str, *given: str) -> Any:
    """Do what the word says; return what is to be printed."""
    paths = [Path(each) for each in given]
    if word == "fill":
        return fill(paths[0])
    if word == "seal":
        return volume.backup_write(*paths)
    if word == "samples":
        return volume.samples_read(paths[0])
    return state(json.loads(paths[0].read_text(encoding="utf-8"))["tokens"])


if __name__ == "__main__":
    setup_test_environment()
    sys.stdout.write(json.dumps(main(*sys.argv[1:])))
