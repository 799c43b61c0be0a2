"""Moved workflows in a real n8n: it takes them, finds their credentials, and gives back the same graph."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.n8n import Json, N8n
from tests.e2e.n8n_server import running_server
from tests.e2e.sidecar import REPOSITORY, Sidecar

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

VARIABLE = "N8N_WORKFLOWS_DIR"
LANGCHAIN = "@n8n/n8n-nodes-langchain."
SMALL = "smollm2-135m-instruct"
NAMES = {
    "ollamaApi": "AI Dispatch (Ollama)",
    "openAiApi": "AI Dispatch (OpenAI)",
    "httpHeaderAuth": "AI Dispatch (header)",
    "aiDispatchApi": "AI Dispatch",
}


def credentials_for(url: str, token: str) -> list[Json]:
    """The credentials that the command tells a person to make."""
    data = {
        "ollamaApi": {"baseUrl": url, "apiKey": token},
        "openAiApi": {"url": f"{url}/v1", "apiKey": token},
        "httpHeaderAuth": {"name": "Authorization", "value": f"Bearer {token}"},
        "aiDispatchApi": {"baseUrl": url, "token": token},
    }
    return [{"id": f"new-{kind}", "name": NAMES[kind], "type": kind, "data": one} for kind, one in data.items()]


def node(name: str, kind: str, parameters: Json | None = None, version: float = 1, **more: Any) -> Json:
    return {
        "parameters": parameters or {},
        "id": f"id-{name.lower().replace(' ', '-')}",
        "name": name,
        "type": kind,
        "typeVersion": version,
        "position": [40 * len(name), -20],
        **more,
    }


def link(target: str, kind: str = "main") -> Json:
    return {kind: [[{"node": target, "type": kind, "index": 0}]]}


def a_workflow() -> Json:
    """A chat agent with an Ollama, its vectors, requests to it and code that calls it."""
    local = {"ollamaApi": {"id": "old", "name": "Ollama account"}}
    inner = {"name": "Inner", "nodes": [node("Deep Model", LANGCHAIN + "lmChatOllama", {})], "connections": {}}
    body = '={ "model": "llama3.2", "prompt": "Summarize: {{ $json.chatInput }}", "stream": false }'
    request = {"method": "POST", "url": "http://ollama:11434/api/generate", "sendBody": True, "specifyBody": "json"}
    options = {"keepAlive": "2h", "temperature": 0.1}
    return {
        "id": "migrated",
        "name": "To be moved",
        "nodes": [
            node("Start", "n8n-nodes-base.manualTrigger"),
            node("Agent", LANGCHAIN + "agent", {"promptType": "define", "text": "Hello"}, 1.9),
            node("Model", LANGCHAIN + "lmChatOllama", {"model": "mistral:7b", "options": options}, credentials=local),
            node(
                "Other",
                LANGCHAIN + "lmChatOpenAi",
                {"model": {"__rl": True, "mode": "id", "value": "qwen2.5:14b"}},
                1.2,
            ),
            node("Vectors", LANGCHAIN + "embeddingsOllama", {"model": "nomic-embed-text:latest"}, credentials=local),
            node(
                "Ask", "n8n-nodes-base.httpRequest", request | {"jsonBody": body, "options": {}}, 4.2, retryOnFail=True
            ),
            node("Code", "n8n-nodes-base.code", {"jsCode": "return fetch('http://ollama:11434/api/chat')"}, 2),
            node("Tool", LANGCHAIN + "toolWorkflow", {"source": "parameter", "workflowJson": json.dumps(inner)}, 2.2),
            node("Note", "n8n-nodes-base.stickyNote", {"content": "# Größe \U0001f40b ={{ 1 }}"}),
        ],
        "connections": {
            "Start": link("Agent"),
            "Agent": link("Ask"),
            "Model": link("Agent", "ai_languageModel"),
            "Tool": link("Agent", "ai_tool"),
        },
        "settings": {"executionOrder": "v1"},
        "active": False,
    }


@pytest.fixture(scope="module")
def bare_n8n(n8n_program: Path, sidecar: Sidecar, tmp_path_factory: pytest.TempPathFactory) -> N8n:
    """An n8n that has the credentials a person was told to make, and no package of ours."""
    fresh = N8n(n8n_program, tmp_path_factory.mktemp("n8n"))
    fresh.import_credentials(credentials_for(sidecar.base_url, sidecar.token))
    return fresh


def moved(*arguments: str, out: Path, api_key: str = "") -> Json:
    """What the command says of moving something into the folder `out`."""
    command = [sys.executable, "-m", "dispatcher", "migrate-workflows", *arguments, "--json", "--out", str(out)]
    env = os.environ | {"PYTHONPATH": str(REPOSITORY / "sidecar"), "N8N_API_KEY": api_key}
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said: Json = json.loads(done.stdout)
    return said


def through_n8n(n8n: N8n, file: Path) -> dict[str, Json]:
    """All workflows that n8n has after it has taken this file, by id, as it gives them back."""
    exported = n8n.home / "exported.json"
    for arguments in (["import:workflow", f"--input={file}"], ["export:workflow", "--all", f"--output={exported}"]):
        command = [*n8n.command, *arguments]
        done = subprocess.run(command, env=n8n.env(), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "error" not in done.stdout.lower(), done.stdout
    return {workflow["id"]: workflow for workflow in json.loads(exported.read_text())}


def graph(workflow: Json) -> Json:
    """All of a workflow that n8n doesn't set by itself; credentials by their names."""
    nodes = {}
    for one in workflow["nodes"]:
        names = {kind: chosen["name"] for kind, chosen in one.get("credentials", {}).items()}
        nodes[one["name"]] = {**one, "credentials": names}
    return {"nodes": nodes, "connections": workflow["connections"]}


