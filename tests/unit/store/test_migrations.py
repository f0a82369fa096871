"""A database of any earlier version becomes today's, and nothing that it holds is lost."""

import gzip
import sqlite3
from datetime import UTC
from pathlib import Path

import pytest
from sqlalchemy import Connection

from fhir_server.store import migrating, resources, schema
from fhir_server.store.database import Database
from fhir_server.store.engines import ZONE, parse_url, prepare_place, writer_engine
from fhir_server.store.record_tables import every_table
from fhir_server.store.statements import driver
from tests.support.fhir_store import NOW, hba1c

# What Attending 0.1.0 wrote: its tables, and the rows that it stored for two resources (one of
# them with two versions, one deleted), a card and an HL7v2 message; made by its own code.
FIRST_VERSION = Path(__file__).parents[2] / "data" / "store_0.1.0.sql.gz"


@pytest.fixture
def first_version(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "store.db") as file:
        file.executescript(gzip.decompress(FIRST_VERSION.read_bytes()).decode())
    file.close()
    return f"sqlite:///{tmp_path}/store.db"


def test_the_migrations_from_nothing_make_the_declared_tables(adapter: str) -> None:
    from tests.support.fhir_store import fresh_url

    with fresh_url(adapter) as declared, fresh_url(adapter) as migrated:
        made = _shape_of(declared, schema.prepare)
        assert _shape_of(migrated, migrating.upgrade) == made
        assert {name for name, *_ in made} >= {table.name for table in every_table()}


def _shape_of(url: str, make) -> set[tuple[object, ...]]:
    parsed = parse_url(url)
    prepare_place(parsed)
    with writer_engine(parsed, zone=UTC).connect() as connection:
        connection.info[ZONE] = UTC
        with connection.begin():
            make(connection)
            sqlite = connection.dialect.name == "sqlite"
            return set(_sqlite_shape(connection) if sqlite else _postgresql_shape(connection))


def _sqlite_shape(connection: Connection):
    def run(statement: str):
        return driver(connection).execute(statement).fetchall()

    for _, table, kind, columns, without_rowid, strict in run("PRAGMA table_list"):
        if kind == "table" and not table.startswith("sqlite_"):
            yield table, columns, without_rowid, strict
            for column in run(f"PRAGMA table_xinfo({table})"):
                yield table, *column
            for _, index, unique, origin, partial in run(f"PRAGMA index_list({table})"):
                yield table, index, unique, origin, partial
                for column in run(f"PRAGMA index_xinfo({index})"):
                    yield table, index, *column
            for key in run(f"PRAGMA foreign_key_list({table})"):
                yield table, "foreign key", *key


def _postgresql_shape(connection: Connection):
    def run(statement: str):
        return driver(connection).execute(statement).fetchall()

    yield from run(
        "SELECT table_name, ordinal_position, column_name, data_type, is_nullable,"
        " column_default, collation_name FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    )
    # Alembic and the declaration name the key of Alembic's own table differently.
    yield from run(
        "SELECT tablename, indexdef FROM pg_indexes"
        " WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    yield from run(
        "SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(oid)"
        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"
    )


async def test_a_file_of_the_first_version_is_brought_up_to_date(first_version: str) -> None:
    database = Database.open(first_version)
    try:
        kept = database.read_now(lambda c: resources.read(c, "Patient", "p1"))
        assert (kept.version, kept.method) == (2, "PUT")
        first = database.read_now(lambda c: resources.read_version(c, "Patient", "p1", 1))
        assert "张".encode() in first.body
        run = database.read_now(
            lambda c: [
                driver(c).execute(statement).fetchall()
                for statement in (
                    "SELECT version_num FROM alembic_version",
                    "SELECT version FROM store_schema",
                    "SELECT method FROM resource_version WHERE deleted = 1",
                    "SELECT count(*) FROM issued_card",
                    "SELECT count(*) FROM hl7v2_message",
                    "SELECT code FROM token_index WHERE code = 'mrn-0007x'",
                )
            ]
        )
        assert run == [[("0007",)], [(7,)], [("DELETE",)], [(1,)], [(1,)], [("mrn-0007x",)]]
        await database.write(lambda c: resources.put(c, hba1c("o9"), now=NOW))
    finally:
        database.close()


def test_a_current_file_is_opened_without_alembic(tmp_path: Path) -> None:
    """Loading it takes a sixth of what a start may take."""
    import subprocess
    import sys

    code = (
        "import sys; from fhir_server.store.database import Database;"
        "Database.open(sys.argv[1]).close(); Database.open(sys.argv[1]).close();"
        "print([name for name in ('alembic', 'psycopg') if name in sys.modules])"
    )
    url = f"sqlite:///{tmp_path}/store.db"
    found = subprocess.run(
        [sys.executable, "-c", code, url], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_a_migration_that_fails_leaves_the_file_as_it_was(
    first_version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection) -> None:
        driver(connection).execute("DROP TABLE token_index")
        raise sqlite3.OperationalError("disk full")

    monkeypatch.setattr(migrating, "upgrade", fail)
    with pytest.raises(sqlite3.OperationalError):
        Database.open(first_version)
    monkeypatch.undo()
    database = Database.open(first_version)
    assert database.read_now(lambda c: resources.read(c, "Patient", "p1")).version == 2
    database.close()
