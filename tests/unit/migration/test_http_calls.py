"""HTTP Request nodes that call an Ollama."""

import json
from typing import Any

import pytest

from dispatcher.migration.report import Action, Left, Moved
from tests.unit.migration.examples import (
    HTTP,
    KEEPING,
    REPLACING,
    URL,
    a_node,
    a_request,
    a_workflow,
    moved,
    only_node,
)

HEADER = {"httpHeaderAuth": {"id": None, "name": "AI Dispatch (header)"}}
BODY = json.dumps({"model": "llama3.2", "prompt": "Name three rivers", "stream": False})


def test_a_request_is_led_to_the_sidecar_with_its_token() -> None:
    before = a_request(BODY)
    node, found = only_node(a_workflow(before))
    wanted = before["parameters"] | {
        "url": f"{URL}/api/generate",
        "authentication": "genericCredentialType",
        "genericAuthType": "httpHeaderAuth",
    }
    assert node == before | {"parameters": wanted, "credentials": HEADER}
    assert isinstance(found, Moved)
    assert found.action is Action.REPOINT


def test_the_first_version_of_the_node_names_its_authentication_otherwise() -> None:
    parameters = {"requestMethod": "POST", "url": "http://ollama:11434/api/chat", "jsonParameters": True}
    node, _ = only_node(a_workflow(a_node("Ask", HTTP, parameters, 1)))
    assert node["parameters"] == parameters | {"url": f"{URL}/api/chat", "authentication": "headerAuth"}


@pytest.mark.parametrize("kind", ["n8n-nodes-base.httpRequestTool", "@n8n/n8n-nodes-langchain.toolHttpRequest"])
def test_tools_are_led_there_too(kind: str) -> None:
    node, _ = only_node(a_workflow(a_node("Ask", kind, {"url": "http://ollama:11434/api/chat"}, 1.1)))
    assert node["parameters"]["url"] == f"{URL}/api/chat"
    assert node["credentials"] == HEADER


def test_a_credential_of_ollamas_own_type_is_exchanged_for_one() -> None:
    auth = {"authentication": "predefinedCredentialType", "nodeCredentialType": "ollamaApi"}
    node, found = only_node(a_workflow(a_request(BODY, **auth)))
    assert node["parameters"]["authentication"] == "predefinedCredentialType"
    assert node["credentials"] == {"ollamaApi": {"id": None, "name": "AI Dispatch (Ollama)"}}
    assert isinstance(found, Moved)


def test_another_way_to_authenticate_is_named_and_its_credential_kept() -> None:
    auth = {"authentication": "genericCredentialType", "genericAuthType": "httpBasicAuth"}
    other = {"httpBasicAuth": {"id": "7", "name": "Proxy"}}
    node, found = only_node(a_workflow(a_request(BODY, **auth) | {"credentials": other}))
    assert node["credentials"] == other | HEADER
    assert isinstance(found, Moved)
    assert "httpBasicAuth" in found.lost[0]


def test_a_host_that_only_the_running_workflow_knows_is_left_with_advice() -> None:
    holder = a_node("Config", "n8n-nodes-base.set", {"host": "http://ollama:11434"})
    workflow = a_workflow(a_request(BODY, "=http://{{ $json.host }}:11434/api/generate"), holder)
    after, done = moved(workflow)
    (found,) = done.workflows[0].findings
    assert after == workflow
    assert isinstance(found, Left)
    assert URL in found.why
    assert "AI Dispatch (header)" in found.why
    assert "as it stands in 'Config'" in found.why


def test_a_route_that_the_sidecar_lacks_is_left() -> None:
    _, found = only_node(a_workflow(a_request("{}", "http://localhost:11434/api/delete")))
    assert isinstance(found, Left)
    assert "/api/delete" in found.why


