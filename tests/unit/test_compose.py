"""``docker-compose.yml``: one command, and each service as confined as it can be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
EVERY = pytest.mark.parametrize("name", sorted(SERVICES))


@EVERY
def test_a_service_has_a_root_that_it_cannot_write(name: str) -> None:
    assert SERVICES[name]["read_only"] is True


@EVERY
def test_a_service_has_no_capability(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]


@EVERY
def test_a_service_is_limited(name: str) -> None:
    assert {"mem_limit", "pids_limit", "logging"} <= set(SERVICES[name])


def test_one_port_is_published_and_to_this_machine_only() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published == ["127.0.0.1:${PORT:-5000}:5000"]


def test_redis_is_reached_from_inside_only() -> None:
    assert SERVICES["redis"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}


def test_every_volume_that_is_mounted_is_declared() -> None:
    mounted = {v.split(":")[0] for s in SERVICES.values() for v in s.get("volumes", [])}
    assert mounted == set(COMPOSE["volumes"])


def test_backups_lie_in_a_volume_of_their_own() -> None:
    worker = SERVICES["worker"]
    assert f"backups:{worker['environment']['BACKUP_DIR']}" in worker["volumes"]


def test_only_the_maker_of_the_secrets_can_write_them() -> None:
    writers = [n for n, s in SERVICES.items() if "secrets:/secrets" in s.get("volumes", [])]
    assert writers == ["secrets"]


def test_no_secret_of_the_product_is_in_its_environment() -> None:
    assert not {"SECRET_KEY", "DATABASE_KEY"} & set(SERVICES["web"]["environment"])


def test_the_database_is_prepared_before_anything_starts() -> None:
    for name in ("web", "worker", "beat"):
        waits = SERVICES[name]["depends_on"]
        assert waits["prepare"] == {"condition": "service_completed_successfully"}
        assert waits["redis"] == {"condition": "service_healthy"}


def test_a_service_gets_longer_to_stop_than_its_programs_take() -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "40s"


def test_the_queue_is_never_evicted() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--maxmemory-policy") + 1] == "volatile-lru"


def test_what_is_passed_on_are_variables_that_the_product_reads() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = [name.removesuffix("_FILE") for name in SERVICES["web"]["environment"]]
    assert not [name for name in names if f"\n{name}=" not in example]


def test_a_default_is_that_of_the_product() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    for name in ("MAX_FILE_SIZE", "WEB_CONCURRENCY", "WORKER_CONCURRENCY", "EMBEDDING_MODEL"):
        found = re.search(rf"\${{{name}:-(\w+)}}", TEXT)
        assert found
        assert re.search(rf"^{name}={found[1]}\b", example, re.MULTILINE)
