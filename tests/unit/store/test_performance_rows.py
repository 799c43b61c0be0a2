"""Performance, against numbers worked out by hand."""

import math
import statistics

import aiosqlite
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dispatcher.core.outcome import Ending, Timing, Usage
from dispatcher.core.record import GroupBy
from dispatcher.core.task import Context, Source, TaskType
from dispatcher.store.database import Database
from dispatcher.store.dispatches import record_dispatch
from dispatcher.store.performance import PerformanceRow, performance
from tests.unit.store.notes import writing_connection
from tests.unit.store.records import a_record

_HOUR = 1_767_225_600.0  # 2026-01-01T00:00:00Z


async def _record_a_day(db: Database) -> None:
    here, there = Context("w1", "n1"), Context("w2", "n1")
    for n in range(1, 11):  # ten that succeed, in 1..10 s
        timing = Timing(0.0, n / 2, 0.5, float(n))
        record_dispatch(db, a_record(f"s{n}", started_at=_HOUR + n, context=here, timing=timing))
    late = Timing(1.0, 0.0, None, 30.0)
    failed = {"started_at": _HOUR + 3600, "context": there, "timing": late, "usage": None, "decode_s": None}
    record_dispatch(db, a_record("f1", ending=Ending.TIMED_OUT, **failed))  # type: ignore[arg-type]
    record_dispatch(db, a_record("f2", ending=Ending.FAILED, **failed))  # type: ignore[arg-type]
    record_dispatch(db, a_record("c1", ending=Ending.CANCELLED, **failed))  # type: ignore[arg-type]
    refused = a_record(
        "r1", ending=Ending.REFUSED, model_id=None, task_type=TaskType.REASONING, started_at=_HOUR + 7199.9, usage=None
    )
    record_dispatch(db, refused)
    await writing_connection(db)


def _ten(key: str, workflow_id: str | None = None) -> PerformanceRow:
    return PerformanceRow(
        key=key,
        workflow_id=workflow_id,
        dispatches=10,
        success_rate=1.0,
        avg_total_s=5.5,
        p50_total_s=5.0,
        p90_total_s=9.0,
        avg_first_token_s=0.5,
        avg_load_s=2.75,
        prompt_tokens=100,
        completion_tokens=200,
        p90_kept=None,
        explored=0,
    )


def _none(key: str | None, dispatches: int, success_rate: float, workflow_id: str | None = None) -> PerformanceRow:
    return PerformanceRow(key, workflow_id, dispatches, success_rate, None, None, None, None, None, 0, 0, None, 0)


async def test_by_model_failures_count_against_it_and_cancelled_ones_do_not(db: Database) -> None:
    await _record_a_day(db)
    small, nobody = await performance(db, GroupBy.MODEL, 0.0)
    assert (small.key, small.dispatches) == ("small", 13)
    assert small.success_rate == pytest.approx(10 / 12)
    assert (small.avg_total_s, small.p50_total_s, small.p90_total_s) == (5.5, 5.0, 9.0)
    assert nobody == _none(None, 1, 0.0)


async def test_by_hour_the_newest_comes_first(db: Database) -> None:
    await _record_a_day(db)
    assert await performance(db, GroupBy.HOUR, 0.0) == (
        _none("2026-01-01T01:00:00Z", 4, 0.0),
        _ten("2026-01-01T00:00:00Z"),
    )


async def test_by_workflow_those_without_one_are_a_group_too(db: Database) -> None:
    await _record_a_day(db)
    assert await performance(db, GroupBy.WORKFLOW, 0.0) == (_ten("w1"), _none("w2", 3, 0.0), _none(None, 1, 0.0))


async def test_by_node_the_same_node_of_two_workflows_is_two(db: Database) -> None:
    await _record_a_day(db)
    rows = await performance(db, GroupBy.NODE, 0.0)
    assert rows == (_ten("n1", "w1"), _none("n1", 3, 0.0, "w2"), _none(None, 1, 0.0))


async def test_by_task_type_only_what_is_recent_enough_counts(db: Database) -> None:
    await _record_a_day(db)
    rows = await performance(db, GroupBy.TASK_TYPE, _HOUR + 3600)
    assert rows == (_none("chat", 3, 0.0), _none("reasoning", 1, 0.0))


async def test_the_number_of_rows_is_bounded(db: Database) -> None:
    await _record_a_day(db)
    assert await performance(db, GroupBy.WORKFLOW, 0.0, rows_max=1) == (_ten("w1"),)


async def test_nothing_dispatched_gives_no_rows(db: Database) -> None:
    assert await performance(db, GroupBy.MODEL, 0.0) == ()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(times=st.lists(st.floats(0, 1000), min_size=1, max_size=60))
async def test_percentiles_are_nearest_ranks_of_what_was_measured(db: Database, times: list[float]) -> None:
    async def clear(connection: aiosqlite.Connection) -> None:
        await connection.execute("DELETE FROM performance_logs")

    await db.write(clear)
    for n, total_s in enumerate(times):
        record_dispatch(db, a_record(f"{n}", timing=Timing(0.0, 0.0, None, total_s)))
    await writing_connection(db)
    (row,) = await performance(db, GroupBy.MODEL, 0.0)
    in_order = sorted(times)
    assert row.p50_total_s == in_order[math.ceil(len(times) / 2) - 1]
    assert row.p90_total_s == in_order[math.ceil(len(times) * 9 / 10) - 1]
    assert row.avg_total_s == pytest.approx(statistics.fmean(times))


async def test_the_summary_says_how_each_model_does_at_each_kind_of_work(db: Database) -> None:
    async def summary(connection: aiosqlite.Connection) -> list[dict[str, object]]:
        rows = await connection.execute_fetchall("SELECT * FROM model_performance_summary ORDER BY model_id, task_type")
        return [dict(row) for row in rows]

    await _record_a_day(db)
    for ending in (Ending.SUCCEEDED, Ending.CANCELLED):
        other = a_record(
            f"e-{ending}",
            ending=ending,
            model_id="a",
            started_at=5.0,
            usage=Usage(7, 40),
            decode_s=4.0,
            timing=_timing(3.0),
        )
        record_dispatch(db, other)
    await writing_connection(db)
    assert await db.read(summary) == [
        {
            "model_id": "a",
            "task_type": "chat",
            "dispatches": 2,
            "avg_processing_time": 3.0,
            "success_rate": 1.0,
            "avg_prompt_tokens": 7.0,
            "avg_completion_tokens": 40.0,
            "tokens_per_second": 10.0,
            "last_used_at": 5.0,
        },
        {
            "model_id": "small",
            "task_type": "chat",
            "dispatches": 13,
            "avg_processing_time": 5.5,
            "success_rate": pytest.approx(10 / 12),
            "avg_prompt_tokens": 10.0,
            "avg_completion_tokens": 20.0,
            "tokens_per_second": 10.0,
            "last_used_at": _HOUR + 3600,
        },
    ]


def _timing(total_s: float) -> Timing:
    return Timing(0.0, 0.0, None, total_s)


async def test_what_the_sidecar_asked_itself_is_not_counted(db: Database) -> None:
    record_dispatch(db, a_record("own", source=Source.CALIBRATION))
    record_dispatch(db, a_record("callers"))
    await writing_connection(db)
    (row,) = await performance(db, GroupBy.MODEL, since=0.0)
    assert row.dispatches == 1
