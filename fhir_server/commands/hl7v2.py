"""`attending hl7v2 failed|show`: messages of which nothing was stored, and one in full."""

import json
import sys
from datetime import UTC, datetime
from typing import Any

from fhir_server.commands.storage import StoreAbsent, reading
from fhir_server.hl7v2.diagnosis import diagnose
from fhir_server.settings import Settings
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.hl7v2_messages import ListedMessage
from fhir_server.text_catalogue import say


def failed(settings: Settings) -> int:
    """Print the rejected and failed messages, the newest first, one line each."""
    try:
        with reading(settings) as database:
            found = database.read_now(messages.list_failed)
    except StoreAbsent as absent:
        print(absent, file=sys.stderr)
        return 1
    if not found:
        print(say(settings.language, "hl7v2.none"))
        return 0
    print(say(settings.language, "hl7v2.columns"))
    for message in found:
        print("\t".join(_cells(message, settings)))
    return 0


def _cells(message: ListedMessage, settings: Settings) -> list[str]:
    received = datetime.fromtimestamp(message.received / 1_000_000, UTC)
    return [
        received.astimezone(settings.zone).isoformat(timespec="seconds"),
        message.id,
        message.sender,
        message.control_id,
        message.type,
        message.state,
        "; ".join(_line(error) for error in message.errors),
    ]


def _line(error: dict[str, Any]) -> str:
    place = error.get("location")
    text = f"{error.get('code')} {error.get('text')}"
    return f"{place}: {text}" if place else text


def show(settings: Settings, message_id: str) -> int:
    """Print one message with its outcome and hl7apy's diagnosis; it holds patient data."""
    try:
        with reading(settings) as database:
            message = database.read_now(lambda connection: messages.get(connection, message_id))
            details = database.read_now(lambda c: messages.details(c, message_id))
    except StoreAbsent as absent:
        print(absent, file=sys.stderr)
        return 1
    if message is None:
        print(say(settings.language, "hl7v2.not-found", id=message_id), file=sys.stderr)
        return 1
    print(message.body.decode("utf-8", errors="backslashreplace").replace("\r", "\n"))
    print(json.dumps({"state": message.state, **(details or {})}, ensure_ascii=False, indent=2))
    print(say(settings.language, "hl7v2.diagnosis"))
    for finding in diagnose(message.body) or [say(settings.language, "hl7v2.no-finding")]:
        print(f"  {finding}")
    return 0
