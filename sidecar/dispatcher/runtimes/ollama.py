"""The client of Ollama, which fetches and loads models itself, and serves several at one address."""

import asyncio
from collections.abc import Callable, Mapping

import aiohttp

from dispatcher.core.adopted_models import ServedModel
from dispatcher.core.deadline import Deadline
from dispatcher.core.embedding import EmbedAsk, Vectors
from dispatcher.core.outcome import Ask, Completion, OnPiece
from dispatcher.core.replica import Endpoint, OnFetching, StartOrder
from dispatcher.errors import ReplicaOutOfMemory, ReplicaStartFailed, RuntimeFault, RuntimeUnreachable
from dispatcher.runtimes import ollama_lists
from dispatcher.runtimes.answer_clock import AnswerClock, answer_clock
from dispatcher.runtimes.foreign_faults import raise_foreign_fault
from dispatcher.runtimes.ollama_answer import AnswerSoFar
from dispatcher.runtimes.ollama_embed import embed
from dispatcher.runtimes.ollama_faults import error_words, fault_of_status, tells_of_memory, words_of
from dispatcher.runtimes.ollama_loads import Loads, loaded_as
from dispatcher.runtimes.ollama_pull import pull
from dispatcher.runtimes.ollama_request import chat_body, load_body, load_embedder_body, model_body
from dispatcher.runtimes.ollama_wire import LineReader, json_object, request, whole

_HEALTH_S = 2.0
_SHOW_S = 10.0
_STALL_S = 60.0


