"""Who waits for jobs hears of them, and nobody waits for ever."""

import asyncio

import pytest

from dispatcher.core.job import JobId
from dispatcher.service.job_news import JobNews

A, B, C = JobId("a"), JobId("b"), JobId("c")
LONG_S = 60.0


@pytest.mark.parametrize(("for_all", "finished"), [(False, [B]), (True, [B, A])])
async def test_a_listener_hears_the_first_or_all(for_all: bool, finished: list[JobId]) -> None:
    news = JobNews()
    with news.listening([A, B], for_all=for_all) as listener:
        waiting = asyncio.create_task(listener.wait(LONG_S))
        await asyncio.sleep(0)
        for job_id in [C, *finished[:-1]]:
            news.finished([job_id])
            await asyncio.sleep(0)
            assert not waiting.done()
        news.finished(finished[-1:])
        await waiting


async def test_what_was_finished_before_the_wait_is_not_waited_for() -> None:
    news = JobNews()
    with news.listening([A], for_all=True) as listener:
        news.finished([A])
        await listener.wait(LONG_S)


async def test_a_wait_has_an_end() -> None:
    news = JobNews()
    with news.listening([A], for_all=False) as listener:
        await listener.wait(0.01)


async def test_nobody_waits_for_a_sidecar_that_stops_and_nothing_is_kept_of_who_left() -> None:
    news = JobNews()
    with news.listening([A], for_all=True) as before:
        news.close()
        await before.wait(LONG_S)
        with news.listening([B], for_all=True) as after:
            await after.wait(LONG_S)
    assert news._listeners == {}
