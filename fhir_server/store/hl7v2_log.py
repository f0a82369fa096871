"""The log of HL7v2 messages as operators ask about it: by state, sender, type and time.

Nothing of it is on a message's own way; statements are built for each question.
"""

import json
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import Column, ColumnElement, Connection, Select, func, or_, select, update

from fhir_server.store.hl7v2_messages import LISTED, UNSUCCESSFUL, ListedMessage, State, listed
from fhir_server.store.record_tables import HL7v2MessageRow
from fhir_server.store.tables import table

_MESSAGE = table(HL7v2MessageRow.__tablename__)
_COUNTED: Final[tuple[State, ...]] = ("received", *UNSUCCESSFUL)

Decision: TypeAlias = dict[str, str]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages are meant; what is empty or None admits all.

    `sender` is MSH-3 and MSH-4 as `APPLICATION|FACILITY`, or one of the two; `type` MSH-9 as
    `ORU^R01`, or its first part. `since` and `until` are times of receipt, in microseconds since
    the epoch, the first included and the second not.
    """

    states: tuple[State, ...] = ()
    sender: str = ""
    type: str = ""
    control_id: str = ""
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class LoggedMessage:
    """One message with all that is known of it; `body` and `acknowledgment` hold patient data.

    `decisions` are what people decided on it, the oldest first: action, at, by, reason.
    """

    listed: ListedMessage
    body: bytes
    acknowledgment: bytes | None
    finished: int | None
    warnings: tuple[dict[str, Any], ...]
    account: dict[str, Any]
    superseded: tuple[str, ...]
    decisions: tuple[Decision, ...]

    @property
    def is_fragment(self) -> bool:
        """Whether the bytes are no whole message: half a frame, or what stood between frames."""
        listed = self.listed
        return (listed.sender, listed.type, listed.control_id) == ("|", "", "")


@dataclass(frozen=True, slots=True)
class Held:
    """How many messages wait or were not taken, by state; `oldest` waits since then, if any."""

    states: dict[State, int]
    oldest: int | None


def page(
    connection: Connection, wanted: Filter, *, before: int | None, most: int
) -> list[tuple[int, ListedMessage]]:
    """Return the newest `most` messages with a number below `before`, with their numbers."""
    asked = _matching(select(_MESSAGE.c.number, *LISTED), wanted)
    if before is not None:
        asked = asked.where(_MESSAGE.c.number < before)
    rows = connection.execute(asked.order_by(_MESSAGE.c.number.desc()).limit(most))
    return [(row[0], listed(row[1:])) for row in rows]


def ids_after(
    connection: Connection, wanted: Filter, *, after: int, until: int, most: int
) -> list[tuple[int, str]]:
    """Return number and id of the `most` oldest messages with `after` < number <= `until`."""
    asked = _matching(select(_MESSAGE.c.number, _MESSAGE.c.id), wanted)
    asked = asked.where(_MESSAGE.c.number > after).where(_MESSAGE.c.number <= until)
    rows = connection.execute(asked.order_by(_MESSAGE.c.number).limit(most))
    return [(number, id) for number, id in rows]


def newest(connection: Connection) -> int:
    """Return the number of the newest message, 0 where there is none."""
    found: int | None = connection.execute(select(func.max(_MESSAGE.c.number))).scalar()
    return found or 0


def total(connection: Connection, wanted: Filter) -> int:
    """Return how many messages are meant."""
    asked = select(func.count()).select_from(_MESSAGE)
    found: int = connection.execute(_matching(asked, wanted)).scalar_one()
    return found


def logged(connection: Connection, id: str) -> LoggedMessage | None:
    """Return one message in full, None where there is none of that id."""
    more = ("body", "acknowledgment", "finished", "warnings", "account", "superseded", "decision")
    columns: list[Column[Any]] = [_MESSAGE.c[name] for name in more]
    asked = select(*LISTED, *columns).where(_MESSAGE.c.id == id)
    row = connection.execute(asked).fetchone()
    if row is None:
        return None
    body, acknowledgment, finished, warnings, account, superseded, decision = row[-len(more) :]
    return LoggedMessage(
        listed=listed(row[: -len(more)]),
        body=bytes(body),
        acknowledgment=None if acknowledgment is None else bytes(acknowledgment),
        finished=finished,
        warnings=tuple(json.loads(warnings)),
        account=json.loads(account),
        superseded=tuple(json.loads(superseded)),
        decisions=tuple(json.loads(decision or "[]")),
    )


def decide(connection: Connection, id: str, state: State, decision: Decision) -> None:
    """Record what a person decided on a message, behind what was decided before."""
    found = connection.execute(select(_MESSAGE.c.decision).where(_MESSAGE.c.id == id)).scalar()
    decisions = [*json.loads(found or "[]"), decision]
    text = json.dumps(decisions, ensure_ascii=False)
    connection.execute(
        update(_MESSAGE).where(_MESSAGE.c.id == id).values(state=state, decision=text)
    )


def held(connection: Connection) -> Held:
    """Return how many messages wait, failed, were rejected or are in quarantine."""
    rows = connection.execute(
        select(_MESSAGE.c.state, func.count(), func.min(_MESSAGE.c.received))
        .where(_MESSAGE.c.state.in_(_COUNTED))
        .group_by(_MESSAGE.c.state)
    ).fetchall()
    found: dict[State, int] = dict.fromkeys(_COUNTED, 0)
    oldest = None
    for state, count, received in rows:
        found[state] = count
        if state == "received":
            oldest = received
    return Held(found, oldest)


def by_sender(connection: Connection, wanted: Filter) -> list[tuple[str, str, State, int, int]]:
    """Return (sender, type, state, messages, newest receipt) of what is meant, in their order."""
    keys = (_MESSAGE.c.sender, _MESSAGE.c.type, _MESSAGE.c.state)
    asked = _matching(select(*keys, func.count(), func.max(_MESSAGE.c.received)), wanted)
    return [tuple(row) for row in connection.execute(asked.group_by(*keys).order_by(*keys))]


def accounts_after(
    connection: Connection, wanted: Filter, *, before: int | None, most: int
) -> list[tuple[int, str, str]]:
    """Return number, sender and account (JSON) of the newest `most` with a number below."""
    asked = _matching(select(_MESSAGE.c.number, _MESSAGE.c.sender, _MESSAGE.c.account), wanted)
    if before is not None:
        asked = asked.where(_MESSAGE.c.number < before)
    rows = connection.execute(asked.order_by(_MESSAGE.c.number.desc()).limit(most))
    return [(number, sender, account) for number, sender, account in rows]


def _matching(asked: Select[Any], wanted: Filter) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.states:
        conditions.append(_MESSAGE.c.state.in_(wanted.states))
    if wanted.sender:
        conditions.append(_is_or_has_part(_MESSAGE.c.sender, wanted.sender, "|"))
    if wanted.type:
        conditions.append(_is_or_begins(_MESSAGE.c.type, wanted.type, "^"))
    if wanted.control_id:
        conditions.append(_MESSAGE.c.control_id == wanted.control_id)
    if wanted.since is not None:
        conditions.append(_MESSAGE.c.received >= wanted.since)
    if wanted.until is not None:
        conditions.append(_MESSAGE.c.received < wanted.until)
    return asked.where(*conditions)


def _is_or_begins(column: Column[Any], text: str, mark: str) -> ColumnElement[bool]:
    # Not LIKE: SQLite's has no case, PostgreSQL's has, and a name may hold "_" or "%".
    begins = func.substr(column, 1, len(text) + 1) == f"{text}{mark}"
    return or_(column == text, begins)


def _is_or_has_part(column: Column[Any], text: str, mark: str) -> ColumnElement[bool]:
    ends = (func.length(column) > len(text)) & (
        func.substr(column, func.length(column) - len(text)) == f"{mark}{text}"
    )
    return or_(_is_or_begins(column, text, mark), ends)