class OllamaRuntime:
    """Asks Ollama servers, over one shared session. `now` gives monotonic seconds.

    It must have loaded a model itself before it asks it: every request repeats the load's context and threads, for
    Ollama loads anew when they differ. To take over a server that was running before, load again: what is loaded
    alike stays as it is.

    Args:
        stall_s: seconds a pull may stand still.
    """

    def __init__(self, session: aiohttp.ClientSession, now: Callable[[], float], *, stall_s: float = _STALL_S) -> None:
        self._session = session
        self._now = now
        self._stall_s = stall_s
        self._loads = Loads()

    async def is_ready(self, endpoint: Endpoint) -> bool:
        """Whether the server takes requests; whether a model is ready, `load` tells."""
        return await self.answers(endpoint)

    async def answers(self, endpoint: Endpoint) -> bool:
        """Whether a server is there at all."""
        if endpoint.is_foreign:  # somebody else asks those, and seldom
            return True
        try:
            async with (
                asyncio.timeout(_HEALTH_S),
                await request(self._session, endpoint, "GET", "/api/version") as response,
            ):
                return response.status == 200
        except (RuntimeFault, TimeoutError):
            return False

    async def lacks_model(self, endpoint: Endpoint, order: StartOrder) -> bool:
        """Whether the server must fetch the model before it can load it.

        Raises: RuntimeUnreachable, RuntimeFault or RuntimeBadAnswer when it doesn't say.
        """
        try:
            async with (
                asyncio.timeout(_SHOW_S),
                await request(self._session, endpoint, "POST", "/api/show", model_body(order.reference)) as response,
            ):
                if response.status == 200:
                    return False
                words = words_of(await whole(response))
        except TimeoutError as error:
            raise RuntimeUnreachable(f"the inference server didn't answer within {_SHOW_S:.0f} s") from error
        if response.status == 404 and words:
            return True
        raise RuntimeFault(f"the inference server can't say if it has {order.reference}: {words or response.status}")

    async def fetch_model(self, endpoint: Endpoint, order: StartOrder, on_fetching: OnFetching) -> None:
        """Have the server fetch the model; what was half there is taken up again.

        Raises: WeightsUnavailable when it can't be had, or when it comes no further.
        """
        await pull(self._session, endpoint, order.reference, on_fetching, self._stall_s)

    async def load(self, endpoint: Endpoint, order: StartOrder) -> None:
        """Have the model in memory, with the order's context and threads, until it is told otherwise.

        Raises: ReplicaStartFailed. Time is the caller's to limit.
        """
        loaded = loaded_as(order)
        path, body = (
            ("/api/embed", load_embedder_body(loaded)) if order.embeds else ("/api/generate", load_body(loaded))
        )
        try:
            async with await request(self._session, endpoint, "POST", path, body) as response:
                answer = await whole(response)
                if response.status != 200:
                    raise _start_failed(order, words_of(answer) or f"the inference server answered {response.status}")
                reply = json_object(answer)
        except RuntimeFault as error:
            raise _start_failed(order, error.message) from error
        if not order.embeds and reply.get("done") is not True:
            raise _start_failed(order, error_words(reply.get("error")) or "the inference server doesn't say that it is")
        self._loads.note(endpoint, order.model_id, loaded)

    def took_over(self, endpoint: Endpoint, order: StartOrder) -> None:
        """Note a model that the server was found to hold, so that it may be asked."""
        self._loads.note(endpoint, order.model_id, loaded_as(order))

    async def served(self, endpoint: Endpoint) -> tuple[ServedModel, ...]:
        """Every model the server has. RuntimeFault when it doesn't say."""
        return await ollama_lists.served(self._session, endpoint)

    async def loaded(self, endpoint: Endpoint) -> Mapping[str, int]:
        """The models in its memory, by their own names, with their context in tokens. RuntimeFault likewise."""
        return await ollama_lists.loaded(self._session, endpoint)

    async def capabilities(self, endpoint: Endpoint, reference: str) -> frozenset[str]:
        """What a model can do, in Ollama's words. RuntimeFault likewise."""
        return await ollama_lists.capabilities(self._session, endpoint, reference)

    async def running(self, endpoint: Endpoint) -> int | None:
        """Ollama doesn't say."""
        return None

    async def complete(
        self, endpoint: Endpoint, ask: Ask, deadline: Deadline, on_piece: OnPiece | None = None
    ) -> Completion:
        """The whole answer; each piece goes to `on_piece` first, awaited. A caller who leaves stops the server's work.

        Raises: DeadlineExceeded, RuntimeStalled, RuntimeUnreachable, RuntimeRefused, RuntimeFault, RuntimeBadAnswer or
            RuntimeIncomplete; InvalidRequest when the ask can't be put into words; whatever `on_piece` raises.
        """
        started_s = self._now()
        body = chat_body(ask, self._loads.of(endpoint, ask.model_id))
        async with (
            answer_clock(ask.model_id, deadline, self._now) as clock,
            await request(self._session, endpoint, "POST", "/api/chat", body) as response,
        ):
            if response.status != 200:
                if endpoint.is_foreign:
                    raise_foreign_fault(response.status, response.headers, ask.model_id)
                raise fault_of_status(response.status, await _words(response), ask)
            return await self._read(LineReader(response), ask, started_s, clock, on_piece)

    async def embed(self, endpoint: Endpoint, ask: EmbedAsk, deadline: Deadline) -> Vectors:
        """One vector for each text; see `Runtime.embed`."""
        return await embed(self._session, endpoint, ask, self._loads.of(endpoint, ask.model_id), deadline, self._now)

    async def _read(
        self, lines: LineReader, ask: Ask, started_s: float, clock: AnswerClock, on_piece: OnPiece | None
    ) -> Completion:
        answer = AnswerSoFar(ask)
        first_token_s: float | None = None
        while not answer.is_whole:
            piece = answer.take(await lines.next())
            clock.heard()
            if piece is None:
                continue
            if first_token_s is None:
                first_token_s = self._now() - started_s
            if on_piece is not None:
                await clock.while_told(on_piece(piece))
        return answer.finish(first_token_s, self._now() - started_s)


async def _words(response: aiohttp.ClientResponse) -> str:
    try:
        return words_of(await whole(response))
    except RuntimeFault:
        return ""  # the status says enough


def _start_failed(order: StartOrder, reason: str) -> ReplicaStartFailed:
    if tells_of_memory(reason):
        told = f"out of memory with {order.context_tokens} tokens of context ({reason})"
        return ReplicaOutOfMemory(f"{order.reference} couldn't be loaded: {told}")
    return ReplicaStartFailed(f"{order.reference} couldn't be loaded: {reason}")
