"""The list of parts: whole, exact, and in the form it says it is in."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from ragsite.ops.sbom import NotAsPinned, bill, licences, plain

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return bill()


def test_it_names_every_pinned_package_with_all_of_its_hashes(found: dict[str, Any]) -> None:
    pinned = (ROOT / "requirements.txt").read_text()
    names = {plain(name) for name in re.findall(r"^([\w.-]+)[=\[]", pinned, re.MULTILINE)}
    assert {part["name"] for part in found["components"]} == names
    digests = [d for part in found["components"] for d in part["externalReferences"][0]["hashes"]]
    assert len(digests) == pinned.count("--hash=sha256:")


def test_every_package_tells_its_licence(found: dict[str, Any]) -> None:
    there = [part for part in found["components"] if part.get("scope") != "excluded"]
    assert len(there) > 0.8 * len(found["components"])
    silent = [part["name"] for part in there if "not told" in json.dumps(part["licenses"])]
    assert silent == []


def test_the_product_stands_for_all_parts(found: dict[str, Any]) -> None:
    assert found["metadata"]["component"]["version"] == "0.1.0"
    first, *others = found["dependencies"]
    assert len(first["dependsOn"]) == len(found["components"]) == len(others)
    needs = {row["ref"].partition("@")[0]: row["dependsOn"] for row in others}
    django = next(p["bom-ref"] for p in found["components"] if p["name"] == "django")
    assert django in needs["pkg:pypi/djangorestframework"]


def test_it_is_the_same_each_time(found: dict[str, Any]) -> None:
    assert bill() == found


def test_it_fits_the_published_schema(found: dict[str, Any]) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(json.dumps(found)) is None
    assert validator.validate_str(json.dumps(found | {"components": [{"name": "x"}]})) is not None


def _place(root: Path, pins: str) -> Path:
    (root / "ragsite").mkdir()
    (root / "ragsite" / "settings.py").write_text('VERSION = "9.9"\n')
    (root / "requirements.txt").write_text(pins)
    return root


def test_another_version_than_the_pinned_one_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotAsPinned, match=r"django is installed as .*, but pinned as 0\.1\."):
        bill(_place(tmp_path, "Django==0.1 \\\n    --hash=sha256:" + "0" * 64))


def test_a_package_that_is_not_installed_is_told_as_such(tmp_path: Path) -> None:
    (part,) = bill(_place(tmp_path, "no_such.Package==1.0\n"))["components"]
    assert part["purl"] == "pkg:pypi/no-such-package@1.0"
    assert part["scope"] == "excluded"
    assert "licenses" not in part


@pytest.mark.parametrize(
    ("told", "licence"),
    [
        ("License-Expression: MIT OR Apache-2.0", [{"expression": "MIT OR Apache-2.0"}]),
        ("Classifier: License :: OSI Approved :: ISC", [{"license": {"name": "ISC"}}]),
        ("License: ISC", [{"license": {"name": "ISC"}}]),
        ("License: ISC License\n        \n        (c)", [{"license": {"name": "ISC License"}}]),
        (f"License: {'long ' * 40}", [{"license": {"name": "not told"}}]),
        ("Summary: nothing", [{"license": {"name": "not told"}}]),
    ],
)  # fmt: skip
def test_a_licence_is_told_as_the_package_tells_it(
    tmp_path: Path, told: str, licence: list[Any]
) -> None:
    (tmp_path / "METADATA").write_text(f"Metadata-Version: 2.4\nName: x\nVersion: 1\n{told}\n")
    assert licences(metadata.PathDistribution(tmp_path)) == licence


def test_it_is_made_without_settings_or_secrets() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "ragsite/ops/sbom.py"],
        cwd=ROOT, env={}, capture_output=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["bomFormat"] == "CycloneDX"
