"""Variables of the environment, read and refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ragsite import env
from ragsite.env import ConfigurationError


@pytest.fixture
def variable(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Set ``THING``, and leave the environment as it was."""
    return lambda value: monkeypatch.setenv("THING", value)


@pytest.mark.parametrize("value", ["", "   "])
def test_an_empty_variable_counts_as_not_set(variable: Callable[[str], None], value: str) -> None:
    variable(value)
    assert env.text("THING", "default") == "default"


def test_a_value_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("KEPT_FILE", str(tmp_path / "secret"))
    assert env.text("KEPT") == "from the file"


def test_a_file_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOST_FILE", str(tmp_path / "absent"))
    with pytest.raises(ConfigurationError, match="LOST_FILE"):
        env.text("LOST")


def test_a_comment_behind_a_value_is_no_part_of_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("SIZE_IN_FILE", "QUOTED_IN_FILE"):
        monkeypatch.setenv(name, "to be taken away again, whatever the file sets")
        monkeypatch.delenv(name)
    lines = "SIZE_IN_FILE=10485760  # 10 MB\nQUOTED_IN_FILE='a # b'\n"
    (tmp_path / ".env").write_text(lines, encoding="utf-8")
    env.load(tmp_path / ".env")
    assert (env.integer("SIZE_IN_FILE", 1), env.text("QUOTED_IN_FILE")) == (10485760, "a # b")


def test_the_environment_goes_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("THING", "environment")
    (tmp_path / ".env").write_text("THING=file\n", encoding="utf-8")
    env.load(tmp_path / ".env")
    assert env.text("THING") == "environment"


@pytest.mark.parametrize("value", ["ten", "1.5", "0", "11", "NaN", "１1x"])
def test_a_whole_number_out_of_bounds_is_refused_by_name(
    variable: Callable[[str], None], value: str
) -> None:
    variable(value)
    with pytest.raises(ConfigurationError, match="THING must be a whole number from 1 to 10"):
        env.integer("THING", 5, low=1, high=10)


@pytest.mark.parametrize(("value", "expected"), [("1", 1), ("10", 10), ("", 5)])
def test_a_whole_number_within_bounds_is_taken(
    variable: Callable[[str], None], value: str, expected: int
) -> None:
    variable(value)
    assert env.integer("THING", 5, low=1, high=10) == expected


@pytest.mark.parametrize("value", ["nan", "inf", "-0.1", "1.1", "much"])
def test_a_share_out_of_bounds_is_refused(variable: Callable[[str], None], value: str) -> None:
    variable(value)
    with pytest.raises(ConfigurationError, match="THING must be a number from 0 to 1"):
        env.number("THING", 0.5)


@pytest.mark.parametrize(
    ("value", "expected"),
    [("true", True), ("YES", True), ("1", True), ("on", True), ("False", False), ("off", False)],
)
def test_yes_and_no_have_many_spellings(
    variable: Callable[[str], None], value: str, expected: bool
) -> None:
    variable(value)
    assert env.boolean("THING", default=not expected) is expected


def test_what_is_neither_yes_nor_no_is_refused(variable: Callable[[str], None]) -> None:
    variable("maybe")
    with pytest.raises(ConfigurationError, match="THING must be true or false, not 'maybe'"):
        env.boolean("THING", default=False)


def test_a_list_is_cut_at_commas(variable: Callable[[str], None]) -> None:
    variable(" a, b,,c ")
    assert env.listing("THING") == ["a", "b", "c"]


def test_an_unknown_member_of_a_list_is_named(variable: Callable[[str], None]) -> None:
    variable("pdf,exe")
    with pytest.raises(ConfigurationError, match="'exe' is none of them"):
        env.listing("THING", known=["pdf", "txt"])


def test_an_unknown_choice_is_refused(variable: Callable[[str], None]) -> None:
    variable("LOUD")
    with pytest.raises(ConfigurationError, match="THING must be one of QUIET, not 'LOUD'"):
        env.choice("THING", "QUIET", ["QUIET"])


def test_an_address_loses_its_last_slash(variable: Callable[[str], None]) -> None:
    variable("https://host/v1/")
    assert env.url("THING") == "https://host/v1"


@pytest.mark.parametrize("value", ["host/v1", "ftp://host", "file:///etc/passwd"])
def test_an_address_of_another_kind_is_refused(variable: Callable[[str], None], value: str) -> None:
    variable(value)
    with pytest.raises(ConfigurationError, match="THING must be an address"):
        env.url("THING")


def test_a_mail_server_is_read_from_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMAIL_URL", "smtp+tls://ada:secret@mail.example.org:587")
    read = env.mail("EMAIL_URL")
    assert (read["EMAIL_HOST"], read["EMAIL_PORT"]) == ("mail.example.org", 587)
    assert (read["EMAIL_HOST_USER"], read["EMAIL_HOST_PASSWORD"]) == ("ada", "secret")
    assert read["EMAIL_USE_TLS"] is True


@pytest.mark.parametrize("value", ["mail.example.org", "http://mail", "smtp://", "consolemail://"])
def test_what_is_no_mail_server_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("EMAIL_URL", value)
    with pytest.raises(env.ConfigurationError, match="EMAIL_URL must be an address like smtp"):
        env.mail("EMAIL_URL")


def test_prices_are_read_by_model(variable: Callable[[str], None]) -> None:
    variable("gpt-x=0.4/1.6, org/tiny=2")
    assert env.prices("THING") == {"gpt-x": (0.4, 1.6), "org/tiny": (2.0, 2.0)}


def test_without_prices_there_are_none(variable: Callable[[str], None]) -> None:
    variable("")
    assert env.prices("THING") == {}


@pytest.mark.parametrize("value", ["gpt-x", "gpt-x=", "=1/2", "gpt-x=a/b", "gpt-x=1/-2", "x=1/"])
def test_what_is_no_price_stops_the_start(variable: Callable[[str], None], value: str) -> None:
    variable(value)
    with pytest.raises(ConfigurationError, match="THING must be models with what"):
        env.prices("THING")


HOSTS = "localhost,127.0.0.1,[::1],docs.example.org,.example.org"


def test_host_names_are_taken_as_they_are(variable: Callable[[str], None]) -> None:
    variable(HOSTS)
    assert env.hosts("THING") == HOSTS.split(",")


@pytest.mark.parametrize(
    "value", ["*", "http://x", "a b", "x:8000", "docs.example.org/", "ok,*.example.org"]
)
def test_what_is_no_host_name_stops_the_start(variable: Callable[[str], None], value: str) -> None:
    variable(value)
    with pytest.raises(ConfigurationError, match="THING must name the host names"):
        env.hosts("THING")


def test_origins_are_taken_as_they_are(variable: Callable[[str], None]) -> None:
    variable("https://docs.example.org, http://[::1]:8000,https://*.example.org")
    assert len(env.origins("THING")) == 3


@pytest.mark.parametrize("value", ["example.org", "*", "https://x/path", "ftp://x", "https://x/"])
def test_what_is_no_origin_stops_the_start(variable: Callable[[str], None], value: str) -> None:
    variable(value)
    with pytest.raises(ConfigurationError, match="THING must be a list of addresses"):
        env.origins("THING")


def test_a_large_bound_is_told_as_one_writes_it(variable: Callable[[str], None]) -> None:
    variable("0")
    with pytest.raises(ConfigurationError, match="from 1024 to 2147483648,"):
        env.integer("THING", 1, low=1024, high=2**31)
