"""docker-compose.yml gives each service what it needs and no more, and names nothing that isn't there."""

import re
from pathlib import Path
from typing import Any

import yaml

from dispatcher.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (ROOT / "sidecar" / "Dockerfile").read_text()

ONLY_BUILT = {"inference"}  # an image, which the sidecar starts
ENDS = {"n8n-node", "n8n-workflows", "ollama-external"}  # they do one thing each
RUNNING = SERVICES.keys() - ONLY_BUILT - ENDS


def mounts(service: dict[str, Any]) -> list[tuple[str, str]]:
    """Source and target of each."""
    found = []
    for one in service.get("volumes", []):
        source, target = one.split(":")[:2] if isinstance(one, str) else (one["source"], one["target"])
        found.append((source, target))
    return found


def networks(service: dict[str, Any]) -> set[str]:
    """The networks a service is in; `default` is Compose's own."""
    return set() if "network_mode" in service else set(service.get("networks", ["default"]))


def sources() -> list[str]:
    """What all services mount."""
    return [source for service in SERVICES.values() for source, _ in mounts(service)]


def test_only_the_sidecar_gets_dockers_socket() -> None:
    assert [name for name, service in SERVICES.items() if "docker.sock" in str(service.get("volumes"))] == ["sidecar"]
    assert [name for name, service in SERVICES.items() if "group_add" in service] == ["sidecar"]


def test_models_publish_no_port_and_n8n_does_not_reach_them() -> None:
    inside = {name for name, service in SERVICES.items() if "models" in networks(service)}
    assert inside == {"sidecar", "ollama"}
    assert "ports" not in SERVICES["ollama"]
    assert networks(SERVICES["ollama"]) == {"models"}
    assert COMPOSE["networks"]["models"]["name"] == SERVICES["sidecar"]["environment"]["AI_DISPATCH_DOCKER_NETWORK"]


def test_ports_are_published_on_loopback_only() -> None:
    for service in SERVICES.values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_no_service_gets_capabilities_or_new_privileges() -> None:
    for name in SERVICES.keys() - ONLY_BUILT:
        service = SERVICES[name]
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert not service.keys() & {"cap_add", "privileged", "pid", "ipc", "userns_mode", "devices"}, name


def test_the_sidecar_writes_nowhere_but_to_its_volumes() -> None:
    assert SERVICES["sidecar"]["read_only"] is True
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)


def test_prometheus_sees_the_token_that_may_ask_and_nothing_else_of_the_sidecars() -> None:
    prometheus, sidecar = SERVICES["prometheus"], SERVICES["sidecar"]
    shared = {source for source, _ in mounts(prometheus)} & {source for source, _ in mounts(sidecar)}
    assert shared == {"token"}
    assert "token:/token:ro" in prometheus["volumes"]
    folder = dict(mounts(sidecar))["token"]
    assert sidecar["environment"]["AI_DISPATCH_DISPATCH_TOKEN_FILE"] == f"{folder}/dispatch.token"
    assert "AI_DISPATCH_ADMIN_TOKEN_FILE" not in sidecar["environment"]
    assert folder in DOCKERFILE, "a new volume takes its folder's owner from the image"


def test_prometheus_asks_the_sidecar_with_that_token() -> None:
    (job,) = yaml.safe_load((ROOT / "sidecar/monitoring/prometheus.yml").read_text())["scrape_configs"]
    assert job["authorization"] == {"credentials_file": "/token/dispatch.token"}
    (alias,) = SERVICES["sidecar"]["networks"]["default"]["aliases"]
    assert job["static_configs"] == [{"targets": [f"{alias}:3000"]}]
    assert alias in Settings.model_fields["allowed_hosts"].default.split(",")


def test_what_runs_is_restarted_watched_given_time_to_end_and_fills_no_disk() -> None:
    for name in RUNNING:
        service = SERVICES[name]
        assert "healthcheck" in service or (name == "sidecar" and "\nHEALTHCHECK " in DOCKERFILE), name
        assert service["restart"] == "unless-stopped", name
        assert int(service["stop_grace_period"].removesuffix("s")) >= 30, name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
    for name in ENDS:
        assert SERVICES[name]["restart"] == "no"


