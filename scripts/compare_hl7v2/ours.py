"""A message through the real intake into a store of its own: the resources that are then stored."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.policy import Policy, Reception
from fhir_server.hl7v2.senders import Peer, Sender, Senders
from fhir_server.hl7v2.working import Worker
from fhir_server.r4.codec import JsonObject, decode
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.database import Database
from scripts.compare_hl7v2.lending import is_lent_order, lend, lines, under_new_id, without_loans
from terminology.local_codes import LocalCodes

_ZONE: Final = ZoneInfo("UTC")
# Some messages of the file are dated ahead of any clock of today.
_NOW: Final = datetime(2101, 1, 1, tzinfo=UTC)
_PEER: Final = Peer("127.0.0.1")
# The sender of messages that name none, as a hospital would register it.
_NAMELESS: Final = Sender(
    "nameless", "SENDER", "SENDER", (ip_network("127.0.0.1"),), stands_in=True
)
_MOST_LOANS: Final = 200


@dataclass(frozen=True, slots=True)
class Converted:
    """What became of a message: resources, what was lent to it, or why it was refused."""

    resources: tuple[JsonObject, ...]
    lent: tuple[str, ...]
    refusal: str = ""


async def convert(text: str) -> Converted:
    """Send a message until it is taken, lending what it lacks; a fault of ours is an error."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database.open(f"sqlite:///{Path(folder, 'compared.db')}", zone=_ZONE)
        try:
            return await _converted(database, lines(text))
        finally:
            database.close()


async def _converted(database: Database, message: str) -> Converted:
    lent: dict[str, None] = {}
    if not any(message.partition("\r")[0].split(message[3])[2:4]):
        lent["MSH-3, MSH-4"] = None
    intake = _intake(database, stands_in=bool(lent))
    error: Mapping[str, Any] = {}
    for attempt in range(_MOST_LOANS):
        sent = under_new_id(message, attempt) if attempt else message
        answer = await intake.answer(sent.encode(), channel="file", peer=_PEER)
        await intake.drain()  # in enhanced mode the message is acknowledged before it is read
        state, error = await database.read(lambda c, id=answer.message_id: _outcome(c, id))  # type: ignore[misc]
        if state == "processed":
            return Converted(_stored(database, has_person="PID" not in lent), tuple(lent))
        if error.get("code") == "207":
            raise AssertionError(f"a fault of ours: {error}")
        loan = lend(message, error)
        if loan is None:
            break
        message = loan.message
        lent[loan.field] = None
    return Converted((), tuple(lent), f"{error.get('location')}: {error.get('text', '')}")


def _outcome(connection: Connection, id: str) -> tuple[str, Mapping[str, Any]]:
    known = messages.get(connection, id)
    errors = (messages.details(connection, id) or {}).get("errors") or [{}]
    return ("" if known is None else known.state), errors[0]


def _intake(database: Database, *, stands_in: bool) -> Intake:
    names = (_NAMELESS.application, _NAMELESS.facility)
    senders = Senders({names: _NAMELESS}, (_NAMELESS,)) if stands_in else None
    policy = Policy(zone=_ZONE, processing_ids=frozenset("PTD"))
    return Intake(
        database=database,
        reception=Reception(policy, LocalCodes({}), senders),
        worker=Worker(database=database, now=lambda: _NOW),
        now=lambda: _NOW,
    )


def _stored(database: Database, *, has_person: bool) -> tuple[JsonObject, ...]:
    """Return the current resources in the order in which the message made them."""
    sql = (
        "SELECT body FROM resource_version v WHERE NOT deleted AND version = "
        "(SELECT max(version) FROM resource_version w WHERE w.rid = v.rid) ORDER BY rid"
    )
    rows = database.read_now(lambda c: c.exec_driver_sql(sql).fetchall())
    found = [decode(body) for (body,) in rows]
    orders = ("ServiceRequest", "DiagnosticReport")
    lent = [each for each in found if each["resourceType"] in orders and is_lent_order(each)]
    if not has_person:
        lent += [each for each in found if each["resourceType"] == "Patient"]
    return tuple(without_loans(each) for each in found if each not in lent)
