"""The routes of Ollama's API: whatever can use an Ollama can use this sidecar."""

from dataclasses import dataclass

from aiohttp import web

from dispatcher.api.hints import HINT_HEADERS
from dispatcher.api.ollama.answers import OllamaAnswers
from dispatcher.api.ollama.embed import OllamaEmbeds
from dispatcher.api.ollama.models import OllamaModels
from dispatcher.api.ollama.pull import OllamaPull
from dispatcher.api.ollama.refused import OllamaRefused
from dispatcher.api.ollama.replies import NDJSON, beside, ollama_json
from dispatcher.api.ollama.reply_schemas import (
    OllamaChatReply,
    OllamaEmbeddingsReply,
    OllamaEmbedReply,
    OllamaGenerateReply,
    OllamaPsReply,
    OllamaShowReply,
    OllamaStatusReply,
    OllamaTagsReply,
    OllamaVersionReply,
)
from dispatcher.api.ollama.schemas import (
    OllamaChatBody,
    OllamaEmbedBody,
    OllamaEmbeddingsBody,
    OllamaGenerateBody,
    OllamaNameBody,
    OllamaPullBody,
)
from dispatcher.api.routes import Route, Scope, Voice

# Of the Ollama whose API this is: clients compare versions. Ours is in the header x-dispatch-version.
_OLLAMA_VERSION = b'{"version":"0.13.0"}'


@dataclass(frozen=True, slots=True)
class OllamaApi:
    """Speaks Ollama's protocol."""

    answers: OllamaAnswers
    embeds: OllamaEmbeds
    models: OllamaModels
    pull: OllamaPull

    def routes(self) -> list[Route]:
        """The routes."""
        return [*self._answering(), *self._embedding(), *self._looking(), *OllamaRefused().routes()]

    def _answering(self) -> list[Route]:
        return [
            Route(
                "POST",
                "/api/chat",
                Scope.DISPATCH,
                "As an Ollama: the next turn of a chat",
                self.answers.chat,
                body=OllamaChatBody,
                reply=OllamaChatReply,
                streams=NDJSON,
                headers=HINT_HEADERS,
                voice=Voice.OLLAMA,
            ),
            Route(
                "POST",
                "/api/generate",
                Scope.DISPATCH,
                "As an Ollama: the answer to a prompt",
                self.answers.generate,
                body=OllamaGenerateBody,
                reply=OllamaGenerateReply,
                streams=NDJSON,
                headers=HINT_HEADERS,
                voice=Voice.OLLAMA,
            ),
        ]

    def _embedding(self) -> list[Route]:
        return [
            Route(
                "POST",
                "/api/embed",
                Scope.DISPATCH,
                "As an Ollama: the vectors of texts",
                self.embeds.embed,
                body=OllamaEmbedBody,
                reply=OllamaEmbedReply,
                headers=HINT_HEADERS,
                voice=Voice.OLLAMA,
            ),
            Route(
                "POST",
                "/api/embeddings",
                Scope.DISPATCH,
                "As an older Ollama: the vector of a text",
                self.embeds.embeddings,
                body=OllamaEmbeddingsBody,
                reply=OllamaEmbeddingsReply,
                headers=HINT_HEADERS,
                voice=Voice.OLLAMA,
            ),
        ]

    def _looking(self) -> list[Route]:
        dispatch, voice, models = Scope.DISPATCH, Voice.OLLAMA, self.models
        there, up = "As an Ollama: the models, aliases first", "As an Ollama: the models in memory"
        running = "As an Ollama: say that it runs"
        return [
            Route("GET", "/api/tags", dispatch, there, models.tags, reply=OllamaTagsReply, voice=voice),
            Route("GET", "/api/ps", dispatch, up, models.ps, reply=OllamaPsReply, voice=voice),
            Route(
                "POST",
                "/api/show",
                dispatch,
                "As an Ollama: one model",
                models.show,
                body=OllamaNameBody,
                reply=OllamaShowReply,
                voice=voice,
            ),
            Route(
                "POST",
                "/api/pull",
                Scope.ADMIN,
                "As an Ollama: fetch a model",
                self.pull.pull,
                body=OllamaPullBody,
                reply=OllamaStatusReply,
                streams=NDJSON,
                voice=voice,
            ),
            Route(
                "GET",
                "/api/version",
                dispatch,
                "As an Ollama: the version whose API this is",
                _version,
                reply=OllamaVersionReply,
                voice=voice,
            ),
            Route("GET", "/", Scope.OPEN, running, _running, media_type="text/plain", voice=voice),
            Route("HEAD", "/", Scope.OPEN, running, _running, media_type="text/plain", voice=voice),
        ]


async def _version(_request: web.Request) -> web.StreamResponse:
    return ollama_json(_OLLAMA_VERSION)


async def _running(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="Ollama is running", headers=beside())
