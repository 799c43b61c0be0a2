"""Having Ollama pull a model, through cuts and up to a standstill."""

import asyncio

import aiohttp

from dispatcher.core.replica import Endpoint, OnFetching
from dispatcher.errors import RuntimeFault, RuntimeIncomplete, RuntimeUnreachable, WeightsUnavailable
from dispatcher.runtimes.ollama_faults import words_of
from dispatcher.runtimes.ollama_progress import PullSoFar
from dispatcher.runtimes.ollama_request import model_body
from dispatcher.runtimes.ollama_wire import LineReader, request, whole

_VAIN_TRIES_MAX = 5
_PAUSE_S = 0.1
_VERIFY_S = 900.0  # reading 40 GB from a slow disk; cut short, Ollama would take the file unchecked the next time


async def pull(
    session: aiohttp.ClientSession, endpoint: Endpoint, reference: str, on_fetching: OnFetching, stall_s: float
) -> None:
    """Return when the model is there. A cut stream is asked for again: Ollama goes on where it was.

    Raises: WeightsUnavailable with Ollama's reason, or after `stall_s` seconds without progress.
    """
    so_far = PullSoFar(reference)
    most_bytes = vain_tries = 0
    while True:
        try:
            return await _pull_once(session, endpoint, reference, so_far, on_fetching, stall_s)
        except (RuntimeUnreachable, RuntimeIncomplete) as error:
            vain_tries = 0 if so_far.fetching.done_bytes > most_bytes else vain_tries + 1
            most_bytes = max(most_bytes, so_far.fetching.done_bytes)
            if vain_tries == _VAIN_TRIES_MAX:
                raise WeightsUnavailable(f"{reference} can't be fetched: {error.message}") from error
        except RuntimeFault as error:
            raise WeightsUnavailable(f"{reference} can't be fetched: {error.message}") from error
        await asyncio.sleep(_PAUSE_S * 2**vain_tries)


async def _pull_once(
    session: aiohttp.ClientSession,
    endpoint: Endpoint,
    reference: str,
    so_far: PullSoFar,
    on_fetching: OnFetching,
    stall_s: float,
) -> None:
    loop = asyncio.get_running_loop()
    try:
        async with (
            asyncio.timeout(stall_s) as clock,
            await request(session, endpoint, "POST", "/api/pull", model_body(reference)) as response,
        ):
            if response.status != 200:
                words = words_of(await whole(response)) or f"the inference server answered {response.status}"
                raise WeightsUnavailable(f"{reference} can't be fetched: {words}")
            lines = LineReader(response)
            while not so_far.is_whole:
                before = so_far.status, so_far.fetching
                so_far.take(await lines.next())
                on_fetching(so_far.fetching)
                if before != (so_far.status, so_far.fetching):  # Ollama goes on talking when nothing comes any more
                    clock.reschedule(loop.time() + (_VERIFY_S if so_far.is_verifying else stall_s))
    except TimeoutError as error:
        if not clock.expired():  # it is `on_fetching`'s own
            raise
        raise WeightsUnavailable(
            f"{reference} can't be fetched: it came no further for {stall_s:g} s, "
            f"at {so_far.fetching.done_bytes} bytes; see that the inference server reaches its registry"
        ) from error
