"""The body of a chat completion request: an allow-list, so that nothing of a caller's slips through."""

import orjson

from dispatcher.core.outcome import Ask
from dispatcher.core.task import FormatKind, OutputFormat
from dispatcher.errors import InvalidRequest


def request_body(ask: Ask) -> bytes:
    """The JSON to send. It always streams: that shows the first token, and lets a caller who leaves stop the work."""
    body: dict[str, object] = {
        "model": ask.model_id,
        "messages": [{"role": message.role.value, "content": message.content} for message in ask.messages],
        "max_tokens": ask.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_progress": True,  # has llama.cpp write while it reads, and so notice that its caller has left
    }
    if ask.temperature is not None:
        body["temperature"] = ask.temperature
    if ask.output.kind is not FormatKind.TEXT:
        body["response_format"] = _response_format(ask.output)
    try:
        return orjson.dumps(body)
    except TypeError as error:  # lone surrogates, or a schema that isn't JSON
        raise InvalidRequest("the prompt or the format's JSON schema holds text that isn't valid Unicode") from error


def _response_format(output: OutputFormat) -> dict[str, object]:
    if output.kind is FormatKind.JSON:
        return {"type": "json_object"}
    schema = dict(output.schema or {})
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}
