"""Settings that cannot be safe stop the start, with the variable's name."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ragsite import env
from ragsite.env import ConfigurationError

SETTINGS = Path(__file__).resolve().parents[2] / "ragsite" / "settings.py"
Load = Callable[..., dict[str, Any]]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Load:
    """Run the settings with these variables, without a ``.env``."""
    monkeypatch.setattr(env, "load", lambda _path: None)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def run(**variables: str) -> dict[str, Any]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(SETTINGS))

    return run


@pytest.mark.parametrize(
    "secret", ["", "changeme", "x" * 49, "a" * 60, "django-insecure-" + "abcdefghij" * 5]
)
def test_a_weak_secret_key_is_refused(load: Load, secret: str) -> None:
    with pytest.raises(ConfigurationError, match="SECRET_KEY must be at least 50"):
        load(SECRET_KEY=secret)


@pytest.mark.parametrize("key", ["", "short"])
def test_a_missing_or_short_database_key_is_refused(load: Load, key: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_KEY must be 64 hexadecimal digits"):
        load(DATABASE_KEY=key)


def test_the_database_key_itself_is_not_among_the_settings(load: Load) -> None:
    key = "0f" * 32
    assert key not in repr({k: v for k, v in load(DATABASE_KEY=key).items() if k.isupper()})


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])
def test_debugging_is_refused_where_others_can_reach_it(load: Load, host: str) -> None:
    with pytest.raises(ConfigurationError, match="DEBUG must be false"):
        load(DEBUG="true", HOST=host)


def test_debugging_is_off_unless_asked_for(load: Load) -> None:
    assert load()["DEBUG"] is False


def test_answering_to_every_host_name_is_refused(load: Load) -> None:
    with pytest.raises(ConfigurationError, match="ALLOWED_HOSTS"):
        load(ALLOWED_HOSTS="example.org,*")


def test_a_place_that_cannot_be_written_is_refused(load: Load, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="DATA_DIR must be a folder to write in"):
        load(DATA_DIR=str(tmp_path / "file" / "below"))


def test_a_database_of_another_kind_is_refused(load: Load) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        load(DATABASE_URL="mysql://host/name")


def test_an_overlap_of_more_than_half_is_refused(load: Load) -> None:
    with pytest.raises(ConfigurationError, match="CHUNK_OVERLAP"):
        load(CHUNK_SIZE="1000", CHUNK_OVERLAP="501")


def test_the_data_is_for_its_owner_alone(load: Load) -> None:
    folder = load()["DATA_DIR"]
    assert {path.stat().st_mode & 0o077 for path in [folder, *folder.iterdir()]} == {0}


def test_https_alone_makes_cookies_and_transport_strict(load: Load) -> None:
    strict = load(HTTPS_ONLY="true")
    assert strict["SESSION_COOKIE_SECURE"]
    assert strict["CSRF_COOKIE_SECURE"]
    assert strict["SECURE_SSL_REDIRECT"]
    assert strict["SECURE_HSTS_SECONDS"] >= 31_536_000
    assert strict["SESSION_COOKIE_NAME"] == "__Host-sessionid"
    assert strict["CSRF_COOKIE_NAME"] == "__Host-csrftoken"


def test_a_forwarded_scheme_is_believed_only_behind_a_proxy(load: Load) -> None:
    assert "SECURE_PROXY_SSL_HEADER" not in load()
    assert "SECURE_PROXY_SSL_HEADER" in load(TRUSTED_PROXIES="1")


def test_the_address_of_redis_alone_moves_cache_and_broker_there(load: Load) -> None:
    made = load(REDIS_URL="redis://127.0.0.1:6399/3")
    assert made["CELERY_BROKER_URL"] == "redis://127.0.0.1:6399/3"
    assert made["CACHES"]["default"]["BACKEND"] == "ragsite.redis_cache.RedisCache"
    assert made["CACHES"]["default"]["LOCATION"] == "redis://127.0.0.1:6399/3"


def test_nothing_that_redis_holds_is_ever_run(load: Load) -> None:
    options = load(REDIS_URL="redis://127.0.0.1:6399/3")["CACHES"]["default"]["OPTIONS"]
    assert options["SERIALIZER"].endswith("JSONSerializer")


@pytest.mark.parametrize("address", ["localhost:6379", "http://localhost:6379", "redis"])
def test_an_address_that_is_none_of_redis_stops_the_start(load: Load, address: str) -> None:
    with pytest.raises(
        ConfigurationError, match="REDIS_URL must be an address that starts with redis://"
    ):
        load(REDIS_URL=address)
