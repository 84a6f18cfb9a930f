"""The list of parts that the product runs on, in CycloneDX's form.

Run as a file, without the product's settings. Names, versions and hashes are those pinned in
``requirements.txt``; licences and what needs what are those of the packages installed here. The
same packages give the same bytes: there is no time in it, and its number is made of its content.
The form is that of https://cyclonedx.org/docs/1.6/json/.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from importlib import metadata
from pathlib import Path
from typing import Any, Final, TypeAlias

Component: TypeAlias = dict[str, Any]

ROOT: Final = Path(__file__).resolve().parents[2]
_PIN: Final = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)(.*)", re.MULTILINE)
_NAME: Final = re.compile(r"([\w.-]+)")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_VERSION: Final = re.compile(r'^VERSION = "([^"]+)"', re.MULTILINE)
#: A licence is told by its name; some packages have its whole text in that place.
_LONGEST: Final = 100
#: Read in the licence files of packages whose description does not tell.
_READ: Final = {"sqlcipher3": "Zlib"}


class NotAsPinned(Exception):
    """What is installed is not what is pinned. The message is a sentence."""


def bill(root: Path = ROOT) -> dict[str, Any]:
    """Return the list. Raises ``NotAsPinned`` where another version is installed."""
    version = _found(_VERSION, (root / "ragsite" / "settings.py").read_text(encoding="utf-8"))
    pins = (root / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    parts = [_component(*pin) for pin in _PIN.findall(pins)]
    product = {
        "type": "application",
        "bom-ref": "ragsite",
        "name": "ragsite",
        "version": version,
        "licenses": [{"license": {"id": "Apache-2.0"}}],
    }
    body = {
        "metadata": {"component": product},
        "components": parts,
        "dependencies": _dependencies({part["name"]: part["bom-ref"] for part in parts}),
    }
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(body, sort_keys=True))
    head = {"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": number.urn}
    return head | {"version": 1} | body


def _found(pattern: re.Pattern[str], text: str) -> str:
    match = pattern.search(text)
    return match[1] if match else ""


def plain(name: str) -> str:
    """Return the normal form of a package's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _component(name: str, version: str, rest: str) -> Component:
    name = plain(name)
    identity = f"pkg:pypi/{name}@{version}"
    digests = [{"alg": "SHA-256", "content": digest} for digest in _HASH.findall(rest)]
    described: Component = {
        "type": "library",
        "bom-ref": identity,
        "name": name,
        "version": version,
        "purl": identity,
        # Hashes of its files for each platform; the one that was installed is among them.
        "externalReferences": [{"type": "distribution", "url": identity, "hashes": digests}],
    }
    found = _installed(name)
    if found is None:  # for other systems, or taken away again for its size
        return described | {"scope": "excluded"}
    if found.version != version:
        raise NotAsPinned(f"{name} is installed as {found.version}, but pinned as {version}.")
    return described | {"licenses": licences(found)}


def _installed(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def licences(package: metadata.Distribution) -> list[dict[str, Any]]:
    """Return a package's licences, as exactly as it tells them itself."""
    told = package.metadata
    if expressions := told.get_all("License-Expression"):
        return [{"expression": expressions[0]}]
    classifiers = [c for c in told.get_all("Classifier") or [] if c.startswith("License ::")]
    names = [classifier.rpartition(" :: ")[2] for classifier in classifiers]
    if not names or names == ["OSI Approved"]:
        first = "".join(told.get_all("License") or []).strip().partition("\n")[0]
        name = first if 0 < len(first) <= _LONGEST else _READ.get(plain(told["Name"]), "not told")
        names = [name]
    return [{"license": {"name": name}} for name in names]


def _dependencies(known: dict[str, str]) -> list[dict[str, Any]]:
    """Return which package needs which, among those pinned; the product stands for all."""
    rows = [{"ref": "ragsite", "dependsOn": sorted(known.values())}]
    for name, reference in known.items():
        package = _installed(name)
        lines = package.requires if package is not None else None
        needed = {plain(_found(_NAME, line)) for line in lines or ()}
        among = sorted(known[each] for each in needed & known.keys() - {name})
        rows.append({"ref": reference, "dependsOn": among})
    return rows


if __name__ == "__main__":
    try:
        sys.stdout.write(json.dumps(bill(), indent=1, sort_keys=True) + "\n")
    except (NotAsPinned, OSError) as error:
        sys.exit(f"The list of parts cannot be made: {error}")
