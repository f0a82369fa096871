"""HL7v2 messages as they came, what became of them, and which message wrote which resource."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from sqlalchemy import Connection, Index, bindparam, insert, select, update
from sqlmodel import Field

from fhir_server.store.statements import Prepared
from fhir_server.store.tables import StoreTable, table

State: TypeAlias = Literal["received", "processed", "rejected", "failed"]
# Messages of which nothing was stored: the sender's fault, or ours.
UNSUCCESSFUL: Final[tuple[State, ...]] = ("rejected", "failed")


class HL7v2MessageRow(StoreTable, table=True):
    """One message: its bytes, stored before anything else, and its outcome.

    `sender` is MSH-3 and MSH-4 as they came; times are microseconds since the epoch (UTC);
    `errors`, `warnings`, `account` and `superseded` are JSON without patient content.
    """

    __tablename__ = "hl7v2_message"
    __table_args__ = (
        Index("hl7v2_message_by_control_id", "sender", "control_id"),
        Index("hl7v2_message_by_state", "state"),
    )
    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(unique=True)
    received: int
    channel: str
    peer: str
    sender: str
    control_id: str
    type: str
    sha256: str
    body: bytes
    state: str
    finished: int | None = None
    acknowledgment: bytes | None = None
    errors: str = "[]"
    warnings: str = "[]"
    account: str = "{}"
    superseded: str = "[]"


class HL7v2OriginRow(StoreTable, table=True):
    """The message that wrote a resource's content, and its age: an older one must not overwrite.

    `version` is the resource's version at that write: a later one was written by somebody else.
    """

    __tablename__ = "hl7v2_origin"
    __table_args__ = ({"sqlite_with_rowid": False},)
    type: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    issued: int
    sent: int
    rank: int
    version: int
    message: str


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A message as it arrives."""

    id: str
    received: int
    channel: str
    peer: str
    sender: str
    control_id: str
    type: str
    sha256: str
    body: bytes


@dataclass(frozen=True, slots=True)
class KnownMessage:
    """A stored message; `acknowledgment` None while it waits to be processed."""

    id: str
    received: int
    state: State
    body: bytes
    acknowledgment: bytes | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message."""

    state: State
    acknowledgment: bytes
    finished: int
    errors: Sequence[dict[str, Any]] = ()
    warnings: Sequence[dict[str, Any]] = ()
    account: dict[str, Any] | None = None
    superseded: Sequence[str] = ()


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


@dataclass(frozen=True, slots=True)
class Origin:
    """Which message wrote a resource: its times and step of life, and the version it wrote."""

    issued: int
    sent: int
    rank: int
    version: int
    message: str


_MESSAGE = table("hl7v2_message")
_ORIGIN = table("hl7v2_origin")

_NEW: Final = tuple(NewMessage.__dataclass_fields__)
_ADD = Prepared(insert(_MESSAGE).values(dict.fromkeys((*_NEW, "state", *_DEFAULTED))))
