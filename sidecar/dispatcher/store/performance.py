"""How dispatches have gone, grouped by what a person wants to compare."""

from dataclasses import dataclass

import aiosqlite

from dispatcher.core.record import GroupBy
from dispatcher.store.database import Database

_ROWS_MAX = 1_000


@dataclass(frozen=True, slots=True)
class PerformanceRow:
    """One group. Seconds are of dispatches that succeeded; None where there is nothing to average.

    Args:
        key: model, task type, workflow, node, or start of the hour (`2026-01-31T14:00:00Z`); None when unknown.
        workflow_id: where the node is, when grouped by node: a copied workflow keeps its nodes' ids.
        success_rate: share that succeeded, 0..1, of all but the cancelled.
        p50_total_s, p90_total_s: nearest rank: that share took at most so long.
        prompt_tokens, completion_tokens: sums.
        p90_kept: share, 0..1, that were done within the P90 that was foretold, of those that the chosen model answered.
        explored: how many tried a model though another was expected to be better.
    """

    key: str | None
    workflow_id: str | None
    dispatches: int
    success_rate: float | None
    avg_total_s: float | None
    p50_total_s: float | None
    p90_total_s: float | None
    avg_first_token_s: float | None
    avg_load_s: float | None
    prompt_tokens: int
    completion_tokens: int
    p90_kept: float | None
    explored: int


# Nearest rank: the smallest time that at least p % of n stay within stands at place ceil(p·n/100).
_PERFORMANCE = """
    WITH
    kept AS (
        SELECT
            CASE :group_by
                WHEN 'model' THEN performance_logs.model_id
                WHEN 'task_type' THEN task_type
                WHEN 'workflow' THEN workflow_id
                WHEN 'node' THEN node_id
                WHEN 'hour' THEN strftime('%Y-%m-%dT%H:00:00Z', started_at, 'unixepoch')
            END AS key,
            CASE WHEN :group_by = 'node' THEN workflow_id END AS workflow,
            ending,
            ending = 'succeeded' AS succeeded,
            total_s, first_token_s, load_s, prompt_tokens, completion_tokens,
            CASE WHEN ending = 'succeeded' AND decisions.model_id = performance_logs.model_id
                THEN total_s <= json_extract(chosen, '$.finish.p90') END AS kept_p90,
            coalesce(explored, 0) AS was_explored
        FROM performance_logs LEFT JOIN decisions USING (dispatch_id)
        WHERE started_at >= :since AND source = 'caller'
    ),
    placed AS (
        SELECT
            *,
            row_number() OVER (PARTITION BY key, workflow, succeeded ORDER BY total_s) AS place,
            count(*) OVER (PARTITION BY key, workflow, succeeded) AS places
        FROM kept
    )
    SELECT
        key,
        workflow,
        count(*),
        avg(succeeded) FILTER (WHERE ending <> 'cancelled'),
        avg(total_s) FILTER (WHERE succeeded),
        max(total_s) FILTER (WHERE succeeded AND place = (places * 50 + 99) / 100),
        max(total_s) FILTER (WHERE succeeded AND place = (places * 90 + 99) / 100),
        avg(first_token_s) FILTER (WHERE succeeded),
        avg(load_s) FILTER (WHERE succeeded),
        coalesce(sum(prompt_tokens), 0),
        coalesce(sum(completion_tokens), 0),
        avg(kept_p90),
        sum(was_explored)
    FROM placed
    GROUP BY key, workflow
    ORDER BY CASE WHEN :group_by = 'hour' THEN key END DESC, count(*) DESC, key, workflow
    LIMIT :rows_max
"""


async def performance(
    db: Database, group_by: GroupBy, since: float, rows_max: int = _ROWS_MAX
) -> tuple[PerformanceRow, ...]:
    """What was dispatched since a Unix time, in groups: hours newest first, others by how much they were used."""
    values = {"group_by": group_by, "since": since, "rows_max": rows_max}

    async def work(connection: aiosqlite.Connection) -> tuple[PerformanceRow, ...]:
        rows = await connection.execute_fetchall(_PERFORMANCE, values)
        return tuple(PerformanceRow(*row) for row in rows)

    return await db.read(work)
