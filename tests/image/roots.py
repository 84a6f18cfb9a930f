"""Root file systems: a clean Debian, copies of it, and commands that run inside."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: The release that the image's Python is built on.
SUITE = "bookworm"
MIRROR = "http://deb.debian.org/debian"


class StepFailed(Exception):
    """A command inside a root did not succeed. The message says which."""


@dataclass(slots=True)
class Outside:
    """What of this machine the builder may use, as a proxy or a mirror of packages."""

    environment: dict[str, str] = field(default_factory=dict)
    #: Folders shown read-only inside: (outside, inside).
    folders: list[tuple[str, str]] = field(default_factory=list)


def say(sentence: str) -> None:
    """Print a line at once: the steps print too."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def make_base(target: Path) -> None:
    """Make what ``python:3.11-slim`` is: Debian, and ``python`` in ``/usr/local/bin``."""
    making = target.with_name(f"{target.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    include = "--include=ca-certificates,python3,python3-venv"
    command = ["debootstrap", "--variant=minbase", include, SUITE, str(making), MIRROR]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    (making / "usr/local/bin/python").symlink_to("/usr/bin/python3")
    (making / "etc/apt/apt.conf.d/no-sandbox").write_text('APT::Sandbox::User "root";\n')
    making.rename(target)


def clone(source: Path, target: Path) -> None:
    """Copy a whole root with owners and modes."""
    subprocess.run(["cp", "-a", f"{source}/.", str(target)], check=True)


def run(
    root: Path,
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: str,
    user: str,
    outside: Outside,
) -> None:
    """Run a command inside, with mounts and processes of its own. Raises ``StepFailed``."""
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    script = ["set -e", f"mount -t proc proc '{root}/proc'", f"mount --rbind /dev '{root}/dev'"]
    for host, inside in outside.folders:
        (root / inside.lstrip("/")).mkdir(parents=True, exist_ok=True)
        script.append(f"mount --bind -o ro '{host}' '{root}{inside}'")
    script.append(f'exec chroot "{root}" setpriv {privileges(user)} env -C "$FOLDER" -- "$@"')
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "sh", "-c", "\n".join(script), "sh", *command],
        env={**outside.environment, **environment, "FOLDER": folder},
        check=False,
    )
    for _, inside in outside.folders:
        remove_empty(root, inside)
    if done.returncode:
        raise StepFailed(f"ended with {done.returncode}: {' '.join(command)[:200]}")


def privileges(user: str) -> str:
    """Return the options of ``setpriv`` for a user; only root keeps capabilities."""
    uid, _, gid = user.partition(":")
    options = f"--reuid {uid} --regid {gid or uid} --clear-groups"
    if uid != "0":
        options += " --no-new-privs --bounding-set=-all --inh-caps=-all"
    return options


def remove_empty(root: Path, inside: str) -> None:
    """Remove the folder that something was mounted on, and those above that became empty."""
    folder = root / inside.lstrip("/")
    while folder != root:
        try:
            folder.rmdir()
        except OSError:
            return
        folder = folder.parent


def size(path: Path) -> int:
    """Return the bytes that the files below take."""
    if not path.is_dir():
        return path.lstat().st_size
    return sum(
        (Path(folder) / name).lstat().st_size
        for folder, _, names in os.walk(path)
        for name in names
    )
