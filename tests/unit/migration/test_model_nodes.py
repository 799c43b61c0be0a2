"""Nodes that reach their model through a credential."""

from typing import Any

import pytest

from dispatcher.migration.report import Action, Left, Moved
from dispatcher.migration.wishes import Credential, CredentialType, Wishes
from tests.unit.migration.examples import (
    KEEPING,
    LANGCHAIN,
    OPENING,
    REPLACING,
    URL,
    a_chat_model,
    a_node,
    a_workflow,
    moved,
    only_node,
)

OURS = {"id": None, "name": "AI Dispatch (Ollama)"}


def an_openai_model(model: Any, **more: Any) -> dict[str, Any]:
    parameters = {"model": model, "options": more.pop("options", {})}
    credentials = {"openAiApi": {"id": "2", "name": more.pop("credential", "Some account")}}
    return a_node(more.pop("name", "Model"), LANGCHAIN + "lmChatOpenAi", parameters, 1.2, credentials=credentials)


def test_a_chat_model_gets_another_credential_and_nothing_else() -> None:
    before = a_chat_model(model="mistral:7b", options={"keepAlive": "2h", "temperature": 0.10})
    node, found = only_node(a_workflow(before))
    assert isinstance(found, Moved)
    assert found.action is Action.REPOINT
    assert node == before | {"credentials": {"ollamaApi": OURS}}
    assert found.lost == ("keepAlive: stays, but AI Dispatch decides how long a model stays in memory",)


def test_a_chat_model_becomes_ours_with_model_and_options() -> None:
    options = {"keepAlive": "2h", "temperature": 0.1, "numPredict": 200, "topK": 5, "format": "json"}
    before = a_chat_model(model="mistral:7b", options=options) | {"notes": "mine", "disabled": True}
    node, found = only_node(a_workflow(before), REPLACING)
    assert isinstance(found, Moved)
    assert found.action is Action.REPLACE
    assert node == before | {
        "type": "n8n-nodes-ai-dispatch.aiDispatchChatModel",
        "typeVersion": 1,
        "parameters": {
            "model": {"__rl": True, "mode": "id", "value": "mistral:7b"},
            "taskType": "auto",
            "complexity": "auto",
            "options": {"temperature": 0.1, "maxTokens": 200, "responseFormat": "json_object"},
        },
        "credentials": {"aiDispatchApi": {"id": None, "name": "AI Dispatch"}},
    }
    assert [one.partition(":")[0] for one in found.lost] == ["keepAlive", "topK"]
    assert found.what.endswith("disabled")


def test_a_model_that_nobody_named_is_n8ns_default() -> None:
    node, found = only_node(a_workflow(a_chat_model(options={})), REPLACING)
    assert node["parameters"]["model"]["value"] == "llama3.2"
    assert isinstance(found, Moved)


def test_the_choice_of_a_model_can_be_left_open() -> None:
    node, _ = only_node(a_workflow(a_chat_model(model="mistral:7b", options={})), OPENING)
    assert node["parameters"] == {"model": "auto", "options": {}}
    located = an_openai_model({"__rl": True, "mode": "list", "value": "qwen2.5:14b"})
    node, _ = only_node(a_workflow(located), OPENING)
    assert node["parameters"]["model"] == {"__rl": True, "mode": "id", "value": "auto"}


def test_what_was_moved_by_its_credential_can_become_a_node_of_ours_later() -> None:
    after, _ = moved(a_workflow(a_chat_model(model="mistral:7b")))
    later, done = moved(after, REPLACING)
    assert later["nodes"][0]["type"] == "n8n-nodes-ai-dispatch.aiDispatchChatModel"
    assert len(done.workflows[0].moved) == 1


@pytest.mark.parametrize("wishes", [KEEPING, REPLACING, OPENING])
def test_embeddings_keep_their_node_and_their_model(wishes: Wishes) -> None:
    before = a_node("Vectors", LANGCHAIN + "embeddingsOllama", {"model": "nomic-embed-text:latest"})
    node, found = only_node(a_workflow(before), wishes)
    assert node == before | {"credentials": {"ollamaApi": OURS}}
    assert isinstance(found, Moved)
    assert "vectors of another don't fit" in found.why


@pytest.mark.parametrize(
    "node",
    [
        an_openai_model({"__rl": True, "mode": "list", "value": "qwen2.5:14b-8k"}),
        an_openai_model("hf.co/bartowski/model-GGUF:Q4_K_M"),
        an_openai_model("gpt-oss", credential="ollama-m4pro"),
        an_openai_model("mistral", options={"baseURL": "http://localhost:11434/v1"}),
        an_openai_model("mistral", name="Ollama (Change Base URL)"),
    ],
)
def test_an_openai_node_that_talks_to_an_ollama_is_found(node: dict[str, Any]) -> None:
    after, found = only_node(a_workflow(node))
    assert isinstance(found, Moved)
    assert after["credentials"]["openAiApi"]["name"] == "AI Dispatch (OpenAI)"


