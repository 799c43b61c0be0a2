"""docker-compose.yml started for real: the Dockerfile's own images, real llama.cpp in containers, and a real n8n.

What a registry would bring is stood in for (stack_images.py), ports are free ones, the socket is a private engine's.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.program import free_port
from tests.engine.dockerd import PrivateEngine
from tests.engine.stack_images import make_n8n, make_prometheus, make_python
from tests.fakes.real_weights import fetched

ROOT = Path(__file__).resolve().parents[2]
SMALL = "smollm2-135m-instruct"
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

pytestmark = [pytest.mark.docker, pytest.mark.e2e, pytest.mark.timeout(900)]


class Stack:
    """Docker Compose in a folder of its own, on an engine of its own."""

    def __init__(self, compose: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.environment = environment
        self._compose = compose
        self._folder = folder

    def run(self, *words: str, given: str = "", fails: bool = False) -> str:
        """What a command of Compose says."""
        line = [*self._compose, "-f", "docker-compose.yml", "-f", "here.yml", *words]
        done = subprocess.run(
            line, cwd=self._folder, env=self.environment, input=given, capture_output=True, text=True, timeout=600
        )
        assert fails or done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
        return done.stdout

    def run_in(self, service: str, *words: str, given: str = "", fails: bool = False) -> str:
        """What a command in a service's container says."""
        return self.run("exec", "-T", service, *words, given=given, fails=fails)

    def token(self) -> str:
        """The token for n8n's credential, got as the file's head says."""
        return self.run_in("sidecar", "cat", "/data/token/dispatch.token").strip()

    def ask(self, path: str, body: object = None) -> dict[str, Any]:
        """What the sidecar answers to n8n's container."""
        script = """
            const [url, token, body] = process.argv.slice(1);
            const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
            fetch(url, body === 'null' ? { headers } : { method: 'POST', headers, body })
                .then(async (reply) => ({ status: reply.status, ...(await reply.json()) }))
                .then((told) => console.log(JSON.stringify(told)));"""
        url = f"http://ai-dispatch:3000{path}"
        told = self.run_in("n8n", "node", "-e", script, url, self.token(), json.dumps(body))
        answer: dict[str, Any] = json.loads(told)
        return answer


@pytest.fixture(scope="module")
def stack(dockerd_here: None) -> Iterator[Stack]:
    """Everything that `docker compose up` starts, with the small model's file in its volume."""
    folder = Path(tempfile.mkdtemp(prefix="aids"))
    engine = PrivateEngine(Path(tempfile.mkdtemp(prefix="aid")))
    try:
        engine.start()
        n8n = Path(said("scripts/setup-n8n").splitlines()[-1])
        group = str(Path(engine.address.removeprefix("unix://")).stat().st_gid)
        environment = {**os.environ, "DOCKER_HOST": engine.address, "DOCKER_BUILDKIT": "0", "DOCKER_GROUP": group}
        found = Stack(said("scripts/setup-compose").split(), folder, environment)
        lay_out(folder, engine, n8n)
        make_python(environment)
        found.run("--profile", "images", "build")
        (folder / "n8n").mkdir()
        make_n8n(environment, SERVICES["n8n"]["image"], n8n, folder / "n8n")
        make_prometheus(environment, SERVICES["prometheus"]["image"])
        found.run("create", "--no-build")
        for file in (fetched(), Path(f"{fetched()}.sha256")):
            found.run("cp", str(file), "sidecar:/weights/")
        found.run("up", "--detach", "--no-build")
        yield found
    finally:
        engine.close()
        shutil.rmtree(folder)


def said(script: str) -> str:
    """What a script of ours prints."""
    return subprocess.run([ROOT / script], check=True, stdout=subprocess.PIPE, text=True).stdout


