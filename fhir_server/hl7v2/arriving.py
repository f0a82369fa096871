"""Messages as they come in, made ready to be stored.

Headers of one sender differ in time and control id (MSH-7, MSH-10) and hardly ever in more: what
follows from the rest is worked out for the first of them and remembered for the others.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from functools import lru_cache, partial
from typing import Final

from fhir_server.hl7v2.acknowledgment import Form, timestamp
from fhir_server.hl7v2.header import PLAIN, Apart, Header, apart
from fhir_server.hl7v2.modes import Mode
from fhir_server.hl7v2.policy import Reception, Sending
from fhir_server.hl7v2.problems import Problem, Refusal
from fhir_server.hl7v2.registering import Arrival, acknowledged
from fhir_server.hl7v2.senders import Peer
from fhir_server.store.hl7v2_keys import message_key, plain_key, quoted
from fhir_server.store.hl7v2_messages import NewMessage
from fhir_server.store.identity import OrderedIds
from fhir_server.store.resources import microseconds, moment

# Of two messages of one time the one that arrived later is newer (`hl7v2.meeting`).
_IDS: Final = OrderedIds()
# More kinds than this are no kinds: a sender that puts a number into another field of MSH.
_MOST_KINDS: Final = 1024


@dataclass(frozen=True, slots=True)
class _Kind:
    """What messages have in common that came from one peer with headers alike."""

    sending: Sending
    peer: str
    sender: str
    quoted: bytes
    type: str
    mode: Mode
    problem: Problem | None
    refusal: Refusal | None
    form: Form | None


class Arrivals:
    """Makes arrivals of the bytes that come in, as `reception` has them read."""

    def __init__(self, reception: Reception, now: Callable[[], datetime]) -> None:
        self._reception = reception
        self._now = now
        self._kinds: dict[tuple[Peer, tuple[bytes, ...]], _Kind] = {}

    def of(self, raw: bytes, channel: str, peer: Peer) -> Arrival:
        """Return the arrival of a message."""
        parts = apart(raw)
        if parts is None:
            return self._read(raw, channel, peer)
        kind = self._kinds.get((peer, parts.rest))
        if kind is not None:
            return self._alike(kind, parts, raw, channel)
        arrival = self._read(raw, channel, peer)
        self._remember((peer, parts.rest), arrival)
        return arrival

    def new(self, raw: bytes, header: Header, sender: str, channel: str, peer: Peer) -> NewMessage:
        """Return bytes that come in as a message to store."""
        sha256 = hashlib.sha256(raw).hexdigest()
        now = self._now()
        return NewMessage(
            # 20 characters, the longest that MSH-10 of an acknowledgment holds (v2.5.1, 2.15.9.10).
            id=_IDS.next(now),
            received=microseconds(now),
            channel=channel,
            peer=str(peer),
            sender=sender,
            control_id=header.control_id,
            type=header.type,
            sha256=sha256,
            key=message_key(sender, header.control_id, sha256),
            body=raw,
        )

    def _read(self, raw: bytes, channel: str, peer: Peer) -> Arrival:
        sending = self._reception.arriving(raw, peer)
        message = self.new(raw, sending.header, sending.sender, channel, peer)
        mode = sending.mode
        arrival = Arrival(message, lambda: sending, mode, sending.unregistered)
        if not mode.enhanced and sending.policy.acknowledge == "processed":
            return arrival
        try:
            sending.admit()
        except Refusal as refusal:
            return replace(arrival, refusal=refusal)
        return arrival if mode.enhanced else replace(arrival, early=acknowledged(arrival, "AA"))

    def _remember(self, key: tuple[Peer, tuple[bytes, ...]], arrival: Arrival) -> None:
        message, sending = arrival.message, arrival.sending
        header = sending.header
        form = None if arrival.early is None else Form.of(header, "AA")
        if header.problem is not None or (form is None) != (arrival.early is None):
            return
        if not set(PLAIN.decode()).isdisjoint("".join(header.fields[1:3])):
            return
        if len(self._kinds) >= _MOST_KINDS:
            self._kinds.clear()
        self._kinds[key] = _Kind(
            sending,
            message.peer,
            message.sender,
            quoted(message.sender),
            message.type,
            arrival.mode,
            arrival.problem,
            # Without the message that is held by where it was raised.
            None if arrival.refusal is None else arrival.refusal.with_traceback(None),
            form,
        )

    def _alike(self, kind: _Kind, parts: Apart, raw: bytes, channel: str) -> Arrival:
        time, control_id = parts.time, parts.control_id
        now = self._now()
        received, id = microseconds(now), _IDS.next(now)
        message = NewMessage(
            id,
            received,
            channel,
            kind.peer,
            kind.sender,
            control_id.decode(),
            kind.type,
            hashlib.sha256(raw).hexdigest(),
            plain_key(kind.quoted, control_id),
            raw,
        )
        early = None
        if kind.form is not None:
            at = _second(received // 1_000_000, kind.sending.policy.zone)
            early = kind.form.filled(at, id, control_id)
        read = partial(_alike, kind.sending, time, control_id)
        return Arrival(message, read, kind.mode, kind.problem, kind.refusal, early)


def _alike(sending: Sending, time: bytes, control_id: bytes) -> Sending:
    """Return how a message is read whose header differs in these from another's."""
    return replace(sending, header=sending.header.at(time.decode(), control_id.decode()))


@lru_cache(64)
def _second(second: int, zone: tzinfo) -> str:
    return timestamp(moment(second * 1_000_000).astimezone(zone))