@pytest.mark.parametrize(
    "node",
    [
        an_openai_model("gpt-4o"),
        an_openai_model({"__rl": True, "mode": "list", "value": "gpt-4o-mini"}),
        an_openai_model("ft:gpt-3.5-turbo:my-org::7p4lURel"),
        an_openai_model("meta-llama/llama-3.1-8b:free"),
        an_openai_model("qwen2.5:14b", options={"baseURL": "https://api.openrouter.example/v1"}),
        a_node("Model", LANGCHAIN + "lmChatAnthropic", {"model": "claude:1"}),
        a_node("Ollama", "n8n-nodes-base.noOp"),
    ],
)
def test_what_does_not_talk_to_an_ollama_stays(node: dict[str, Any]) -> None:
    workflow = a_workflow(node)
    after, done = moved(workflow)
    assert done.workflows[0].findings == ()
    assert after == workflow


def test_a_base_url_in_the_options_is_led_to_the_sidecar_too() -> None:
    node, _ = only_node(a_workflow(an_openai_model("mistral", options={"baseURL": "http://localhost:11434/v1"})))
    assert node["parameters"]["options"] == {"baseURL": f"{URL}/v1"}
    _, found = only_node(a_workflow(an_openai_model("mistral", options={"baseURL": "={{ $env.OLLAMA_URL }}"})))
    assert isinstance(found, Left)
    assert "expression" in found.why


def test_a_credential_is_named_by_id_where_one_is_given() -> None:
    wishes = Wishes(URL, credentials={**KEEPING.credentials, CredentialType.OLLAMA: Credential("Mine", "abc")})
    node, _ = only_node(a_workflow(a_chat_model()), wishes)
    assert node["credentials"] == {"ollamaApi": {"id": "abc", "name": "Mine"}}


def test_credentials_of_another_type_are_kept() -> None:
    both = {"ollamaApi": {"id": "1", "name": "Local"}, "langfuseApi": {"id": "9", "name": "Traces"}}
    node, _ = only_node(a_workflow(a_chat_model() | {"credentials": both}), REPLACING)
    assert set(node["credentials"]) == {"langfuseApi", "aiDispatchApi"}


def a_message(**more: Any) -> dict[str, Any]:
    parameters = {
        "modelId": {"__rl": True, "mode": "list", "value": "llama3.2:3b"},
        "messages": {"values": [{"content": "=Translate into French: {{ $json.text }}"}]},
        "options": {"system": "Be brief.", "num_predict": 100, "seed": 3},
    }
    return a_node("Ollama", LANGCHAIN + more.pop("kind", "ollama"), parameters | more)


def test_n8ns_own_ollama_node_becomes_a_dispatch() -> None:
    node, found = only_node(a_workflow(a_message()), REPLACING)
    assert node["type"] == "n8n-nodes-ai-dispatch.aiDispatch"
    assert node["parameters"] == {
        "operation": "dispatch",
        "taskType": "translation",
        "complexity": "auto",
        "prompt": "=Translate into French: {{ $json.text }}",
        "model": {"__rl": True, "mode": "id", "value": "llama3.2:3b"},
        "simplify": True,
        "options": {"maxTokens": 100, "systemPrompt": "Be brief."},
    }
    assert isinstance(found, Moved)
    assert found.lost == ("seed: the node has no such option",)


def test_as_a_tool_it_stays_one() -> None:
    node, _ = only_node(a_workflow(a_message(kind="ollamaTool", toolDescription="Asks")), REPLACING)
    assert node["type"] == "n8n-nodes-ai-dispatch.aiDispatchTool"
    assert node["parameters"]["toolDescription"] == "Asks"


@pytest.mark.parametrize(
    ("workflow", "why"),
    [
        (a_workflow(a_message(resource="image")), "images"),
        (a_workflow(a_message(messages={"values": [{"content": "a"}, {"content": "b"}]})), "more than one prompt"),
        (
            a_workflow(a_message(), a_node("Next", "n8n-nodes-base.set", {"a": "={{ $json.content }}"}),
                       links={"Ollama": ["Next"]}),
            "'Next' reads content",
        ),
        (a_workflow(a_message(), a_node("Tool", "x.tool"), links={"Tool": ["Ollama"]}, kind="ai_tool"), "has tools"),
    ],
)  # fmt: skip
def test_where_a_dispatch_would_not_do_the_same_the_node_stays_with_another_credential(
    workflow: dict[str, Any], why: str
) -> None:
    node, found = only_node(workflow, REPLACING)
    assert node["type"] == LANGCHAIN + "ollama"
    assert node["credentials"] == {"ollamaApi": OURS}
    assert isinstance(found, Moved)
    assert why in found.why


def test_the_task_is_guessed_from_who_uses_the_model() -> None:
    workflow = a_workflow(
        a_chat_model(),
        a_node("Sum up", LANGCHAIN + "chainSummarization"),
        links={"Model": ["Sum up"]},
        kind="ai_languageModel",
    )
    after, _ = moved(workflow, REPLACING)
    assert after["nodes"][0]["parameters"]["taskType"] == "summarization"
    assert after["connections"] == workflow["connections"]
