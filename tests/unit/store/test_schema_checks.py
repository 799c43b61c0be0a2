"""The schema refuses rows that make no sense, and knows every word the code knows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum

import pytest

from dispatcher.core.decision import Way
from dispatcher.core.model import HostKind, RuntimeKind
from dispatcher.core.outcome import Ending, FinishReason
from dispatcher.core.replica import ReplicaState
from dispatcher.core.task import Complexity, Objective, TaskType
from dispatcher.store.schema import schema

_GOOD: dict[str, dict[str, object]] = {
    "model_registry": {
        "id": "small", "source": "catalogue", "is_enabled": 1, "name": "Small", "family": "chatml", "parameters_b": 0.5,
        "licence": "MIT", "runtime": "openai", "host": "process", "engine": "embedded", "reference": "",
        "needs_gpu": 0, "is_pinned": 0, "context_tokens": 4096, "slots": 1,
        "capabilities": "[]", "quality": "{}", "prefill_tps": 1.0, "decode_tps": 1.0, "load_s": 1.0, "weights_mib": 1,
        "overhead_mib": 1, "kv_mib_per_1k_tokens": 1.0, "usd_per_mtok": 0.0, "is_local": 1,
    },
    "performance_logs": {
        "dispatch_id": "d2", "started_at": 1.0, "ending": "failed", "error_code": "x", "asked_task_type": "auto",
        "asked_complexity": "auto", "task_type": "chat", "complexity": "low", "objective": "best", "timeout_s": 30.0,
        "prompt_chars": 5, "prompt_tokens": 1, "completion_tokens": 1, "queue_s": 0.0, "load_s": 0.0, "total_s": 1.0,
        "attempts": "[]",
    },
    "decisions": {
        "dispatch_id": "d1", "model_id": "small", "way": "warm", "propensity": 1.0, "ranker": "prior", "chosen": "{}",
        "ranked": "[]", "refused": "[]", "why": "so",
    },
    "container_lifecycle": {
        "happened_at": 1.0, "replica_id": "r1", "model_id": "small", "host": "process", "state": "ready", "reason": "",
    },
    "optimization_rules": {
        "kind": "idle_time", "scope": "model", "scope_id": "small", "payload": "{}", "evidence": "{}",
        "created_at": 1.0, "changed_at": 2.0,
    },
    "request_queue": {
        "id": "j1", "owner": "dispatch", "created_at": 1.0, "deadline_at": 2.0, "due_at": 1.0, "body_sha256": "0" * 64,
        "payload": "{}", "payload_bytes": 2,
    },
}  # fmt: skip


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.executescript(schema())
        database.execute("PRAGMA foreign_keys = ON")
        _insert(database, "performance_logs", dispatch_id="d1")
        yield database


def _insert(database: sqlite3.Connection, table: str, **changes: object) -> None:
    row = _GOOD[table] | changes
    places = ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", list(row.values()))


@pytest.mark.parametrize("table", _GOOD)
def test_a_good_row_is_taken(database: sqlite3.Connection, table: str) -> None:
    _insert(database, table)


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        ("model_registry", {"id": ""}),
        ("model_registry", {"source": "stranger"}),
        ("model_registry", {"is_enabled": 2}),
        ("model_registry", {"runtime": "telnet"}),
        ("model_registry", {"host": "moon"}),
        ("model_registry", {"context_tokens": 0}),
        ("model_registry", {"slots": 0}),
        ("model_registry", {"quality": "{"}),
        ("model_registry", {"load_s": -1.0}),
        ("model_registry", {"load_s": float("inf")}),
        ("model_registry", {"load_s": float("nan")}),
        ("model_registry", {"weights_mib": 1.5}),
        ("performance_logs", {"ending": "vanished"}),
        ("performance_logs", {"task_type": "auto"}),
        ("performance_logs", {"complexity": "auto"}),
        ("performance_logs", {"total_s": -0.1}),
        ("performance_logs", {"total_s": "soon"}),
        ("performance_logs", {"prompt_chars": -1}),
        ("performance_logs", {"prompt_tokens": None}),
        ("performance_logs", {"ending": "succeeded", "error_code": "x", "model_id": "small"}),
        ("performance_logs", {"ending": "succeeded", "error_code": None, "model_id": None}),
        ("performance_logs", {"dispatch_id": "d1"}),
        ("performance_logs", {"dispatch_id": None}),
        ("decisions", {"dispatch_id": "unknown"}),
        ("decisions", {"dispatch_id": None}),
        ("decisions", {"propensity": 1.1}),
        ("decisions", {"way": "teleport"}),
        ("decisions", {"ranked": "no JSON"}),
        ("decisions", {"why": None, "flip": "so"}),
        ("container_lifecycle", {"state": "lost"}),
        ("container_lifecycle", {"memory_mib": -1}),
        ("container_lifecycle", {"happened_at": -1.0}),
        ("optimization_rules", {"state": "hoped"}),
        ("optimization_rules", {"scope": "install"}),
        ("optimization_rules", {"scope_id": None}),
        ("optimization_rules", {"changed_at": 0.5}),
        ("request_queue", {"state": "lost"}),
        ("request_queue", {"state": "running"}),
        ("request_queue", {"state": "done"}),
        ("request_queue", {"owner": "stranger"}),
        ("request_queue", {"lease_owner": "me"}),
        ("request_queue", {"payload": None}),
        ("request_queue", {"priority": 101}),
        ("request_queue", {"deadline_at": 0.5}),
        ("request_queue", {"body_sha256": "short"}),
        ("request_queue", {"fetched_at": 3.0}),
        ("request_queue", {"callback_due_at": 3.0, "callback_url": "http://n8n/"}),
        ("request_queue", {"state": "expired", "finished_at": 3.0}),
        ("request_queue", {"state": "expired", "finished_at": 3.0, "payload": None, "result": "{}"}),
        ("request_queue", {"state": "done", "finished_at": 3.0, "payload": None}),
        ("request_queue", {"state": "done", "finished_at": 3.0, "result": "{}"}),
        ("request_queue", {"state": "cancelled", "finished_at": 3.0, "payload": None, "callback_due_at": 3.0}),
    ],
)
def test_a_bad_row_is_refused(database: sqlite3.Connection, table: str, changes: dict[str, object]) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        _insert(database, table, **changes)


def test_one_idempotency_key_is_one_job(database: sqlite3.Connection) -> None:
    _insert(database, "request_queue", id="j1", idempotency_key="k")
    _insert(database, "request_queue", id="j2", idempotency_key=None)
    _insert(database, "request_queue", id="j3", idempotency_key=None)
    _insert(database, "request_queue", id="j4", idempotency_key="k", owner="admin")
    with pytest.raises(sqlite3.IntegrityError):
        _insert(database, "request_queue", id="j5", idempotency_key="k")


@pytest.mark.parametrize(
    ("state", "changes"),
    [
        ("queued", {}),
        ("running", {"lease_owner": "me", "lease_until_at": 5.0}),
        ("done", {"finished_at": 3.0, "result": "{}", "payload": None}),
        ("done", {"finished_at": 3.0, "fetched_at": 4.0, "result": "{}", "payload": None}),
        ("failed", {"finished_at": 3.0, "result": "{}", "payload": None}),
        ("cancelled", {"finished_at": 3.0, "payload": None}),
        ("expired", {"finished_at": 3.0, "payload": None}),
    ],
)
def test_a_job_can_be_in_every_state(database: sqlite3.Connection, state: str, changes: dict[str, object]) -> None:
    _insert(database, "request_queue", state=state, **changes)


@pytest.mark.parametrize(
    ("table", "column", "words"),
    [
        ("model_registry", "runtime", RuntimeKind),
        ("model_registry", "host", HostKind),
        ("performance_logs", "asked_task_type", TaskType),
        ("performance_logs", "asked_complexity", Complexity),
        ("performance_logs", "task_type", set(TaskType) - {TaskType.AUTO}),
        ("performance_logs", "complexity", set(Complexity) - {Complexity.AUTO}),
        ("performance_logs", "objective", Objective),
        ("performance_logs", "finish_reason", FinishReason),
        ("performance_logs", "ending", set(Ending) - {Ending.SUCCEEDED}),
        ("decisions", "way", Way),
        ("container_lifecycle", "state", ReplicaState),
    ],
)
def test_every_word_the_code_knows_is_known_here(
    database: sqlite3.Connection, table: str, column: str, words: set[StrEnum]
) -> None:
    for word in words:
        _insert(database, table, **{column: word})
        database.execute(f"DELETE FROM {table} WHERE {column} = ?", [word])


def test_the_queries_of_the_store_use_its_indexes(database: sqlite3.Connection) -> None:
    for query in (
        "SELECT rowid FROM performance_logs WHERE started_at < 1 ORDER BY started_at LIMIT 1",
        "SELECT id FROM container_lifecycle WHERE happened_at < 1 ORDER BY happened_at LIMIT 1",
        "SELECT model_id, max(memory_mib) FROM container_lifecycle WHERE memory_mib IS NOT NULL GROUP BY model_id",
        "SELECT min(deadline_at) FROM request_queue WHERE state = 'queued'",
        "SELECT min(due_at) FROM request_queue WHERE state = 'queued' AND due_at > 1",
        "SELECT count(*) FROM request_queue WHERE state = 'running'",
        "SELECT state, count(*) FROM request_queue WHERE finished_at IS NOT NULL GROUP BY state",
        "SELECT id FROM request_queue WHERE callback_due_at <= 1 ORDER BY callback_due_at LIMIT 1",
        "SELECT id FROM request_queue WHERE finished_at <= 1 LIMIT 1",
        "SELECT id FROM request_queue ORDER BY created_at DESC, rowid DESC LIMIT 1",
    ):
        plan = " ".join(str(row[3]) for row in database.execute(f"EXPLAIN QUERY PLAN {query}"))
        assert "INDEX" in plan
        assert "TEMP B-TREE" not in plan
