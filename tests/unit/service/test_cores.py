"""CPU cores lent to busy replicas."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.service.cores import CoreGate


async def test_who_comes_first_computes_first() -> None:
    gate, order = CoreGate(2), []

    async def compute(name: str, threads: int) -> None:
        await gate.acquire(threads)
        order.append(name)
        await asyncio.sleep(0)
        gate.release(threads)

    await asyncio.gather(compute("a", 2), compute("b", 1), compute("c", 2), compute("d", 1))
    assert order == ["a", "b", "c", "d"]


async def test_more_than_all_cores_means_all_cores() -> None:
    gate = CoreGate(2)
    await gate.acquire(8)
    gate.release(8)
    await asyncio.wait_for(gate.acquire(2), 1)


async def test_callers_who_leave_together_just_leave() -> None:
    gate = CoreGate(1)
    await gate.acquire(1)
    waiting = [asyncio.create_task(gate.acquire(1)) for _ in range(3)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    gate.release(1)  # passes over turns whose callers have not noticed yet that they leave
    ends = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(end) for end in ends] == [asyncio.CancelledError] * 3


plans = st.lists(
    st.tuples(st.integers(1, 4), st.integers(0, 6), st.integers(0, 8)), min_size=1, max_size=12
)  # threads, steps of work, the step at which the caller leaves


@given(st.integers(1, 4), plans)
@settings(deadline=None)
def test_however_callers_leave_the_busy_never_exceed_the_cores_and_all_come_back(
    cores: int, plan: list[tuple[int, int, int]]
) -> None:
    async def run() -> None:
        gate, busy, most = CoreGate(cores), 0, 0

        async def compute(threads: int, steps: int) -> None:
            nonlocal busy, most
            await gate.acquire(threads)
            busy += min(threads, cores)
            most = max(most, busy)
            try:
                for _ in range(steps):
                    await asyncio.sleep(0)
            finally:
                busy -= min(threads, cores)
                gate.release(threads)

        tasks = [(asyncio.create_task(compute(threads, steps)), leaves) for threads, steps, leaves in plan]
        for step in range(10):
            for task, leaves in tasks:
                if step == leaves:
                    task.cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*(task for task, _ in tasks), return_exceptions=True)
        assert (busy, most <= cores) == (0, True)
        await asyncio.wait_for(gate.acquire(cores), 1)

    asyncio.run(run())
