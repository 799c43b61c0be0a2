"""Talking OpenAI's protocol by hand: what is sent and what comes, byte for byte."""

import json
from typing import Any

from openai.types.chat import ChatCompletionChunk

from tests.integration.conftest import JSON, Client

CHAT = "/v1/chat/completions"
WEATHER: JSON = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a place.",
        "parameters": {
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": {"place": {"type": "string"}},
            "required": ["place"],
            "additionalProperties": False,
        },
    },
}


def said(text: str, **more: Any) -> JSON:
    """A request with one message of the user."""
    return {"model": "auto", "messages": [{"role": "user", "content": text}], **more}


async def events(client: Client, path: str, body: JSON, headers: dict[str, str] | None = None) -> list[str]:
    """The data of each event of a stream."""
    async with client.http.post(path, json={**body, "stream": True}, headers=headers) as response:
        text = await response.text()
        assert response.status == 200, text
        assert response.content_type == "text/event-stream"
    blocks = [block for block in text.split("\n\n") if block and not block.startswith(":")]
    return [block.rpartition("data: ")[2] for block in blocks]


async def chunks(client: Client, body: JSON) -> list[ChatCompletionChunk]:
    """The chunks of a streamed chat, each as OpenAI's own types have it."""
    told = await events(client, CHAT, body)
    assert told[-1] == "[DONE]"
    return [ChatCompletionChunk.model_validate(json.loads(one), strict=True) for one in told[:-1]]


def text_of(told: list[ChatCompletionChunk]) -> str:
    """The text of a streamed chat."""
    return "".join(one.choices[0].delta.content or "" for one in told if one.choices)


async def asked(client: Client) -> list[JSON]:
    """What the fake servers behind the sidecar were asked, in order for each."""
    found: list[JSON] = []
    for replica in client.sidecar.fleet:
        assert replica.endpoint is not None
        async with client.http.get(f"{replica.endpoint.base_url}/fake/asked") as response:
            found += await response.json()
    return found
