"""The bodies sent to Ollama: allow-lists, so that nothing of a caller's slips through.

Source: https://docs.ollama.com/api
"""

from collections.abc import Mapping
from typing import Any

import orjson

from dispatcher.core.embedding import EmbedAsk
from dispatcher.core.outcome import Ask
from dispatcher.core.task import FormatKind, Message, Role, Sampling, Tool, ToolCall
from dispatcher.errors import InvalidRequest
from dispatcher.runtimes.ollama_loads import Loaded

_FOR_EVER = -1  # how long a model stays loaded: this sidecar decides that, not Ollama's clock


def chat_body(ask: Ask, loaded: Loaded) -> bytes:
    """A chat to answer as a stream.

    A prompt that is too long is to be refused, which Ollama does from 0.12.6 on: else it cuts it without a word.
    """
    body: dict[str, object] = {
        "model": loaded.reference,
        "messages": [_message(message) for message in ask.messages],
        "stream": True,
        "truncate": False,
        **_keeping(loaded),
        "options": _load_options(loaded) | {"num_predict": ask.max_tokens} | _sampling(ask.sampling),
        **_asked(ask),
    }
    try:
        return orjson.dumps(body)
    except TypeError as error:  # lone surrogates, a schema that isn't JSON, or a number beyond 64 bits
        raise InvalidRequest(
            "the prompt, a tool or the format's JSON schema holds text that isn't valid Unicode, or no JSON"
        ) from error


def load_body(loaded: Loaded) -> bytes:
    """No prompt: load the model and keep it."""
    return orjson.dumps(
        {"model": loaded.reference, "stream": False, **_keeping(loaded), "options": _load_options(loaded)}
    )


def load_embedder_body(loaded: Loaded) -> bytes:
    """The same for a model that only embeds, which isn't to be had by `/api/generate`: no text to embed."""
    return orjson.dumps(_embedding(loaded) | {"input": ""})


def embed_body(ask: EmbedAsk, loaded: Loaded) -> dict[str, object]:
    """Texts to turn into vectors, and whether to cut those that are too long."""
    return _embedding(loaded) | {"input": ask.texts, "truncate": ask.truncate}


def model_body(reference: str) -> bytes:
    """Just the model: to show or to pull it, the latter as a stream."""
    return orjson.dumps({"model": reference, "stream": True})


def _message(message: Message) -> dict[str, object]:
    said: dict[str, object] = {"role": message.role.value, "content": message.content}
    if message.images:
        said["images"] = [image.base64 for image in message.images]
    if message.tool_calls:
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.role is Role.TOOL:
        said |= {"tool_name": message.tool_name or "", "tool_call_id": message.tool_call_id or ""}
    return said


def _call(call: ToolCall) -> dict[str, object]:
    """Ollama wants arguments as an object."""
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"messages: the arguments of the call of {call.name[:60]} aren't JSON") from error
    return {"id": call.id, "function": {"name": call.name, "arguments": arguments}}


def _sampling(sampling: Sampling) -> dict[str, object]:
    told: Mapping[str, object] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "seed": sampling.seed,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "repeat_penalty": sampling.repeat_penalty,
        "stop": list(sampling.stop) or None,
    }
    return {name: value for name, value in told.items() if value is not None}


def _asked(ask: Ask) -> dict[str, object]:
    """What only some requests ask for. Ollama can't be told that a tool must be called: that is seen to afterwards."""
    body: dict[str, object] = {}
    if ask.output.kind is FormatKind.JSON:
        body["format"] = "json"
    elif ask.output.kind is FormatKind.JSON_SCHEMA:
        body["format"] = dict(ask.output.schema or {})
    if ask.toolbox.offered:
        body["tools"] = [_tool(tool) for tool in ask.toolbox.offered]
    if ask.think is not None:
        body["think"] = ask.think
    if ask.top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": ask.top_logprobs}
    return body


def _tool(tool: Tool) -> dict[str, object]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _embedding(loaded: Loaded) -> dict[str, object]:
    return {"model": loaded.reference, **_keeping(loaded), "options": _load_options(loaded)}


def _keeping(loaded: Loaded) -> dict[str, int]:
    """How long a model stays, which in an Ollama of someone else's is that one's to say."""
    return {} if loaded.context_tokens is None else {"keep_alive": _FOR_EVER}


def _load_options(loaded: Loaded) -> dict[str, Any]:
    if loaded.context_tokens is None:
        return {}
    return {"num_ctx": loaded.context_tokens, "num_thread": loaded.threads}
