"""What an Ollama says it has, what it holds in memory, and what a model of it can do."""

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp

from dispatcher.core.adopted_models import ServedModel
from dispatcher.core.replica import Endpoint
from dispatcher.errors import RuntimeBadAnswer, RuntimeFault
from dispatcher.runtimes.ollama_request import model_body
from dispatcher.runtimes.ollama_wire import json_object, request, whole

_MODELS_MAX = 500


async def served(session: aiohttp.ClientSession, endpoint: Endpoint) -> tuple[ServedModel, ...]:
    """Every model it has, at most 500. RuntimeFault when it doesn't say."""
    entries = _models(await _asked(session, endpoint, "GET", "/api/tags"))
    return tuple(_served(entry) for entry in entries[:_MODELS_MAX])


async def loaded(session: aiohttp.ClientSession, endpoint: Endpoint) -> Mapping[str, int]:
    """The models in its memory, with their context in tokens, 0 where it doesn't say. RuntimeFault when it doesn't."""
    entries = _models(await _asked(session, endpoint, "GET", "/api/ps"))
    return {_text(entry, "name"): _number(entry, "context_length") for entry in entries}


async def capabilities(session: aiohttp.ClientSession, endpoint: Endpoint, reference: str) -> frozenset[str]:
    """What a model can do, in Ollama's words; nothing where it doesn't tell. RuntimeFault when it doesn't answer."""
    told = (await _asked(session, endpoint, "POST", "/api/show", model_body(reference))).get("capabilities")
    return frozenset(one for one in told if isinstance(one, str)) if isinstance(told, list) else frozenset()


async def _asked(
    session: aiohttp.ClientSession, endpoint: Endpoint, method: str, path: str, body: bytes | None = None
) -> dict[str, Any]:
    async with await request(session, endpoint, method, path, body) as response:
        if response.status != 200:
            raise RuntimeFault(f"the inference server answered {response.status} to {path}; is it an Ollama?")
        return json_object(await whole(response))


def _models(reply: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    entries = reply.get("models")
    if entries is None:
        return ()  # Go writes an empty list as null
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RuntimeBadAnswer("the inference server sent a list of models of an unknown shape")
    return entries


def _served(entry: Mapping[str, Any]) -> ServedModel:
    details = entry.get("details")
    facts = details if isinstance(details, dict) else {}
    return ServedModel(
        reference=_text(entry, "name"),
        digest=str(entry.get("digest", "")),
        size_bytes=_number(entry, "size"),
        family=str(facts.get("family") or ""),
        parameters=str(facts.get("parameter_size") or ""),
    )


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise RuntimeBadAnswer(f"the inference server sent a model without a {name}")
    return value


def _number(entry: Mapping[str, Any], name: str) -> int:
    value = entry.get(name)
    return value if isinstance(value, int) and value > 0 else 0
