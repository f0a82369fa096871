"""The schema of a store: created when absent, migrated when older, refused when newer."""

from sqlalchemy import Connection, bindparam, inspect, select, update

from fhir_server.store import indexing, interning
from fhir_server.store.engines import DatabaseRefused
from fhir_server.store.record_tables import every_table
from fhir_server.store.statements import Prepared, adding
from fhir_server.store.tables import metadata, table

SCHEMA_VERSION = 7

_SCHEMA = table("store_schema")
_ALEMBIC = table("alembic_version")

_READ = Prepared(select(_SCHEMA.c.version, _SCHEMA.c.index_digest))
_ADD = Prepared(adding(_SCHEMA))
_SET_DIGEST = Prepared(update(_SCHEMA).values(index_digest=bindparam("digest")))
_ADD_REVISION = Prepared(adding(_ALEMBIC))


def prepare(connection: Connection) -> bool:
    """Make the tables ready, in the caller's transaction; whether the indexes are out of date.

    They are where the search parameters, the rules or the zone have changed. DatabaseRefused
    where a newer version of Attending wrote the database.
    """
    if not inspect(connection).has_table(_SCHEMA.name):
        _create(connection)
    else:
        _migrate(connection)
    found: str = _READ.run(connection).fetchone()[1]
    stale = found != indexing.digest(indexing.zone_of(connection))
    if stale:
        interning.add_parameters(connection, indexing.indexed_parameters())
    return stale


def is_there(connection: Connection) -> bool:
    """Whether the database holds a store."""
    return inspect(connection).has_table(_SCHEMA.name)


def indexes_are_current(connection: Connection) -> None:
    """Record that every resource is indexed by the rules of this version and zone."""
    _SET_DIGEST.run(connection, indexing.digest(indexing.zone_of(connection)))


def _create(connection: Connection) -> None:
    # tests/unit/store/test_migrations.py: the migrations from nothing make the same tables.
    metadata.create_all(connection, tables=every_table())
    _ADD_REVISION.run(connection, f"{SCHEMA_VERSION:04}")
    _ADD.run(connection, SCHEMA_VERSION, indexing.digest(indexing.zone_of(connection)))
    interning.add_parameters(connection, indexing.indexed_parameters())


def _migrate(connection: Connection) -> None:
    row = _READ.run(connection).fetchone()
    version = SCHEMA_VERSION if row is None else row[0]
    if version > SCHEMA_VERSION:
        raise DatabaseRefused(
            f"the database that ATTENDING_DATABASE_URL names has schema version {version}, this "
            f"version of Attending reads {SCHEMA_VERSION}: start the version that wrote it"
        )
    if version < SCHEMA_VERSION:
        # Imported where it is used: see there.
        from fhir_server.store import migrating  # noqa: PLC0415

        migrating.upgrade(connection)
