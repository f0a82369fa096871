"""A message in, an acknowledgment out: stored before it is judged, and judged once.

The bytes are durable before anything is done with them; resources, outcome and acknowledgment
are written in one transaction; what was cut off in between is taken up by `resume`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from fhir_server.hl7v2.acknowledgment import acknowledge, code_of
from fhir_server.hl7v2.arriving import Arrivals
from fhir_server.hl7v2.backlog import Backlog, Room
from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.modes import ORIGINAL, Mode, is_wanted, mode_of
from fhir_server.hl7v2.policy import Reception
from fhir_server.hl7v2.problems import FAULTS, Acknowledgment, FaultKind, Problem
from fhir_server.hl7v2.registering import Arrival, Registrar, accepted, acknowledged, keep
from fhir_server.hl7v2.senders import Peer
from fhir_server.hl7v2.working import Answer, Worker
from fhir_server.r4.outcome import FhirError
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_messages import KnownMessage, ListedMessage, Outcome

_LOG = logging.getLogger(__name__)

_AWAY: Final = Problem("207", "the message could not be stored; send it again later")
_IN_QUARANTINE: Final = Problem("205", "the message is kept for a person to judge")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a message is answered: `first` at once, `later` once it has been processed.

    Either is None where the message asks for no such acknowledgment, or none is due.
    `is_repeated`: the message had come before.
    """

    first: Answer | None
    later: "asyncio.Future[Answer] | None" = None
    mode: Mode = ORIGINAL
    is_repeated: bool = False

    async def application(self) -> Answer | None:
        """Return the acknowledgment of the processed message where it is wanted."""
        if self.later is None or self.mode.application == "NE":
            return None
        answer = await asyncio.shield(self.later)
        return answer if is_wanted(self.mode.application, answer.code) else None


def _now() -> datetime:
    return datetime.now(UTC)