def lay_out(folder: Path, engine: PrivateEngine, n8n: Path) -> None:
    """Put into a folder what somebody has there who followed the head of docker-compose.yml."""
    said("scripts/setup-node-package")
    subprocess.run(["npm", "run", "--silent", "build"], cwd=ROOT / "n8n-node", check=True, capture_output=True)
    shutil.copy(ROOT / "docker-compose.yml", folder)
    shutil.copytree(ROOT / "sidecar", folder / "sidecar", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dist", "workflows"):
        shutil.copytree(ROOT / "n8n-node" / name, folder / "n8n-node" / name)
    shutil.copy(ROOT / "n8n-node/package.json", folder / "n8n-node")
    ports = [free_port() for _ in range(3)]
    (folder / "secrets").mkdir()
    (folder / "secrets/n8n.key").write_text("0123456789abcdef" * 4)
    (folder / "here.yml").write_text(HERE.format(ports=ports, n8n=n8n, socket=engine.address[7:]))


HERE = """
services:
  sidecar:
    build: {{network: host}}
    ports: !override ["127.0.0.1:{ports[0]}:3000"]
    volumes: !override ["data:/data", "token:/data/token", "weights:/weights", "{socket}:/var/run/docker.sock"]
  inference: {{build: {{network: host}}}}
  n8n:
    ports: !override ["127.0.0.1:{ports[1]}:5678"]
    volumes: ["{n8n}:/n8n:ro"]
    environment: &quiet {{N8N_DIAGNOSTICS_ENABLED: "false", N8N_VERSION_NOTIFICATIONS_ENABLED: "false"}}
  prometheus: {{ports: !override ["127.0.0.1:{ports[2]}:9090"]}}
  n8n-node: {{volumes: ["{n8n}:/n8n:ro"]}}
  n8n-workflows: {{volumes: ["{n8n}:/n8n:ro"], environment: *quiet}}
"""


def test_all_that_goes_on_is_healthy_and_what_does_one_thing_has_done_it(stack: Stack) -> None:
    stack.run("up", "--detach", "--no-build", "--no-recreate", "--wait", "n8n")
    told = [json.loads(line) for line in stack.run("ps", "--all", "--format=json").splitlines()]
    states = [one for one in told if "profiles" not in SERVICES[one["Service"]]]
    assert {one["Service"]: one["Health"] for one in states if one["State"] == "running"} == {
        "n8n": "healthy",
        "sidecar": "healthy",
    }
    ended = {one["Service"]: one["ExitCode"] for one in states if one["State"] != "running"}
    assert ended == {"n8n-node": 0, "n8n-workflows": 0}


def test_the_examples_are_ready_in_n8n_and_are_never_imported_again(stack: Stack) -> None:
    ours = {json.loads(file.read_text())["id"] for file in (ROOT / "n8n-node/workflows").glob("*.json")}
    assert ours <= set(stack.run_in("n8n", "n8n", "list:workflow", "--onlyId").split())
    first = stack.run("logs", "--no-log-prefix", "n8n-workflows")
    assert f"Successfully imported {len(ours)} workflows" in first
    assert stack.run("run", "--rm", "--no-deps", "-T", "n8n-workflows") == ""


def test_who_has_an_example_of_that_id_keeps_it_as_it_is(stack: Stack) -> None:
    stack.run_in("n8n", "sh", "-c", "rm -r ~/.n8n/ai-dispatch-examples")
    assert "Importing" not in stack.run("run", "--rm", "--no-deps", "-T", "n8n-workflows")
    kept = stack.run_in("n8n", "sh", "-c", "ls ~/.n8n/ai-dispatch-examples").split()
    assert set(kept) == {file.name for file in (ROOT / "n8n-node/workflows").glob("*.json")}


def test_a_workflow_is_answered_by_a_model_in_a_container(stack: Stack) -> None:
    credential = {
        "id": "stack",
        "name": "AI Dispatch",
        "type": "aiDispatchApi",
        "data": {"baseUrl": "http://ai-dispatch:3000", "token": stack.token()},
    }
    workflow = json.loads((ROOT / "n8n-node/workflows/dispatch-a-prompt.json").read_text()) | {"id": "asOneTriesIt"}
    (node,) = [one for one in workflow["nodes"] if one["type"] == "n8n-nodes-ai-dispatch.aiDispatch"]
    node["credentials"] = {"aiDispatchApi": {"id": "stack", "name": "AI Dispatch"}}
    for kind, thing in (("credentials", credential), ("workflow", workflow)):
        stack.run_in("n8n", "sh", "-c", f"cat > /tmp/{kind}.json", given=json.dumps([thing]))
        stack.run_in("n8n", "n8n", f"import:{kind}", f"--input=/tmp/{kind}.json")
    output = stack.run_in(
        "n8n", "env", "N8N_RUNNERS_BROKER_PORT=5690", "n8n", "execute", "--id=asOneTriesIt", "--rawOutput"
    )
    run, _ = json.JSONDecoder().raw_decode(output, output.index("\n{") + 1)
    ((item,),) = run["data"]["resultData"]["runData"][node["name"]][0]["data"]["main"]
    assert item["json"]["model"] == SMALL
    assert item["json"]["text"]
    images = subprocess.run(
        ["docker", "ps", "--format={{.Image}} {{.Networks}}"], env=stack.environment, capture_output=True, text=True
    ).stdout.splitlines()
    assert "ai-dispatch-inference:0.1 ai-dispatch-models" in images


def test_n8n_may_be_told_that_a_job_is_finished_and_nobody_else(stack: Stack) -> None:
    job = {"prompt": "Name a colour.", "requirements": {"maxTokens": 8}}
    taken = stack.ask("/api/jobs", job | {"callbackUrl": "http://n8n:5678/webhook-waiting/1"})
    assert taken["status"] == 202, taken
    refused = stack.ask("/api/jobs", job | {"callbackUrl": "http://example.com/"})
    assert (refused["status"], refused["error"]["code"]) == (422, "invalid_request")


def test_resume_urls_begin_where_jobs_may_be_told(stack: Stack) -> None:
    assert stack.run_in("n8n", "printenv", "WEBHOOK_URL").strip() == "http://n8n:5678/"
    script = "fetch('http://n8n:5678/healthz').then((reply) => process.exit(reply.ok ? 0 : 1))"
    stack.run_in("n8n", "node", "-e", script)
    reached = "import urllib.request as u; print(u.urlopen('http://n8n:5678/healthz').status)"
    assert stack.run_in("sidecar", "python3", "-c", reached).strip() == "200"


def test_no_container_shows_a_secret_in_its_settings(stack: Stack) -> None:
    ids = stack.run("ps", "--all", "--quiet").split()
    shown = subprocess.run(["docker", "inspect", *ids], env=stack.environment, capture_output=True, text=True).stdout
    assert "0123456789abcdef" * 4 not in shown
    assert stack.token() not in shown


def test_prometheus_reads_the_sidecars_metrics_with_its_token(stack: Stack) -> None:
    stack.run("--profile", "monitoring", "up", "--detach", "--no-build", "--no-recreate", "--no-deps", "prometheus")
    asked = "import urllib.request as u; print(u.urlopen('http://prometheus:9090/api/v1/query?query=up').read())"
    give_up_s = time.monotonic() + 90
    while "'1'" not in (told := stack.run_in("sidecar", "python3", "-c", asked, fails=True).replace('"', "'")):
        assert time.monotonic() < give_up_s, told
        time.sleep(0.5)
    states = [json.loads(line) for line in stack.run("--profile", "monitoring", "ps", "--format=json").splitlines()]
    assert "running" in [one["State"] for one in states if one["Service"] == "prometheus"]


def test_an_ollama_that_cannot_be_reached_is_told_with_what_to_do(stack: Stack) -> None:
    stack.run("--profile", "ollama-external", "up", "--no-build", "--no-deps", "ollama-external", fails=True)
    told = stack.run("--profile", "ollama-external", "logs", "--no-log-prefix", "ollama-external")
    assert "No Ollama answers at http://host.docker.internal:11434 (" in told
