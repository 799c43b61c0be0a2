"""POST /api/embed and POST /api/embeddings: texts become vectors, asked for and answered in Ollama's protocol."""

import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from aiohttp import web

from dispatcher.api.dropin_request import DropinLimits, timeout_of
from dispatcher.api.hints import hints_of
from dispatcher.api.middleware import DISPATCH_ID
from dispatcher.api.ollama.lines import nanoseconds
from dispatcher.api.ollama.names import OllamaNames
from dispatcher.api.ollama.replies import beside, ollama_json, read_ollama
from dispatcher.api.ollama.schemas import OllamaEmbedBody, OllamaEmbeddingsBody, OllamaVectorsBody
from dispatcher.core.embedding import EmbedRequest
from dispatcher.core.task import DispatchId, Privacy
from dispatcher.service.embed import Embedded, Embedder
from dispatcher.service.room import Room


@dataclass(frozen=True, slots=True)
class OllamaEmbeds:
    """Turns texts into vectors; a name that leaves the choice means the default model for it, always the same."""

    embedder: Embedder
    room: Room
    names: OllamaNames
    limits: DropinLimits

    async def embed(self, request: web.Request) -> web.StreamResponse:
        """One vector for each text, in their order."""
        self._begin(request)
        body = await read_ollama(request, OllamaEmbedBody)
        texts = (body.input,) if isinstance(body.input, str) else tuple(body.input)
        found = await self._embedded(request, body, texts)
        reply: dict[str, Any] = {
            "model": found.model_id,
            "embeddings": found.vectors.vectors,
            "total_duration": nanoseconds(found.timing.total_s),
            "load_duration": nanoseconds(found.timing.load_s),
            "prompt_eval_count": found.vectors.prompt_tokens,
            "dispatch": {"id": found.dispatch_id, "model": found.model_id, "why": found.chosen_because},
        }
        return ollama_json(orjson.dumps(reply), _headers(found, body))

    async def embeddings(self, request: web.Request) -> web.StreamResponse:
        """The vector of one text, as it was asked for before there was /api/embed."""
        self._begin(request)
        body = await read_ollama(request, OllamaEmbeddingsBody)
        found = await self._embedded(request, body, (body.prompt,) if body.prompt else ())
        vector = found.vectors.vectors[0] if found.vectors.vectors else ()
        return ollama_json(orjson.dumps({"embedding": vector}), _headers(found, body))

    def _begin(self, request: web.Request) -> None:
        request[DISPATCH_ID] = f"d_{secrets.token_hex(16)}"
        self.room.check()

    async def _embedded(self, request: web.Request, body: OllamaVectorsBody, texts: tuple[str, ...]) -> Embedded:
        hints = hints_of(request.headers, None, body.dispatch)
        named = self.names.of(body.model)
        self.names.spec(named)
        asked = EmbedRequest(
            texts=texts,
            model=named.model,
            timeout_s=timeout_of(hints, self.limits),
            context=hints.context,
            priority=hints.priority or 0,
            dimensions=body.dimensions,
            truncate=body.truncate is not False,
            privacy=hints.privacy or Privacy.ANY,
        )
        self.room.check_share(asked.share)
        return await self.embedder.embed(DispatchId(request[DISPATCH_ID]), asked)


def _headers(found: Embedded, body: OllamaVectorsBody) -> dict[str, str]:
    told = {
        "x-dispatch-id": found.dispatch_id,
        "x-dispatch-model": found.model_id,
        "x-dispatch-why": quote(found.chosen_because, safe=" ,;()_"),
    }
    return told | beside(body.meaningless)
