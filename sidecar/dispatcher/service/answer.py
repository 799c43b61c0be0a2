"""Whether an answer has the shape that was asked for."""

from dataclasses import dataclass

import orjson
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import Draft202012Validator

from dispatcher.core.outcome import Completion, FinishReason
from dispatcher.core.task import FormatKind, OutputFormat
from dispatcher.errors import InvalidAnswer, InvalidRequest


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that is as asked; `value` is its parsed JSON when JSON was asked for."""

    value: object = None


def check_schema(output: OutputFormat) -> None:
    """Refuse a JSON schema that isn't one.

    Raises: InvalidRequest naming the place in the schema.
    """
    if output.schema is None:
        return
    try:
        Draft202012Validator.check_schema(output.schema)
    except SchemaError as error:
        where = "/".join(str(part) for part in error.absolute_path) or "its top"
        raise InvalidRequest(
            f"requirements.format is not a valid JSON schema: at {where}: {error.message[:200]}"
        ) from error


def check_answer(completion: Completion, output: OutputFormat) -> Checked:
    """Parse and validate an answer.

    Raises: InvalidAnswer; the message names the place, never the text.
    """
    if output.kind is FormatKind.TEXT:
        return Checked()
    try:
        value = orjson.loads(completion.text)
    except orjson.JSONDecodeError as error:
        if completion.finish_reason is FinishReason.LENGTH:
            raise InvalidAnswer("the JSON answer was cut off; raise requirements.max_tokens") from error
        raise InvalidAnswer("the answer isn't JSON") from error
    if output.schema is not None:
        try:
            Draft202012Validator(output.schema).validate(value)
        except ValidationError as error:
            where = "/".join(str(part) for part in error.absolute_path) or "its top"
            raise InvalidAnswer(f"the answer doesn't satisfy the schema at {where} ({error.validator})") from error
    return Checked(value)
