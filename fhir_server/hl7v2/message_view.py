"""One kept message as a person looks at it: where each segment went, and what was made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from fhir_server.hl7v2.acknowledgment import code_of
from fhir_server.hl7v2.charset import codec_of
from fhir_server.hl7v2.header import read_header
from fhir_server.hl7v2.mapping.identity import resource_id
from fhir_server.hl7v2.tokenizer import parse
from fhir_server.r4.codec import decode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.store import resources
from fhir_server.store.hl7v2_log import LoggedMessage
from fhir_server.store.hl7v2_messages import ListedMessage
from fhir_server.store.resources import moment


@dataclass(frozen=True, slots=True)
class SegmentFate:
    """Where one segment went: converted or not, why not, and what in it nobody reads.

    `span` is its first byte in the message and the one behind its last. `components` are places
    in fields of which something is read: `11.12` is component 12 of field 11, `5.1.2` the second
    sub-component of 5.1, `16[2]` the second repetition of field 16.
    """

    name: str
    sequence: int
    span: tuple[int, int]
    converted: bool
    reason: str = ""
    fields: tuple[int, ...] = ()
    components: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that holds what a message said, and the segments that it is made of."""

    reference: str
    sources: tuple[str, ...]


def fates(message: LoggedMessage) -> list[SegmentFate]:
    """Return where each segment of a message went, in their order.

    A message without outcome has converted nothing yet.
    """
    known = {each["index"]: each for each in message.account.get("unconverted", ())}
    has_account = "segments" in message.account
    found = []
    # Only names and places are wanted, so the bytes need not be of the set that they declare.
    for segment in parse(message.body, read_header(message.body), "latin-1").segments:
        told: Mapping[str, Any] = known.get(segment.index, {})
        whole = bool(told) and "fields" not in told
        found.append(
            SegmentFate(
                name=segment.name,
                sequence=segment.sequence,
                span=segment.span,
                converted=has_account and not whole,
                reason=str(told.get("reason", "")),
                fields=tuple(told.get("fields", ())),
                components=tuple(told.get("components", ())),
            )
        )
    return found


def made(connection: Connection, id: str) -> list[Made]:
    """Return the resources that a message wrote, by its Provenance."""
    try:
        body = resources.read(connection, "Provenance", resource_id("Provenance", id)).body
    except (NotFound, Gone):
        return []
    return [
        Made(
            target["reference"],
            tuple(str(each.get("valueString", "")) for each in target.get("extension", ())),
        )
        for target in decode(body)["target"]
    ]


def listed_json(message: ListedMessage) -> dict[str, Any]:
    """Return a message of a list as JSON; nothing of its content."""
    application, _, facility = message.sender.partition("|")
    return {
        "id": message.id,
        "received": _instant(message.received),
        "channel": message.channel,
        "peer": message.peer,
        "sender": {"application": application, "facility": facility},
        "controlId": message.control_id,
        "type": message.type,
        "state": message.state,
        "errors": list(message.errors),
    }


def whole_json(message: LoggedMessage, resources_made: Sequence[Made]) -> dict[str, Any]:
    """Return all that is known of a message but its content, as JSON."""
    account = message.account
    return {
        **listed_json(message.listed),
        "bytes": len(message.body),
        "charset": charset(message),
        "acknowledgment": acknowledgment_code(message),
        "finished": None if message.finished is None else _instant(message.finished),
        "warnings": list(message.warnings),
        "account": {
            "segments": account.get("segments"),
            "converted": account.get("converted"),
            "each": [_fate(each) for each in fates(message)],
        },
        "resources": [
            {"reference": each.reference, "segments": list(each.sources)} for each in resources_made
        ],
        "superseded": list(message.superseded),
        "decisions": list(message.decisions),
    }


def _fate(each: SegmentFate) -> dict[str, Any]:
    told = {
        "segment": f"{each.name or '???'}^{each.sequence}",
        "bytes": list(each.span),
        "converted": each.converted,
    }
    more: dict[str, Any] = {"reason": each.reason} if each.reason else {}
    if each.fields:
        more["fields"] = list(each.fields)
    if each.components:
        more["components"] = list(each.components)
    return told | more


def _instant(at: int) -> str:
    return moment(at).isoformat(timespec="milliseconds")


def acknowledgment_code(message: LoggedMessage) -> str:
    """Return MSA-1 of what the sender was answered, "" where it was not answered yet."""
    return "" if message.acknowledgment is None else code_of(message.acknowledgment)


def charset(message: LoggedMessage) -> str:
    """Return the character set that the message declares as IANA names it, "" where it is unknown.

    Without MSH-18 it is the one that its header could be read in.
    """
    header = read_header(message.body)
    if header.charset:
        return codec_of(header.charset) or ""
    return "" if header.codec == "latin-1" else header.codec


def text_of(message: LoggedMessage) -> str:
    """Return the message as text, a segment on each line; bytes of no known set are escaped."""
    text = message.body.decode(charset(message) or "utf-8", errors="backslashreplace")
    return text.replace("\r\n", "\n").replace("\r", "\n")
