"""Docker Compose itself reads docker-compose.yml, with any of its profiles, and shows nothing that is secret."""

import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAD = (ROOT / "docker-compose.yml").read_text().partition("\nname:")[0]
PROFILES = ("gpu", "monitoring", "ollama-external", "images")
ALWAYS = {"n8n", "n8n-node", "n8n-workflows", "sidecar"}
ADDED = {"gpu": "ollama", "monitoring": "prometheus", "ollama-external": "ollama-external", "images": "inference"}

pytestmark = pytest.mark.docker


@pytest.fixture(scope="module")
def compose() -> list[str]:
    """How to call Docker Compose here."""
    made = subprocess.run([ROOT / "scripts/setup-compose"], check=True, stdout=subprocess.PIPE, text=True)
    return made.stdout.split()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the file, as somebody has it who followed its head."""
    shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (line,) = re.findall(r"^#   (mkdir .* secrets/n8n\.key)$", HEAD, re.MULTILINE)
    subprocess.run(["bash", "-c", f"umask 077; {line}"], cwd=tmp_path, check=True)
    (tmp_path / ".env").write_text("DOCKER_GROUP=999\n")
    return tmp_path


def read(compose: list[str], folder: Path, *profiles: str) -> dict[str, Any]:
    """What Compose makes of the file."""
    chosen = [word for profile in profiles for word in ("--profile", profile)]
    done = subprocess.run([*compose, *chosen, "config", "--format=json"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / "secrets/n8n.key").read_text() not in done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("count", range(len(PROFILES) + 1))
def test_each_choice_of_profiles_gives_the_services_it_names(compose: list[str], folder: Path, count: int) -> None:
    for chosen in itertools.combinations(PROFILES, count):
        services = read(compose, folder, *chosen)["services"]
        assert services.keys() == ALWAYS | {ADDED[profile] for profile in chosen}


def test_n8ns_key_is_read_in_its_container_and_by_nobody_else_here(folder: Path) -> None:
    key = folder / "secrets/n8n.key"
    assert re.fullmatch("[0-9a-f]{64}", key.read_text()), "n8n warns of a line's end"
    assert key.stat().st_mode & 0o777 == 0o644, "Compose mounts it as it is, and n8n is another user"
    assert key.parent.stat().st_mode & 0o777 == 0o700


def test_who_has_not_said_who_may_use_docker_is_told_how(compose: list[str], folder: Path) -> None:
    (folder / ".env").unlink()
    done = subprocess.run([*compose, "config", "-q"], cwd=folder, capture_output=True, text=True)
    assert done.returncode != 0
    assert "the head of docker-compose.yml shows how to set it" in done.stderr


def test_what_n8n_is_called_from_outside_is_where_jobs_may_be_told(compose: list[str], folder: Path) -> None:
    services = read(compose, folder)["services"]
    assert services["n8n"]["environment"]["WEBHOOK_URL"] == "http://n8n:5678/"
    assert services["sidecar"]["environment"]["AI_DISPATCH_CALLBACK_HOSTS"] == "n8n:5678"
    with (folder / ".env").open("a") as more:
        more.write("WEBHOOK_URL=https://n8n.example.com/\nCALLBACK_HOSTS=n8n.example.com\n")
    services = read(compose, folder)["services"]
    assert services["n8n"]["environment"]["WEBHOOK_URL"] == "https://n8n.example.com/"
    assert services["sidecar"]["environment"]["AI_DISPATCH_CALLBACK_HOSTS"] == "n8n.example.com"
