"""What an inference server's own errors mean, in words that name the fix.

The server's words aren't passed on: they may quote the prompt.
"""

from collections.abc import Mapping

import orjson

from dispatcher.core.embedding import EmbedAsk
from dispatcher.core.outcome import Ask
from dispatcher.core.task import FormatKind
from dispatcher.errors import TOO_LONG, DispatcherError, RuntimeBadAnswer, RuntimeBusy, RuntimeFault, RuntimeRefused

_TRANSIENT = (408, 425)
_LOADS = "unavailable_error"  # llama.cpp's word while it loads


def fault_of_status(status: int, body: bytes, ask: Ask) -> DispatcherError:
    """The error for an answer with another status than 200."""
    details = _details(body)
    if status == 429 or details.get("type") == _LOADS:
        return RuntimeBusy(f"the inference server is busy, or still loads: it answered {status}")
    if 400 <= status < 500 and status not in _TRANSIENT:
        return _refusal(status, details, ask)
    if status >= 500 or status in _TRANSIENT:
        kind = _word(details.get("type"))
        return RuntimeFault(f"the inference server failed: it answered {status}{f' ({kind})' if kind else ''}")
    return RuntimeBadAnswer(f"the inference server answered {status} where 200 was expected")


def fault_in_stream(error: object, ask: Ask) -> DispatcherError:
    """The error for an error object inside the stream of an answer."""
    details = error if isinstance(error, dict) else {}
    if details.get("type") == "exceed_context_size_error":
        return _refusal(400, details, ask)
    kind = _word(details.get("type"))
    return RuntimeFault(f"the inference server failed while it answered{f' ({kind})' if kind else ''}")


def embedding_fault(status: int, body: bytes, ask: EmbedAsk) -> DispatcherError:
    """The error for an answer to a request for vectors with another status than 200."""
    details = _details(body)
    if any(sign in str(details.get("message", "")).lower() for sign in _TOO_LONG_SIGNS):  # llama.cpp answers 500 then
        return RuntimeRefused(
            f"input: a text is longer than the {ask.context_tokens} tokens that {ask.model_id} takes; shorten it"
        )
    if status in (404, 501):
        return RuntimeRefused(f"the inference server of {ask.model_id} has no route for embeddings")
    return fault_of_status(status, body, Ask(ask.model_id, (), 1))


_TOO_LONG_SIGNS = ("too large to process", "exceed_context", "context size", "context length", "maximum input length")


def _refusal(status: int, details: Mapping[str, object], ask: Ask) -> RuntimeRefused:
    message = str(details.get("message", ""))
    if details.get("type") == "exceed_context_size_error":
        tokens, limit = _number(details.get("n_prompt_tokens")), _number(details.get("n_ctx"))
        return RuntimeRefused(
            f"{TOO_LONG}: it has {tokens} tokens and {ask.model_id} takes {limit}, answer included; "
            "shorten it, or choose a model with a longer context"
        )
    if status in (401, 403):
        return RuntimeRefused(f"the inference server of {ask.model_id} doesn't accept the key it was called with")
    if status == 404:
        return RuntimeRefused(f"the inference server doesn't know the model {ask.model_id} or the chat route")
    if ask.output.kind is FormatKind.JSON_SCHEMA and ("schema" in message.lower() or "grammar" in message.lower()):
        return RuntimeRefused(f"requirements.format: {ask.model_id} can't be held to this JSON schema; simplify it")
    kind = _word(details.get("type"))
    return RuntimeRefused(f"the inference server refused the request: {status}{f' ({kind})' if kind else ''}")


def _details(body: bytes) -> Mapping[str, object]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    error = parsed.get("error") if isinstance(parsed, dict) else None
    return error if isinstance(error, dict) else {}


def _word(value: object) -> str:
    """An error's type, if it looks like one."""
    is_word = isinstance(value, str) and len(value) <= 60 and value.isascii() and value.replace("_", "").isalnum()
    return str(value) if is_word else ""


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) else "an unknown number"