@pytest.mark.parametrize("target", ["credential", "nodes"])
def test_a_moved_workflow_goes_through_n8n_and_back(bare_n8n: N8n, tmp_path: Path, target: str) -> None:
    source = tmp_path / "flow.json"
    source.write_text(json.dumps(a_workflow(), indent=2, ensure_ascii=False))
    said = moved(str(source), "--to", target, out=tmp_path / "out")
    assert (said["nodes_found"], said["nodes_migrated"]) == (6, 5)
    assert [one["node"] for one in said["nodes_left"]] == ["Code"]

    file = tmp_path / "out/flow.ai-dispatch.json"
    taken = through_n8n(bare_n8n, file)["migrated"]
    assert graph(taken) == graph(json.loads(file.read_text()))
    assert taken["connections"] == a_workflow()["connections"]
    for one in taken["nodes"]:
        for kind, chosen in one.get("credentials", {}).items():
            assert chosen == {"id": f"new-{kind}", "name": NAMES[kind]}, one["name"]

    back = through_n8n(bare_n8n, tmp_path / "out/flow.ai-dispatch.rollback.json")["migrated"]
    assert graph(back) == graph(a_workflow())


def test_a_moved_workflow_runs_through_the_sidecar(bare_n8n: N8n, sidecar: Sidecar, tmp_path: Path) -> None:
    body = json.dumps({"model": SMALL, "prompt": "Say hello.", "stream": False, "options": {"num_predict": 8}})
    request = {"method": "POST", "url": "http://ollama:11434/api/generate", "sendBody": True, "specifyBody": "json"}
    model = {"model": SMALL, "options": {"numPredict": 8, "keepAlive": "2h"}}
    workflow = {
        "id": "runs",
        "name": "Runs",
        "nodes": [
            node("Start", "n8n-nodes-base.manualTrigger"),
            node("Ask", "n8n-nodes-base.httpRequest", request | {"jsonBody": body, "options": {}}, 4.2),
            node("Chain", LANGCHAIN + "chainLlm", {"promptType": "define", "text": "={{ $json.response }}"}, 1.7),
            node("Model", LANGCHAIN + "lmChatOllama", model, credentials={"ollamaApi": {"id": "old", "name": "Old"}}),
        ],
        "connections": {"Start": link("Ask"), "Ask": link("Chain"), "Model": link("Chain", "ai_languageModel")},
        "settings": {"executionOrder": "v1"},
    }
    source = tmp_path / "flow.json"
    source.write_text(json.dumps(workflow))
    moved(str(source), "--url", sidecar.base_url, out=tmp_path / "out")
    bare_n8n.import_workflows([json.loads((tmp_path / "out/flow.ai-dispatch.json").read_text())])
    done = bare_n8n.execute("runs", node="Chain")
    assert done.error is None, done.error
    assert done.items[0]["text"]


def test_workflows_are_read_from_a_running_n8n(bare_n8n: N8n, tmp_path: Path) -> None:
    with running_server(bare_n8n) as server:
        made = server.post("/rest/workflows", a_workflow() | {"id": "lived", "name": "Größe / 1"})
        wanted = {"label": "migration", "expiresAt": None, "scopes": ["workflow:list", "workflow:read"]}
        key = server.post("/rest/api-keys", wanted)["rawApiKey"]
        said = moved("--n8n", server.base_url, out=tmp_path, api_key=key)
        still = server.get(f"/rest/workflows/{made['id']}")["data"]
    assert said["nodes_migrated"] >= 5
    assert graph(still) == graph(made)

    (file,) = tmp_path.glob(f"Größe-1-{made['id']}.ai-dispatch.json")
    taken = through_n8n(bare_n8n, file)[made["id"]]
    assert graph(taken) == graph(json.loads(file.read_text()))
    back = through_n8n(bare_n8n, file.with_name(file.name.replace(".json", ".rollback.json")))[made["id"]]
    assert graph(back) == graph(made)


def test_real_workflows_go_through_n8n_and_back(bare_n8n: N8n, tmp_path: Path) -> None:
    folder = os.environ.get(VARIABLE)
    if not folder:
        pytest.skip(f"set {VARIABLE} to a folder of exported n8n workflows to try them")
    source = tmp_path / "all"
    source.mkdir()
    for number, path in enumerate(sorted(Path(folder).glob("*.json"))):
        workflow = {"name": path.stem} | json.loads(path.read_text()) | {"id": f"real{number}", "tags": []}
        (source / f"real{number}.json").write_text(json.dumps(workflow, indent=2))
    for target in ("credential", "nodes"):
        moved(str(source), "--to", target, out=tmp_path / "out")
        files = sorted((tmp_path / "out").glob("*.ai-dispatch.json"))
        together = tmp_path / "together.json"
        together.write_text("[" + ",".join(file.read_text() for file in files) + "]")
        taken = through_n8n(bare_n8n, together)
        for file in files:
            expected = json.loads(file.read_text())
            assert graph(taken[expected["id"]]) == graph(expected), file.name
