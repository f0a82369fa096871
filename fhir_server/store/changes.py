"""What a write changes, told to whoever watches, inside the transaction that changes it.

The one seam between the store and what follows from its writes (notifications): whatever writes a
resource, a REST interaction, an HL7v2 message or a prediction, comes through `store.resources`,
and that notes the change here. Where nobody watches, a note costs one look-up.

A stored version is told at the end of its job, when its index rows are written; a deletion before
the rows go, so that both can be searched for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from sqlalchemy import Connection

Interaction: TypeAlias = Literal["create", "update", "delete"]

_KEY = "attending.changes"


@dataclass(frozen=True, slots=True)
class Change:
    """One version that a write made; `at` in microseconds since the epoch (UTC).

    `body` is that version as it is stored, empty for a deletion.
    """

    interaction: Interaction
    type: str
    id: str
    version: int
    at: int
    body: bytes = b""


class Watcher(Protocol):
    """Who is told of changes, on the writer's thread. What it raises undoes the job."""

    @property
    def types(self) -> frozenset[str]:
        """The resource types that it watches."""

    def begun(self) -> None:
        """A transaction has begun: other servers may have written since the last one."""

    def record(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Write what follows from `changes`, in their transaction."""

    def forget(self) -> None:
        """What was read in this transaction may have been rolled back or changed."""

    def committed(self) -> None:
        """The transaction is durable."""


@dataclass(slots=True)
class _Watch:
    watcher: Watcher
    types: frozenset[str]
    pending: list[Change] = field(default_factory=list)


def watch(connection: Connection, watcher: Watcher | None) -> None:
    """Let `watcher` be told of the changes of the transaction that has begun."""
    if watcher is None:
        return
    connection.info[_KEY] = _Watch(watcher, watcher.types)
    watcher.begun()


def note(connection: Connection, change: Change) -> None:
    """Keep a stored version until the end of its job."""
    watched: _Watch | None = connection.info.get(_KEY)
    if watched is not None and change.type in watched.types:
        watched.pending.append(change)


def note_deletion(connection: Connection, change: Change) -> None:
    """Tell of a deletion while the resource can still be found by its index rows."""
    watched: _Watch | None = connection.info.get(_KEY)
    if watched is not None and change.type in watched.types:
        flush(connection)
        watched.watcher.record(connection, (change,))


def flush(connection: Connection) -> None:
    """Tell of the changes that have gathered; their index rows must have been written."""
    watched: _Watch | None = connection.info.get(_KEY)
    if watched is not None and watched.pending:
        pending, watched.pending = watched.pending, []
        watched.watcher.record(connection, pending)


def forget(connection: Connection) -> None:
    """Drop what has gathered and what was read: it was rolled back, or is no longer so."""
    watched: _Watch | None = connection.info.get(_KEY)
    if watched is not None:
        watched.pending.clear()
        watched.watcher.forget()


def stale(connection: Connection) -> None:
    """Let the watcher read anew what it watches for: this transaction has changed it."""
    watched: _Watch | None = connection.info.get(_KEY)
    if watched is not None:
        watched.watcher.forget()