def test_every_image_is_pinned() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":v?\d[\w.-]*$", service["image"]), name
    assert SERVICES["ollama"]["image"] == Settings.model_fields["image_ollama"].default
    assert SERVICES["inference"]["image"] == Settings.model_fields["image_embedded"].default
    assert {SERVICES[name]["image"] for name in ("n8n-node", "n8n-workflows")} == {SERVICES["n8n"]["image"]}
    assert SERVICES["ollama-external"]["image"] == SERVICES["sidecar"]["image"]


def test_n8n_is_the_one_that_our_tests_run() -> None:
    version = re.search(r'"n8n": "([\d.]+)"', (ROOT / "tests/e2e/n8n/package.json").read_text())
    assert version
    assert SERVICES["n8n"]["image"].endswith(f":{version[1]}")


def test_every_variable_of_the_sidecar_is_a_setting() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    assert SERVICES["sidecar"]["environment"].keys() <= known


def test_every_variable_of_ours_is_told_in_the_head() -> None:
    head = TEXT[: TEXT.index("\nname:")]
    ours = {"DOCKER_GROUP", "MODEL_MEMORY_MIB", "OLLAMA_URL", "OLLAMA_IS_LOCAL", "WEBHOOK_URL", "CALLBACK_HOSTS"}
    assert set(re.findall(r"(?<!\$)\$\{(\w+)", TEXT)) == ours
    assert [name for name in ours if name not in head] == []


def test_profiles_leave_the_rest_alone() -> None:
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == {
        "inference": ["images"],
        "ollama-external": ["ollama-external"],
        "prometheus": ["monitoring"],
        "ollama": ["gpu"],
    }


def test_files_that_are_mounted_are_here_and_volumes_are_declared() -> None:
    made = {"./n8n-node/dist"}
    for source in sources():
        if source.startswith("./"):
            assert source in made or (ROOT / source).exists(), source
        elif not source.startswith("/"):
            assert source in COMPOSE["volumes"], source
    assert COMPOSE["volumes"].keys() <= set(sources())
    weights = SERVICES["sidecar"]["environment"]["AI_DISPATCH_DOCKER_WEIGHTS"]
    assert COMPOSE["volumes"]["weights"]["name"] == weights


def test_the_gpu_is_the_adopted_ollamas() -> None:
    (device,) = SERVICES["ollama"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])
    assert "http://ollama:11434 OLLAMA_IS_LOCAL=true docker compose --profile gpu up -d" in TEXT


def test_secrets_are_files_that_git_ignores_and_no_variable_holds_one() -> None:
    assert COMPOSE["secrets"] == {"n8n_key": {"file": "./secrets/n8n.key"}}
    assert "/secrets/" in (ROOT / ".gitignore").read_text().split()
    assert "secrets/n8n.key" in TEXT[: TEXT.index("\nname:")]
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            secret = re.search(r"KEY|TOKEN|PASSWORD|SECRET", variable)
            assert not secret or variable.endswith("_FILE"), f"{name}: {variable}"
    keyed = [name for name, service in SERVICES.items() if "secrets" in service]
    assert keyed == ["n8n", "n8n-workflows"], "whoever decrypts credentials, and nobody else"


def test_jobs_may_be_told_to_n8n_where_its_resume_urls_lead() -> None:
    url = re.fullmatch(r"\$\{WEBHOOK_URL:-http://(.+)/\}", SERVICES["n8n"]["environment"]["WEBHOOK_URL"])
    assert url
    assert SERVICES["sidecar"]["environment"]["AI_DISPATCH_CALLBACK_HOSTS"] == f"${{CALLBACK_HOSTS:-{url[1]}}}"
    assert url[1].split(":")[0] in SERVICES


def test_services_that_end_come_in_order_and_n8n_after_them() -> None:
    ended = {"condition": "service_completed_successfully"}
    assert SERVICES["n8n"]["depends_on"]["n8n-workflows"] == ended
    assert SERVICES["n8n-workflows"]["depends_on"] == {"n8n-node": ended}


def test_an_ollama_on_the_machine_itself_has_a_name() -> None:
    for name in ("sidecar", "ollama-external"):
        assert SERVICES[name]["extra_hosts"] == ["host.docker.internal:host-gateway"]
