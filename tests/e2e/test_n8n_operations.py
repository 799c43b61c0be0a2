"""Every operation of the node beside Dispatch a Prompt, in a real n8n; the models are fakes."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.dropin_workflows import ANSWERING, TOOL, agent_with_our_tool
from tests.e2e.fake_engines import FakeEngines, fake_engines
from tests.e2e.n8n import Json, N8n
from tests.e2e.workflows import asking, credential
from tests.fakes.behaviour import mark

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

CHAT = {
    "operation": "chat",
    "specifyMessages": "fields",
    "messages": {"message": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Say «one»."}]},
}
CHAT_OF_A_LIST = {
    "operation": "chat",
    "specifyMessages": "json",
    "messagesJson": "={{ [{role: 'user', content: 'Hi'}] }}",
}
SUBMIT = {"resource": "job", "operation": "submit", "prompt": "Say «later».", "options": {"maxTokens": 16}}
GET = {"resource": "job", "operation": "get", "wait": 20}
CALLING = mark(calls=[{"name": "AI_Dispatch", "arguments": {"prompt": "Say «tool»."}}]) + " Ask the other one."


@pytest.fixture(scope="module")
def sidecar(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeEngines]:
    with fake_engines(tmp_path_factory.mktemp("fakes")) as running:
        yield running


@pytest.fixture(scope="module")
def furnished(n8n: N8n, sidecar: FakeEngines) -> N8n:
    n8n.import_credentials([credential("fakes", sidecar.base_url, sidecar.token)])
    elsewhere = SUBMIT | {"callbackUrl": "http://elsewhere.example/"}
    named: dict[str, dict[str, Json]] = {
        "chats": {"Chat": CHAT, "AI Dispatch": CHAT_OF_A_LIST},
        "jobs": {"Submit": SUBMIT, "AI Dispatch": GET},
        "not-allowed": {"AI Dispatch": elsewhere},
        "no-job": {"AI Dispatch": GET | {"jobId": "j_nothing"}},
        "models": {"AI Dispatch": {"resource": "sidecar", "operation": "listModels"}},
        "status": {"AI Dispatch": {"resource": "sidecar", "operation": "getStatus"}},
        "alias": {"AI Dispatch": {"prompt": "Hi", "model": {"__rl": True, "mode": "id", "value": "auto:fast"}}},
    }
    workflows = [asking(name, "fakes", steps) for name, steps in named.items()]
    n8n.import_workflows([*workflows, agent_with_our_tool("tool", "fakes", CALLING)])
    return n8n


def test_a_chat_is_answered_whether_its_messages_are_fields_or_a_list(furnished: N8n) -> None:
    execution = furnished.execute("chats")
    assert execution.error is None
    (first,) = items_of(execution.runs, "Chat")
    (second,) = execution.items
    assert first["text"]
    assert second["text"]
    assert (first["attempts"], second["attempts"]) == (1, 1)
    assert first["run_s"] <= first["total_s"]


def test_a_job_is_submitted_in_one_node_and_got_in_the_next(furnished: N8n) -> None:
    execution = furnished.execute("jobs")
    (submitted,) = items_of(execution.runs, "Submit")
    (got,) = execution.items
    assert submitted["job_id"] == got["job_id"]
    assert (got["state"], got["is_finished"]) == ("done", True)
    assert all(got[field] for field in ("text", "model", "why", "dispatch_id"))


def test_a_callback_to_a_host_that_is_not_allowed_is_refused_in_the_words_of_the_sidecar(furnished: N8n) -> None:
    error = furnished.execute("not-allowed").error
    assert error is not None
    assert "AI_DISPATCH_CALLBACK_HOSTS" in error["message"]


def test_a_job_that_is_not_there_is_an_error(furnished: N8n) -> None:
    error = furnished.execute("no-job").error
    assert error is not None
    assert error["httpCode"] == "404"


def test_the_models_and_the_status_are_told(furnished: N8n) -> None:
    models = furnished.execute("models").items
    assert {"small", "big"} <= {model["id"] for model in models}
    (status,) = furnished.execute("status").items
    assert status["status"] in {"ready", "degraded"}
    assert status["memory_budget_mib"] > 0


def test_an_alias_stands_for_what_is_wanted(furnished: N8n) -> None:
    (item,) = furnished.execute("alias").items
    assert item["model"] in {"small", "big"}


def test_an_agent_uses_the_node_as_a_tool(furnished: N8n) -> None:
    execution = furnished.execute("tool", ANSWERING)
    assert (execution.error or {}).get("message") is None
    (called,) = execution.outputs_of(TOOL, "ai_tool")
    assert "small" in str(called) or "big" in str(called)
    assert execution.items


def items_of(runs: Mapping[str, Any], node: str) -> list[Json]:
    """The fields of the items that a node gave."""
    return [item["json"] for item in runs[node][0]["data"]["main"][0]]