class Intake:
    """Takes HL7v2 messages from any channel; one instance per server.

    For metrics `on_answer` is told of each acknowledgment, `on_repeat` of each message that had
    come before, `on_quarantine` of each that a person has to judge, by its type. `longest` is the
    size in bytes beyond which a channel takes no message. Not more than `waiting` messages, of
    `waiting_bytes` together, are taken and not yet processed: beyond them a sender waits.
    """

    def __init__(
        self,
        *,
        database: Database,
        reception: Reception,
        worker: Worker,
        now: Callable[[], datetime] = _now,
        on_answer: Callable[[Answer], None] = lambda _: None,
        on_repeat: Callable[[], None] = lambda: None,
        on_quarantine: Callable[[str], None] = lambda _: None,
        longest: int = 5 * 1024 * 1024,
        waiting: int = 4096,
        waiting_bytes: int = 64 * 1024 * 1024,
    ) -> None:
        self._database = database
        self._reception = reception
        self._now = now
        self._on_answer = on_answer
        self._on_repeat = on_repeat
        self._on_quarantine = on_quarantine
        self.longest = longest
        self._arrivals = Arrivals(reception, now)
        self._room = Room(messages=waiting, size=waiting_bytes)
        self._backlog = Backlog(worker, self._room, on_answer)
        self._registrar = Registrar(database, self._receipt)

    def local_time(self) -> datetime:
        """Return the time in the hospital's zone, as acknowledgments tell it."""
        return self._now().astimezone(self._reception.policy.zone)

    @property
    def waiting(self) -> int:
        """How many messages are kept and not yet processed."""
        return len(self._backlog)

    async def accept(self, raw: bytes, *, channel: str, peer: Peer) -> bytes:
        """Return the acknowledgment of a message, without MLLP blocks; it never raises."""
        return (await self.answer(raw, channel=channel, peer=peer)).acknowledgment

    async def answer(self, raw: bytes, *, channel: str, peer: Peer) -> Answer:
        """Take a message and return one acknowledgment, for a channel that has one answer.

        In enhanced mode that of the application where it is asked for, else that it is kept.
        """
        receipt = await self._taken(raw, channel, peer)
        answer = await receipt.application() or receipt.first
        if answer is None:
            raise AssertionError("a message has an acknowledgment at once or later")
        return answer

    async def outcome(self, raw: bytes, *, channel: str, peer: Peer) -> Answer:
        """Take a message and return what became of it, whatever acknowledgments it asks for.

        Where it is acknowledged once it is kept, that it is kept.
        """
        receipt = await self._taken(raw, channel, peer)
        answer = receipt.first
        if receipt.later is not None:
            answer = await asyncio.shield(receipt.later)
        if answer is None:
            raise AssertionError("a message has an acknowledgment at once or later")
        return replace(answer, is_repeated=receipt.is_repeated)

    async def take(self, raw: bytes, *, channel: str, peer: Peer) -> Receipt:
        """Store a message and begin to process it; what is acknowledged is durable.

        The receipt holds what the message asks to be sent back.
        """
        receipt = await self._taken(raw, channel, peer)
        first, mode = receipt.first, receipt.mode
        if first is None or not mode.enhanced or is_wanted(mode.accept, first.code):
            return receipt
        return replace(receipt, first=None)

    async def fault(
        self, kind: FaultKind, content: bytes, *, channel: str, peer: Peer
    ) -> bytes | None:
        """Keep bytes that are no frame in quarantine; an AR only for one too long.

        To half a message there is no answer: the sender has begun anew and waits for that one.
        """
        header = self._reception.policy.header(content)
        # Without the key of the whole message: a resend of that must not look like a duplicate.
        nameless = Header(("MSH",), header.separators, "", "latin-1")
        message = self._arrivals.new(content, nameless, "|", channel, peer)
        problem = FAULTS[kind]
        mode = mode_of(header)
        code: Acknowledgment = "CE" if mode.enhanced else "AR"
        answer = acknowledge(
            header,
            code,
            [problem],
            at=self._now().astimezone(self._reception.policy.zone),
            control_id=message.id,
            enhanced=mode.enhanced,
        )
        outcome = Outcome("quarantined", answer, message.received, [problem.as_json()])
        _LOG.warning("hl7v2 bytes that are no frame", extra={"reason": kind, "peer": str(peer)})
        try:
            if await self._database.write(lambda c: keep(c, message, outcome, header)):
                self._on_quarantine(message.type)
        except FhirError as error:
            _LOG.error("hl7v2 message not stored", extra={"reason": type(error).__name__})
        wanted = not mode.enhanced or is_wanted(mode.accept, code)
        return answer if kind == "too-long" and wanted else None

    async def listed(self, states: Iterable[messages.State]) -> tuple[ListedMessage, ...]:
        """Return the newest messages in any of `states`, without patient content."""
        return await self._database.read(lambda c: messages.list_messages(c, states))

    async def process_again(self, id: str) -> Answer | None:
        """Process a stored message, whatever its state; None where there is none of that id.

        Content that is there already makes no new version. The acknowledgment that its sender
        got stays the one that a resend gets.
        """
        task = await self.begin_again(id)
        return None if task is None else await asyncio.shield(task)

    async def begin_again(self, id: str) -> "asyncio.Task[Answer] | None":
        """Begin what `process_again` does: it keeps its place in its patient's order."""
        known = await self._database.look_up(lambda c: messages.get(c, id))
        if known is None:
            return None
        await self._room.enter(len(known.body))
        sending = self._reception.stored(known.body, known.sender)
        return self._backlog.begin(known, sending, waited_for=True, is_new=False, again=True)

    async def resume(self) -> int:
        """Begin to process what was stored and not finished before the last stop; return how many.

        Call it before the first message is taken: each patient's messages keep their order.
        """
        left = await self._database.read(messages.unfinished)
        for id in left:
            known = await self._database.look_up(lambda c, id=id: messages.get(c, id))  # type: ignore[misc]
            if known is not None:
                self._room.enter_now(len(known.body))
                read = partial(self._reception.stored, known.body, known.sender)
                self._backlog.put_off(known, read, is_new=False)
        return len(left)

    async def recover(self) -> int:
        """Process what was stored and not finished before the last stop; return how many."""
        left = await self.resume()
        await self.drain()
        return left

    async def drain(self, seconds: float | None = None) -> bool:
        """Wait until every message that is being processed has its outcome, `seconds` at most.

        False where some have not: they are kept, and taken up at the next start.
        """
        return await self._backlog.drain(seconds)

    def _taken(self, raw: bytes, channel: str, peer: Peer) -> Awaitable[Receipt]:
        if self._room.has_entered(len(raw)):
            return self._inside(raw, channel, peer)
        return self._waited(raw, channel, peer)

    def _inside(self, raw: bytes, channel: str, peer: Peer) -> Awaitable[Receipt]:
        arrival = self._arrivals.of(raw, channel, peer)
        self._backlog.arrives()
        return self._registrar.register(arrival)

    async def _waited(self, raw: bytes, channel: str, peer: Peer) -> Receipt:
        await self._room.enter(len(raw))
        return await self._inside(raw, channel, peer)

    def _receipt(self, arrival: Arrival, known: KnownMessage | Exception) -> Receipt:
        """Return the answers to a message, and begin to process it where that is due.

        One that failed by our fault is tried again when its sender repeats it.
        """
        self._backlog.has_arrived()
        if isinstance(known, Exception):
            # The store is full or stopping: nothing is durable, so nothing may be acknowledged.
            self._room.leave(arrival.size)
            _LOG.error("hl7v2 message not stored", extra={"reason": type(known).__name__})
            return Receipt(self._told(_unavailable(arrival)), mode=arrival.mode)
        is_repeated = known.id != arrival.message.id
        if is_repeated:
            self._on_repeat()
        elif known.state == "quarantined":
            self._on_quarantine(arrival.message.type)
        sent = _sent(known)
        is_due = arrival.problem is None and known.state in ("received", "failed")
        # An AR of ours was no last word; that a message is kept was.
        answered = sent is not None and not (is_due and sent.code == "AR")
        task = None
        if not is_due:
            self._room.leave(arrival.size)
        elif answered and not arrival.mode.enhanced:
            self._backlog.put_off(known, arrival.read, is_new=not is_repeated)
        else:
            task = self._backlog.begin(
                known,
                arrival.sending,
                waited_for=not arrival.mode.enhanced,
                is_new=not is_repeated,
            )
        if arrival.mode.enhanced:
            later = task or _done(sent or _kept(arrival, known))
            receipt = self._enhanced(arrival, known, later)
        elif answered or task is None:
            receipt = Receipt(self._told(sent or _kept(arrival, known)))
        else:
            receipt = Receipt(None, task)
        return replace(receipt, is_repeated=True) if is_repeated else receipt

    def _enhanced(
        self, arrival: Arrival, known: KnownMessage, later: "asyncio.Future[Answer]"
    ) -> Receipt:
        content, code = accepted(known, arrival)
        first = self._told(Answer(content, code, known.id))
        # HL7 v2.5.1 section 2.9.3.2: only an accepted message gets an application acknowledgment.
        return Receipt(first, later if code == "CA" else None, arrival.mode)

    def _told(self, answer: Answer) -> Answer:
        self._on_answer(answer)
        return answer


def _sent(known: KnownMessage) -> Answer | None:
    """Return the acknowledgment that the sender of a message has got, if it has."""
    content = known.acknowledgment
    return None if content is None else Answer(content, code_of(content), known.id)


def _kept(arrival: Arrival, known: KnownMessage) -> Answer:
    return Answer(acknowledged(arrival, "AE", [_IN_QUARANTINE]), "AE", known.id)


def _unavailable(arrival: Arrival) -> Answer:
    code: Acknowledgment = "CE" if arrival.mode.enhanced else "AR"
    content = acknowledged(arrival, code, [_AWAY])
    return Answer(content, code, arrival.message.id, may_be_repeated=True)


def _done(answer: Answer) -> "asyncio.Future[Answer]":
    future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
    future.set_result(answer)
    return future
