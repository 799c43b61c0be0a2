"""Sends a workload's calls at their times to whoever answers them."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from dispatcher.core.simulation.workload import Call, Workload
from scripts.bench.queueing.outcome import Outcome

Ask = Callable[[Call, str], Awaitable[Outcome]]
_WORDS = ("the", "parcel", "came", "late", "again", "and", "nobody", "would", "say", "why", "it", "went", "back")


async def play(workload: Workload, ask: Ask) -> tuple[Outcome, ...]:
    """Every call's outcome, in the order of their numbers. One that follows another is sent when that has ended."""
    begun_s = time.monotonic()
    ended = [asyncio.Event() for _ in workload.calls]

    async def one(call: Call) -> Outcome:
        if call.follows is None:
            await asyncio.sleep(max(0.0, begun_s + call.arrives_s - time.monotonic()))
        else:
            await ended[call.follows].wait()
            await asyncio.sleep(call.arrives_s)
        try:
            return await ask(call, _prompt(call))
        finally:
            ended[call.number].set()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(call)) for call in workload.calls]
    return tuple(task.result() for task in tasks)


def _prompt(call: Call) -> str:
    """About as many tokens as the call has, different for each, so that no answer is found in a cache."""
    count = max(1, call.prompt_tokens - 20)
    words = [_WORDS[(call.number * 7 + place) % len(_WORDS)] for place in range(count)]
    return f"Ticket {call.number}: {' '.join(words)}. Retell this at length."
