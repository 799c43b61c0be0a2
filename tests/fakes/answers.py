"""What the fake inference server says: a sentence derived from the prompt, or JSON of the asked shape."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.fakes.behaviour import text_of


def answer_to(messages: Sequence[Mapping[str, Any]], response_format: Mapping[str, Any] | None) -> str:
    """The whole answer, the same for the same request."""
    prompt = text_of(messages[-1]) if messages else ""
    words = prompt.split()
    sentence = f"You said {len(words)} words and {len(prompt)} characters, ending in «{words[-1] if words else ''}»."
    if response_format is None or response_format["type"] == "text":
        return sentence
    if response_format["type"] == "json_object":
        return json.dumps({"answer": sentence})
    return json.dumps(_instance(response_format["json_schema"]["schema"], sentence))


def calls_in_words(calls: Sequence[Mapping[str, Any]], response_format: Mapping[str, Any] | None) -> str | None:
    """The calls as a model gives them that is told of tools in its prompt; None when it is told of none."""
    if response_format is None or "tool_calls" not in json.dumps(response_format):
        return None
    return json.dumps({"tool_calls": [{"name": call["name"], "arguments": call["arguments"]} for call in calls]})


def pieces_of(text: str) -> list[str]:
    """The text in pieces that joined give it back; the fake's tokens."""
    return re.findall(r"\s*\S+\s*$|\s*\S+", text)


def prompt_tokens_of(messages: Sequence[Mapping[str, Any]]) -> int:
    """How many tokens the fake takes a prompt for: its words, and three for each message's frame."""
    return sum(len(pieces_of(text_of(message))) + 3 for message in messages)


def _instance(schema: Mapping[str, Any], sentence: str) -> object:
    """A value that a simple schema allows."""
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return _instance(schema["anyOf"][0], sentence)
    match schema.get("type", "object"):
        case "string":
            return sentence
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "array":
            return [_instance(schema.get("items", {"type": "string"}), sentence)]
        case _:
            return {name: _instance(part, sentence) for name, part in schema.get("properties", {}).items()}
