"""The schema that people read is the one that the migrations make."""

import sqlite3
from contextlib import closing
from pathlib import Path

from dispatcher.store.migrations import migrations
from dispatcher.store.schema import schema

_SCHEMA = Path(__file__).parents[2] / "schema.sql"
_PARTS = "SELECT type, name, sql FROM sqlite_schema ORDER BY rowid"


def test_schema_sql_is_what_the_migrations_make() -> None:
    assert _SCHEMA.read_text(encoding="utf-8") == schema(), "run scripts/schema"


def test_schema_sql_makes_the_same_database_as_the_migrations() -> None:
    with closing(sqlite3.connect(":memory:")) as migrated, closing(sqlite3.connect(":memory:")) as written:
        for step in migrations():
            migrated.executescript(step.sql)
        written.executescript(_SCHEMA.read_text(encoding="utf-8"))
        assert written.execute(_PARTS).fetchall() == migrated.execute(_PARTS).fetchall()
        assert written.execute("PRAGMA user_version").fetchone() == (migrations()[-1].version,)


def test_every_table_is_strict() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_SCHEMA.read_text(encoding="utf-8"))
        tables = database.execute("PRAGMA table_list").fetchall()
    strict = {name: bool(is_strict) for _, name, kind, _, _, is_strict in tables if kind == "table"}
    assert [name for name, is_strict in strict.items() if not is_strict and not name.startswith("sqlite_")] == []


def test_prompts_and_answers_rest_in_the_queue_only_and_callers_words_in_their_feedback() -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_SCHEMA.read_text(encoding="utf-8"))
        columns = database.execute(
            "SELECT t.name, c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'"
        ).fetchall()
    forbidden = {"prompt", "answer", "text", "content", "messages", "response", "result", "comment"}
    assert {(table, column) for table, column in columns if column in forbidden} == {
        ("request_queue", "result"),
        ("feedback", "comment"),
    }
