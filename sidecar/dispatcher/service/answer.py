"""Whether an answer has the shape that was asked for, and calls tools as they want to be called."""

from collections.abc import Mapping
from dataclasses import dataclass

import orjson
from jsonschema_rs import FancyRegexOptions, ValidationError, Validator, validator_for

from dispatcher.core.outcome import Completion, FinishReason
from dispatcher.core.task import DispatchRequest, FormatKind, OutputFormat, Tool, Toolbox, ToolCall, ToolUse
from dispatcher.errors import AnswerCut, InvalidAnswer, InvalidRequest

_PATTERNS = FancyRegexOptions(backtrack_limit=20_000)  # a caller's pattern must not hold up everybody


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that is as asked; `value` is its parsed JSON when JSON was asked for."""

    value: object = None


def check_schemas(request: DispatchRequest) -> None:
    """Refuse a JSON schema that isn't one, of the answer or of a tool's arguments.

    Raises: InvalidRequest naming the place in the schema.
    """
    if (schema := request.requirements.output.schema) is not None:
        _compiled(schema, "requirements.format")
    for tool in request.toolbox.offered:
        _compiled(tool.parameters, f"tools: the parameters of {tool.name}")


def check_answer(completion: Completion, output: OutputFormat, toolbox: Toolbox) -> Checked:
    """Parse and validate an answer: its tool calls if it has any, else its text.

    Raises: InvalidAnswer; the message names the place, never the text.
    """
    if completion.tool_calls:
        tools = {tool.name: tool for tool in toolbox.offered}
        for call in completion.tool_calls:
            _check_call(call, tools, was_cut=completion.finish_reason is FinishReason.LENGTH)
        return Checked()
    if toolbox.offered and (toolbox.use is ToolUse.REQUIRED or toolbox.only is not None):
        raise InvalidAnswer("the answer calls no tool, and one must be called")
    if output.kind is FormatKind.TEXT:
        return Checked()
    return Checked(_parsed(completion, output))


def _parsed(completion: Completion, output: OutputFormat) -> object:
    try:
        value = orjson.loads(completion.text)
    except orjson.JSONDecodeError as error:
        if completion.finish_reason is FinishReason.LENGTH:
            raise AnswerCut("the JSON answer was cut off; raise requirements.max_tokens") from error
        raise InvalidAnswer("the answer isn't JSON") from error
    if output.schema is not None:
        _validate(value, output.schema, "the answer doesn't satisfy the schema")
    return value


def _check_call(call: ToolCall, tools: Mapping[str, Tool], *, was_cut: bool) -> None:
    tool = tools.get(call.name)
    if tool is None:
        raise InvalidAnswer(f"the answer calls a tool that there isn't; there are {', '.join(tools) or 'none'}")
    try:
        arguments = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError as error:
        where = f"the arguments in the call of {tool.name}"
        if was_cut:
            raise AnswerCut(f"{where} were cut off; raise requirements.max_tokens") from error
        raise InvalidAnswer(f"{where} aren't JSON") from error
    if not isinstance(arguments, dict):
        raise InvalidAnswer(f"the arguments in the call of {tool.name} are no JSON object")
    _validate(arguments, tool.parameters, f"the call of {tool.name} doesn't satisfy its parameters")


def _validate(value: object, schema: Mapping[str, object], told: str) -> None:
    try:
        _compiled(schema, "the schema").validate(value)
    except ValidationError as error:
        raise InvalidAnswer(f"{told} at {_place(error)} ({error.kind.name})") from error


def _compiled(schema: Mapping[str, object], name: str) -> Validator:
    """A validator that fetches nothing, and gives up on patterns that take long."""
    try:
        return validator_for(dict(schema), offline=True, pattern_options=_PATTERNS)
    except ValidationError as error:
        said = str(error).splitlines()[0][:200]
        raise InvalidRequest(f"{name} is not a valid JSON schema: at {_place(error)}: {said}") from error
    except ValueError as error:  # what it can't take at all, such as numbers that JSON doesn't have
        raise InvalidRequest(f"{name} is not a valid JSON schema: {str(error)[:200]}") from error


def _place(error: ValidationError) -> str:
    return "/".join(str(part) for part in error.instance_path) or "its top"
