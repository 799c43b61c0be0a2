"""n8n's own model nodes, and our chat model, in a running n8n: nothing but the URL in a credential is ours."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.dropin_workflows import (
    ANSWERING,
    MODEL,
    OLLAMA_CHAT,
    OLLAMA_COMPLETION,
    OLLAMA_EMBEDDINGS,
    OPENAI_CHAT,
    OPENAI_CHAT_BEFORE,
    OPENAI_EMBEDDINGS,
    OUR_CHAT,
    Kind,
    agent,
    chain,
    ollama_credential,
    ollama_message,
    on_webhook,
    openai_credential,
    openai_message,
    retrieval,
)
from tests.e2e.fake_engines import FakeEngines, fake_engines
from tests.e2e.n8n import Json, N8n
from tests.e2e.n8n_server import N8nServer, running_server
from tests.e2e.sidecar import Sidecar
from tests.e2e.waiting import until
from tests.e2e.workflows import credential, example
from tests.fakes.behaviour import mark

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

PROMPT = "Say hello in one short sentence."
SMALL = "smollm2-135m-instruct"
CALLING = mark(calls=[{"name": "Calculator", "arguments": {"input": "6 * 7"}}]) + " What is 6 times 7?"
ENDLESS = mark(token_delay_s=10.0) + " Count to a thousand."
TEXTS = ["The cat sleeps on the sofa.", "Interest rates were raised again.", "A recipe for apple pie."]
CREDENTIALS: Mapping[str, Callable[[str, str, str], Json]] = {
    "ollamaApi": ollama_credential,
    "openAiApi": openai_credential,
    "aiDispatchApi": credential,
}
AGENTS = {"ollama": OLLAMA_CHAT, "openai": OPENAI_CHAT, "openai-before": OPENAI_CHAT_BEFORE, "ours": OUR_CHAT}
"""Every node that an agent takes for its model, by what its workflows are called here."""
CHAINS = AGENTS | {"ollama-completion": OLLAMA_COMPLETION}
EMBEDDINGS = {"ollama": OLLAMA_EMBEDDINGS, "openai": OPENAI_EMBEDDINGS}


class Furnished:
    """A running n8n that has, for two sidecars, a credential of each kind."""

    def __init__(self, server: N8nServer, real: Sidecar, fake: FakeEngines) -> None:
        self.server = server
        self.fake = fake
        self._ids = {
            (of is real, kind): server.keep(make(kind, of.base_url, of.token))
            for of in (real, fake)
            for kind, make in CREDENTIALS.items()
        }

    def real(self, kind: str) -> str:
        """The credential of this kind for the sidecar that has real models."""
        return self._ids[True, kind]

    def faked(self, kind: str) -> str:
        """The one for the sidecar whose models call tools when they are told to."""
        return self._ids[False, kind]


@pytest.fixture(scope="module")
def furnished(n8n: N8n, sidecar: Sidecar, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    with fake_engines(tmp_path_factory.mktemp("fakes")) as fake, running_server(n8n) as server:
        yield Furnished(server, sidecar, fake)


def answered(furnished: Furnished, workflow: Json, node: str = ANSWERING) -> Any:
    """The one item that a run of the workflow gives."""
    execution = furnished.server.run(workflow, node)
    assert (execution.error or {}).get("message") is None
    (item,) = execution.items
    return item


def short(kind: Kind) -> dict[str, Any]:
    """The node's option that keeps answers short."""
    return {"options": {"numPredict": 16} if kind[2] == "ollamaApi" else {"maxTokens": 16}}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_gets_an_answer_from_a_real_model(furnished: Furnished, name: str) -> None:
    kind = CHAINS[name]
    item = answered(furnished, chain(name, kind, furnished.real(kind[2]), "auto", PROMPT, **short(kind)))
    assert item["text"].strip()


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_has_its_tool_called_and_its_result_read(furnished: Furnished, name: str) -> None:
    kind = AGENTS[name]
    execution = furnished.server.run(agent(name, kind, furnished.faked(kind[2]), "auto", CALLING), ANSWERING)
    assert (execution.error or {}).get("message") is None
    ((called,),) = execution.outputs_of("Calculator", "ai_tool")
    assert called["json"]["response"] == "42"
    (item,) = execution.items
    assert item["output"].startswith("You said")  # the fake's answer to the tool's result


@pytest.mark.parametrize("name", AGENTS)
def test_an_agent_streams_what_follows_its_tools_result(furnished: Furnished, name: str) -> None:
    kind = AGENTS[name]
    live = on_webhook(agent(f"live-{name}", kind, furnished.faked(kind[2]), "auto", CALLING))
    lines = furnished.server.stream(f"/webhook/{furnished.server.publish(live)}", {})
    said = [line["content"] for line in lines if line["type"] == "item" and line["metadata"]["nodeName"] == ANSWERING]
    assert "You said" in "".join(said)


