"""POST /api/pull: a model's file is fetched, and how far it is told in Ollama's words."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from dispatcher.api.ollama.facts import OllamaFacts
from dispatcher.api.ollama.names import OllamaNames
from dispatcher.api.ollama.replies import NDJSON, beside, ollama_json, read_ollama
from dispatcher.api.ollama.schemas import OllamaPullBody
from dispatcher.api.routes import Voice
from dispatcher.api.streams import ReplyStream
from dispatcher.api.voices import in_words_of
from dispatcher.core.model import ModelSpec
from dispatcher.errors import CallerGone, DispatcherError, InvalidRequest
from dispatcher.service.pull import Puller

_SHOWN = slice(0, 12)  # as much of a digest as Ollama shows


@dataclass(frozen=True, slots=True)
class OllamaPull:
    """Fetches models. A caller who leaves doesn't stop it."""

    names: OllamaNames
    facts: OllamaFacts
    puller: Puller
    write_timeout_s: float

    async def pull(self, request: web.Request) -> web.StreamResponse:
        """Fetch one model."""
        body = await read_ollama(request, OllamaPullBody)
        name = body.model or body.name
        if body.stream is False:
            async for _ in self.puller.pull(self._spec(name)):
                pass
            return ollama_json(b'{"status":"success"}')
        return await self._streamed(request, name)

    async def _streamed(self, request: web.Request, name: str) -> web.StreamResponse:
        """The first line comes whatever the name is, as it does from Ollama."""
        stream = ReplyStream(request, self.write_timeout_s, NDJSON)
        stream.tell(beside())
        await stream.write(_line(status="pulling manifest"))
        try:
            async for line in self._progress(self._spec(name)):
                await stream.write(line)
        except CallerGone:
            raise
        except DispatcherError as error:
            await stream.write(_line(error=in_words_of(Voice.OLLAMA, error.message)))
        return await stream.end()

    async def _progress(self, spec: ModelSpec) -> AsyncIterator[bytes]:
        digest = self.facts.digest(spec)
        told = {"status": f"pulling {digest[_SHOWN]}", "digest": f"sha256:{digest}"}
        total = self.facts.row(spec).size
        async for fetching in self.puller.pull(spec):
            total = fetching.total_bytes or max(total, fetching.done_bytes)
            yield _line(**told, total=total, completed=fetching.done_bytes)
        yield _line(**told, total=total, completed=total)
        for status in ("verifying sha256 digest", "writing manifest", "success"):
            yield _line(status=status)

    def _spec(self, name: str) -> ModelSpec:
        named = self.names.of(name)
        if named.model is None:
            raise InvalidRequest(
                f"model: {name} stands for a choice; pull one of the models that GET /api/models lists"
            )
        return self.names.registry.spec(named.model)


def _line(**told: Any) -> bytes:
    return orjson.dumps(told) + b"\n"
