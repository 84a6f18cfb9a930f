"""Writes the volume of the release that ``pyproject.toml`` names: see docs/upgrading.md."""

from __future__ import annotations

import shutil
import sys
import tempfile
import tomllib
from pathlib import Path

from tests.golden.place import FOLDER, ROOT, manage, run


def make() -> Path:
    """Fill a fresh installation in processes of its own; return the folder of its volume."""
    release = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    folder = FOLDER / str(release)
    if folder.exists():
        sys.exit(f"{folder} is there already: the volume of a release is made once.")
    with tempfile.TemporaryDirectory(prefix="ragsite-golden-") as scratch:
        data, made = Path(scratch) / "data", Path(scratch) / "made"
        made.mkdir()
        manage(data, "migrate", "--verbosity", "0").check_returncode()
        done = run(data, "-m", "tests.golden.inside", "fill", str(made))
        if done.returncode:
            sys.exit(done.stderr)
        shutil.move(made, folder)
    return folder


if __name__ == "__main__":
    written = make()
    size = sum(path.stat().st_size for path in written.rglob("*") if path.is_file())
    sys.stdout.write(f"{written}: {size:,} bytes\n")
