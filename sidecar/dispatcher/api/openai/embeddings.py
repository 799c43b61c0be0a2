"""POST /v1/embeddings."""

import base64
import secrets
import sys
from array import array
from dataclasses import dataclass

import orjson
from aiohttp import web

from dispatcher.api.bodies import read_body
from dispatcher.api.dropin_request import DropinLimits, timeout_of
from dispatcher.api.hints import HINT_HEADERS, hints_of
from dispatcher.api.middleware import DISPATCH_ID
from dispatcher.api.openai.schemas import EmbeddingsBody
from dispatcher.api.routes import Route, Scope, Voice
from dispatcher.core.embedding import EmbedRequest, Vector
from dispatcher.core.task import DispatchId, Privacy
from dispatcher.errors import InvalidRequest
from dispatcher.service.embed import Embedded, Embedder
from dispatcher.service.model_names import ModelNames
from dispatcher.service.room import Room


@dataclass(frozen=True, slots=True)
class OpenAIEmbeddingsApi:
    """Turns texts into vectors."""

    embedder: Embedder
    room: Room
    names: ModelNames
    limits: DropinLimits

    def routes(self) -> list[Route]:
        """The route."""
        return [
            Route(
                "POST",
                "/v1/embeddings",
                Scope.DISPATCH,
                "Turn texts into vectors as OpenAI's API does",
                self.embed,
                body=EmbeddingsBody,
                headers=HINT_HEADERS,
                voice=Voice.OPENAI,
            )
        ]

    async def embed(self, request: web.Request) -> web.StreamResponse:
        """One vector for each text, in their order."""
        dispatch_id = DispatchId(f"d_{secrets.token_hex(16)}")
        request[DISPATCH_ID] = dispatch_id
        self.room.check()
        body = await read_body(request, EmbeddingsBody)
        hints = hints_of(request.headers, body.metadata, body.dispatch)
        asked = EmbedRequest(
            texts=_texts(body.input),
            model=self.names.of(body.model).model,
            timeout_s=timeout_of(hints, self.limits),
            context=hints.context,
            priority=hints.priority or 0,
            dimensions=body.dimensions,
            truncate=False,
            privacy=hints.privacy or Privacy.ANY,
        )
        self.room.check_share(asked.share)
        embedded = await self.embedder.embed(dispatch_id, asked)
        reply = _reply(embedded, is_base64=body.encoding_format == "base64")
        return web.Response(body=reply, content_type="application/json", headers=_headers(embedded))


def _texts(given: str | list[object]) -> tuple[str, ...]:
    texts = (given,) if isinstance(given, str) else tuple(given)
    if not texts:
        raise InvalidRequest("input: send a text, or a list of texts")
    found = []
    for index, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidRequest(
                "input: tokens differ from model to model; send the texts themselves "
                "(LangChain's OpenAIEmbeddings does with check_embedding_ctx_length=False)"
                if isinstance(text, int | list)
                else f"input[{index}]: this must be a text"
            )
        if not text:
            raise InvalidRequest(f"input[{index}]: this text is empty; leave it out")
        found.append(text)
    return tuple(found)


def _reply(embedded: Embedded, *, is_base64: bool) -> bytes:
    vectors = embedded.vectors
    data = [
        {"object": "embedding", "index": index, "embedding": _packed(vector) if is_base64 else vector}
        for index, vector in enumerate(vectors.vectors)
    ]
    return orjson.dumps(
        {
            "object": "list",
            "data": data,
            "model": embedded.model_id,
            "usage": {"prompt_tokens": vectors.prompt_tokens, "total_tokens": vectors.prompt_tokens},
            "dispatch": {"id": embedded.dispatch_id, "model": embedded.model_id, "why": embedded.chosen_because},
        }
    )


def _packed(vector: Vector) -> str:
    """A vector as 32-bit floats, the lowest byte first, in base64."""
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()


def _headers(embedded: Embedded) -> dict[str, str]:
    return {
        "x-dispatch-id": embedded.dispatch_id,
        "x-dispatch-model": embedded.model_id,
        "x-dispatch-why": embedded.chosen_because,
    }
