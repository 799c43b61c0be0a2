"""Forgetting the answers of jobs: soon after they were fetched, or when nobody comes for them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from dispatcher.core.job import JobState
from dispatcher.errors import DispatcherError
from dispatcher.metrics import Metrics
from dispatcher.service.job_news import JobNews
from dispatcher.store.database import Database
from dispatcher.store.job_ends import delete_jobs, forget_answers

_LOG = structlog.get_logger(__name__)
_EVERY_MIN_S = 0.2
_EVERY_MAX_S = 10.0


@dataclass(frozen=True, slots=True)
class Memory:
    """How long an answer is kept after it was fetched (`grace_s`), and after it was given (`ttl_s`), in seconds.

    The job's row, without any text, stays as long again as an answer may.
    """

    grace_s: float
    ttl_s: float

    @property
    def every_s(self) -> float:
        """How often to look."""
        return max(_EVERY_MIN_S, min(_EVERY_MAX_S, self.grace_s / 2, self.ttl_s / 2))


async def forget_jobs(
    database: Database, news: JobNews, metrics: Metrics, wall: Callable[[], float], memory: Memory
) -> None:
    """Forget and delete what is due, for ever; afterwards not even SQLite's log has the texts.

    Requests go by themselves when their job is finished, so the log is cut after that, too.
    """
    cleaned_at_count = -1
    while True:
        now, count = wall(), news.finished_count
        try:
            forgotten = await forget_answers(database, now - memory.grace_s, now - memory.ttl_s)
            await delete_jobs(database, now - 2 * memory.ttl_s)
            metrics.jobs_finished.labels(JobState.EXPIRED).inc(forgotten)
            if (forgotten or count != cleaned_at_count) and await database.empty_log():
                cleaned_at_count = count
        except DispatcherError as error:
            _LOG.warning("jobs_not_forgotten", reason=error.message)
        await asyncio.sleep(memory.every_s)
