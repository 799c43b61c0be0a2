"""The client of inference servers that speak OpenAI's protocol: llama.cpp, vLLM and their like."""

import asyncio
from collections.abc import Callable

import aiohttp

from dispatcher.core.deadline import Deadline
from dispatcher.core.embedding import EmbedAsk, Vectors
from dispatcher.core.outcome import Ask, Completion, OnPiece
from dispatcher.core.replica import Endpoint, OnFetching, StartOrder
from dispatcher.crash import crash_point
from dispatcher.errors import DispatcherError, RuntimeBadAnswer, RuntimeUnreachable
from dispatcher.runtimes.answer_clock import AnswerClock, answer_clock
from dispatcher.runtimes.foreign_faults import raise_foreign_fault
from dispatcher.runtimes.openai_answer import DONE, AnswerSoFar
from dispatcher.runtimes.openai_embed import embed
from dispatcher.runtimes.openai_faults import fault_of_status
from dispatcher.runtimes.openai_load import busy_slots, running_requests
from dispatcher.runtimes.openai_request import request_body
from dispatcher.runtimes.sse import EventReader

_OPENAI_ITSELF = "https://api.openai.com/"
_NEW_LIMIT = "max_completion_tokens"  # its newer models refuse the older name, which all others know
_HEALTH_S = 2.0
_POLL_S = 0.05
_ERROR_BYTES_MAX = 64 * 1024
_TOLD_BYTES_MAX = 1024 * 1024


