"""Storing what an import brings: what is there already in the same words gets no new version."""

from datetime import datetime
from typing import Any, Literal, TypeAlias

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode, encode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.store import resources

Fate: TypeAlias = Literal["created", "updated", "unchanged"]

# The server's own part of meta (R4 resource.html#Meta).
_OWN = frozenset({"versionId", "lastUpdated"})


def put_changed(connection: Connection, resource: JsonObject, *, now: datetime) -> Fate:
    """Store a valid resource under its own id unless the current version has the same content.

    Numbers are compared as they are spelled; the order of keys, `meta.versionId` and
    `meta.lastUpdated` do not count.
    """
    type, id = resource["resourceType"], resource["id"]
    try:
        current = resources.read(connection, type, id)
    except (NotFound, Gone):
        resources.put(connection, resource, now=now)
        return "created"
    if _content(decode(current.body)) == _content(resource):
        return "unchanged"
    resources.put(connection, resource, now=now)
    return "updated"


def _content(resource: JsonObject) -> bytes:
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in _OWN}
    return encode(_ordered({**resource, "meta": meta}))


def _ordered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _ordered(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_ordered(item) for item in value]
    return value
