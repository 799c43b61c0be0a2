"""The log of dispatches: one row each of what happened, and one of why it was chosen so."""

import aiosqlite

from dispatcher.core.record import DispatchRecord
from dispatcher.core.task import DispatchId
from dispatcher.errors import StoreError
from dispatcher.store.database import Database
from dispatcher.store.dispatch_rows import decision_row, log_row, record_of

_INSERT_LOG = """
    INSERT INTO performance_logs (
        dispatch_id, started_at, ending, error_code, asked_task_type, asked_complexity, task_type, complexity,
        objective, workflow_id, node_id, execution_id, item_index, timeout_s, prompt_chars, model_id, replica_id,
        prompt_tokens, completion_tokens, finish_reason, queue_s, load_s, first_token_s, total_s, prefill_s,
        decode_s, attempts
    ) VALUES (
        :dispatch_id, :started_at, :ending, :error_code, :asked_task_type, :asked_complexity, :task_type, :complexity,
        :objective, :workflow_id, :node_id, :execution_id, :item_index, :timeout_s, :prompt_chars, :model_id,
        :replica_id, :prompt_tokens, :completion_tokens, :finish_reason, :queue_s, :load_s, :first_token_s, :total_s,
        :prefill_s, :decode_s, :attempts
    )
"""
_INSERT_DECISION = """
    INSERT INTO decisions (
        dispatch_id, model_id, way, propensity, ranker, chosen, ranked, refused, why, deciding_term, flip
    ) VALUES (
        :dispatch_id, :model_id, :way, :propensity, :ranker, :chosen, :ranked, :refused, :why, :deciding_term, :flip
    )
"""
_SELECT = """
    SELECT log.*, way, propensity, ranker, chosen, ranked, refused, why, deciding_term, flip
    FROM performance_logs AS log LEFT JOIN decisions USING (dispatch_id)
    WHERE dispatch_id = ?
"""


def record_dispatch(db: Database, record: DispatchRecord) -> None:
    """Have a dispatch written down soon; nobody waits for it."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(_INSERT_LOG, log_row(record))
        if record.decision is not None:
            row = decision_row(record.dispatch_id, record.decision, record.explanation)
            await connection.execute(_INSERT_DECISION, row)

    db.post(work)


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
