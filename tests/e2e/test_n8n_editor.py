"""What the editor of a real n8n shows of our node and credential."""

from collections.abc import Iterator

import pytest

from tests.e2e.n8n import PACKAGE, Json, N8n
from tests.e2e.n8n_server import N8nServer, running_server
from tests.e2e.program import free_port
from tests.e2e.sidecar import Sidecar

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

NODE = f"{PACKAGE}.aiDispatch"


@pytest.fixture(scope="module")
def server(n8n: N8n) -> Iterator[N8nServer]:
    """Run the server of an n8n with our node."""
    with running_server(n8n) as running:
        yield running


def verdict_on(server: N8nServer, base_url: str, token: str) -> Json:
    """Return what the editor says when a credential is saved."""
    unsaved = {"id": "", "name": "new", "type": "aiDispatchApi", "data": {"baseUrl": base_url, "token": token}}
    result: Json = server.post("/rest/credentials/test", {"credentials": unsaved})
    return result


def listed(server: N8nServer, sidecar: Sidecar, typed: str = "") -> list[Json]:
    """Return what the Model field offers."""
    data = {"baseUrl": sidecar.base_url, "token": sidecar.token}
    saved = server.post("/rest/credentials", {"name": f"for {typed!r}", "type": "aiDispatchApi", "data": data})
    question = {
        "nodeTypeAndVersion": {"name": NODE, "version": 1},
        "path": "parameters.model",
        "methodName": "searchModels",
        "currentNodeParameters": {},
        "credentials": {"aiDispatchApi": {"id": saved["id"], "name": saved["name"]}},
        "filter": typed,
    }
    results: list[Json] = server.post("/rest/dynamic-node-parameters/resource-locator-results", question)["results"]
    return results


def test_a_credential_with_the_right_token_is_fine(server: N8nServer, sidecar: Sidecar) -> None:
    assert verdict_on(server, sidecar.base_url, sidecar.token)["status"] == "OK"


def test_a_slash_after_the_address_does_no_harm(server: N8nServer, sidecar: Sidecar) -> None:
    assert verdict_on(server, f"{sidecar.base_url}/", sidecar.token)["status"] == "OK"


@pytest.mark.parametrize("token", ["not-the-token", ""])
def test_a_credential_with_a_wrong_token_is_refused(server: N8nServer, sidecar: Sidecar, token: str) -> None:
    assert verdict_on(server, sidecar.base_url, token)["status"] == "Error"


def test_a_credential_for_an_address_where_nobody_listens_is_refused(server: N8nServer) -> None:
    assert verdict_on(server, f"http://127.0.0.1:{free_port()}", "any")["status"] == "Error"


def test_the_model_field_offers_the_automatic_choice_then_the_models(server: N8nServer, sidecar: Sidecar) -> None:
    first, *models = listed(server, sidecar)
    assert first == {"name": "Automatic", "value": "auto"}
    assert "smollm2-135m-instruct" in [model["value"] for model in models]


def test_typing_narrows_the_model_field(server: N8nServer, sidecar: Sidecar) -> None:
    assert [model["value"] for model in listed(server, sidecar, "SMOLLM2-135M")] == ["smollm2-135m-instruct"]


def test_the_node_is_there_with_icons_search_words_and_a_tool_for_agents(server: N8nServer) -> None:
    nodes = {node["name"]: node for node in server.get("/types/nodes.json")}
    node = nodes[NODE]
    assert {"light", "dark"} == node["iconUrl"].keys()
    assert "Root Nodes" in node["codex"]["subcategories"]["AI"]
    assert "ollama" in node["codex"]["alias"]
    assert f"{NODE}Tool" in nodes


def test_the_chat_model_is_among_the_chat_models_and_is_no_tool(server: N8nServer) -> None:
    nodes = {node["name"]: node for node in server.get("/types/nodes.json")}
    model = nodes[f"{PACKAGE}.aiDispatchChatModel"]
    assert model["codex"]["subcategories"]["Language Models"] == ["Chat Models (Recommended)"]
    assert model["outputs"] == ["ai_languageModel"]
    assert f"{PACKAGE}.aiDispatchChatModelTool" not in nodes
