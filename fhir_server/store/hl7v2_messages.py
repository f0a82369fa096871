"""HL7v2 messages as they came, what became of them, and which message wrote which resource."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, select, update

from fhir_server.store.record_tables import HL7v2MessageRow, HL7v2OriginRow
from fhir_server.store.statements import Prepared
from fhir_server.store.tables import table

State: TypeAlias = Literal[
    "received", "processed", "rejected", "failed", "quarantined", "discarded"
]
STATES: Final[tuple[State, ...]] = get_args(State)
# Messages of which nothing was stored: the sender's fault, ours, or a person's to judge.
UNSUCCESSFUL: Final[tuple[State, ...]] = ("rejected", "failed", "quarantined")


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as it arrives; `key` is that of `store.hl7v2_keys`."""

    id: str
    received: int
    channel: str
    peer: str
    sender: str
    control_id: str
    type: str
    sha256: str
    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A stored message; `acknowledgment` None as long as none was sent."""

    id: str
    received: int
    sender: str
    state: State
    sha256: str
    body: bytes
    acknowledgment: bytes | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message; `acknowledgment` None leaves the one that was sent.

    `versions` is how many versions of resources it made; it is counted, not stored.
    """

    state: State
    acknowledgment: bytes | None
    finished: int
    errors: Sequence[dict[str, Any]] = ()
    warnings: Sequence[dict[str, Any]] = ()
    account: dict[str, Any] | None = None
    superseded: Sequence[str] = ()
    versions: int = 0


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message in a list for operators: no patient content."""

    id: str
    received: int
    channel: str
    peer: str
    sender: str
    control_id: str
    type: str
    state: State
    errors: tuple[dict[str, Any], ...]


class Origin(msgspec.Struct, frozen=True):
    """Which message wrote a resource: its age (see `hl7v2.mapping.conversion.Age`), the version.

    `stated`: what other messages say in the content (`hl7v2.stated`, `hl7v2.finality`);
    `identity`: what tells the resource from others of its patient, "" where that is not known.
    """

    settled: bool
    issued: int
    sent: int
    rank: int
    version: int
    message: str
    stated: str = ""
    identity: str = ""


_MESSAGE = table(HL7v2MessageRow.__tablename__)
_ORIGIN = table(HL7v2OriginRow.__tablename__)

_KNOWN = (
    _MESSAGE.c.id,
    _MESSAGE.c.received,
    _MESSAGE.c.sender,
    _MESSAGE.c.state,
    _MESSAGE.c.sha256,
    _MESSAGE.c.body,
    _MESSAGE.c.acknowledgment,
)
_GET = Prepared(select(*_KNOWN).where(_MESSAGE.c.id == bindparam("of_id")))
_BY_KEY = Prepared(select(*_KNOWN).where(_MESSAGE.c.key == bindparam("of_key")))
_FINISH = Prepared(
    update(_MESSAGE)
    .values(
        # What was sent once is sent again to who sends the message again.
        acknowledgment=func.coalesce(
            bindparam("of_acknowledgment", type_=_MESSAGE.c.acknowledgment.type),
            _MESSAGE.c.acknowledgment,
        ),
        **dict.fromkeys(("state", "finished", "errors", "warnings", "account", "superseded")),
    )
    .where(_MESSAGE.c.id == bindparam("of_id"))
)
_UNFINISHED = Prepared(
    select(_MESSAGE.c.id).where(_MESSAGE.c.state == "received").order_by(_MESSAGE.c.number)
)
LISTED: Final = tuple(_MESSAGE.c[name] for name in ListedMessage.__dataclass_fields__)
_ACCOUNT = Prepared(
    select(_MESSAGE.c.errors, _MESSAGE.c.warnings, _MESSAGE.c.account, _MESSAGE.c.superseded).where(
        _MESSAGE.c.id == bindparam("of_id")
    )
)
_ORIGIN_OF = Prepared(
    select(
        _ORIGIN.c.settled,
        _ORIGIN.c.issued,
        _ORIGIN.c.sent,
        _ORIGIN.c.rank,
        _ORIGIN.c.version,
        _ORIGIN.c.message,
        _ORIGIN.c.stated,
        _ORIGIN.c.identity,
    )
    .where(_ORIGIN.c.type == bindparam("of_type"))
    .where(_ORIGIN.c.id == bindparam("of_id"))
)
_DROP_ORIGIN = Prepared(
    delete(_ORIGIN)
    .where(_ORIGIN.c.type == bindparam("of_type"))
    .where(_ORIGIN.c.id == bindparam("of_id"))
)


def find(connection: Connection, key: str) -> KnownMessage | None:
    """Return the stored message of a key, None where there is none."""
    row = _BY_KEY.run_named(connection, {"of_key": key}).fetchone()
    return None if row is None else KnownMessage(*row)


def finish(connection: Connection, id: str, outcome: Outcome) -> None:
    """Record what became of a message, with the acknowledgment that its sender gets."""
    _FINISH.run_named(
        connection,
        {
            "of_id": id,
            "state": outcome.state,
            "finished": outcome.finished,
            "of_acknowledgment": outcome.acknowledgment,
            "errors": _json(outcome.errors),
            "warnings": _json(outcome.warnings),
            "account": json.dumps(outcome.account or {}),
            "superseded": json.dumps(list(outcome.superseded)),
        },
    )


def get(connection: Connection, id: str) -> KnownMessage | None:
    """Return a message by its id, None where there is none."""
    row = _GET.run_named(connection, {"of_id": id}).fetchone()
    return None if row is None else KnownMessage(*row)


def details(connection: Connection, id: str) -> dict[str, Any] | None:
    """Return errors, warnings, account and superseded of a message, None where there is none."""
    row = _ACCOUNT.run_named(connection, {"of_id": id}).fetchone()
    if row is None:
        return None
    names = ("errors", "warnings", "account", "superseded")
    return {name: json.loads(text) for name, text in zip(names, row, strict=True)}


def unfinished(connection: Connection) -> list[str]:
    """Return the ids of the messages that are stored and not processed, in order of arrival."""
    return [id for (id,) in _UNFINISHED.run_named(connection, {}).fetchall()]


def list_messages(
    connection: Connection, states: Iterable[State], *, most: int = 500
) -> tuple[ListedMessage, ...]:
    """Return the newest `most` messages in any of `states`, the newest first."""
    wanted = select(*LISTED).where(_MESSAGE.c.state.in_(tuple(states)))
    rows = connection.execute(wanted.order_by(_MESSAGE.c.number.desc()).limit(most))
    return tuple(listed(row) for row in rows)


def origin(connection: Connection, type: str, id: str) -> Origin | None:
    """Return which message wrote a resource, None where none did."""
    row = _ORIGIN_OF.run_named(connection, {"of_type": type, "of_id": id}).fetchone()
    return None if row is None else Origin(bool(row[0]), *row[1:])


def listed(row: Sequence[Any]) -> ListedMessage:
    """Return a message of a list, of a row that begins with the columns `LISTED`."""
    named = {column.name: value for column, value in zip(LISTED, row, strict=False)}
    return ListedMessage(**{**named, "errors": tuple(json.loads(named["errors"]))})


def drop_origin(connection: Connection, type: str, id: str) -> None:
    """Forget that a message wrote a resource: another one holds what it said."""
    _DROP_ORIGIN.run_named(connection, {"of_type": type, "of_id": id})


def storable(value: str) -> str:
    """Return a text that both databases take: a message may hold NUL, PostgreSQL's text may not."""
    return value.replace("\x00", "\ufffd")


def _json(entries: Sequence[dict[str, Any]]) -> str:
    return json.dumps(list(entries), ensure_ascii=False)