# langchain's client of Ollama looks whether it was stopped only when the next piece comes.
@pytest.mark.parametrize("name", [name for name in AGENTS if name != "ollama"])
def test_a_run_that_is_stopped_frees_the_model_at_once(furnished: Furnished, name: str) -> None:
    kind, fake = AGENTS[name], furnished.fake
    run = furnished.server.begin(agent(name, kind, furnished.faked(kind[2]), "small", ENDLESS))
    until(fake.is_busy, within_s=60, what="a model being at work")
    furnished.server.stop(run)
    until(lambda: not fake.is_busy(), within_s=10, what="the model being free")


def test_the_example_agent_of_our_package_answers(furnished: Furnished) -> None:
    item = answered(furnished, example("example", furnished.faked("aiDispatchApi"), "ask-an-agent"), "AI Agent")
    assert item["output"].startswith("You said")


def test_our_chat_model_says_above_its_output_who_answered_and_why(furnished: Furnished) -> None:
    workflow = chain("told", OUR_CHAT, furnished.faked("aiDispatchApi"), "small", PROMPT)
    (hint,) = furnished.server.run(workflow, ANSWERING).hints_of(MODEL)
    assert hint.startswith("Served by small, because small is ")


@pytest.mark.parametrize("name", EMBEDDINGS)
def test_a_vector_store_finds_the_text_that_means_the_same(furnished: Furnished, name: str) -> None:
    kind = EMBEDDINGS[name]
    query = "Where is the kitten?"
    item = answered(furnished, retrieval(name, kind, furnished.real(kind[2]), "auto", TEXTS, query))
    assert item["document"]["pageContent"] == TEXTS[0]


def test_the_node_that_messages_an_ollama_model_gets_an_answer(furnished: Furnished) -> None:
    options = {"num_predict": 16, "keep_alive": "5m", "format": ""}
    item = answered(furnished, ollama_message("m", furnished.real("ollamaApi"), f"{SMALL}:latest", PROMPT, **options))
    assert item["content"].strip()


def test_the_node_that_messages_an_openai_model_gets_an_answer(furnished: Furnished) -> None:
    item = answered(furnished, openai_message("m", furnished.real("openAiApi"), SMALL, PROMPT))
    (message,) = item["output"]
    assert message["content"][0]["text"].strip()


def test_the_same_node_of_older_workflows_gets_one_too(furnished: Furnished) -> None:
    item = answered(furnished, openai_message("m", furnished.real("openAiApi"), SMALL, PROMPT, version=1.8))
    assert item["message"]["content"].strip()


@pytest.mark.parametrize("name", ["ollama", "openai", "ours"])
def test_a_model_nobody_has_is_refused_with_the_names_there_are(furnished: Furnished, name: str) -> None:
    kind = AGENTS[name]
    error = furnished.server.run(chain(name, kind, furnished.faked(kind[2]), "gpt-5-mini", PROMPT), ANSWERING).error
    assert error is not None
    words = f"{error['message']} {error.get('description')}"
    assert "gpt-5-mini" in words
    assert "small" in words


@pytest.mark.parametrize("kind", ["ollamaApi", "openAiApi"])
def test_n8ns_own_credentials_are_fine_with_the_token_and_refused_without(furnished: Furnished, kind: str) -> None:
    fake = furnished.fake
    verdicts = [
        furnished.server.post(
            "/rest/credentials/test", {"credentials": CREDENTIALS[kind]("new", fake.base_url, token) | {"id": ""}}
        )["status"]
        for token in (fake.token, "not-the-token")
    ]
    assert verdicts == ["OK", "Error"]


def test_the_model_field_of_n8ns_ollama_nodes_offers_the_aliases_and_the_models(furnished: Furnished) -> None:
    question = asked_by("lmChatOllama", 1, "ollamaApi", furnished) | {"loadOptions": OLLAMA_LOAD}
    names = {each["value"] for each in furnished.server.post("/rest/dynamic-node-parameters/options", question)}
    assert {name.removesuffix(":latest") for name in names} >= {"auto", "auto:fast", "small", "big"}


def test_the_model_field_of_n8ns_openai_chat_model_does_too(furnished: Furnished) -> None:
    question = asked_by("lmChatOpenAi", 1.3, "openAiApi", furnished) | {"methodName": "searchModels"}
    found = furnished.server.post("/rest/dynamic-node-parameters/resource-locator-results", question)["results"]
    assert {each["value"] for each in found} >= {"auto", "auto:fast", "small", "big"}


def asked_by(node: str, version: float, kind: str, furnished: Furnished) -> Json:
    """What the editor says when it opens a node's Model field."""
    return {
        "nodeTypeAndVersion": {"name": f"@n8n/n8n-nodes-langchain.{node}", "version": version},
        "path": "parameters.model",
        "currentNodeParameters": {"options": {}},
        "credentials": {kind: {"id": furnished.faked(kind), "name": kind}},
    }


_NAMED = {"name": "={{$responseItem.name}}", "value": "={{$responseItem.name}}"}
OLLAMA_LOAD = {
    "routing": {
        "request": {"method": "GET", "url": "/api/tags"},
        "output": {
            "postReceive": [
                {"type": "rootProperty", "properties": {"property": "models"}},
                {"type": "setKeyValue", "properties": _NAMED},
            ]
        },
    }
}
"""As the node says it: the editor sends it along."""
