"""The manifests for Kubernetes: valid by its own schemas, and as careful as we promise."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from ragsite import settings

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
FILES = sorted(path for path in FOLDER.rglob("*.yaml") if path.name != "kustomization.yaml")
#: The oldest release that is still maintained anywhere, and one of the newest there is.
RELEASES = ("1.29", "1.34")


@cache
def documents(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


def everything() -> list[dict[str, Any]]:
    return [document for path in FILES for document in documents(path)]


def pods() -> Iterator[tuple[str, dict[str, Any]]]:
    for document in everything():
        if "template" in document.get("spec", {}):
            yield document["metadata"]["name"], document["spec"]["template"]["spec"]


def containers() -> list[tuple[str, dict[str, Any]]]:
    kinds = ("initContainers", "containers")
    return [(c["name"], c) for _, pod in pods() for kind in kinds for c in pod.get(kind, [])]


POD = pytest.mark.parametrize(("name", "pod"), list(pods()), ids=[n for n, _ in pods()])
CONTAINER = pytest.mark.parametrize(
    ("name", "container"), containers(), ids=[n for n, _ in containers()]
)


def product() -> dict[str, Any]:
    return next(document for document in everything() if document["kind"] == "StatefulSet")


def base_settings() -> dict[str, str]:
    lines = (FOLDER / "base" / "settings.env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(FOLDER).as_posix())
def test_a_manifest_has_the_form_that_kubernetes_wants(path: Path, release: str) -> None:
    for document in documents(path):
        kubernetes_validate.validate(document, release, strict=True)


def test_the_validator_sees_a_word_that_is_no_field() -> None:
    wrong = product() | {"spec": product()["spec"] | {"replicaz": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, RELEASES[0], strict=True)


def test_every_manifest_is_named_by_a_kustomization() -> None:
    named = set()
    for path in FOLDER.rglob("kustomization.yaml"):
        for resource in documents(path)[0]["resources"]:
            named.add((path.parent / resource).resolve())
    unused = {path.resolve() for path in FILES} - named
    assert {path.name for path in unused} == {"secret.yaml"}


def test_no_manifest_chooses_a_namespace() -> None:
    assert not [d for d in everything() if "namespace" in d["metadata"]]


def test_there_is_one_pod_on_the_database_and_never_two() -> None:
    assert product()["spec"]["replicas"] == 1
    assert not [d for d in everything() if d["kind"] == "HorizontalPodAutoscaler"]


def test_the_pod_runs_every_part_once() -> None:
    found = [container["args"] for container in product()["spec"]["template"]["spec"]["containers"]]
    assert found == [["serve", "web"], ["serve", "worker"], ["serve", "beat"]]


def test_the_database_is_brought_up_to_date_before_anything_starts() -> None:
    (first,) = product()["spec"]["template"]["spec"]["initContainers"]
    assert first["args"][0] == "migrate"


@POD
def test_a_pod_does_not_run_as_root(name: str, pod: dict[str, Any]) -> None:
    context = pod["securityContext"]
    assert context["runAsNonRoot"] is True
    assert context["runAsUser"] > 0
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}


@POD
def test_a_pod_gets_no_token_of_kubernetes(name: str, pod: dict[str, Any]) -> None:
    assert pod["automountServiceAccountToken"] is False


@POD
def test_a_pod_keeps_out_of_the_node(name: str, pod: dict[str, Any]) -> None:
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(pod)
    assert not [volume for volume in pod["volumes"] if "hostPath" in volume]


@CONTAINER
def test_a_container_is_confined(name: str, container: dict[str, Any]) -> None:
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@CONTAINER
def test_a_container_has_requests_and_a_limit_of_memory(
    name: str, container: dict[str, Any]
) -> None:
    assert {"cpu", "memory"} <= set(container["resources"]["requests"])
    assert "memory" in container["resources"]["limits"]


@CONTAINER
def test_an_image_is_named_with_a_version(name: str, container: dict[str, Any]) -> None:
    _, colon, tag = container["image"].rpartition(":")
    assert colon
    assert tag != "latest"


def test_the_image_is_that_of_this_release() -> None:
    ours = {c["image"] for _, c in containers() if c["image"].startswith("ragsite:")}
    assert ours == {f"ragsite:{settings.VERSION}"}


@pytest.mark.parametrize("name", ["web", "redis"])
def test_a_container_that_is_asked_has_all_three_probes(name: str) -> None:
    container = dict(containers())[name]
    assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)


def test_the_probes_ask_for_a_host_that_the_site_answers_to() -> None:
    web = dict(containers())["web"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        (header,) = web[probe]["httpGet"]["httpHeaders"]
        assert header == {"name": "Host", "value": "localhost"}
    assert "localhost" in base_settings()["ALLOWED_HOSTS"].split(",")


def test_the_settings_are_variables_that_the_product_reads() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    names = [name.removesuffix("_FILE") for name in base_settings()]
    assert not [name for name in names if f"\n{name}=" not in example]


def test_what_is_written_lies_on_volumes() -> None:
    mounts = {m["name"]: m["mountPath"] for m in dict(containers())["web"]["volumeMounts"]}
    claimed = [claim["metadata"]["name"] for claim in product()["spec"]["volumeClaimTemplates"]]
    assert base_settings()["DATA_DIR"].startswith(mounts[claimed[0]])
    assert base_settings()["BACKUP_DIR"].startswith(mounts[claimed[1]])


def test_only_the_web_port_and_redis_are_reached() -> None:
    policies = [d["spec"] for d in everything() if d["kind"] == "NetworkPolicy"]
    ports = [p["port"] for s in policies for rule in s.get("ingress", []) for p in rule["ports"]]
    assert sorted(ports) == ["http", "redis"]


def test_what_the_cloud_tells_of_the_machine_is_out_of_reach() -> None:
    policy = documents(FOLDER / "base" / "networkpolicy.yaml")[0]["spec"]
    blocks = [to["ipBlock"] for rule in policy["egress"] for to in rule.get("to", [])]
    assert blocks
    assert all("169.254.0.0/16" in block["except"] for block in blocks)


def test_the_ingress_does_not_buffer_and_takes_the_largest_upload() -> None:
    ingress = documents(FOLDER / "examples" / "overlay" / "ingress.yaml")[0]
    prefix = "nginx.ingress.kubernetes.io/proxy-"
    said = {k.removeprefix(prefix): v for k, v in ingress["metadata"]["annotations"].items()}
    assert said["buffering"] == said["request-buffering"] == "off"
    assert int(said["body-size"].rstrip("m")) * 2**20 >= settings.MAX_UPLOAD_SIZE


def test_the_secret_that_is_shown_is_refused_by_the_product() -> None:
    shown = documents(FOLDER / "examples" / "secret.yaml")[0]["stringData"]
    assert len(shown["SECRET_KEY"]) < 50
