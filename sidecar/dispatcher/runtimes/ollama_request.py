"""The bodies sent to Ollama: allow-lists, so that nothing of a caller's slips through."""

from typing import Any

import orjson

from dispatcher.core.outcome import Ask
from dispatcher.core.task import FormatKind
from dispatcher.errors import InvalidRequest
from dispatcher.runtimes.ollama_loads import Loaded

_FOR_EVER = -1  # how long a model stays loaded: this sidecar decides that, not Ollama's clock


def chat_body(ask: Ask, loaded: Loaded) -> bytes:
    """A chat to answer as a stream.

    A prompt that is too long is to be refused, which Ollama does from 0.12.6 on: else it cuts it without a word.
    """
    options = _load_options(loaded) | {"num_predict": ask.max_tokens}
    if ask.temperature is not None:
        options["temperature"] = ask.temperature
    body: dict[str, object] = {
        "model": loaded.reference,
        "messages": [{"role": message.role.value, "content": message.content} for message in ask.messages],
        "stream": True,
        "truncate": False,
        **_keeping(loaded),
        "options": options,
    }
    if ask.output.kind is FormatKind.JSON:
        body["format"] = "json"
    elif ask.output.kind is FormatKind.JSON_SCHEMA:
        body["format"] = dict(ask.output.schema or {})
    try:
        return orjson.dumps(body)
    except TypeError as error:  # lone surrogates, or a schema that isn't JSON
        raise InvalidRequest("the prompt or the format's JSON schema holds text that isn't valid Unicode") from error


def load_body(loaded: Loaded) -> bytes:
    """No prompt: load the model and keep it."""
    return orjson.dumps(
        {"model": loaded.reference, "stream": False, **_keeping(loaded), "options": _load_options(loaded)}
    )


def model_body(reference: str) -> bytes:
    """Just the model: to show or to pull it, the latter as a stream."""
    return orjson.dumps({"model": reference, "stream": True})


def _keeping(loaded: Loaded) -> dict[str, int]:
    """How long a model stays, which in an Ollama of someone else's is that one's to say."""
    return {} if loaded.context_tokens is None else {"keep_alive": _FOR_EVER}


def _load_options(loaded: Loaded) -> dict[str, Any]:
    if loaded.context_tokens is None:
        return {}
    return {"num_ctx": loaded.context_tokens, "num_thread": loaded.threads}