class OpenAIRuntime:
    """Asks inference servers, over one shared session. `now` gives monotonic seconds."""

    def __init__(self, session: aiohttp.ClientSession, now: Callable[[], float]) -> None:
        self._session = session
        self._now = now

    async def is_ready(self, endpoint: Endpoint) -> bool:
        """Whether the server takes requests; False while it loads, hangs, or isn't there."""
        return await self._health(endpoint) == 200

    async def answers(self, endpoint: Endpoint) -> bool:
        """Whether a server is there at all, be it only to say that it loads."""
        return await self._health(endpoint) is not None

    async def lacks_model(self, endpoint: Endpoint, order: StartOrder) -> bool:
        """Never: such a server is started with its model."""
        return False

    async def fetch_model(self, endpoint: Endpoint, order: StartOrder, on_fetching: OnFetching) -> None:
        """Nothing to fetch."""

    async def load(self, endpoint: Endpoint, order: StartOrder) -> None:
        """Wait until the server, which loads from its start, takes requests."""
        while not await self.is_ready(endpoint):  # noqa: ASYNC110 - it is another process: there is no event
            await asyncio.sleep(_POLL_S)

    async def running(self, endpoint: Endpoint) -> int | None:
        """As llama.cpp says of its slots, or vLLM in its metrics; None when it is neither.

        Raises: RuntimeFault when it doesn't answer.
        """
        if endpoint.is_foreign:
            return None
        slots = await self._told(endpoint, "/slots")
        if slots is not None:
            return busy_slots(slots)
        metrics = await self._told(endpoint, "/metrics")
        return None if metrics is None else running_requests(metrics)

    async def complete(
        self, endpoint: Endpoint, ask: Ask, deadline: Deadline, on_piece: OnPiece | None = None
    ) -> Completion:
        """The whole answer; each piece goes to `on_piece` first, awaited. A caller who leaves stops the server's work.

        Raises: DeadlineExceeded, RuntimeStalled, RuntimeUnreachable, RuntimeRefused, RuntimeFault, RuntimeBadAnswer or
            RuntimeIncomplete; InvalidRequest when the ask can't be put into words; whatever `on_piece` raises.
        """
        started_s = self._now()
        limit = _NEW_LIMIT if endpoint.base_url.startswith(_OPENAI_ITSELF) else "max_tokens"
        body = request_body(ask, model=endpoint.model, is_llama_cpp=endpoint.is_llama_cpp, limit=limit)
        async with (
            answer_clock(ask.model_id, deadline, self._now) as clock,
            await self._post(endpoint, body) as response,
        ):
            crash_point("sent")
            if response.status != 200:
                raise await _fault(response, ask, endpoint)
            _expect_events(response)
            return await self._read(response, ask, started_s, clock, on_piece)

    async def embed(self, endpoint: Endpoint, ask: EmbedAsk, deadline: Deadline) -> Vectors:
        """One vector for each text; see `Runtime.embed`."""
        return await embed(self._session, endpoint, ask, deadline, self._now)

    async def _told(self, endpoint: Endpoint, path: str) -> bytes | None:
        """What a server says of itself; None when it doesn't know the path."""
        url, headers = f"{endpoint.base_url}{path}", endpoint.auth_headers
        try:
            async with (
                asyncio.timeout(_HEALTH_S),
                self._session.get(url, headers=headers, allow_redirects=False) as response,
            ):
                return await _whole(response) if response.status == 200 else None
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is an OSError
            told = f"the inference server doesn't say what it does ({type(error).__name__})"
            raise RuntimeUnreachable(told) from error

    async def _health(self, endpoint: Endpoint) -> int | None:
        if endpoint.is_foreign:  # somebody else asks those, and seldom
            return 200
        try:
            async with asyncio.timeout(_HEALTH_S):
                async with self._session.get(f"{endpoint.base_url}/health", allow_redirects=False) as response:
                    return response.status
        except (aiohttp.ClientError, OSError):  # TimeoutError is an OSError
            return None

    async def _post(self, endpoint: Endpoint, body: bytes) -> aiohttp.ClientResponse:
        headers = {**endpoint.auth_headers, "Content-Type": "application/json"}
        url = f"{endpoint.api_url}/chat/completions"
        try:
            return await self._session.post(url, data=body, headers=headers, allow_redirects=False)
        except aiohttp.ClientResponseError as error:
            raise RuntimeBadAnswer("the inference server answered with something that isn't HTTP") from error
        except (aiohttp.ClientError, ConnectionError) as error:
            raise RuntimeUnreachable(
                f"the inference server can't be reached, or hung up before answering ({type(error).__name__})",
                was_asked=not isinstance(error, aiohttp.ClientConnectorError),
            ) from error

    async def _read(
        self,
        response: aiohttp.ClientResponse,
        ask: Ask,
        started_s: float,
        clock: AnswerClock,
        on_piece: OnPiece | None,
    ) -> Completion:
        events = EventReader(response.content)
        answer = AnswerSoFar(ask)
        first_token_s: float | None = None
        while (event := await events.next()) != DONE:
            piece = answer.take(event)
            if piece is None:
                continue
            clock.heard()
            if first_token_s is None:
                first_token_s = self._now() - started_s
                crash_point("first_byte")
            if on_piece is not None:
                await clock.while_told(on_piece(piece))
        crash_point("last_byte")
        total_s = self._now() - started_s
        return answer.finish(total_s if first_token_s is None else first_token_s, total_s)


async def _whole(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for block in response.content.iter_any():
        body += block
        if len(body) > _TOLD_BYTES_MAX:
            raise RuntimeBadAnswer(f"the inference server sent more than {_TOLD_BYTES_MAX} bytes")
    return body


async def _fault(response: aiohttp.ClientResponse, ask: Ask, endpoint: Endpoint) -> DispatcherError:
    if endpoint.is_foreign:
        raise_foreign_fault(response.status, response.headers, ask.model_id)
    try:
        body = await response.content.read(_ERROR_BYTES_MAX)
    except (aiohttp.ClientError, ConnectionError):
        body = b""  # the status says enough
    return fault_of_status(response.status, body, ask)


def _expect_events(response: aiohttp.ClientResponse) -> None:
    if response.content_type != "text/event-stream":
        raise RuntimeBadAnswer(f"the inference server sent {response.content_type}, not a stream of events")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise RuntimeBadAnswer("the inference server sent its answer compressed")
