"""Small workflows to move, made by hand."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dispatcher.migration.migrate import Migration, migrate
from dispatcher.migration.report import Left, Moved
from dispatcher.migration.wishes import ModelChoice, Target, Wishes

Json = dict[str, Any]
URL = "http://127.0.0.1:3000"
KEEPING = Wishes(URL)
REPLACING = Wishes(URL, Target.NODES)
OPENING = Wishes(URL, model=ModelChoice.AUTO)
LANGCHAIN = "@n8n/n8n-nodes-langchain."
HTTP = "n8n-nodes-base.httpRequest"


def a_node(name: str, kind: str, parameters: object = None, version: float = 1, **more: Any) -> Json:
    return {
        "parameters": parameters or {},
        "id": f"id of {name}",
        "name": name,
        "type": kind,
        "typeVersion": version,
        "position": [100, -20],
        **more,
    }


def a_workflow(*nodes: Json, links: Mapping[str, Sequence[str]] | None = None, kind: str = "main") -> Json:
    """Nodes, and for each source the nodes after it."""
    connections = {
        source: {kind: [[{"node": target, "type": kind, "index": 0} for target in targets]]}
        for source, targets in (links or {}).items()
    }
    return {"name": "Example", "nodes": list(nodes), "connections": connections, "settings": {}}


def a_chat_model(name: str = "Model", **parameters: Any) -> Json:
    return a_node(name, LANGCHAIN + "lmChatOllama", parameters, credentials={"ollamaApi": {"id": "1", "name": "Local"}})


def a_request(body: str, url: str = "http://localhost:11434/api/generate", **more: Any) -> Json:
    """An HTTP Request node with this JSON body."""
    parameters = {
        "method": "POST",
        "url": url,
        "sendBody": True,
        "specifyBody": "json",
        "jsonBody": body,
        "options": {},
    }
    return a_node("Ask", HTTP, parameters | more, version=4.2)


def moved(workflow: object, wishes: Wishes = KEEPING) -> tuple[Json, Migration]:
    """The workflow as it becomes, and the report; moving it again changes nothing."""
    done = migrate(json.dumps(workflow, indent=2), wishes)
    again = migrate(done.text, wishes)
    assert again.edits == ()
    assert again.text == done.text
    return json.loads(done.text), done


def only_node(workflow: object, wishes: Wishes = KEEPING) -> tuple[Json, Moved | Left | None]:
    """The first node as it becomes, and the one finding on it."""
    after, done = moved(workflow, wishes)
    findings = done.workflows[0].findings
    assert len(findings) <= 1
    node: Json = after["nodes"][0]
    return node, findings[0] if findings else None
