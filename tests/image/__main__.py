"""Builds the image's root by the Dockerfile's own steps and tries what came out.

``script/image-check --help`` tells the options. Needs root, debootstrap and a Debian mirror.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.image import roots
from tests.image.context import Context
from tests.image.dockerfile import Stage, Step, Unsupported, stages
from tests.image.roots import say

ROOT = Path(__file__).resolve().parents[2]
#: Names of files that would hold a secret.
FORBIDDEN = ("SECRET_KEY", "DATABASE_KEY", "OPENAI_API_KEY")


class Builder:
    """Carries out stages, each in a root of its own below ``scratch``."""

    def __init__(self, scratch: Path, base: Path, outside: roots.Outside) -> None:
        self._scratch = scratch
        self._base = base
        self._outside = outside
        self._context = Context.of(ROOT)
        self._built: dict[str, Path] = {}

    def build(self, stage: Stage) -> Path:
        """Return the root that the stage makes."""
        root = self._scratch / f"stage-{len(self._built)}"
        root.mkdir(mode=0o755)
        roots.clone(self._base, root)
        for step in stage.steps:
            self._carry_out(step, root)
        self._built[stage.name or str(len(self._built))] = root
        return root

    def _carry_out(self, step: Step, root: Path) -> None:
        if step.word not in {"RUN", "COPY", "WORKDIR"}:
            return
        before = roots.size(root)
        say(f"{step.word} {step.text[:100]}")
        if step.word == "COPY":
            self._copy(step, root)
        elif step.word == "WORKDIR":
            (root / step.folder.lstrip("/")).mkdir(parents=True, exist_ok=True)
        else:
            self._run(step, root)
        say(f"    {(roots.size(root) - before) / 1e6:+.1f} MB")

    def _run(self, step: Step, root: Path) -> None:
        roots.run(
            root,
            ["/bin/sh", "-c", step.text],
            environment=step.environment,
            folder=step.folder,
            user=step.user,
            outside=self._outside,
        )

    def _copy(self, step: Step, root: Path) -> None:
        *options, source, target = step.text.split()
        into = root / os.path.normpath(f"{step.folder}/{target}").lstrip("/")
        if not options:
            self._context.copy(source, into)  # made by root, so root's, as Docker has it
        elif len(options) == 1 and options[0].startswith("--from="):
            from_root = self._built[options[0].removeprefix("--from=")]
            into.mkdir(parents=True, exist_ok=True)
            roots.clone(from_root / source.lstrip("/"), into)
        else:
            raise Unsupported(f"COPY {step.text}")


def configuration(stage: Stage) -> dict[str, object]:
    """Return what a container of this stage is started with."""

    def words(name: str) -> list[str]:
        step = stage.last(name)
        return step.exec_form if step else []

    health, stop = stage.last("HEALTHCHECK"), stage.last("STOPSIGNAL")
    if health is None or stop is None:
        raise Unsupported("An image of ours has a HEALTHCHECK and a STOPSIGNAL.")
    return {
        "environment": stage.environment,
        "folder": stage.folder,
        "user": stage.user,
        "entrypoint": words("ENTRYPOINT"),
        "command": words("CMD"),
        "volumes": words("VOLUME"),
        "health": json.loads(health.text.partition(" CMD ")[2]),
        "stop": stop.text,
    }


#: Places where a build leaves nothing.
EMPTY = ("tmp", "root", "data", "secrets", "backups")


def left_behind(root: Path, base: Path) -> list[str]:
    """Return files that the base does not have in such places, and those named like secrets."""

    def files(place: str) -> set[str]:
        return {str(p.relative_to(root)) for p in (root / place).rglob("*") if p.is_file()}

    there = {path for place in EMPTY for path in files(place) if not (base / path).exists()}
    named = {path for path in files("app") if Path(path).name in {".env", *FORBIDDEN}}
    return sorted(there | named)


def try_out(root: Path, image: dict[str, object]) -> int:
    """Start what was built; return the exit code of the trial."""
    namespaces = ["unshare", "--mount", "--pid", "--net", "--ipc", "--fork", "--kill-child"]
    command = [*namespaces, sys.executable, "-m", "tests.image.trial", str(root)]
    return subprocess.run(
        command, cwd=ROOT, input=json.dumps(image), text=True, check=False
    ).returncode


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/image-check", description=__doc__)
    parser.add_argument("--base", type=Path, help="clean Debian to start from; made where missing")
    parser.add_argument("--keep", type=Path, help="work here, and leave what was built")
    pair: dict[str, Any] = {"action": "append", "default": [], "metavar": "A=B"}
    parser.add_argument("--build-arg", **pair, help="as of docker build")
    parser.add_argument("--env", **pair, help="variable of the build steps, as PIP_INDEX_URL")
    parser.add_argument("--bind", **pair, help="folder shown inside, read-only, as OUTSIDE=INSIDE")
    return parser.parse_args()


def main() -> int:
    """Build and try. Exit code 0 where every step and every check succeeds."""
    given = arguments()
    scratch = given.keep or Path(tempfile.mkdtemp(prefix="image-check-"))
    scratch.mkdir(parents=True, exist_ok=True)
    base = given.base or scratch / "base"
    try:
        if not base.exists():
            roots.make_base(base)
        folders = [(a, b) for a, _, b in (pair.partition("=") for pair in given.bind)]
        outside = roots.Outside(dict(pair.split("=", 1) for pair in given.env), folders)
        builder = Builder(scratch, base, outside)
        text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
        found = stages(text, dict(pair.split("=", 1) for pair in given.build_arg))
        built = [builder.build(stage) for stage in found][-1]
        say(f"The image adds {(roots.size(built) - roots.size(base)) / 1e6:.0f} MB to its base.")
        if left := left_behind(built, base):
            say(f"FAILED: left behind: {', '.join(left[:10])}")
            return 1
        return try_out(built, configuration(found[-1]))
    except (roots.StepFailed, Unsupported, AssertionError) as error:
        say(f"FAILED: {error}")
        return 1
    finally:
        if given.keep is None:
            shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
