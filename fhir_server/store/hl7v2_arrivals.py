"""HL7v2 messages as they arrive: many in one statement, each kept once.

Written by hand: a message is one of the two things that a sender waits for, and what every
statement costs beside its rows is most of it (docs/adr/0018).
"""

import sqlite3
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import Final

from sqlalchemy import Connection

from fhir_server.store.hl7v2_messages import NewMessage, storable
from fhir_server.store.statements import SqlValue, driver

# Each with its type in PostgreSQL, in the order in which they are bound.
_BOUND: Final = {
    "id": "text",
    "received": "bigint",
    "channel": "text",
    "peer": "text",
    "sender": "text",
    "control_id": "text",
    "type": "text",
    "sha256": "text",
    "key": "text",
    "body": "bytea",
    "acknowledgment": "bytea",
}
_FIXED: Final = {
    "state": "'received'",
    "errors": "'[]'",
    "warnings": "'[]'",
    "account": "'{}'",
    "superseded": "'[]'",
}
_INTO: Final = f"INSERT INTO hl7v2_message ({', '.join((*_BOUND, *_FIXED))}) "
_ONCE: Final = " ON CONFLICT (key) DO NOTHING"
_ROW: Final = f"({', '.join((*'?' * len(_BOUND), *_FIXED.values()))})"
_ARRAYS: Final = (
    f"{_INTO}SELECT arrived.*, {', '.join(_FIXED.values())} "  # noqa: S608 (no values of others)
    f"FROM unnest({', '.join(f'%s::{each}[]' for each in _BOUND.values())}) AS arrived{_ONCE}"
)
_FIELDS: Final = attrgetter(*NewMessage.__dataclass_fields__)
# SQLite takes up to 32,766 values in a statement; the driver keeps those of some sizes prepared.
MOST_AT_ONCE: Final = 64

# A message, and its acknowledgment where that is sent before it is processed.
Arriving = tuple[NewMessage, bytes | None]


def insert_messages(connection: Connection, arriving: Sequence[Arriving]) -> int:
    """Store messages as they came, in state `received`; return how many were new.

    Of those whose key is there nothing is stored; of two with one key the first counts. Up to
    `MOST_AT_ONCE` are one statement.
    """
    below = driver(connection)
    rows = [_row(*each) for each in arriving]
    if not isinstance(below, sqlite3.Connection):
        columns = [list(column) for column in zip(*rows, strict=True)]
        return int(below.execute(_ARRAYS, columns).rowcount) if rows else 0
    added = 0
    for start in range(0, len(rows), MOST_AT_ONCE):
        part = rows[start : start + MOST_AT_ONCE]
        added += below.execute(_values(len(part)), tuple(chain.from_iterable(part))).rowcount
    return added


def _row(message: NewMessage, acknowledgment: bytes | None) -> tuple[SqlValue, ...]:
    id, received, channel, peer, sender, control_id, kind, sha256, key, body = _FIELDS(message)
    named = (storable(peer), storable(sender), storable(control_id), storable(kind))
    return (id, received, channel, *named, sha256, key, body, acknowledgment)


@lru_cache(MOST_AT_ONCE)
def _values(rows: int) -> str:
    return f"{_INTO}VALUES {', '.join([_ROW] * rows)}{_ONCE}"
