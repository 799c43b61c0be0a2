"""The OpenAPI 3.1 document, made from the routes and their models: what isn't a route can't be in it."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from dispatcher import __version__
from dispatcher.api.routes import Route, Scope, Voice
from dispatcher.api.schemas import ErrorReply

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"\{(\w+)\}")
_Mode = Literal["validation", "serialization"]

_DESCRIPTION = (
    "Chooses which local model answers a prompt, runs it, and says why. Errors have the shape ErrorReply, but on "
    "routes of Ollama's and OpenAI's protocols, which have their own. Requests of our own routes take snake_case as "
    "shown, and camelCase."
)


def openapi_document(routes: Sequence[Route]) -> dict[str, Any]:
    """Describe the API."""
    schemas: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for mode in ("validation", "serialization"):
        asked = sorted((pair for pair in _models(routes) if pair[1] == mode), key=lambda pair: pair[0].__name__)
        # requests take names and aliases, and are described by names; replies have their aliases
        references, defined = models_json_schema(asked, by_alias=mode == "serialization", ref_template=_REF)
        schemas |= {model.__name__: reference for (model, _), reference in references.items()}
        definitions |= defined.get("$defs", {})
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "AI Dispatch", "version": __version__, "description": _DESCRIPTION},
        "paths": paths,
        "components": {
            "schemas": definitions,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _models(routes: Sequence[Route]) -> set[tuple[type[BaseModel], _Mode]]:
    found: set[tuple[type[BaseModel], _Mode]] = {(ErrorReply, "serialization")}
    for route in routes:
        found |= {(route.body, "validation")} if route.body else set()
        found |= {(route.reply, "serialization")} if route.reply else set()
        found |= {(model, "serialization") for _, model in route.events}
    return found


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": f"{route.method.lower()}{_PARAMETER.sub('', route.path).replace('/', '_').replace('.', '_')}",
        "summary": route.summary,
        "parameters": _parameters(route),
        "responses": {
            str(route.status): {"description": "Done.", "content": _content(route, schemas)},
            "default": {
                "description": "An error.",
                "content": {"application/json": {"schema": _error(route, schemas)}},
            },
        },
    }
    if route.scope is not Scope.OPEN:
        operation["security"] = [{"token": []}]
        operation["description"] = f"Needs a token of scope {route.scope}, or the admin token."
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schemas[route.body.__name__]}},
        }
    for status in route.also:
        operation["responses"][str(status)] = {"description": "Taken.", "content": _content(route, schemas)}
    if route.path == "/ready":
        operation["responses"]["503"] = {"description": "Not ready.", "content": _content(route, schemas)}
    return operation


def _error(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    """An error, in the shape of the route's protocol."""
    own: dict[str, Any] = schemas["ErrorReply"]
    if route.voice is Voice.OWN:
        return own
    return {"type": "object", "properties": {"error": _ERRORS[route.voice]}, "required": ["error"]}


_ERRORS: dict[Voice, dict[str, Any]] = {
    Voice.OLLAMA: {"type": "string"},
    Voice.OPENAI: {
        "type": "object",
        "properties": {
            "message": {"type": "string"},
            "type": {"type": "string"},
            "param": {"type": ["string", "null"]},
            "code": {"type": "string"},
        },
        "required": ["message", "type", "param", "code"],
    },
}


def _parameters(route: Route) -> list[dict[str, Any]]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(route.path)
    ]
    in_query = [
        {"name": query.name, "in": "query", "description": query.description, "schema": {"type": "string"}}
        for query in route.queries
    ]
    in_header = [
        {"name": header.name, "in": "header", "description": header.description, "schema": {"type": "string"}}
        for header in route.headers
    ]
    return in_path + in_query + in_header


def _content(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {route.media_type: {"schema": schemas[route.reply.__name__] if route.reply else {}}}
    if route.streams:
        content[route.streams] = {"schema": {"type": "string", "description": "What is streamed, as it comes."}}
    if route.events:
        told = "; ".join(f"`{name}` with {model.__name__}" for name, model in route.events)
        content["text/event-stream"] = {
            "schema": {
                "type": "object",
                "description": f"One event: {told}. The data is that model's JSON.",
                "properties": {
                    "event": {"enum": [name for name, _ in route.events]},
                    "data": {"type": "string", "contentMediaType": "application/json"},
                },
                "required": ["event", "data"],
            }
        }
    return content
