"""The settings, the example and the documentation name the same variables."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READERS = {"text", "integer", "number", "boolean", "listing", "choice", "rate", "url", "prices",
           "thresholds", "hosts", "origins"}  # fmt: skip
#: Defaults that depend on another variable; the example leaves these empty.
DERIVED = {"DATABASE_URL"}


def read_by_settings() -> dict[str, str]:
    """Return the variables that the settings read, with their defaults as one would write them."""
    tree = ast.parse((ROOT / "ragsite" / "settings.py").read_text(encoding="utf-8"))
    calls = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr in READERS) == ("env", True)
    ]
    return {ast.literal_eval(call.args[0]): default(call) for call in calls}


def default(call: ast.Call) -> str:
    given = [k.value for k in call.keywords if k.arg == "default"] or call.args[1:2]
    value = given[0].value if given and isinstance(given[0], ast.Constant) else ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def in_example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("=", 1) for line in lines if line and not line.startswith("#")]
    return {name: value.partition("#")[0].strip() for name, value in pairs}


def in_documentation() -> set[str]:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    return set(re.findall(r"^\| `([A-Z_0-9]+)` ", text, re.MULTILINE))


def test_the_settings_are_read_from_many_variables() -> None:
    assert {"SECRET_KEY", "DATA_DIR", "MAX_FILE_SIZE"} < set(read_by_settings())


def test_the_example_names_every_variable_and_no_other() -> None:
    assert set(in_example()) == set(read_by_settings())


def test_the_documentation_names_every_variable_and_no_other() -> None:
    assert in_documentation() == set(read_by_settings())


@pytest.mark.parametrize("name", sorted(set(read_by_settings()) - DERIVED))
def test_the_example_gives_the_default(name: str) -> None:
    assert in_example()[name] == read_by_settings()[name]


def test_the_example_holds_no_secret() -> None:
    assert in_example()["SECRET_KEY"] == in_example()["DATABASE_KEY"] == ""


def test_every_variable_of_the_example_is_explained() -> None:
    blocks = (ROOT / ".env.example").read_text(encoding="utf-8").split("\n\n")
    groups = [re.findall(r"(?:^#.*\n)+(?:^[A-Z].*\n?)+", block, re.MULTILINE) for block in blocks]
    explained = re.findall(r"^([A-Z_]+)=", "".join(g for gs in groups for g in gs), re.MULTILINE)
    assert set(explained) == set(in_example())
