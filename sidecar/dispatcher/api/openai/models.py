"""GET /v1/models: the aliases, and the models that can be named, as OpenAI's API lists them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from dispatcher.api.routes import Route, Scope, Voice
from dispatcher.core.aliases import Alias, alias_of
from dispatcher.core.model import ModelSpec
from dispatcher.service.model_names import ModelNames

_OWNER = "ai-dispatch"


@dataclass(frozen=True, slots=True)
class OpenAIModelsApi:
    """Lists models. `started_at`, Unix time in seconds, stands for when they were made, which nobody knows."""

    names: ModelNames
    started_at: float

    def routes(self) -> list[Route]:
        """The routes."""
        told = "as OpenAI's API does"
        return [
            Route(
                "GET", "/v1/models", Scope.DISPATCH, f"List aliases and models {told}", self.list, voice=Voice.OPENAI
            ),
            Route(
                "GET",
                "/v1/models/{id}",
                Scope.DISPATCH,
                f"Show one alias or model {told}",
                self.show,
                voice=Voice.OPENAI,
                has_slashes=True,
            ),
        ]

    async def list(self, _request: web.Request) -> web.StreamResponse:
        """All of them; aliases first, for that is what most want."""
        return _json({"object": "list", "data": [*self._aliases(), *map(self._model, self.names.usable())]})

    async def show(self, request: web.Request) -> web.StreamResponse:
        """One of them."""
        name = request.match_info["id"]
        if (alias := alias_of(name)) is not None:
            return _json(self._alias(name, alias))
        return _json(self._model(self.names.model(name)))

    def _aliases(self) -> Iterator[dict[str, Any]]:
        return (self._alias(name, alias) for name, alias in self.names.aliases())

    def _alias(self, name: str, alias: Alias) -> dict[str, Any]:
        return {**self._entry(name, _OWNER), "description": alias.told}

    def _model(self, spec: ModelSpec) -> dict[str, Any]:
        return {
            **self._entry(spec.id, spec.engine.value),
            "description": spec.name,
            "context_length": spec.context_tokens,
            "capabilities": sorted(spec.capabilities),
        }

    def _entry(self, name: str, owner: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": int(self.started_at), "owned_by": owner}


def _json(value: object) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
