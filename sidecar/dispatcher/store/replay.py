"""The log as calls that came once, to be played again: when, for what, for how long; never a text."""

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import aiosqlite

from dispatcher.core.decision import RefusalReason
from dispatcher.core.task import Complexity, ModelId, Objective, TaskType
from dispatcher.errors import StoreError
from dispatcher.store.connection import prepare_reader
from dispatcher.store.faults import faults_of
from dispatcher.store.migrations import migrations

_T = TypeVar("_T")
_ROWS_MAX = 20_000
_CALLS = """
    SELECT
        started_at, timeout_s, total_s, queue_s, load_s, prompt_chars, prompt_tokens, task_type, complexity, objective,
        ending, log.model_id, workflow_id, node_id, execution_id, run_index, refused
    FROM performance_logs AS log LEFT JOIN decisions USING (dispatch_id)
    WHERE started_at >= :since AND ending <> 'cancelled' AND source = 'caller'
        AND task_type <> 'embedding'
    ORDER BY started_at, dispatch_id
    LIMIT :rows_max
"""


@dataclass(frozen=True, slots=True)
class LoggedCall:
    """One dispatch of the log. Times in seconds, `started_at` in Unix time.

    Args:
        run_s: how long its answer took once it had a slot; None when there was none.
        model_id: who answered.
        is_pinned: whether no other was allowed.
        loop: the node's run that it was an item of; None when it came from elsewhere.
    """

    started_at: float
    timeout_s: float
    total_s: float
    run_s: float | None
    prompt_chars: int
    prompt_tokens: int | None
    task_type: TaskType
    complexity: Complexity
    objective: Objective
    model_id: ModelId | None
    is_pinned: bool
    workflow_id: str | None
    loop: str | None


class Log:
    """A database of a sidecar, which may be running: it is looked at, never written to or brought up to date."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def read(self, work: Callable[[aiosqlite.Connection], Awaitable[_T]]) -> _T:
        """Do `work`, and return its result."""
        return await work(self._connection)


async def read_log(path: Path, use: Callable[[Log], Awaitable[_T]]) -> _T:
    """Open the database, use it and close it.

    Raises: StoreError naming the path and the fix.
    """
    if not await asyncio.to_thread(path.is_file):
        raise StoreError(f"{path} isn't there: name the ai-dispatch.db of a sidecar's data folder.")
    with faults_of(path):
        async with AsyncExitStack() as opened:
            connection = await opened.enter_async_context(_connection_to(await asyncio.to_thread(path.resolve)))
            await prepare_reader(connection)
            await _check_version(connection, path)
            return await use(Log(connection))


async def logged_calls(log: Log, since: float) -> tuple[LoggedCall, ...]:
    """What was dispatched since a Unix time, in order of arrival, at most 20,000. Cancelled ones are left out."""

    async def work(connection: aiosqlite.Connection) -> tuple[LoggedCall, ...]:
        rows = await connection.execute_fetchall(_CALLS, {"since": since, "rows_max": _ROWS_MAX})
        return tuple(_call(row) for row in rows)

    return await log.read(work)


def _connection_to(path: Path) -> aiosqlite.Connection:
    """May write, though it never does: a file in WAL mode can't be read otherwise when nobody else has it open."""
    return aiosqlite.connect(f"{path.as_uri()}?mode=rw", uri=True)


async def _check_version(connection: aiosqlite.Connection, path: Path) -> None:
    cursor = await connection.execute("PRAGMA user_version")
    row = await cursor.fetchone()
    wanted = (await asyncio.to_thread(migrations))[-1].version
    if row is None or row[0] != wanted:
        raise StoreError(f"{path} is of another version of AI Dispatch: start this version's sidecar on it once.")


def _call(row: sqlite3.Row) -> LoggedCall:
    loop = (row["workflow_id"], row["node_id"], row["execution_id"])
    run = () if row["run_index"] is None else (str(row["run_index"]),)
    return LoggedCall(
        started_at=row["started_at"],
        timeout_s=row["timeout_s"],
        total_s=row["total_s"],
        run_s=max(0.0, row["total_s"] - row["queue_s"] - row["load_s"]) if row["ending"] == "succeeded" else None,
        prompt_chars=row["prompt_chars"],
        prompt_tokens=row["prompt_tokens"],
        task_type=TaskType(row["task_type"]),
        complexity=Complexity(row["complexity"]),
        objective=Objective(row["objective"]),
        model_id=None if row["model_id"] is None else ModelId(row["model_id"]),
        is_pinned=_names_a_pin(row["refused"]),
        workflow_id=row["workflow_id"],
        loop=None if None in loop else "/".join((*loop, *run)),
    )


def _names_a_pin(refused: str | None) -> bool:
    """Whether others were turned down because the request asked for one model."""
    return any(one["reason"] == RefusalReason.NOT_PINNED for one in json.loads(refused or "[]"))
