"""From the format that a request in OpenAI's protocol asks for to core's; the schema lies in it, or one level down."""

from collections.abc import Mapping
from typing import Any

from dispatcher.api.json_schemas import check_size
from dispatcher.core.task import PLAIN_TEXT, FormatKind, OutputFormat
from dispatcher.errors import InvalidRequest


def output_of(asked: Mapping[str, Any] | None, place: str) -> OutputFormat:
    """The shape that the answer must have. `strict` or not: an answer is held to its schema.

    Raises: InvalidRequest naming the place.
    """
    kind = (asked or {}).get("type", "text")
    if kind == "text":
        return PLAIN_TEXT
    if kind == "json_object":
        return OutputFormat(FormatKind.JSON)
    if kind != "json_schema":
        raise InvalidRequest(f"{place}.type: this must be text, json_object or json_schema")
    told = (asked or {}).get("json_schema", asked)
    schema = told.get("schema") if isinstance(told, dict) else None
    if not isinstance(schema, dict):
        raise InvalidRequest(f"{place}: give the JSON schema in `schema`, or ask for json_object")
    check_size(schema, place)
    return OutputFormat(FormatKind.JSON_SCHEMA, schema)
