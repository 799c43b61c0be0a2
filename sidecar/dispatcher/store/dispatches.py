"""The log of dispatches: one row each of what happened, and one of why it was chosen so."""

import sqlite3
from collections.abc import Mapping, Sequence

import aiosqlite

from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import DispatchId, ModelId
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.dispatch_rows import decision_row, log_row, record_of

_INSERT_LOG = """
    INSERT INTO performance_logs (
        dispatch_id, started_at, ending, error_code, asked_task_type, asked_complexity, task_type, complexity,
        objective, workflow_id, node_id, execution_id, item_index, timeout_s, prompt_chars, model_id, replica_id,
        prompt_tokens, completion_tokens, finish_reason, queue_s, load_s, first_token_s, total_s, prefill_s,
        decode_s, attempts, threads, at_once, max_tokens, run_index, is_valid, is_empty, is_refusal, source
    ) VALUES (
        :dispatch_id, :started_at, :ending, :error_code, :asked_task_type, :asked_complexity, :task_type, :complexity,
        :objective, :workflow_id, :node_id, :execution_id, :item_index, :timeout_s, :prompt_chars, :model_id,
        :replica_id, :prompt_tokens, :completion_tokens, :finish_reason, :queue_s, :load_s, :first_token_s, :total_s,
        :prefill_s, :decode_s, :attempts, :threads, :at_once, :max_tokens, :run_index, :is_valid, :is_empty,
        :is_refusal, :source
    )
"""
_INSERT_DECISION = """
    INSERT INTO decisions (
        dispatch_id, model_id, way, propensity, ranker, chosen, ranked, refused, why, deciding_term, flip, explored,
        features, variant, variant_propensity, variant_arms
    ) VALUES (
        :dispatch_id, :model_id, :way, :propensity, :ranker, :chosen, :ranked, :refused, :why, :deciding_term, :flip,
        :explored, :features, :variant, :variant_propensity, :variant_arms
    )
"""
_SELECT = """
    SELECT
        log.*, way, propensity, ranker, chosen, ranked, refused, why, deciding_term, flip, explored, features,
        variant, variant_propensity, variant_arms
    FROM performance_logs AS log LEFT JOIN decisions USING (dispatch_id)
    WHERE dispatch_id = ?
"""


def record_dispatch(db: Database, record: DispatchRecord) -> None:
    """Have a dispatch written down soon; nobody waits for it."""
    db.post(lambda connection: _insert(connection, (record,)))


class DispatchLog:
    """Has dispatches written down soon, those that wait for it together: in a rush that is most of the cost.

    Args:
        waiting_max: how many may wait; beyond, they are dropped.
    """

    def __init__(self, db: Database, waiting_max: int = 10_000) -> None:
        self._db = db
        self._waiting_max = waiting_max
        self._waiting: list[DispatchRecord] = []
        self._is_posted = False

    def record(self, record: DispatchRecord) -> None:
        """Have one written down."""
        if len(self._waiting) >= self._waiting_max:
            self._db.drop()
            return
        self._waiting.append(record)
        self._is_posted = self._is_posted or self._db.post(self._write)

    async def _write(self, connection: aiosqlite.Connection) -> None:
        records, self._waiting, self._is_posted = self._waiting, [], False
        try:
            await _insert(connection, records)
        except sqlite3.Error:
            if len(records) > 1:
                for record in records:  # all of these are undone: each alone, so that a bad one takes no other with it
                    record_dispatch(self._db, record)
            raise


async def _insert(connection: aiosqlite.Connection, records: Sequence[DispatchRecord]) -> None:
    await connection.executemany(_INSERT_LOG, [log_row(one) for one in records])
    decided = [(one.dispatch_id, one.decision, one.explanation) for one in records]
    rows = [decision_row(name, decision, why) for name, decision, why in decided if decision is not None]
    if rows:
        await connection.executemany(_INSERT_DECISION, rows)


async def explored_counts(db: Database) -> Mapping[ModelId, int]:
    """How often each model was tried though another was expected to be better."""

    async def work(connection: aiosqlite.Connection) -> Mapping[ModelId, int]:
        rows = await connection.execute_fetchall(
            "SELECT model_id, count(*) FROM decisions WHERE explored GROUP BY model_id"
        )
        return {ModelId(model_id): count for model_id, count in rows}

    return await db.read(work)


async def dispatch_by_id(db: Database, dispatch_id: DispatchId) -> DispatchRecord | None:
    """The dispatch as it was recorded, or None when it isn't in the log (yet, or any more)."""

    async def work(connection: aiosqlite.Connection) -> DispatchRecord | None:
        cursor = await connection.execute(_SELECT, (dispatch_id,))
        row = await cursor.fetchone()
        return None if row is None else record_of(row)

    try:
        return await db.read(work)
    except ValueError as error:  # an enum or JSON that another version wrote
        raise StoreError(f"Dispatch {dispatch_id} was recorded by a version this one can't read: update it.") from error
