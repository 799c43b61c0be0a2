"""Workflows and credentials to import into n8n."""

import json
import uuid
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from tests.e2e.n8n import PACKAGE, Json
from tests.e2e.sidecar import REPOSITORY

EXAMPLES = REPOSITORY / "n8n-node/workflows"


def credential(credential_id: str, base_url: str, token: str) -> Json:
    """Return a credential of our type."""
    return {
        "id": credential_id,
        "name": credential_id,
        "type": "aiDispatchApi",
        "data": {"baseUrl": base_url, "token": token},
    }


def example(workflow_id: str, credential_id: str, name: str = "dispatch-a-prompt") -> Json:
    """Return a workflow that the package shows its users, with a credential chosen."""
    workflow: Json = json.loads((EXAMPLES / f"{name}.json").read_text())
    for node in workflow["nodes"]:
        if node["type"].startswith(PACKAGE):
            node["credentials"] = _chosen(credential_id)
    return workflow | {"id": workflow_id}


def workflow(
    workflow_id: str, credential_id: str, prompts: Sequence[str], on_error: str = "stopWorkflow", **parameters: Any
) -> Json:
    """Return a workflow that sends every prompt as an item of one run through our node."""
    rows = json.dumps({"rows": [{"prompt": prompt} for prompt in prompts]})
    nodes = [
        _node("Start", "n8n-nodes-base.manualTrigger", 1, {}),
        _node("Rows", "n8n-nodes-base.set", 3.4, {"mode": "raw", "jsonOutput": rows, "options": {}}),
        _node("Items", "n8n-nodes-base.splitOut", 1, {"fieldToSplitOut": "rows", "options": {}}),
        _node("AI Dispatch", f"{PACKAGE}.aiDispatch", 1, {"prompt": "={{ $json.prompt }}", "options": {}} | parameters)
        | {"credentials": _chosen(credential_id), "onError": on_error},
    ]
    names = [node["name"] for node in nodes]
    return {
        "id": workflow_id,
        "name": workflow_id,
        "nodes": nodes,
        "connections": _in_a_row(names),
        "settings": {"executionOrder": "v1"},
    }


def judged(workflow_id: str, credential_id: str, prompt: str, **feedback: Any) -> Json:
    """Return a workflow that has one prompt answered, and then says in a second node of ours how good that was."""
    made = workflow(workflow_id, credential_id, [prompt])
    *before, saying = made["nodes"]
    answering = saying | {"id": "Answer", "name": "Answer"}
    answering["parameters"] = saying["parameters"] | {"options": {"maxTokens": 16}}
    saying["parameters"] = {"operation": "feedback"} | feedback
    names = [node["name"] for node in (*before, answering, saying)]
    return made | {"nodes": [*before, answering, saying], "connections": _in_a_row(names)}


def asking(workflow_id: str, credential_id: str, steps: Mapping[str, Json]) -> Json:
    """Return a workflow of nodes of ours in a row, each with its name and parameters."""
    return _row(workflow_id, [_ours(name, credential_id, parameters) for name, parameters in steps.items()])


def awaiting(workflow_id: str, credential_id: str, prompt: str) -> Json:
    """Return a workflow that submits a job and is put away until the sidecar calls."""
    parameters = {"operation": "submit", "prompt": prompt, "callbackUrl": "={{ $execution.resumeUrl }}"}
    submitting = _ours("Submit", credential_id, {"resource": "job", "options": {"maxTokens": 8}} | parameters)
    waiting = _node("Wait", "n8n-nodes-base.wait", 1.1, {"resume": "webhook", "httpMethod": "POST", "options": {}})
    return _row(workflow_id, [submitting, waiting | {"webhookId": str(uuid.uuid4())}])


def _ours(name: str, credential_id: str, parameters: Json) -> Json:
    return _node(name, f"{PACKAGE}.aiDispatch", 1, parameters) | {"credentials": _chosen(credential_id)}


def _row(workflow_id: str, after_start: Sequence[Json]) -> Json:
    nodes = [_node("Start", "n8n-nodes-base.manualTrigger", 1, {}), *after_start]
    return {
        "id": workflow_id,
        "name": workflow_id,
        "nodes": nodes,
        "connections": _in_a_row([node["name"] for node in nodes]),
        "settings": {"executionOrder": "v1"},
    }


def _node(name: str, kind: str, version: float, parameters: Json) -> Json:
    return {
        "id": name,
        "name": name,
        "type": kind,
        "typeVersion": version,
        "position": [0, 0],
        "parameters": parameters,
    }


def _in_a_row(names: Sequence[str]) -> Json:
    return {name: {"main": [[{"node": following, "type": "main", "index": 0}]]} for name, following in pairwise(names)}


def _chosen(credential_id: str) -> Json:
    return {"aiDispatchApi": {"id": credential_id, "name": credential_id}}
