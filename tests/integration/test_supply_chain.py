"""What is installed is what was pinned: a package with another hash is refused."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _wheel(folder: Path) -> str:
    """Write a package of one line; return its SHA-256."""
    files = {
        "tiny.py": b"x = 1\n",
        "tiny-1.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": (
            b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        ),
    }
    lines = [f"{name},sha256={_digest(data)},{len(data)}" for name, data in files.items()]
    files["tiny-1.0.dist-info/RECORD"] = "\n".join([*lines, "tiny-1.0.dist-info/RECORD,,"]).encode()
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def _install(folder: Path, requirement: str) -> subprocess.CompletedProcess[str]:
    """Install as the scripts and the image do, from this folder alone."""
    (folder / "requirements.txt").write_text(f"{requirement}\n")
    command = [sys.executable, "-m", "pip", "install", "--isolated", "--no-index", "--no-compile",
               "--disable-pip-version-check", "--find-links", str(folder), "--require-hashes",
               "--target", str(folder / "target"),
               "--requirement", str(folder / "requirements.txt")]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_package_with_its_hash_is_installed(tmp_path: Path) -> None:
    done = _install(tmp_path, f"tiny==1.0 --hash=sha256:{_wheel(tmp_path)}")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "target" / "tiny.py").exists()


def test_a_changed_hash_fails_the_installation(tmp_path: Path) -> None:
    digest = _wheel(tmp_path)
    changed = f"{int(digest[0], 16) ^ 1:x}{digest[1:]}"
    done = _install(tmp_path, f"tiny==1.0 --hash=sha256:{changed}")
    assert done.returncode != 0
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert not (tmp_path / "target" / "tiny.py").exists()


def test_a_package_without_a_hash_fails_the_installation(tmp_path: Path) -> None:
    _wheel(tmp_path)
    done = _install(tmp_path, "tiny==1.0")
    assert done.returncode != 0
    assert "hashes" in done.stderr.lower()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_pinned_package_has_a_hash(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    assert lines
    assert [
        line for line in lines if not re.search(r"==\S+.*--hash=sha256:[0-9a-f]{64}", line)
    ] == []


@pytest.mark.parametrize("name", ["script/_venv.sh", "Dockerfile"])
def test_whatever_installs_asks_for_hashes(name: str) -> None:
    text = (ROOT / name).read_text().replace("\\\n", " ")
    installs = [line for line in text.splitlines() if re.search(r"pip install\b", line)]
    assert installs
    assert [line for line in installs if "--require-hashes" not in line] == []
