"""The registry: which models there are, and which of them may be chosen."""

import sqlite3
from collections.abc import Mapping, Sequence

import aiosqlite
from pydantic import TypeAdapter

from dispatcher.core.model import Engine, Footprint, HostKind, ModelSpec, QualityTable, RuntimeKind, Speed
from dispatcher.core.task import Capability, Complexity, ModelId, TaskType
from dispatcher.store.database import Database
from dispatcher.store.remote_keys import RemoteKey, put_key
from dispatcher.store.replay import Log

_Quality = Mapping[TaskType, Mapping[Complexity, float]]
_CAPABILITIES = TypeAdapter(list[Capability])
_QUALITY: TypeAdapter[_Quality] = TypeAdapter(_Quality)

_SYNC = """
    INSERT INTO model_registry (
        id, source, is_enabled, name, family, parameters_b, licence, runtime, host, context_tokens, slots,
        capabilities, quality, prefill_tps, decode_tps, load_s, weights_mib, overhead_mib, kv_mib_per_1k_tokens,
        engine, reference, needs_gpu, is_pinned, usd_per_mtok, is_local, idle_stop_s, url, requests_per_minute
    ) VALUES (
        :id, 'catalogue', :is_enabled, :name, :family, :parameters_b, :licence, :runtime, :host, :context_tokens,
        :slots, :capabilities, :quality, :prefill_tps, :decode_tps, :load_s, :weights_mib, :overhead_mib,
        :kv_mib_per_1k_tokens, :engine, :reference, :needs_gpu, :is_pinned, :usd_per_mtok, :is_local,
        :idle_stop_s, :url, :requests_per_minute
    )
    ON CONFLICT (id) DO UPDATE SET
        name = excluded.name, family = excluded.family, parameters_b = excluded.parameters_b,
        licence = excluded.licence, runtime = excluded.runtime, host = excluded.host,
        context_tokens = excluded.context_tokens, slots = excluded.slots, capabilities = excluded.capabilities,
        quality = excluded.quality, prefill_tps = excluded.prefill_tps, decode_tps = excluded.decode_tps,
        load_s = excluded.load_s, weights_mib = excluded.weights_mib, overhead_mib = excluded.overhead_mib,
        kv_mib_per_1k_tokens = excluded.kv_mib_per_1k_tokens, engine = excluded.engine,
        reference = excluded.reference, needs_gpu = excluded.needs_gpu, usd_per_mtok = excluded.usd_per_mtok,
        is_local = excluded.is_local, idle_stop_s = excluded.idle_stop_s, url = excluded.url,
        requests_per_minute = excluded.requests_per_minute
    WHERE source = 'catalogue'
"""


async def sync_catalogue(db: Database, specs: Sequence[ModelSpec]) -> None:
    """Enter the shipped models, or bring them up to date; what an admin entered or set stays."""
    rows = [_row(spec) for spec in specs]

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.executemany(_SYNC, rows)

    await db.write(work)


async def all_models(db: Database | Log) -> tuple[ModelSpec, ...]:
    """Every model of the registry, disabled ones too, by id."""

    async def work(connection: aiosqlite.Connection) -> tuple[ModelSpec, ...]:
        rows = await connection.execute_fetchall("SELECT * FROM model_registry ORDER BY id")
        return tuple(_spec(row) for row in rows)

    return await db.read(work)


async def admin_models(db: Database) -> frozenset[ModelId]:
    """The models that an admin entered or changed: the catalogue doesn't speak for them."""

    async def work(connection: aiosqlite.Connection) -> frozenset[ModelId]:
        rows = await connection.execute_fetchall("SELECT id FROM model_registry WHERE source = 'admin'")
        return frozenset(ModelId(row["id"]) for row in rows)

    return await db.read(work)


async def save_model(db: Database, spec: ModelSpec, key: RemoteKey | None = None) -> None:
    """Enter a model for an admin, or change it; from then on the catalogue leaves it alone.

    Its key goes with it, so that there is never a moment at which one for another place is there.
    """
    row = _row(spec)

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute("DELETE FROM model_registry WHERE id = :id", row)
        await connection.execute(_SYNC, row)
        await connection.execute("UPDATE model_registry SET source = 'admin' WHERE id = :id", row)
        await put_key(connection, spec.id, key)

    await db.write(work)


async def set_switches(db: Database, model_id: ModelId, is_enabled: bool, is_pinned: bool) -> None:
    """Say whether a model may be chosen, and whether its replicas stay."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute(
            "UPDATE model_registry SET is_enabled = ?, is_pinned = ? WHERE id = ?",
            (int(is_enabled), int(is_pinned), model_id),
        )

    await db.write(work)


async def delete_model(db: Database, model_id: ModelId) -> None:
    """Forget a model and its key; what it did stays in the log."""

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.execute("DELETE FROM model_registry WHERE id = ?", (model_id,))
        await put_key(connection, model_id, None)

    await db.write(work)


def _row(spec: ModelSpec) -> dict[str, object]:
    return {
        "id": spec.id,
        "is_enabled": int(spec.is_enabled),
        "name": spec.name,
        "family": spec.family,
        "parameters_b": spec.parameters_b,
        "licence": spec.licence,
        "runtime": spec.runtime,
        "host": spec.host,
        "context_tokens": spec.context_tokens,
        "slots": spec.slots,
        "capabilities": _CAPABILITIES.dump_json(sorted(spec.capabilities)).decode(),
        "quality": _QUALITY.dump_json(spec.quality.by_task).decode(),
        "prefill_tps": spec.speed.prefill_tps,
        "decode_tps": spec.speed.decode_tps,
        "load_s": spec.load_s,
        "weights_mib": spec.footprint.weights_mib,
        "overhead_mib": spec.footprint.overhead_mib,
        "kv_mib_per_1k_tokens": spec.footprint.kv_mib_per_1k_tokens,
        "engine": spec.engine,
        "reference": spec.reference,
        "needs_gpu": int(spec.needs_gpu),
        "is_pinned": int(spec.is_pinned),
        "usd_per_mtok": spec.usd_per_mtok,
        "is_local": int(spec.is_local),
        "idle_stop_s": spec.idle_stop_s,
        "url": spec.url,
        "requests_per_minute": spec.requests_per_minute,
    }


def _spec(row: sqlite3.Row) -> ModelSpec:
    return ModelSpec(
        id=ModelId(row["id"]),
        name=row["name"],
        family=row["family"],
        parameters_b=row["parameters_b"],
        licence=row["licence"],
        runtime=RuntimeKind(row["runtime"]),
        host=HostKind(row["host"]),
        context_tokens=row["context_tokens"],
        slots=row["slots"],
        capabilities=frozenset(_CAPABILITIES.validate_json(row["capabilities"])),
        quality=QualityTable(_QUALITY.validate_json(row["quality"])),
        speed=Speed(row["prefill_tps"], row["decode_tps"]),
        load_s=row["load_s"],
        footprint=Footprint(row["weights_mib"], row["overhead_mib"], row["kv_mib_per_1k_tokens"]),
        engine=Engine(row["engine"]),
        reference=row["reference"],
        needs_gpu=bool(row["needs_gpu"]),
        is_pinned=bool(row["is_pinned"]),
        usd_per_mtok=row["usd_per_mtok"],
        is_local=bool(row["is_local"]),
        idle_stop_s=row["idle_stop_s"],
        is_enabled=bool(row["is_enabled"]),
        url=row["url"],
        requests_per_minute=row["requests_per_minute"],
    )
