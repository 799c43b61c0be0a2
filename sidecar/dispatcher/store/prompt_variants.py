"""Prompt variants as an admin or this package entered them, and where each of them stands."""

import sqlite3
from collections.abc import Sequence

import aiosqlite
from pydantic import TypeAdapter

from dispatcher.core.variants import Variant, VariantKey, VariantState
from dispatcher.core.wording import Wording
from dispatcher.store.database import Database

_WORDING = TypeAdapter(Wording)
_SELECT = """
    SELECT
        family, task_type, version, parts, state, created_at,
        evaluation ->> 'why' AS why, evaluation ->> 'changed_at' AS changed_at, evaluation ->> 'since' AS since
    FROM prompt_variants
    ORDER BY family, task_type, version
"""
_ADD = """
    INSERT INTO prompt_variants (family, task_type, version, parts, state, created_at, evaluation)
    VALUES (
        :family, :task_type, :version, :parts, :state, :created_at,
        json_object('why', :why, 'changed_at', :changed_at, 'since', :since)
    )
"""
_MOVE = """
    UPDATE prompt_variants
    SET state = :state, evaluation = json_object('why', :why, 'changed_at', :changed_at, 'since', :since)
    WHERE family = :family AND task_type = :task_type AND version = :version
"""


async def all_variants(db: Database) -> tuple[Variant, ...]:
    """Every variant that was ever entered, by key and version."""

    async def work(connection: aiosqlite.Connection) -> tuple[Variant, ...]:
        rows = await connection.execute_fetchall(_SELECT)
        return tuple(_variant(row) for row in rows)

    return await db.read(work)


async def add_variants(db: Database, variants: Sequence[Variant]) -> None:
    """Enter new versions."""
    rows = [_row(variant) for variant in variants]
    await db.write(lambda connection: connection.executemany(_ADD, rows))


async def write_moves(db: Database, variants: Sequence[Variant]) -> None:
    """Write down where these stand now, in the order given, all or none."""
    rows = [_row(variant) for variant in variants]
    await db.write(lambda connection: connection.executemany(_MOVE, rows))


def post_moves(db: Database, variants: Sequence[Variant]) -> None:
    """Have the same written down soon; nobody waits for it."""
    rows = [_row(variant) for variant in variants]
    db.post(lambda connection: connection.executemany(_MOVE, rows))


def _row(variant: Variant) -> dict[str, object]:
    return {
        "family": variant.key.family,
        "task_type": variant.key.task_type,
        "version": variant.version,
        "parts": _WORDING.dump_json(variant.wording).decode(),
        "state": variant.state,
        "created_at": variant.created_at,
        "why": variant.why,
        "changed_at": variant.changed_at,
        "since": variant.since,
    }


def _variant(row: sqlite3.Row) -> Variant:
    return Variant(
        key=VariantKey(row["family"], row["task_type"]),
        version=row["version"],
        wording=_WORDING.validate_json(row["parts"]),
        state=VariantState(row["state"]),
        why=row["why"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        since=row["since"],
    )