def test_a_call_becomes_a_dispatch_where_nobody_reads_its_reply() -> None:
    body = {
        "model": "llama3.2",
        "system": "Be brief.",
        "prompt": "Summarize: …",
        "stream": False,
        "format": "json",
        "keep_alive": "5m",
        "options": {"temperature": 0.2, "num_predict": 50, "top_p": 0.9},
    }
    before = a_request(json.dumps(body), options={"timeout": 90000, "redirect": {"redirect": {}}})
    before |= {"retryOnFail": True, "onError": "continueRegularOutput", "notes": "mine"}
    node, found = only_node(a_workflow(before), REPLACING)
    assert node == before | {
        "type": "n8n-nodes-ai-dispatch.aiDispatch",
        "typeVersion": 1,
        "parameters": {
            "operation": "dispatch",
            "taskType": "summarization",
            "complexity": "auto",
            "prompt": "Summarize: …",
            "model": {"__rl": True, "mode": "id", "value": "llama3.2"},
            "simplify": True,
            "options": {
                "systemPrompt": "Be brief.",
                "outputFormat": {"is": {"kind": "json"}},
                "temperature": 0.2,
                "maxTokens": 50,
                "timeout": 90,
            },
        },
        "credentials": {"aiDispatchApi": {"id": None, "name": "AI Dispatch"}},
    }
    assert isinstance(found, Moved)
    assert [one.partition(":")[0] for one in found.lost] == ["top_p", "keep_alive", "redirect"]


