"""Workflows of n8n's own model nodes, as their users build them, to import into n8n."""

import json
import uuid
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from tests.e2e.n8n import PACKAGE, Json

_LANGCHAIN = "@n8n/n8n-nodes-langchain"
ANSWERING = "Answering"
"""The node whose output a test looks at."""
MODEL = "Model"
"""The sub-node that is its model."""
TOOL = "AI Dispatch"
"""Our node where it is a tool."""
LONGEST_TOKENS = 24

OLLAMA_CHAT = ("lmChatOllama", 1, "ollamaApi")
OLLAMA_COMPLETION = ("lmOllama", 1, "ollamaApi")
OPENAI_CHAT = ("lmChatOpenAi", 1.3, "openAiApi")
OPENAI_CHAT_BEFORE = ("lmChatOpenAi", 1.2, "openAiApi")
"""The version most workflows of 2025 have: it asks /chat/completions."""
OLLAMA_EMBEDDINGS = ("embeddingsOllama", 1, "ollamaApi")
OPENAI_EMBEDDINGS = ("embeddingsOpenAi", 1.2, "openAiApi")
OUR_CHAT = (f"{PACKAGE}.aiDispatchChatModel", 1, "aiDispatchApi")

Kind = tuple[str, float, str]
"""Type, version and credential of a node."""


def ollama_credential(credential_id: str, base_url: str, token: str) -> Json:
    """Return n8n's own Ollama credential, pointed at the sidecar."""
    return _credential(credential_id, "ollamaApi", {"baseUrl": base_url, "apiKey": token})


def openai_credential(credential_id: str, base_url: str, token: str) -> Json:
    """Return n8n's own OpenAI credential, pointed at the sidecar."""
    return _credential(credential_id, "openAiApi", {"apiKey": token, "url": f"{base_url}/v1"})


def chain(workflow_id: str, kind: Kind, credential_id: str, model: str, prompt: str, **parameters: Any) -> Json:
    """Return a Basic LLM Chain with one of n8n's chat models."""
    asking = _node(ANSWERING, "chainLlm", 1.9, {"promptType": "define", "text": prompt})
    return _workflow(workflow_id, [_start(), asking], [(_model(kind, credential_id, model, parameters), asking)])


def agent(workflow_id: str, kind: Kind, credential_id: str, model: str, prompt: str, **parameters: Any) -> Json:
    """Return an AI Agent that has a calculator, with one of n8n's chat models."""
    options = {"systemMessage": "You are a helpful assistant", "maxIterations": 4}
    asking = _node(ANSWERING, "agent", 3.1, {"promptType": "define", "text": prompt, "options": options})
    calculator = _node("Calculator", "toolCalculator", 1, {})
    chosen = _model(kind, credential_id, model, parameters)
    return _workflow(workflow_id, [_start(), asking], [(chosen, asking), (calculator, asking)])


def agent_with_our_tool(workflow_id: str, credential_id: str, prompt: str) -> Json:
    """Return an AI Agent that has our chat model, and our node as a tool whose prompt it writes itself."""
    asking = _node(ANSWERING, "agent", 3.1, {"promptType": "define", "text": prompt, "options": {"maxIterations": 4}})
    parameters = {"resource": "prompt", "operation": "dispatch", "prompt": "={{ $fromAI('prompt') }}", "options": {}}
    tool = _node(TOOL, f"{PACKAGE}.aiDispatchTool", 1, parameters) | _chosen("aiDispatchApi", credential_id)
    return _workflow(
        workflow_id, [_start(), asking], [(_model(OUR_CHAT, credential_id, "auto", {}), asking), (tool, asking)]
    )


def ollama_message(workflow_id: str, credential_id: str, model: str, prompt: str, **options: Any) -> Json:
    """Return a workflow with n8n's Ollama node, which asks without a chain."""
    said = {"values": [{"content": prompt, "role": "user"}]}
    asking = _node(
        ANSWERING, "ollama", 1, {"modelId": _located(model), "messages": said, "options": options}
    ) | _chosen("ollamaApi", credential_id)
    return _workflow(workflow_id, [_start(), asking], [])


