"""What the routes for operators of HL7v2 messages work with; wiring puts it on `app.state.desk`."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from fastapi import Request, Response

from cds_hooks.wording import choose_language
from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.metrics import MessageMetrics
from fhir_server.hl7v2.operations import Operations
from fhir_server.hl7v2.policy import Reception
from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.replays import Replays
from fhir_server.rest.services import client_of
from fhir_server.store.database import Database
from inference.contract import Language

_LOG = logging.getLogger(__name__)

# A message holds patients' data: no cache on the way may keep it.
NO_STORE: Final = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Desk:
    """The operator's desk of one server."""

    database: Database
    reception: Reception
    intake: Intake
    operations: Operations
    replays: Replays
    metrics: MessageMetrics
    clock: Callable[[], datetime]
    language: Language

    @classmethod
    def of(
        cls,
        *,
        database: Database,
        reception: Reception,
        intake: Intake,
        metrics: MessageMetrics,
        clock: Callable[[], datetime],
        language: Language,
    ) -> "Desk":
        """Return the desk beside an intake."""
        operations = Operations(database, intake, clock)
        replays = Replays(clock)
        return cls(database, reception, intake, operations, replays, metrics, clock, language)


def desk_of(request: Request) -> Desk:
    """Return the desk of the app that serves `request`."""
    desk: Desk = request.app.state.desk
    return desk


def language_of(request: Request) -> Language:
    """Return the language in which a request is to be answered."""
    return choose_language(request.headers.get("accept-language"), desk_of(request).language)


def answer(
    document: Mapping[str, Any],
    *,
    status: int = 200,
    location: str = "",
    kind: str = "application/json",
) -> Response:
    """Return a JSON document that nobody on the way keeps."""
    headers = {**NO_STORE, "Location": location} if location else NO_STORE
    body = msgspec.json.encode(document)
    return Response(body, status_code=status, media_type=kind, headers=headers)


def note_access(request: Request, action: str, id: str) -> None:
    """Log who did what with one message; nothing of the message."""
    details = {"action": action, "message_id": id, "client": client_of(request) or ""}
    _LOG.info("hl7v2 operator", extra=details)


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The body of a request that decides or replays; every member may be left out."""

    by: str = ""
    reason: str = ""
    state: list[str] | None = None
    sender: str = ""
    type: str = ""
    since: str = ""
    unmapped: bool = False
    all: bool = False


def asked_of(body: bytes) -> Asked:
    """Return the body of a request; Refused (400) where it is none."""
    if not body.strip():
        return Asked()
    try:
        return msgspec.json.decode(body, type=Asked)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(400, "structure", "hl7v2.body-refused", why=error) from None
