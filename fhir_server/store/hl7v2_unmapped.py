"""Results whose local codes map to no LOINC code: which codes, and how many results wait on each.

A message's results come in one statement. A result that has its code leaves the table with the
message that gives it; one that was deleted or changed over FHIR since is not counted.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, func, select

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.store import gathering
from fhir_server.store.hl7v2_messages import storable
from fhir_server.store.record_tables import HL7v2OriginRow, HL7v2UnmappedRow
from fhir_server.store.statements import NewRows, Prepared, in_list
from fhir_server.store.tables import key_text, table
from terminology.codings import LOINC

TYPE: Final = "Observation"
# A result that was withdrawn or never made waits for nothing.
_ENDED: Final = frozenset(("entered-in-error", "cancelled"))

_UNMAPPED = table(HL7v2UnmappedRow.__tablename__)
_ORIGIN = table(HL7v2OriginRow.__tablename__)
_RESOURCE = table("resource")
_VERSION = table("resource_version")

_ADD = NewRows(_UNMAPPED)
_REMOVE = Prepared(
    delete(_UNMAPPED)
    .where(_UNMAPPED.c.type == TYPE)
    .where(in_list(_UNMAPPED.c.id, bindparam("ids")))
)
_KEY = (_UNMAPPED.c.sender, _UNMAPPED.c.system, _UNMAPPED.c.code)


@dataclass(frozen=True, slots=True)
class UnmappedCode:
    """A local code and the results that wait for its mapping; "" where a result has no code.

    `sender` is the name under which the code is unique, `display` a text that came with it,
    `since` the oldest of the results (its last writing, microseconds since the epoch).
    """

    sender: str
    system: str
    code: str
    display: str
    results: int
    since: int


def note(connection: Connection, sender: str, written: Iterable[tuple[JsonObject, bool]]) -> None:
    """Take up the results of a message that wait, drop those that wait no more.

    `written` are its Observations as stored, each with whether there was one before.
    """
    rows: list[tuple[str, ...]] = []
    settled: list[str] = []
    for resource, existed in written:
        codings = local_codings(resource)
        if existed:
            settled.append(resource["id"])
        rows += [(*map(storable, (sender, *each)), resource["id"]) for each in codings]
    if settled:
        _REMOVE.run_named(connection, {"ids": json.dumps(settled)})
    if rows:
        _ADD.run(connection, [_row(*each) for each in rows])


def forget(connection: Connection, id: str) -> None:
    """Drop a result that waits no more: another resource holds what it said."""
    _REMOVE.run_named(connection, {"ids": json.dumps([id])})


def local_codings(observation: JsonObject) -> list[tuple[str, str, str]]:
    """Return (system, code, display) of what a result is coded by where none of it is LOINC.

    Empty for a result that has a LOINC coding, and for one that was withdrawn.
    """
    if observation.get("status") in _ENDED:
        return []
    code = observation.get("code", {})
    codings = code.get("coding", [])
    if any(coding.get("system") == LOINC for coding in codings):
        return []
    found = [
        (str(each.get("system", "")), str(each["code"]), str(each.get("display", "")))
        for each in codings
        if each.get("code")
    ]
    return found or [("", "", str(code.get("text", "")))]


def codes(connection: Connection) -> list[UnmappedCode]:
    """Return the codes that results wait on, those of most results first."""
    gathering.flush(connection)
    asked = (
        select(
            *_KEY,
            func.max(_UNMAPPED.c.display),
            func.count(),
            func.min(_RESOURCE.c.last_updated),
        )
        .select_from(_UNMAPPED)
        .join(_RESOURCE, _is_of(_RESOURCE))
        .where(_RESOURCE.c.deleted == 0)
        .group_by(*_KEY)
    )
    found = {row[:3]: UnmappedCode(*row) for row in map(tuple, connection.execute(asked))}
    for key in _written_over_fhir(connection):
        known = found[key]
        found[key] = UnmappedCode(*key, known.display, known.results - 1, known.since)
    waiting = [each for each in found.values() if each.results > 0]
    return sorted(waiting, key=lambda each: (-each.results, each.sender, each.system, each.code))


def waiting(connection: Connection) -> tuple[int, int]:
    """Return how many codes are unmapped, and how many results wait: cheap, for a metric.

    Results that were changed over FHIR since are among them.
    """
    one = select(func.count()).select_from(select(*_KEY).distinct().subquery())
    results = select(func.count(_UNMAPPED.c.id.distinct()))
    return connection.execute(one).scalar_one(), connection.execute(results).scalar_one()


def messages_waiting(
    connection: Connection, of: Collection[tuple[str, str]], *, after: str, most: int
) -> list[str]:
    """Return ids of messages whose results wait on one of the codes `of` (system, code).

    In the order of the ids, those behind `after`; they are the messages that wrote the results.
    """
    systems = sorted({system for system, _ in of})
    names = sorted({code for _, code in of})
    asked = (
        select(_ORIGIN.c.message)
        .select_from(_UNMAPPED)
        .join(_ORIGIN, _is_of(_ORIGIN))
        # Each alone lets more pass than both: processed again, they come out unchanged.
        .where(_UNMAPPED.c.system.in_(systems))
        .where(_UNMAPPED.c.code.in_(names))
        .where(_ORIGIN.c.message > after)
        .distinct()
        .order_by(_ORIGIN.c.message)
        .limit(most)
    )
    return [message for (message,) in connection.execute(asked)]


def _written_over_fhir(connection: Connection) -> list[tuple[str, str, str]]:
    """Return the key of each row whose result somebody changed so that it waits no more."""
    asked = (
        select(*_KEY, _VERSION.c.body)
        .select_from(_UNMAPPED)
        .join(_RESOURCE, _is_of(_RESOURCE))
        .join(_ORIGIN, _is_of(_ORIGIN))
        .join(
            _VERSION,
            (_VERSION.c.rid == _RESOURCE.c.rid) & (_VERSION.c.version == _RESOURCE.c.version),
        )
        .where(_RESOURCE.c.deleted == 0)
        .where(_RESOURCE.c.version != _ORIGIN.c.version)
    )
    return [
        (sender, system, code)
        for sender, system, code, body in connection.execute(asked)
        if not _still_waits(decode(bytes(body)), system, code)
    ]


def _still_waits(observation: JsonObject, system: str, code: str) -> bool:
    return any(
        (key_text(one), key_text(two)) == (system, code)
        for one, two, _ in local_codings(observation)
    )


def _is_of(other: Any) -> Any:
    return (other.c.type == _UNMAPPED.c.type) & (other.c.id == _UNMAPPED.c.id)


def _row(sender: str, system: str, code: str, display: str, id: str) -> tuple[str, ...]:
    # A B-tree of PostgreSQL takes 2.7 KB at most, and a sender may put anything into OBX-3.
    return (key_text(sender), key_text(system), key_text(code), TYPE, id, display[:1000])
