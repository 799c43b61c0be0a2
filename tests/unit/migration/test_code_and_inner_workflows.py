"""Code is told and never rewritten; workflows within workflows are moved as others are."""

import json
from typing import Any

import pytest

from dispatcher.migration.report import Left, Moved
from tests.unit.migration.examples import KEEPING, REPLACING, a_chat_model, a_node, a_request, a_workflow, moved

CALLS = "const x = 1;\nconst reply = await fetch('http://ollama:11434/api/chat', {});\nreturn x;"
TOOL = "@n8n/n8n-nodes-langchain.toolWorkflow"


@pytest.mark.parametrize(
    ("kind", "parameters", "what"),
    [
        ("n8n-nodes-base.code", {"jsCode": CALLS}, "line 2 names an Ollama's address (ollama:11434)"),
        ("n8n-nodes-base.function", {"functionCode": CALLS}, "line 2"),
        ("n8n-nodes-base.functionItem", {"functionCode": CALLS}, "line 2"),
        ("@n8n/n8n-nodes-langchain.code", {"code": {"execute": {"code": CALLS}}}, "line 2"),
        ("n8n-nodes-base.code", {"pythonCode": "import ollama\nollama.chat()"}, "line 1 uses a client"),
        ("n8n-nodes-base.code", {"jsCode": "const { Ollama } = require('ollama')"}, "line 1 uses a client"),
        ("n8n-nodes-base.code", {"jsCode": "const host = ollamaHost;\nget(host + '/api/chat')"}, "calls /api/chat"),
        ("n8n-nodes-base.executeCommand", {"command": "curl http://localhost:11434/api/generate -d '{}'"}, "line 1"),
        ("n8n-nodes-base.executeCommand", {"command": "ollama run llama3.2 hello"}, "line 1"),
    ],
)
def test_code_that_calls_is_left_with_its_line(kind: str, parameters: dict[str, Any], what: str) -> None:
    workflow = a_workflow(a_node("Code", kind, parameters))
    after, done = moved(workflow)
    (found,) = done.workflows[0].findings
    assert after == workflow
    assert isinstance(found, Left)
    assert what in found.why
    assert "http://127.0.0.1:3000" in found.why


@pytest.mark.parametrize("code", ["return 1", "// Ollama said this\nreturn 1", "fetch('/api/chat')", "x = ':114340'"])
def test_other_code_is_not_mentioned(code: str) -> None:
    _, done = moved(a_workflow(a_node("Code", "n8n-nodes-base.code", {"jsCode": code})))
    assert done.workflows[0].findings == ()


def test_no_secret_of_a_line_is_told() -> None:
    code = "fetch('http://me:hunter2@ollama:11434/api/chat', {headers: {Authorization: 'Bearer sk-123'}})"
    _, done = moved(a_workflow(a_node("Code", "n8n-nodes-base.code", {"jsCode": code})))
    assert "hunter2" not in str(done.workflows)
    assert "sk-123" not in str(done.workflows)


@pytest.mark.parametrize("indent", [None, 2])
def test_an_inner_workflow_is_moved_within_its_text(indent: int | None) -> None:
    inner = a_workflow(a_chat_model("Größe"), a_node("Other", "x.y", {"a": 1.0}))
    text = json.dumps(inner, indent=indent, ensure_ascii=indent is None)
    after, done = moved(a_workflow(a_node("Tool", TOOL, {"source": "parameter", "workflowJson": text})))
    (found,) = done.workflows[0].findings
    assert isinstance(found, Moved)
    assert found.node == "Tool / Größe"
    moved_text = after["nodes"][0]["parameters"]["workflowJson"]
    assert json.loads(moved_text)["nodes"][0]["credentials"]["ollamaApi"]["name"] == "AI Dispatch (Ollama)"
    assert "1.0" in moved_text


def test_an_inner_workflow_as_json_is_moved_in_place() -> None:
    inner = a_workflow(a_chat_model(), a_request('{"model": "m", "prompt": "p"}'))
    after, done = moved(a_workflow(a_node("Tool", TOOL, {"workflowJson": inner})), REPLACING)
    assert len(done.workflows[0].moved) == 2
    assert after["nodes"][0]["parameters"]["workflowJson"]["nodes"][1]["type"].endswith("aiDispatch")


def test_inner_workflows_within_inner_workflows_are_moved_too() -> None:
    text = json.dumps(a_workflow(a_chat_model("Deep")))
    text = json.dumps(a_workflow(a_node("Middle", TOOL, {"workflowJson": text})))
    _, done = moved(a_workflow(a_node("Outer", TOOL, {"workflowJson": text})))
    assert [one.node for one in done.workflows[0].moved] == ["Outer / Middle / Deep"]


@pytest.mark.parametrize("text", ["={{ $json.ollama }}", "{ollama", '["ollama"]'])
def test_an_inner_workflow_that_cannot_be_read_is_told(text: str) -> None:
    _, done = moved(a_workflow(a_node("Tool", TOOL, {"workflowJson": text})), KEEPING)
    (found,) = done.workflows[0].findings
    assert isinstance(found, Left)
    assert "inner workflow" in found.why
