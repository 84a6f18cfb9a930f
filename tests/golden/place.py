"""Where volumes are, and the environment in which each was made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = Path(__file__).parent
#: Made up, for the volumes alone.
KEY: Final = "60" * 16 + "1d" * 16
PASSWORD: Final = "a golden password"


def releases() -> list[str]:
    """Return the releases that a volume is kept of."""
    return sorted(path.parent.name for path in FOLDER.glob("*/expected.json"))


def environment(data: Path) -> dict[str, str]:
    """Return what programs run with on the data of a volume."""
    named = {
        "DATA_DIR": str(data),
        "DATABASE_KEY": KEY,
        "SECRET_KEY": "golden-" + "0123456789abcdef" * 4,
        "EMBEDDING_MODEL": "auto",
        "CHAT_MODEL": "extractive",
        "RECOGNITION": "off",
        "REQUEST_LOG_DAYS": "0",
        "METRICS_DAYS": "0",
        "LOG_LEVEL": "ERROR",
    }
    return os.environ | named


def run(data: Path, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these words on the data of a volume; its exit code is not looked at."""
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environment(data) | more,
        capture_output=True,
        text=True,
        check=False,
    )


def manage(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of ``manage.py`` on the data of a volume."""
    return run(data, "manage.py", *words)
