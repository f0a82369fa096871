"""The schema of a store file: created when absent, refused when newer, indexes kept true."""

import logging

from sqlalchemy import Connection, bindparam, select, update

from fhir_server.r4.codec import decode
from fhir_server.store import indexing, interning
from fhir_server.store.engines import DatabaseRefused
from fhir_server.store.statements import Prepared, adding
from fhir_server.store.tables import metadata, table

SCHEMA_VERSION = 1

_LOG = logging.getLogger(__name__)

_SCHEMA = table("store_schema")
_RESOURCE = table("resource")
_VERSION = table("resource_version")

_READ = Prepared(select(_SCHEMA.c.version, _SCHEMA.c.index_digest))
_ADD = Prepared(adding(_SCHEMA))
_SET_DIGEST = Prepared(update(_SCHEMA).values(index_digest=bindparam("digest")))
_NEXT_BODIES = Prepared(
    select(_RESOURCE.c.rid, _VERSION.c.body)
    .join_from(_RESOURCE, _VERSION, _VERSION.c.rid == _RESOURCE.c.rid)
    .where(_VERSION.c.version == _RESOURCE.c.version)
    .where(_RESOURCE.c.deleted == 0)
    .where(_RESOURCE.c.rid > bindparam("after"))
    .order_by(_RESOURCE.c.rid)
    .limit(500)
)


def prepare(connection: Connection) -> None:
    """Make the file ready, in the caller's transaction: tables, version check, indexes.

    DatabaseRefused where another version of Attending wrote the file. Where the search
    parameters or the zone have changed, every resource is indexed anew: an index that misses
    rows would make a search silently incomplete.
    """
    metadata.create_all(connection)
    interning.add_parameters(connection, indexing.indexed_parameters())
    digest = indexing.digest(indexing.zone_of(connection))
    row = _READ.run(connection).fetchone()
    if row is None:
        _ADD.run(connection, SCHEMA_VERSION, digest)
        return
    version, indexed_by = row
    if version != SCHEMA_VERSION:
        raise DatabaseRefused(
            f"the database that ATTENDING_DATABASE_URL names has schema version {version}, this "
            f"version of Attending reads {SCHEMA_VERSION}: start the version that wrote it"
        )
    if indexed_by != digest:
        _index_anew(connection)
        _SET_DIGEST.run(connection, digest)


def _index_anew(connection: Connection) -> None:
    _LOG.warning("search parameters have changed: indexing every resource anew")
    count, after = 0, 0
    while rows := _NEXT_BODIES.run_named(connection, {"after": after}).fetchall():
        for rid, body in rows:
            indexing.remove(connection, rid)
            indexing.add(connection, rid, decode(body))
        indexing.flush(connection)
        count, after = count + len(rows), rows[-1][0]
    _LOG.warning("indexed %d resources anew", count)
