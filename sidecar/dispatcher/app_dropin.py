"""Puts together the routes that speak Ollama's and OpenAI's protocols; a part of the composition root."""

from collections.abc import Callable
from dataclasses import dataclass

from dispatcher.api.dropin_request import DropinLimits
from dispatcher.api.ollama.answers import OllamaAnswers
from dispatcher.api.ollama.api import OllamaApi
from dispatcher.api.ollama.embed import OllamaEmbeds
from dispatcher.api.ollama.facts import OllamaFacts
from dispatcher.api.ollama.lines import stamp
from dispatcher.api.ollama.load import OllamaLoader
from dispatcher.api.ollama.models import OllamaModels
from dispatcher.api.ollama.names import OllamaNames
from dispatcher.api.ollama.pull import OllamaPull
from dispatcher.api.openai.chat import OpenAIChatApi
from dispatcher.api.openai.completions import OpenAICompletionsApi
from dispatcher.api.openai.desk import OpenAIDesk
from dispatcher.api.openai.embeddings import OpenAIEmbeddingsApi
from dispatcher.api.openai.models import OpenAIModelsApi
from dispatcher.api.openai.responses_api import ResponsesApi
from dispatcher.api.routes import Route
from dispatcher.service.dispatch import Dispatcher
from dispatcher.service.embed import Embedder
from dispatcher.service.fleet import Fleet
from dispatcher.service.manage import Manager
from dispatcher.service.model_names import ModelNames
from dispatcher.service.pull import Puller
from dispatcher.service.registry import Registry
from dispatcher.service.response_cache import ResponseCache
from dispatcher.service.room import Room
from dispatcher.settings import Settings


@dataclass(frozen=True, slots=True)
class Counter:
    """What answers callers of both protocols. `now` is the monotonic clock, `wall` Unix time, both in seconds."""

    dispatcher: Dispatcher
    embedder: Embedder
    room: Room
    registry: Registry
    fleet: Fleet
    manager: Manager
    puller: Puller
    cache: ResponseCache
    now: Callable[[], float]
    wall: Callable[[], float]


def dropin_routes(counter: Counter, settings: Settings) -> list[Route]:
    """Every route of both protocols."""
    limits = DropinLimits(settings.prompt_chars_max, settings.dropin_timeout_s, settings.timeout_max_s)
    names = ModelNames(counter.registry)
    return [*_ollama(counter, names, limits, settings), *_openai(counter, names, limits, settings)]


def _ollama(counter: Counter, names: ModelNames, limits: DropinLimits, settings: Settings) -> list[Route]:
    known = OllamaNames(names, counter.registry)
    facts = OllamaFacts(counter.registry, stamp(counter.wall()))
    loader = OllamaLoader(counter.registry, counter.manager, counter.now)
    api = OllamaApi(
        OllamaAnswers(
            counter.dispatcher,
            counter.room,
            known,
            loader,
            counter.cache,
            limits,
            counter.wall,
            settings.write_timeout_s,
        ),
        OllamaEmbeds(counter.embedder, counter.room, known, limits),
        OllamaModels(known, facts, counter.fleet, settings.idle_stop_s, counter.now, counter.wall),
        OllamaPull(known, facts, counter.puller, settings.write_timeout_s),
    )
    return api.routes()


def _openai(counter: Counter, names: ModelNames, limits: DropinLimits, settings: Settings) -> list[Route]:
    desk = OpenAIDesk(
        counter.dispatcher,
        counter.room,
        names,
        counter.cache,
        limits,
        counter.wall,
        settings.write_timeout_s,
    )
    return [
        *OpenAIChatApi(desk).routes(),
        *ResponsesApi(desk).routes(),
        *OpenAICompletionsApi(desk).routes(),
        *OpenAIEmbeddingsApi(counter.embedder, counter.room, names, limits).routes(),
        *OpenAIModelsApi(names, counter.wall()).routes(),
    ]
