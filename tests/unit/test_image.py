"""The image: what is sent to its builder, and what its Dockerfile promises."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.image.__main__ import configuration, left_behind
from tests.image.context import Context
from tests.image.dockerfile import Stage, Unsupported, stages
from tests.image.roots import privileges

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def image() -> Stage:
    return stages((ROOT / "Dockerfile").read_text(encoding="utf-8"), {})[-1]


@pytest.fixture(scope="module")
def context() -> Context:
    return Context.of(ROOT)


def test_the_image_runs_without_root(image: Stage) -> None:
    assert image.user == "10001:10001"


def test_the_image_asks_after_its_own_health(image: Stage) -> None:
    health = image.last("HEALTHCHECK")
    assert health is not None
    assert "ragsite/ops/alive.py" in health.text


def test_no_secret_is_in_the_environment_of_the_image(image: Stage) -> None:
    assert not [name for name in image.environment if "KEY" in name or "SECRET" in name]


def test_every_package_is_installed_by_its_hash() -> None:
    build = stages((ROOT / "Dockerfile").read_text(encoding="utf-8"), {})[0]
    installs = [step.text for step in build.steps if "pip install" in step.text]
    assert installs
    assert all("--require-hashes" in text for text in installs)


def test_both_stages_stand_on_the_same_python() -> None:
    bases = {stage.base for stage in stages((ROOT / "Dockerfile").read_text(encoding="utf-8"), {})}
    assert bases == {"python:3.11-slim-bookworm"}


def test_a_build_argument_gives_another_base() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    found = stages(text, {"PYTHON_IMAGE": "python@sha256:0"})
    assert {stage.base for stage in found} == {"python@sha256:0"}


@pytest.mark.parametrize(
    "path",
    [
        ".env",
        "ragsite/.env",
        "documents/.env.local",
        ".git/config",
        "var/ragsite.db",
        "documents/left.db-wal",
        "tests/unit/test_image.py",
        "docs/security.md",
        "ragsite/__pycache__/settings.cpython-311.pyc",
        "deploy/kubernetes/examples/secret.yaml",
        "ragsite.env",
        "static/server.key",
    ],
)
def test_the_builder_is_not_sent(context: Context, path: str) -> None:
    assert not context.holds(path)


@pytest.mark.parametrize(
    "path", ["manage.py", "requirements.txt", "ragsite/settings.py", "static/css/app.css"]
)
def test_the_builder_is_sent(context: Context, path: str) -> None:
    assert context.holds(path)


def test_every_package_of_the_product_is_sent(context: Context) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = project["tool"]["importlinter"]["root_packages"]
    assert all(context.holds(f"{package}/__init__.py") for package in packages)


def test_only_what_the_builder_is_sent_is_copied(tmp_path: Path) -> None:
    (tmp_path / "in/app").mkdir(parents=True)
    (tmp_path / "in/app/code.py").write_text("1")
    (tmp_path / "in/app/.env").write_text("secret")
    copied = Context(tmp_path / "in", ["*", "!app", "**/.env"]).copy(".", tmp_path / "out")
    assert copied == 1
    assert [p.name for p in (tmp_path / "out").rglob("*") if p.is_file()] == ["code.py"]


def test_a_file_that_is_not_sent_cannot_be_copied(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="notes"):
        Context(tmp_path, ["notes"]).copy("notes", tmp_path / "out")


@pytest.mark.parametrize(
    ("languages", "packages"),
    [
        ("eng", ["tesseract-ocr-eng"]),
        ("eng+deu+chi_sim", ["tesseract-ocr-eng", "tesseract-ocr-deu", "tesseract-ocr-chi-sim"]),
    ],
)
def test_a_language_of_scanned_pages_becomes_a_package(
    image: Stage, languages: str, packages: list[str]
) -> None:
    (install,) = [step.text for step in image.steps if "tesseract" in step.text]
    script = f"{install.partition(' && ')[0]}; echo $packages"
    given = {"PATH": "/usr/bin:/bin", "RECOGNITION_LANGUAGES": languages}
    said = subprocess.run(
        ["sh", "-c", script], env=given, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == packages


def test_a_build_argument_is_not_in_the_environment_of_containers() -> None:
    (stage,) = stages("FROM a\nARG X=1\nRUN one\nENV Y=$X\n", {})
    assert stage.environment.keys() == {"PATH", "Y"}
    assert stage.environment["Y"] == stage.steps[1].environment["X"] == "1"


def test_an_instruction_goes_over_several_lines() -> None:
    (stage,) = stages("FROM a\nRUN one \\\n    # why\n    && two\n", {})
    assert stage.steps[0].text == "one && two"


def test_a_variable_knows_those_before_it() -> None:
    (stage,) = stages("FROM a\nENV PATH=/venv/bin:$PATH A=1\nENV B=${A}2\n", {})
    assert stage.environment["PATH"].startswith("/venv/bin:/usr/local/sbin")
    assert stage.environment["B"] == "12"


def test_a_step_runs_as_the_user_that_was_set_before_it() -> None:
    (stage,) = stages("FROM a\nRUN one\nUSER 7:8\nRUN two\n", {})
    assert [step.user for step in stage.steps if step.word == "RUN"] == ["0:0", "7:8"]


def test_an_instruction_that_is_not_known_is_an_error() -> None:
    with pytest.raises(Unsupported, match="ADD"):
        stages("FROM a\nADD http://example.org/x /x\n", {})


def test_a_command_that_is_not_a_list_is_an_error() -> None:
    (stage,) = stages("FROM a\nCMD serve web\n", {})
    with pytest.raises(Unsupported, match="JSON list"):
        _ = stage.steps[0].exec_form


def test_a_container_is_started_as_the_image_says(image: Stage) -> None:
    started = configuration(image)
    assert started["entrypoint"] == ["python", "manage.py"]
    assert started["command"] == ["serve", "web"]
    assert started["health"] == ["python", "-P", "ragsite/ops/alive.py"]
    assert started["volumes"] == ["/data", "/secrets"]


def test_an_image_without_a_health_check_is_refused() -> None:
    (stage,) = stages("FROM a\nSTOPSIGNAL SIGTERM\n", {})
    with pytest.raises(Unsupported, match="HEALTHCHECK"):
        configuration(stage)


def test_only_root_keeps_capabilities() -> None:
    assert "--bounding-set" not in privileges("0:0")
    assert "--bounding-set=-all" in privileges("7:8")
    assert privileges("7:8").startswith("--reuid 7 --regid 8 ")


def test_what_a_step_leaves_behind_is_found(tmp_path: Path) -> None:
    for name in ("base/tmp/kept", "image/tmp/kept", "image/tmp/key", "image/app/.env"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert left_behind(tmp_path / "image", tmp_path / "base") == ["app/.env", "tmp/key"]
