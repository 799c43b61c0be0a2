"""The load, from a process of its own: reads a plan from a file, writes what became of each request into another."""

import asyncio
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import uvloop
from pydantic import TypeAdapter

from scripts.bench.load.plan import Phase, Plan, Sent, Stream

_TIMEOUTS_S = (1.0, 1.5, 2.0, 3.0)  # 3 to 10 times what an answer takes
_PATIENT_S = 30.0
_HOPELESS_S = 0.001
_AUTO_SHARE = 0.5
_REFUSED_EVERY, _ITEMS = 4, 10  # of a counted loop: each fourth can't be in time; so many are of one workflow
_PATIENCE_S = 1.0  # a caller gives up so long after its deadline
_WORDS = ("the", "parcel", "is", "late", "and", "nobody", "at", "our", "office", "answers", "before", "noon")


async def _run(plan: Plan) -> list[Sent]:
    """Send everything; the requests of a phase may end in the next one."""
    headers = {"Authorization": f"Bearer {plan.token}"}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as http:
        caller = _Caller(plan, http)
        for phase in plan.phases:
            if phase.callers:
                await caller.ask_in_turn(phase)
            else:
                await caller.send(phase)
        await caller.until_all_ended()
        return caller.sent


class _Caller:
    def __init__(self, plan: Plan, http: aiohttp.ClientSession) -> None:
        self.sent: list[Sent] = []
        self._plan = plan
        self._http = http
        self._rng = random.Random(4)  # noqa: S311 - the same load each time
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask_in_turn(self, phase: Phase) -> None:
        """A closed loop: each caller sends its next request when it has the answer to the last."""
        end_s = time.monotonic() + phase.seconds
        numbers = range(phase.requests) if phase.requests else itertools.count()
        turns = iter(numbers)

        async def ask() -> None:
            for number in turns:
                if time.monotonic() >= end_s:
                    return
                is_hopeless = phase.requests > 0 and number % _REFUSED_EVERY == 0
                workflow = f"workflow {number // _ITEMS}" if phase.requests else ""
                await self._ask(phase.name, workflow, time.monotonic(), _HOPELESS_S if is_hopeless else _PATIENT_S)

        async with asyncio.TaskGroup() as callers:
            for _ in range(phase.callers):
                callers.create_task(ask())

    async def send(self, phase: Phase) -> None:
        """An open loop: requests are sent when they are due, whatever became of those before."""
        begun_s = time.monotonic()
        for due_s, workflow in sorted(due for stream in phase.streams for due in self._dues(stream, phase.seconds)):
            await asyncio.sleep(begun_s + due_s - time.monotonic())
            timeout_s = self._rng.choice(_TIMEOUTS_S)
            task = asyncio.create_task(self._ask(phase.name, workflow, begun_s + due_s, timeout_s))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        await asyncio.sleep(begun_s + phase.seconds - time.monotonic())

    async def until_all_ended(self) -> None:
        """Wait for every reply."""
        await asyncio.gather(*self._under_way)

    def _dues(self, stream: Stream, seconds: float) -> Iterator[tuple[float, str]]:
        due_s = self._rng.expovariate(stream.per_s)
        while due_s < seconds:
            yield due_s, stream.workflow
            due_s += self._rng.expovariate(stream.per_s)

    async def _ask(self, phase: str, workflow: str, due_s: float, timeout_s: float) -> None:
        body = self._body(workflow, timeout_s)
        sent_s = time.monotonic()
        status, code = 0, ""
        try:
            async with asyncio.timeout(timeout_s + _PATIENCE_S), self._http.post(self._plan.url, data=body) as response:
                raw = await response.read()
                status = response.status
        except (TimeoutError, aiohttp.ClientError) as error:
            code = type(error).__name__
        done_s = time.monotonic()
        if status >= 400:
            code = json.loads(raw)["error"]["code"]
        self.sent.append(Sent(phase, workflow, due_s, sent_s, done_s, timeout_s, status, code))

    def _body(self, workflow: str, timeout_s: float) -> aiohttp.BytesPayload:
        asked = {
            "prompt": f"Classify as urgent or not: {' '.join(self._rng.choices(_WORDS, k=40))}",
            "task_type": "classification",
            "model": "auto" if self._rng.random() < _AUTO_SHARE else self._rng.choice(self._plan.models),
            "requirements": {"max_tokens": self._plan.max_tokens, "timeout": timeout_s},
            "context": {"workflow_id": workflow or None},
        }
        return aiohttp.BytesPayload(json.dumps(asked).encode(), content_type="application/json")


if __name__ == "__main__":
    told = TypeAdapter(Plan).validate_json(Path(sys.argv[1]).read_bytes())
    Path(sys.argv[2]).write_bytes(TypeAdapter(list[Sent]).dump_json(uvloop.run(_run(told))))
