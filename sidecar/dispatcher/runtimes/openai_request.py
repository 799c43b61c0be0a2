"""The body of a chat completion request: an allow-list, so that nothing of a caller's slips through.

Source: https://platform.openai.com/docs/api-reference/chat/create, and llama.cpp's tools/server/README.md
"""

from collections.abc import Mapping

import orjson

from dispatcher.core.outcome import Ask
from dispatcher.core.task import FormatKind, Message, OutputFormat, Role, Sampling, Tool, ToolCall, ToolUse
from dispatcher.errors import InvalidRequest


def request_body(ask: Ask, *, model: str = "", is_llama_cpp: bool = True, limit: str = "max_tokens") -> bytes:
    """The JSON to send. It always streams: that shows the first token, and lets a caller who leaves stop the work.

    Args:
        model: what the server calls the model; as we do if empty.
        is_llama_cpp: whether the server knows llama.cpp's own fields too; others may refuse what they don't know.
        limit: what the server calls the longest answer.
    """
    body: dict[str, object] = {
        "model": model or ask.model_id,
        "messages": [_message(message) for message in ask.messages],
        limit: ask.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
        **_sampling(ask.sampling),
        **_tools(ask),
    }
    if ask.output.kind is not FormatKind.TEXT:
        body["response_format"] = _response_format(ask.output)
    if ask.top_logprobs is not None:
        body |= {"logprobs": True, "top_logprobs": ask.top_logprobs}
    if is_llama_cpp:
        body |= _own_to_llama_cpp(ask)
    try:
        return orjson.dumps(body)
    except TypeError as error:  # lone surrogates, a schema that isn't JSON, or a number beyond 64 bits
        raise InvalidRequest(
            "the prompt, a tool or the format's JSON schema holds text that isn't valid Unicode, or no JSON"
        ) from error


def _message(message: Message) -> dict[str, object]:
    said: dict[str, object] = {"role": message.role.value, "content": _content(message)}
    if message.tool_calls:
        said["tool_calls"] = [_call(call) for call in message.tool_calls]
    if message.role is Role.TOOL:
        said["tool_call_id"] = message.tool_call_id or ""
    return said


def _content(message: Message) -> object:
    if not message.images:
        return message.content
    words = [{"type": "text", "text": message.content}] if message.content else []
    urls = (f"data:{image.media_type};base64,{image.base64}" for image in message.images)
    return [*words, *({"type": "image_url", "image_url": {"url": url}} for url in urls)]


def _call(call: ToolCall) -> dict[str, object]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _sampling(sampling: Sampling) -> dict[str, object]:
    told: Mapping[str, object] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "seed": sampling.seed,
        "presence_penalty": sampling.presence_penalty,
        "frequency_penalty": sampling.frequency_penalty,
        "stop": list(sampling.stop) or None,
    }
    return _without_none(told)


def _own_to_llama_cpp(ask: Ask) -> dict[str, object]:
    sampling = ask.sampling
    told: Mapping[str, object] = {
        "return_progress": True,  # has it write while it reads, and so notice that its caller has left
        "top_k": sampling.top_k,
        "min_p": sampling.min_p,
        "repeat_penalty": sampling.repeat_penalty,
        "chat_template_kwargs": None if ask.think is None else {"enable_thinking": ask.think},
    }
    return _without_none(told)


def _tools(ask: Ask) -> dict[str, object]:
    """The tools that may be called; one that must be called is the only one, which all servers understand."""
    box = ask.toolbox
    if not box.offered:
        return {}
    must = box.use is ToolUse.REQUIRED or box.only is not None
    return {
        "tools": [_tool(tool) for tool in box.offered],
        "tool_choice": "required" if must else "auto",
        "parallel_tool_calls": box.is_parallel,
    }


def _tool(tool: Tool) -> dict[str, object]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}


def _response_format(output: OutputFormat) -> dict[str, object]:
    if output.kind is FormatKind.JSON:
        return {"type": "json_object"}
    schema = dict(output.schema or {})
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}}


def _without_none(told: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if value is not None}