def dispatched(request: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the dispatch that a request becomes."""
    node, found = only_node(a_workflow(request), REPLACING)
    assert isinstance(found, Moved), found
    assert found.action is Action.REPLACE, found
    parameters: dict[str, Any] = node["parameters"]
    return parameters


def kept(request: dict[str, Any]) -> str:
    """Why a request stays one."""
    node, found = only_node(a_workflow(request), REPLACING)
    assert isinstance(found, Moved)
    assert found.action is Action.REPOINT
    assert node["type"] == HTTP
    return found.why


def test_a_chat_of_one_prompt_is_read_from_either_api() -> None:
    messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    body = {"model": "m", "messages": messages, "max_tokens": 9, "response_format": wanted}
    parameters = dispatched(a_request(json.dumps(body), "http://ollama:11434/v1/chat/completions"))
    assert (parameters["prompt"], parameters["options"]["systemPrompt"]) == ("U", "S")
    assert parameters["options"]["maxTokens"] == 9
    form = parameters["options"]["outputFormat"]["is"]
    assert form["kind"] == "schema"
    assert json.loads(form["schema"]) == schema


@pytest.mark.parametrize(
    ("written", "prompt"),
    [
        ('"Sum up: {{ $json.text }}"', "=Sum up: {{ $json.text }}"),
        ('"{{ $json.a }}\\n\\"{{ $json.b }}\\""', '={{ $json.a }}\n"{{ $json.b }}"'),
        ("{{ JSON.stringify($json.text) }}", "={{ $json.text }}"),
        ("{{ JSON.stringify($('A').item.json['x, y'] + \"(\") }}", "={{ $('A').item.json['x, y'] + \"(\" }}"),
        ("{{ $json.text.toJsonString() }}", "={{ $json.text }}"),
        ('"no code at all"', "no code at all"),
    ],
)
def test_code_in_a_prompt_stays_code_and_text_stays_text(written: str, prompt: str) -> None:
    body = '={ "model": "m", "prompt": ' + written + ', "stream": false }'
    assert dispatched(a_request(body))["prompt"] == prompt


def test_pairs_of_names_and_values_come_over_as_they_are() -> None:
    pairs = [("model", "m"), ("prompt", "={{ $json.q }}"), ("stream", "={{ false }}"), ("format", "json")]
    body = {"parameters": [{"name": name, "value": value} for name, value in pairs]}
    request = a_request("", specifyBody="keypair", bodyParameters=body)
    parameters = dispatched(request)
    assert parameters["prompt"] == "={{ $json.q }}"
    assert parameters["options"] == {"outputFormat": {"is": {"kind": "json"}}}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ('{"model": "m", "prompt": "=1+1"}', "begins with ="),
        ('={"model": "m", "prompt": "=1+{{ 1 }}"}', ""),
        ('={{ {model: "m", prompt: $json.q} }}', "code"),
        ('={"model": "m", "prompt": {{ $json.q }} }', "code that makes JSON"),
        ('={"model": "m", "prompt": {{ JSON.stringify($json.q, null, 2) }} }', "code that makes JSON"),
        ('={"model": "m", "prompt": "{{ $json.q.replace(/x/g, 1) }}"}', "by hand"),
        ('{"model": "m", "prompt": "p", "images": ["…"]}', "images"),
        ('{"model": "m", "prompt": "p", "context": [1]}', "earlier context"),
        (
            '{"model": "m", "messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}',
            "more",
        ),
        ('{"prompt": "p"}', "no model"),
        ("not JSON", "isn't a JSON object"),
    ],
)
def test_what_a_dispatch_cannot_say_stays_a_request(body: str, why: str) -> None:
    if why:
        assert why in kept(a_request(body))
    else:
        assert dispatched(a_request(body))["prompt"] == "==1+{{ 1 }}"


def test_an_option_that_is_text_in_the_body_never_becomes_an_expression() -> None:
    body = {"model": "m", "prompt": "p", "options": {"temperature": "=1+1", "num_predict": -1, "top_k": 3}}
    node, found = only_node(a_workflow(a_request(json.dumps(body))), REPLACING)
    assert node["parameters"]["options"] == {}
    assert isinstance(found, Moved)
    assert found.lost == ("temperature: its value isn't a plain number", "top_k: the node has no such option")


def test_embeddings_stay_requests() -> None:
    why = kept(a_request('{"model": "m", "input": "x"}', "http://ollama:11434/api/embed"))
    assert "vectors of another" in why


@pytest.mark.parametrize(
    ("following", "why"),
    [
        (a_node("Next", "n8n-nodes-base.set", {"a": "={{ $json.response }}"}), "'Next' reads response"),
        (a_node("Next", "n8n-nodes-base.set", {"a": "={{ $json['message'].content }}"}), "'Next' reads"),
        (a_node("Next", "n8n-nodes-base.itemLists", {"fieldToSplitOut": "choices"}), "'Next' reads choices"),
        (a_node("Next", "n8n-nodes-base.code", {"jsCode": "return $input.all()"}), "has code"),
        (a_node("Next", "n8n-nodes-base.respondToWebhook", {}), "sends it on"),
        (a_node("Far", "n8n-nodes-base.set", {"a": "={{ $('Ask').item.json.response }}"}), "by name"),
        (a_node("Start", "n8n-nodes-base.executeWorkflowTrigger", {}), "answers"),
        (a_node("Start", "n8n-nodes-base.webhook", {"responseMode": "lastNode"}), "answers"),
    ],
)
def test_a_reply_that_somebody_reads_keeps_its_shape(following: dict[str, Any], why: str) -> None:
    links = {"Ask": ["Next"]} if following["name"] == "Next" else {}
    node, found = only_node(a_workflow(a_request(BODY), following, links=links), REPLACING)
    assert node["type"] == HTTP
    assert isinstance(found, Moved)
    assert why in found.why


def test_a_reply_of_which_only_other_fields_are_read_may_change_its_shape() -> None:
    following = a_node("Next", "n8n-nodes-base.set", {"a": "={{ $('Start').item.json.id }}", "b": "response time"})
    node, _ = only_node(a_workflow(a_request(BODY), following, links={"Ask": ["Next"]}), REPLACING)
    assert node["type"] == "n8n-nodes-ai-dispatch.aiDispatch"


def test_a_sidecar_at_ollamas_old_address_still_needs_its_token() -> None:
    wishes = type(KEEPING)("http://localhost:11434")
    node, found = only_node(a_workflow(a_request(BODY)), wishes)
    assert isinstance(found, Moved)
    assert node["credentials"] == HEADER
    assert node["parameters"]["url"] == "http://localhost:11434/api/generate"
