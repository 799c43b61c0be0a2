"""Those of Ollama's routes that change models: that is the admin's, and done elsewhere."""

from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.ollama.reply_schemas import OllamaStatusReply
from dispatcher.api.routes import Handler, Route, Scope, Voice
from dispatcher.errors import Forbidden

_ROUTES = {
    ("POST", "/api/create"): "models are entered by the admin: POST /api/models",
    ("POST", "/api/copy"): "a model has one name here; the admin enters others: POST /api/models",
    ("DELETE", "/api/delete"): "models are removed by the admin: DELETE /api/models/{id}",
    ("POST", "/api/push"): "models go nowhere from here; the admin manages them: GET /api/models",
    ("POST", "/api/blobs/{digest}"): "files come only from the catalogue's sources: POST /api/models/{id}/pull",
    ("HEAD", "/api/blobs/{digest}"): "files come only from the catalogue's sources: POST /api/models/{id}/pull",
}


@dataclass(frozen=True, slots=True)
class OllamaRefused:
    """Says where it is done instead."""

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route(
                method,
                path,
                Scope.DISPATCH,
                "Refused: " + why,
                _refusing(why),
                reply=OllamaStatusReply,
                voice=Voice.OLLAMA,
            )
            for (method, path), why in _ROUTES.items()
        ]


def _refusing(why: str) -> Handler:
    async def refuse(request: web.Request) -> web.StreamResponse:
        raise Forbidden(f"{request.path} isn't done here: {why}")

    return refuse
