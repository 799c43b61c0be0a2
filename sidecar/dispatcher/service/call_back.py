"""Telling callbacks of finished jobs, until they were told or have failed too often; goes on after a restart."""

import asyncio
from collections.abc import Callable

import structlog

from dispatcher.callbacks.client import CallbackClient, Delivery
from dispatcher.core.callback import may_call_back
from dispatcher.errors import DispatcherError
from dispatcher.metrics import Metrics
from dispatcher.service.job_news import JobNews
from dispatcher.service.job_words import JobWords
from dispatcher.store.database import Database
from dispatcher.store.job_callbacks import Callback, callback_again, callback_over, due_callbacks, next_callback_at

_LOG = structlog.get_logger(__name__)
_AT_ONCE = 8
_TRIES_MAX = 8
_BACKOFF_S = 1.0
_BACKOFF_FACTOR = 3  # 1, 3, 9 … 729 s: a workflow that restarts within ten minutes is still told
_LOOK_AT_LEAST_EVERY_S = 60.0
_STORE_AGAIN_S = 1.0


class CallbackSender:
    """Sends what is due. `hosts` are those that may be called now, whatever held when a job was accepted."""

    def __init__(
        self,
        database: Database,
        client: CallbackClient,
        words: JobWords,
        news: JobNews,
        metrics: Metrics,
        wall: Callable[[], float],
        hosts: frozenset[str],
    ) -> None:
        self._database = database
        self._client = client
        self._words = words
        self._news = news
        self._metrics = metrics
        self._wall = wall
        self._hosts = hosts

    async def run(self) -> None:
        """Send for ever."""
        while True:
            self._news.something.clear()
            try:
                while due := await due_callbacks(self._database, self._wall(), _AT_ONCE):
                    async with asyncio.TaskGroup() as group:
                        for callback in due:
                            group.create_task(self._send(callback))
                next_at = await next_callback_at(self._database)
                wait_s = _LOOK_AT_LEAST_EVERY_S if next_at is None else max(0.0, next_at - self._wall())
            except* DispatcherError as errors:
                _LOG.warning("callbacks_stuck", reason=str(errors.exceptions[0]))
                wait_s = _STORE_AGAIN_S
            try:
                async with asyncio.timeout(min(wait_s, _LOOK_AT_LEAST_EVERY_S)):
                    await self._news.something.wait()
            except TimeoutError:
                continue

    async def _send(self, callback: Callback) -> None:
        job = callback.job
        if may_call_back(callback.url, self._hosts):
            delivery = await self._client.post(callback.url, self._words.reply(job))
        else:
            delivery = Delivery.REFUSED
        if delivery is Delivery.FAILED and callback.tries + 1 < _TRIES_MAX:
            self._metrics.job_callbacks.labels("again").inc()
            due_at = self._wall() + _BACKOFF_S * _BACKOFF_FACTOR**callback.tries
            await callback_again(self._database, job.id, due_at)
            return
        was_told = delivery is Delivery.DELIVERED
        self._metrics.job_callbacks.labels("delivered" if was_told else "given_up").inc()
        _LOG.info("callback_over", job=job.id, result=delivery)
        await callback_over(self._database, job.id, self._wall(), was_told=was_told)
