"""Requests in OpenAI's protocol that mean harm, or nothing, are the caller's fault and nobody else's trouble."""

import io
import json
from typing import Any

import pytest

from dispatcher.core.task import Capability
from tests.integration.conftest import JSON, Client, StartSidecar
from tests.unit.core.builders import spec

HUGE = 10**30
DEEP: Any = {}
for _ in range(60):
    DEEP = {"not": DEEP}
SAID = [{"role": "user", "content": "a"}]
CHAT, NEW, OLD = "/v1/chat/completions", "/v1/responses", "/v1/completions"


@pytest.fixture
async def client(start_sidecar: StartSidecar) -> Client:
    return await start_sidecar(spec(capabilities=frozenset(Capability) - {Capability.EMBEDDING}))


def function(parameters: object) -> JSON:
    return {"type": "function", "function": {"name": "f", "parameters": parameters}}


def called(arguments: object) -> list[JSON]:
    calls = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}]
    return [*SAID, {"role": "assistant", "tool_calls": calls}]


_SENSELESS = [
    (CHAT, {"messages": SAID, "tools": [function(DEEP)]}),
    (CHAT, {"messages": SAID, "tools": [function({"type": "nonsense"})]}),
    (CHAT, {"messages": SAID, "tools": [function({"$ref": "https://example.org/x.json"})]}),
    (CHAT, {"messages": SAID, "response_format": {"type": "json_schema", "json_schema": {"schema": DEEP}}}),
    (CHAT, {"messages": called({"a": HUGE})}),
    (CHAT, {"messages": called(7)}),
    (CHAT, {"messages": [7]}),
    (CHAT, {"messages": [{"role": ["user"], "content": "a"}]}),
    (CHAT, {"messages": [{"role": "user", "content": [["a"]]}]}),
    (CHAT, {"messages": SAID, "seed": HUGE}),
    (CHAT, {"messages": SAID, "model": ""}),
    (CHAT, {"messages": SAID, "stream": "yes"}),
    (CHAT, {"messages": SAID, "metadata": {"dispatch_timeout": "never"}}),
    (CHAT, {"messages": SAID, "dispatch": {"timeout": HUGE}}),
    (NEW, {"input": "a", "metadata": {"a": HUGE}}),
    (NEW, {"input": "a", "tools": [{"type": "function", "name": "f", "parameters": {"minimum": HUGE}}]}),
    (NEW, {"input": [7]}),
    (NEW, {"input": [{"type": "function_call", "call_id": "c", "name": "f", "arguments": {"a": HUGE}}]}),
    (NEW, {"input": "a", "text": {"format": 7}}),
    (NEW, {"input": "a", "text": {"format": {"type": "text", "more": HUGE}}}),
    (NEW, {"input": "a", "text": {"format": {"type": "json_schema", "schema": {"type": 7}}}}),
    (OLD, {"prompt": {"a": 1}}),
    (OLD, {"prompt": [[]]}),
]


async def test_what_makes_no_sense_is_told_as_such(client: Client) -> None:
    for path, body in _SENSELESS:
        for stream in ({}, {} if "stream" in body else {"stream": True}):
            error = (await client.post(path, {**body, **stream}, 400))["error"]
            assert error["type"] == "invalid_request_error"
            assert len(error["message"]) < 600


@pytest.mark.parametrize("raw", [b"", b"null", b"[" * 100_000, b'{"messages":"\\ud800"}', b'{"messages":[NaN]}'])
async def test_what_is_no_request_at_all_is_refused(client: Client, raw: bytes) -> None:
    for path in (CHAT, NEW, OLD, "/v1/embeddings"):
        headers = {"Content-Type": "application/json"}
        async with client.http.post(path, data=io.BytesIO(raw), headers=headers) as response:
            assert response.status == 400
            assert set(json.loads(await response.read())["error"]) >= {"message", "type", "param", "code"}
