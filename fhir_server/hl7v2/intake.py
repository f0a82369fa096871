"""A message in, an acknowledgment out: stored before it is judged, and judged once.

The bytes are durable before anything is done with them; resources, outcome and acknowledgment
are written in one transaction; what was cut off in between is taken up by `recover`.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from fhir_server.hl7v2.acknowledgment import acknowledge, code_of
from fhir_server.hl7v2.framing import FaultKind
from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.mapping.accounting import refused_account
from fhir_server.hl7v2.modes import ORIGINAL, Mode, is_wanted, mode_of
from fhir_server.hl7v2.ordering import PatientOrder, patient_keys
from fhir_server.hl7v2.policy import Reception, Sending
from fhir_server.hl7v2.problems import Acknowledgment, Location, Problem, Refusal
from fhir_server.hl7v2.senders import Peer
from fhir_server.hl7v2.working import Answer, Worker
from fhir_server.r4.outcome import FhirError
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_keys import message_key, other_key
from fhir_server.store.hl7v2_messages import KnownMessage, ListedMessage, NewMessage, Outcome
from fhir_server.store.resources import microseconds, moment

_LOG = logging.getLogger(__name__)

_FAULTS: Final[dict[FaultKind, Problem]] = {
    "half-frame": Problem("100", "a new start block came before the end block: half a message"),
    "too-long": Problem("104", "the message is longer than this server takes; its start is kept"),
    "unterminated": Problem("100", "the connection or its time ended before the end block"),
    "stray-bytes": Problem("100", "bytes outside a frame"),
}
_CONTROL_ID: Final = Location("MSH", 1, 10)
# Messages being converted at once: enough to share each commit, few enough to answer soon.
_AT_WORK: Final = 16
# How long an acknowledged message waits for a store that does not answer, at most, each time.
_LONGEST_PAUSE: Final = 30.0


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a message is answered: `first` at once, `later` once it has been processed.

    Either is None where the message asks for no such acknowledgment, or none is due.
    """

    first: Answer | None
    later: "asyncio.Task[Answer] | None" = None
    mode: Mode = ORIGINAL

    async def application(self) -> Answer | None:
        """Return the acknowledgment of the processed message where it is wanted."""
        if self.later is None:
            return None
        answer = await asyncio.shield(self.later)
        return answer if is_wanted(self.mode.application, answer.code) else None


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A message on its way into the store."""

    message: NewMessage
    sending: Sending
    mode: Mode
    problem: Problem | None


def _now() -> datetime:
    return datetime.now(UTC)


class Intake:
    """Takes HL7v2 messages from any channel; one instance per server.

    `on_answer` is told of each acknowledgment (for metrics); `longest` is the size in bytes
    beyond which a channel takes no message; `waiting` messages at most are taken and not yet
    processed: beyond them a sender waits.
    """

    def __init__(
        self,
        *,
        database: Database,
        reception: Reception,
        worker: Worker,
        now: Callable[[], datetime] = _now,
        on_answer: Callable[[Answer], None] = lambda _: None,
        longest: int = 5 * 1024 * 1024,
        waiting: int = 1024,
    ) -> None:
        self._database = database
        self._reception = reception
        self._worker = worker
        self._now = now
        self._on_answer = on_answer
        self.longest = longest
        self._room = asyncio.Semaphore(waiting)
        self._work = asyncio.Semaphore(_AT_WORK)
        self._order = PatientOrder()
        self._running: dict[str, asyncio.Task[Answer]] = {}
        self._stopping = asyncio.Event()

    @property
    def waiting(self) -> int:
        """How many messages are kept and not yet processed."""
        return len(self._running)

    async def accept(self, raw: bytes, *, channel: str, peer: Peer) -> bytes:
        """Return the acknowledgment of a message, without MLLP blocks; it never raises."""
        return (await self.answer(raw, channel=channel, peer=peer)).acknowledgment

    async def answer(self, raw: bytes, *, channel: str, peer: Peer) -> Answer:
        """Take a message and return one acknowledgment, for a channel that has one answer.

        In enhanced mode that of the application where it is asked for, else that it is kept.
        """
        receipt = await self.take(raw, channel=channel, peer=peer, always=True)
        application = await receipt.application()
        answer = application or receipt.first
        if answer is None:
            raise AssertionError("a message that is asked for an answer always has one")
        return answer

    async def take(self, raw: bytes, *, channel: str, peer: Peer, always: bool = False) -> Receipt:
        """Store a message and begin to process it; what is acknowledged is durable.

        `always`: the first acknowledgment is returned also where MSH-15 asks for none.
        """
        arrival = self._arrival(raw, channel, peer)
        await self._room.acquire()
        try:
            known = await self._database.write(lambda c: self._register(c, arrival))
        except FhirError as error:
            # The store is full or stopping: nothing is durable, so nothing may be acknowledged.
            self._room.release()
            _LOG.error("hl7v2 message not stored", extra={"reason": type(error).__name__})
            return Receipt(self._told(self._unavailable(arrival)))
        return self._receipt(known, arrival, always)

    async def fault(
        self, kind: FaultKind, content: bytes, *, channel: str, peer: Peer
    ) -> bytes | None:
        """Keep bytes that are no frame in quarantine; an AR only for one too long.

        To half a message there is no answer: the sender has begun anew and waits for that one.
        """
        header = self._reception.policy.header(content)
        # Without the key of the whole message: a resend of that must not look like a duplicate.
        nameless = Header(("MSH",), header.separators, "", "latin-1")
        message = self._new(content, nameless, "|", channel, peer)
        problem = _FAULTS[kind]
        answer = self._acknowledge(header, "AR", [problem], message.id)
        outcome = self._outcome("quarantined", answer, [problem])
        _LOG.warning("hl7v2 bytes that are no frame", extra={"reason": kind, "peer": str(peer)})
        try:
            await self._database.write(lambda c: _keep(c, message, outcome))
        except FhirError as error:
            _LOG.error("hl7v2 message not stored", extra={"reason": type(error).__name__})
        return answer if kind == "too-long" else None

    async def listed(self, states: Iterable[messages.State]) -> tuple[ListedMessage, ...]:
        """Return the newest messages in any of `states`, without patient content."""
        return await self._database.read(lambda c: messages.list_messages(c, states))

    async def process_again(self, id: str) -> Answer | None:
        """Process a stored message, whatever its state; None where there is none of that id.

        Content that is there already makes no new version. The acknowledgment that its sender
        got stays the one that a resend gets.
        """
        known = await self._database.read(lambda c: messages.get(c, id))
        if known is None:
            return None
        await self._room.acquire()
        return await asyncio.shield(self._started(known, again=True))

    async def recover(self) -> int:
        """Process what was stored and not finished before the last stop; return how many."""
        left = await self._database.read(messages.unfinished)
        for id in left:
            known = await self._database.read(lambda c, id=id: messages.get(c, id))  # type: ignore[misc]
            if known is not None:
                await self._room.acquire()
                self._started(known)
        await self.drain()
        return len(left)

    async def drain(self) -> None:
        """Wait until every message that is being processed has its outcome."""
        self._stopping.set()
        while self._running:
            await asyncio.wait(list(self._running.values()))
        self._stopping.clear()

    def _arrival(self, raw: bytes, channel: str, peer: Peer) -> _Arrival:
        sending = self._reception.arriving(raw, peer)
        message = self._new(raw, sending.header, sending.sender, channel, peer)
        return _Arrival(message, sending, mode_of(sending.header), sending.refusal)

    def _new(self, raw: bytes, header: Header, sender: str, channel: str, peer: Peer) -> NewMessage:
        sha256 = hashlib.sha256(raw).hexdigest()
        return NewMessage(
            id=secrets.token_hex(10),
            received=microseconds(self._now()),
            channel=channel,
            peer=str(peer),
            sender=sender,
            control_id=header.control_id,
            type=header.type,
            sha256=sha256,
            key=message_key(sender, header.control_id, sha256),
            body=raw,
        )

    def _register(self, connection: Connection, arrival: _Arrival) -> KnownMessage:
        """Store a new message, or find the one that this repeats (sender, MSH-10, bytes).

        Other bytes under a control id that the sender has used before are kept for a person to
        judge: which of the two is right cannot be told here.
        """
        message = arrival.message
        if arrival.problem is not None:
            # Under a key of its own: nobody else may take a registered sender's control ids.
            key = other_key(message.sender, message.control_id, message.sha256)
            return self._quarantined(connection, arrival, key, arrival.problem)
        known = messages.find(connection, message.key)
        if known is None:
            early = self._early(arrival)
            messages.insert_message(connection, message, early)
            return _stored(message, "received", early)
        if known.sha256 == message.sha256:
            return known
        text = "MSH-10 was used before by this sender for another message; send a new id"
        problem = Problem("205", text, _CONTROL_ID)
        key = other_key(message.sender, message.control_id, message.sha256)
        return self._quarantined(connection, arrival, key, problem)

    def _quarantined(
        self, connection: Connection, arrival: _Arrival, key: str, problem: Problem
    ) -> KnownMessage:
        other = messages.find(connection, key)
        if other is not None:
            return other
        message = replace(arrival.message, key=key)
        refusal = Refusal(problem)
        code: Acknowledgment = "AR" if arrival.problem is not None else refusal.acknowledgment
        answer = self._acknowledge(
            arrival.sending.header, code, [problem], message.id, arrival.mode
        )
        outcome = self._outcome("quarantined", answer, [problem])
        account = refused_account(message.body, arrival.sending.header).as_json()
        messages.insert_message(connection, message)
        messages.finish(connection, message.id, replace(outcome, account=account))
        return _stored(message, "quarantined", answer)

    def _early(self, arrival: _Arrival) -> bytes | None:
        """Return the AA of a message that is acknowledged once it is kept; None for any other."""
        sending = arrival.sending
        if arrival.mode.enhanced or sending.policy.acknowledge == "processed":
            return None
        try:
            sending.admit()
        except Refusal:
            return None
        return self._acknowledge(sending.header, "AA", [], arrival.message.id)

    def _receipt(self, known: KnownMessage, arrival: _Arrival, always: bool) -> Receipt:
        """Return the answers to a message that is stored, and process it where that is due.

        A message that failed by our fault is tried again when its sender repeats it.
        """
        mode, task = arrival.mode, None
        if known.state in ("received", "failed"):
            task = self._started(known)
        else:
            self._room.release()
        if not mode.enhanced:
            if known.acknowledgment is None or known.state == "failed":
                return Receipt(None, task)
            return Receipt(self._told(_sent(known, known.acknowledgment)))
        first = self._accepted(known, arrival)
        # HL7 v2.5.1 section 2.9.3.2: only an accepted message gets an application acknowledgment.
        later = None
        if first.code == "CA":
            later = task or _settled(_sent(known, known.acknowledgment or b""))
        return Receipt(self._wanted(first, mode, always), later, mode)

    def _wanted(self, first: Answer, mode: Mode, always: bool) -> Answer | None:
        return self._told(first) if always or is_wanted(mode.accept, first.code) else None

    def _accepted(self, known: KnownMessage, arrival: _Arrival) -> Answer:
        """Return the acknowledgment of enhanced mode that a message is kept, or why it is not.

        HL7 v2.5.1 section 2.9.3.1: CR where MSH-9, MSH-11 or MSH-12 are not acceptable, CE where
        it cannot be accepted for another reason. Made of the stored row alone, so that a resend
        gets the same bytes.
        """
        problems: list[Problem] = []
        code: Acknowledgment = "CA"
        header = arrival.sending.header
        if known.state == "quarantined":
            text = "the message is kept for a person to judge and is not processed"
            code, problems = "CE", [arrival.problem or Problem("205", text, _CONTROL_ID)]
        else:
            try:
                arrival.sending.admit()
            except Refusal as refusal:
                code = "CR" if refusal.acknowledgment == "AR" else "CE"
                problems = list(refusal.problems)
        content = acknowledge(
            header,
            code,
            problems,
            at=moment(known.received).astimezone(self._reception.policy.zone),
            control_id=f"C{known.id[1:]}",
            enhanced=True,
        )
        return Answer(content, code, known.id)

    def _started(self, known: KnownMessage, *, again: bool = False) -> "asyncio.Task[Answer]":
        """Process a message in its patient's order; whoever asks meanwhile joins the same work."""
        task = self._running.get(known.id)
        if task is not None:
            self._room.release()
            return task
        sending = self._reception.stored(known.body, known.sender)
        turn = self._order.turn(patient_keys(known.body, sending.header))

        async def work() -> Answer:
            try:
                async with turn, self._work:
                    return await self._processed(known, sending, again)
            finally:
                self._room.release()

        # The sender may hang up; the message is processed all the same.
        task = asyncio.create_task(work())
        self._running[known.id] = task
        task.add_done_callback(lambda _: self._running.pop(known.id, None))
        return task

    async def _processed(self, known: KnownMessage, sending: Sending, again: bool) -> Answer:
        """Process a message; one that is acknowledged already waits for a store that is away."""
        pause = 0.1
        while True:
            try:
                answer = await self._worker.process(known, sending)
            except FhirError as error:
                _LOG.error("hl7v2 message waits", extra={"reason": type(error).__name__})
                if known.acknowledgment is None or again or self._stopping.is_set():
                    return self._told(self._worker.unavailable(known, sending))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return answer if known.acknowledgment is not None else self._told(answer)

    def _told(self, answer: Answer) -> Answer:
        self._on_answer(answer)
        return answer

    def _unavailable(self, arrival: _Arrival) -> Answer:
        problem = Problem("207", "the message could not be stored; send it again later")
        enhanced = arrival.mode.enhanced
        code: Acknowledgment = "CE" if enhanced else "AR"
        id = arrival.message.id
        content = self._acknowledge(arrival.sending.header, code, [problem], id, arrival.mode)
        return Answer(content, code, id, may_be_repeated=True)

    def _outcome(
        self, state: messages.State, answer: bytes, problems: Iterable[Problem]
    ) -> Outcome:
        return Outcome(
            state=state,
            acknowledgment=answer,
            finished=microseconds(self._now()),
            errors=[each.as_json() for each in problems],
        )

    def _acknowledge(
        self,
        header: Header,
        code: Acknowledgment,
        problems: Iterable[Problem],
        message_id: str,
        mode: Mode = ORIGINAL,
    ) -> bytes:
        at = self._now().astimezone(self._reception.policy.zone)
        return acknowledge(
            header, code, problems, at=at, control_id=message_id, enhanced=mode.enhanced
        )


def _stored(
    message: NewMessage, state: messages.State = "received", answer: bytes | None = None
) -> KnownMessage:
    return KnownMessage(
        id=message.id,
        received=message.received,
        sender=message.sender,
        state=state,
        sha256=message.sha256,
        body=message.body,
        acknowledgment=answer,
    )


def _sent(known: KnownMessage, acknowledgment: bytes) -> Answer:
    return Answer(acknowledgment, code_of(acknowledgment), known.id)


def _settled(answer: Answer) -> "asyncio.Task[Answer]":
    async def known() -> Answer:
        return answer

    return asyncio.create_task(known())


def _keep(connection: Connection, message: NewMessage, outcome: Outcome) -> None:
    if messages.find(connection, message.key) is None:
        messages.insert_message(connection, message)
        messages.finish(connection, message.id, outcome)
