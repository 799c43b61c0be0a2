"""The whole schema as SQL, as the migrations make it: what `schema.sql` shows."""

import sqlite3
import sys
from contextlib import closing

from dispatcher.store.migrations import migrations

_HEAD = """\
-- The database of AI Dispatch. Written by scripts/schema from sidecar/dispatcher/store/migrations: change those.
-- Times (`_at`) are Unix seconds, UTC. Durations (`_s`) are seconds. Chances and shares are 0..1.
"""


def schema() -> str:
    """Every statement of a new database, comments kept, in the order in which it was made. Reads files."""
    with closing(sqlite3.connect(":memory:")) as database:
        for step in migrations():
            database.executescript(step.sql)
        made = database.execute("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid")
        statements = [f"{sql};" for (sql,) in made]
    return "\n\n".join([_HEAD + f"PRAGMA user_version = {migrations()[-1].version};", *statements]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema())