def openai_message(workflow_id: str, credential_id: str, model: str, prompt: str, version: float = 2.1) -> Json:
    """Return a workflow with n8n's OpenAI node: its text operation, which since version 2 asks /responses."""
    said = {"values": [{"content": prompt, "role": "user"}]}
    field = "responses" if version >= 2 else "messages"
    parameters = {"modelId": _located(model), field: said, "options": {"maxTokens": LONGEST_TOKENS}}
    asking = _node(ANSWERING, "openAi", version, parameters) | _chosen("openAiApi", credential_id)
    return _workflow(workflow_id, [_start(), asking], [])


def retrieval(workflow_id: str, kind: Kind, credential_id: str, model: str, texts: list[str], query: str) -> Json:
    """Return a workflow that puts texts into a vector store in memory and asks it for the nearest one."""
    # Every execution has a store of its own: n8n keeps those in memory by this key.
    store = {"memoryKey": {"__rl": True, "mode": "list", "value": workflow_id}}
    rows = _node(
        "Rows",
        "n8n-nodes-base.code",
        2,
        {"jsCode": f"return {json.dumps([{'json': {'text': text}} for text in texts])};"},
    )
    filling = _node("Filling", "vectorStoreInMemory", 1.3, {"mode": "insert", "clearStore": True} | store)
    once = {"executeOnce": True}
    asking = _node(ANSWERING, "vectorStoreInMemory", 1.3, {"mode": "load", "prompt": query, "topK": 1} | store) | once
    loader = _node(
        "Loader", "documentDefaultDataLoader", 1.1, {"jsonMode": "expressionData", "jsonData": "={{ $json.text }}"}
    )
    embedding = _model(kind, credential_id, model, {})
    return _workflow(
        workflow_id,
        [_start(), rows, filling, asking],
        [(embedding, filling), (embedding, asking), (loader, filling)],
    )


def on_webhook(workflow: Json) -> Json:
    """Return the workflow begun by a webhook that streams to its caller; the path is the workflow's name."""
    parameters = {"httpMethod": "POST", "path": workflow["name"], "responseMode": "streaming", "options": {}}
    webhook = _node("Start", "n8n-nodes-base.webhook", 2.1, parameters) | {"webhookId": str(uuid.uuid4())}
    return workflow | {"nodes": [webhook, *workflow["nodes"][1:]]}


def _model(kind: Kind, credential_id: str, model: str, parameters: Mapping[str, Any]) -> Json:
    name, version, credential = kind
    field = model if credential == "ollamaApi" or name == "embeddingsOpenAi" else _located(model)
    return _node(MODEL, name, version, {"model": field} | parameters) | _chosen(credential, credential_id)


def _located(model: str) -> Json:
    return {"__rl": True, "mode": "id", "value": model}


def _start() -> Json:
    return _node("Start", "n8n-nodes-base.manualTrigger", 1, {})


def _workflow(workflow_id: str, row: list[Json], fed: list[tuple[Json, Json]]) -> Json:
    """A workflow of the nodes in a row, and the pairs of a sub-node and the node it serves."""
    connections: Json = {}
    for before, after in pairwise(row):
        connections[before["name"]] = {"main": [[_to(after, "main")]]}
    for below, above in fed:
        kind = _serves_as(below)
        connections.setdefault(below["name"], {kind: [[]]})[kind][0].append(_to(above, kind))
    nodes = {node["name"]: node for node in [*row, *(below for below, _ in fed)]}
    return {
        "id": workflow_id,
        "name": workflow_id,
        "nodes": list(nodes.values()),
        "connections": connections,
        "settings": {"executionOrder": "v1"},
    }


def _serves_as(node: Json) -> str:
    name = node["type"].split(".")[-1]
    if name.startswith("embeddings"):
        return "ai_embedding"
    if name.startswith("tool") or name.endswith("Tool"):
        return "ai_tool"
    return "ai_document" if name.startswith("document") else "ai_languageModel"


def _to(node: Json, kind: str) -> Json:
    return {"node": node["name"], "type": kind, "index": 0}


def _node(name: str, kind: str, version: float, parameters: Json) -> Json:
    return {
        "id": name,
        "name": name,
        "type": kind if "." in kind else f"{_LANGCHAIN}.{kind}",
        "typeVersion": version,
        "position": [0, 0],
        "parameters": parameters,
    }


def _chosen(credential: str, credential_id: str) -> Json:
    return {"credentials": {credential: {"id": credential_id, "name": credential_id}}}


def _credential(credential_id: str, kind: str, data: Json) -> Json:
    return {"id": credential_id, "name": credential_id, "type": kind, "data": data}
