"""The registry: which models there are, and which of them may be chosen."""

import sqlite3
from collections.abc import Mapping, Sequence

import aiosqlite
from pydantic import TypeAdapter

from dispatcher.core.model import Footprint, HostKind, ModelSpec, QualityTable, RuntimeKind, Speed
from dispatcher.core.task import Capability, Complexity, ModelId, TaskType
from dispatcher.store.database import Database

_Quality = Mapping[TaskType, Mapping[Complexity, float]]
_CAPABILITIES = TypeAdapter(list[Capability])
_QUALITY: TypeAdapter[_Quality] = TypeAdapter(_Quality)

_SYNC = """
    INSERT INTO model_registry (
        id, source, is_enabled, name, family, parameters_b, licence, runtime, host, context_tokens, slots,
        capabilities, quality, prefill_tps, decode_tps, load_s, weights_mib, overhead_mib, kv_mib_per_1k_tokens,
        usd_per_mtok, is_local
    ) VALUES (
        :id, 'catalogue', :is_enabled, :name, :family, :parameters_b, :licence, :runtime, :host, :context_tokens,
        :slots, :capabilities, :quality, :prefill_tps, :decode_tps, :load_s, :weights_mib, :overhead_mib,
        :kv_mib_per_1k_tokens, :usd_per_mtok, :is_local
    )
    ON CONFLICT (id) DO UPDATE SET
        name = excluded.name, family = excluded.family, parameters_b = excluded.parameters_b,
        licence = excluded.licence, runtime = excluded.runtime, host = excluded.host,
        context_tokens = excluded.context_tokens, slots = excluded.slots, capabilities = excluded.capabilities,
        quality = excluded.quality, prefill_tps = excluded.prefill_tps, decode_tps = excluded.decode_tps,
        load_s = excluded.load_s, weights_mib = excluded.weights_mib, overhead_mib = excluded.overhead_mib,
        kv_mib_per_1k_tokens = excluded.kv_mib_per_1k_tokens, usd_per_mtok = excluded.usd_per_mtok,
        is_local = excluded.is_local
    WHERE source = 'catalogue'
"""


async def sync_catalogue(db: Database, specs: Sequence[ModelSpec]) -> None:
    """Enter the shipped models, or bring them up to date; `is_enabled` and models an admin entered stay as they are."""
    rows = [_row(spec) for spec in specs]

    async def work(connection: aiosqlite.Connection) -> None:
        await connection.executemany(_SYNC, rows)

    await db.write(work)


async def all_models(db: Database) -> tuple[ModelSpec, ...]:
    """Every model of the registry, disabled ones too, by id."""

    async def work(connection: aiosqlite.Connection) -> tuple[ModelSpec, ...]:
        rows = await connection.execute_fetchall("SELECT * FROM model_registry ORDER BY id")
        return tuple(_spec(row) for row in rows)

    return await db.read(work)


async def set_enabled(db: Database, model_id: ModelId, is_enabled: bool) -> bool:
    """Allow or forbid a model to be chosen; whether there is such a model."""

    async def work(connection: aiosqlite.Connection) -> bool:
        cursor = await connection.execute(
            "UPDATE model_registry SET is_enabled = ? WHERE id = ?", (int(is_enabled), model_id)
        )
        return cursor.rowcount == 1

    return await db.write(work)


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
        "usd_per_mtok": spec.usd_per_mtok,
        "is_local": int(spec.is_local),
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
        usd_per_mtok=row["usd_per_mtok"],
        is_local=bool(row["is_local"]),
        is_enabled=bool(row["is_enabled"]),
    )
