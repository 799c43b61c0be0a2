"""How an error is put in each protocol that this sidecar speaks: its own, Ollama's and OpenAI's."""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from dispatcher.api.routes import Voice
from dispatcher.api.schemas import ErrorReply
from dispatcher.errors import TOO_LONG, DispatcherError, Overloaded, Unauthorized

_FIELD = re.compile(r"([a-z_]+(?:[.\[][\w\].]*)*): ")
_TYPES = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
_KEYS = "; clients of Ollama take it as API key: OLLAMA_API_KEY, or API Key in n8n's Ollama credential"
_HINTS = {
    "requirements.timeout": "x-dispatch-timeout",
    "requirements.on_infeasible": "x-dispatch-on-infeasible",
    "requirements.privacy": "x-dispatch-privacy",
    "requirements.min_quality": "x-dispatch-min-quality",
    "requirements.max_cost": "x-dispatch-max-cost",
}
_FIELDS = {
    Voice.OPENAI: _HINTS | {"requirements.format": "response_format", "requirements.max_tokens": "max_tokens"},
    Voice.OLLAMA: _HINTS | {"requirements.format": "format", "requirements.max_tokens": "num_predict"},
}
_PATHS = {"/v1/": Voice.OPENAI}


def voice_of_path(path: str) -> Voice:
    """The protocol of a path that has no route."""
    return next((voice for prefix, voice in _PATHS.items() if path.startswith(prefix)), Voice.OWN)


def status_in(voice: Voice, error: DispatcherError) -> int:
    """The HTTP status: neither protocol knows 422, and both say 503 of a full queue, which n8n puts into words."""
    if voice is Voice.OWN:
        return error.status
    if isinstance(error, Overloaded):
        return 503
    return 400 if error.status == 422 else error.status


def error_body(voice: Voice, error: DispatcherError, reply: ErrorReply) -> bytes:
    """The JSON of an error; `reply` is what it is in our own protocol."""
    if voice is Voice.OLLAMA:
        keys = _KEYS if isinstance(error, Unauthorized) else ""
        return orjson.dumps({"error": in_words_of(voice, error.message) + keys})
    if voice is Voice.OPENAI:
        return orjson.dumps({"error": openai_error(error, reply)})
    return reply.model_dump_json(by_alias=True).encode()


def in_words_of(voice: Voice, message: str) -> str:
    """A message that may name fields of our own API, with what a caller of another protocol calls them."""
    for own, theirs in _FIELDS.get(voice, {}).items():
        message = message.replace(own, theirs)
    return message


def no_route(path: str, voices: Mapping[str, Voice]) -> str:
    """What there is instead of a path that doesn't exist; `voices` says what each path that does speaks."""
    voice = voice_of_path(path)
    if voices.get(f"/v1{path}") is Voice.OPENAI:
        return f"there is no such route, but /v1{path}; the base URL of OpenAI's clients must end in /v1"
    if voice is Voice.OWN:
        return "there is no such route; GET /openapi.json lists them all"
    told = {Voice.OLLAMA: "Ollama", Voice.OPENAI: "OpenAI"}[voice]
    there_are = sorted(known for known, speaks in voices.items() if speaks is voice)
    return f"there is no such route; of {told}'s API there are {', '.join(there_are)}"


def openai_error(error: DispatcherError, reply: ErrorReply) -> dict[str, Any]:
    """OpenAI's error object, and beside its four fields ours, which its clients pass over."""
    status = status_in(Voice.OPENAI, error)
    field = _FIELD.match(error.message)
    usual = "invalid_request_error" if status < 500 else "server_error"
    return {
        "message": in_words_of(Voice.OPENAI, error.message),
        "type": _TYPES.get(status, usual),
        "param": field[1] if field and status < 500 else None,
        **reply.error.model_dump(mode="json", exclude={"message"}),
        **(
            {"code": "context_length_exceeded"} if TOO_LONG in error.message else {}
        ),  # clients shorten their prompt then
    }
