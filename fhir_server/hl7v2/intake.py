"""A message in, an acknowledgment out: stored before it is judged, and judged once.

The bytes are durable before anything is done with them; resources, outcome and acknowledgment
are written in one transaction; what was cut off in between is taken up by `recover`.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from typing import Final

from sqlalchemy import Connection

from fhir_server.hl7v2 import admission
from fhir_server.hl7v2.acknowledgment import acknowledge, code_of
from fhir_server.hl7v2.framing import FaultKind
from fhir_server.hl7v2.header import Header, read_header
from fhir_server.hl7v2.held_profiles import HeldProfiles
from fhir_server.hl7v2.mapping.context import Translator, context
from fhir_server.hl7v2.mapping.conversion import Read
from fhir_server.hl7v2.problems import Acknowledgment, Location, Problem, Refusal
from fhir_server.hl7v2.processing import (
    InvalidConversion,
    convert_message,
    patients_of,
    read_message,
    record,
)
from fhir_server.r4.outcome import FhirError
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_keys import message_key, other_key
from fhir_server.store.hl7v2_messages import KnownMessage, ListedMessage, NewMessage, Outcome
from fhir_server.store.resources import microseconds, moment

_LOG = logging.getLogger(__name__)

# A patient may be created over FHIR between the look-up and the write; then it is done again.
_ATTEMPTS: Final = 3

_FAULTS: Final[Mapping[FaultKind, Problem]] = {
    "half-frame": Problem("100", "a new start block came before the end block: half a message"),
    "too-long": Problem("104", "the message is longer than this server takes; its start is kept"),
    "unterminated": Problem("100", "the connection or its time ended before the end block"),
    "stray-bytes": Problem("100", "bytes outside a frame"),
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What a hospital decides about its messages.

    `zone` is that of times without an offset; `default_charset` (a name of table 0211, "" for
    strict UTF-8) that of messages without MSH-18; `identifier_systems` maps the name of an
    assigning authority to its URI; `processing_ids` are those taken into the record (MSH-11).
    """

    zone: tzinfo
    default_charset: str = ""
    identifier_systems: Mapping[str, str] = field(default_factory=dict)
    processing_ids: frozenset[str] = frozenset(("P",))


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgment and the message that it answers.

    `may_be_repeated`: the fault was ours (condition 207); the same bytes may be sent again.
    """

    acknowledgment: bytes
    code: Acknowledgment
    message_id: str
    may_be_repeated: bool = False


class _PatientsMoved(Exception):
    """The patients of a message are other ones than when it was converted."""


def _now() -> datetime:
    return datetime.now(UTC)


class Intake:
    """Takes HL7v2 messages from any channel; one instance per server.

    `on_answer` is told of each answer (for metrics); `longest` is the size in bytes beyond which
    a channel takes no message; `held` are the profiles that what messages become is held to.
    """

    def __init__(
        self,
        *,
        database: Database,
        policy: Policy,
        codes: Translator,
        now: Callable[[], datetime] = _now,
        on_answer: Callable[[Answer], None] = lambda _: None,
        longest: int = 5 * 1024 * 1024,
        held: HeldProfiles | None = None,
    ) -> None:
        self._database = database
        self._policy = policy
        self._codes = codes
        self._now = now
        self._on_answer = on_answer
        self.longest = longest
        self._held = held
        self._running: dict[str, asyncio.Task[Answer]] = {}

    async def accept(self, raw: bytes, *, channel: str, peer: str) -> bytes:
        """Return the acknowledgment of a message, without MLLP blocks; it never raises."""
        return (await self.answer(raw, channel=channel, peer=peer)).acknowledgment

    async def answer(self, raw: bytes, *, channel: str, peer: str) -> Answer:
        """Store and process a message; AA only where it and all its resources are durable."""
        header = read_header(raw, default_charset=self._policy.default_charset)
        message = self._new(raw, header, channel, peer)
        try:
            known = await self._database.write(lambda c: self._register(c, message, header))
            answer = await self._settled(known)
        except FhirError as error:
            # The store is full or stopping: nothing is durable, so nothing may be acknowledged.
            _LOG.error("hl7v2 message not stored", extra={"reason": type(error).__name__})
            answer = self._unavailable(header, message.id)
        self._on_answer(answer)
        return answer

    async def fault(
        self, kind: FaultKind, content: bytes, *, channel: str, peer: str
    ) -> bytes | None:
        """Keep bytes that are no frame in quarantine; an AR only for one too long.

        To half a message there is no answer: the sender has begun anew and waits for that one.
        """
        header = read_header(content, default_charset=self._policy.default_charset)
        # Without the key of the whole message: a resend of that must not look like a duplicate.
        nameless = Header(("MSH",), header.separators, "", "latin-1")
        message = self._new(content, nameless, channel, peer)
        problem = _FAULTS[kind]
        answer = self._acknowledge(header, "AR", [problem], message.id)
        outcome = self._outcome("quarantined", answer, [problem])
        _LOG.warning("hl7v2 bytes that are no frame", extra={"reason": kind, "peer": peer})
        try:
            await self._database.write(lambda c: _keep(c, message, outcome))
        except FhirError as error:
            _LOG.error("hl7v2 message not stored", extra={"reason": type(error).__name__})
        return answer if kind == "too-long" else None

    async def listed(self, states: Iterable[messages.State]) -> tuple[ListedMessage, ...]:
        """Return the newest messages in any of `states`, without patient content."""
        return await self._database.read(lambda c: messages.list_messages(c, states))

    async def recover(self) -> int:
        """Process what was stored and not finished before the last stop; return how many."""
        left = await self._database.read(messages.list_unfinished)
        for known in left:
            await self._settled(known)
        return len(left)

    async def drain(self) -> None:
        """Wait until every message that is being processed has its outcome."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    def _new(self, raw: bytes, header: Header, channel: str, peer: str) -> NewMessage:
        sender, sha256 = f"{header.field(3)}|{header.field(4)}", hashlib.sha256(raw).hexdigest()
        return NewMessage(
            id=secrets.token_hex(10),
            received=microseconds(self._now()),
            channel=channel,
            peer=peer,
            sender=sender,
            control_id=header.control_id,
            type=header.type,
            sha256=sha256,
            key=message_key(sender, header.control_id, sha256),
            body=raw,
        )

    def _register(
        self, connection: Connection, message: NewMessage, header: Header
    ) -> KnownMessage:
        """Store a new message, or find the one that this repeats (sender, MSH-10, bytes).

        Other bytes under a control id that the sender has used before are kept for a person to
        judge: which of the two is right cannot be told here.
        """
        known = messages.find(connection, message.key)
        if known is None:
            messages.insert_message(connection, message)
            return _stored(message)
        if known.sha256 == message.sha256:
            return known
        key = other_key(message.sender, message.control_id, message.sha256)
        other = messages.find(connection, key)
        if other is not None:
            return other
        text = "MSH-10 was used before by this sender for another message; send a new id"
        problem = Problem("205", text, Location("MSH", 1, 10))
        answer = self._acknowledge(header, "AE", [problem], message.id)
        messages.insert_message(connection, replace(message, key=key))
        messages.finish(connection, message.id, self._outcome("quarantined", answer, [problem]))
        return _stored(message, "quarantined", answer)

    async def _settled(self, known: KnownMessage) -> Answer:
        """Return the answer of a stored message, processing it where that has not been done.

        A message that failed by our fault is tried again when its sender repeats it.
        """
        if known.acknowledgment is not None and known.state != "failed":
            return Answer(known.acknowledgment, code_of(known.acknowledgment), known.id)
        task = self._running.get(known.id)
        if task is None:
            task = asyncio.create_task(self._guarded(known))
            self._running[known.id] = task
            task.add_done_callback(lambda _: self._running.pop(known.id, None))
        # The sender may hang up; the message is processed all the same.
        return await asyncio.shield(task)

    async def _guarded(self, known: KnownMessage) -> Answer:
        """Process a message; whatever goes wrong there is recorded as a failure of ours."""
        work = asyncio.ensure_future(self._process(known))
        await asyncio.wait([work])
        error = work.exception()
        if error is None:
            return work.result()
        if isinstance(error, FhirError):
            raise error
        return await self._failed(known, error)

    async def _process(self, known: KnownMessage) -> Answer:
        header = read_header(known.body, default_charset=self._policy.default_charset)
        try:
            found = self._read(known, header)
            for _ in range(_ATTEMPTS):
                try:
                    return await self._convert_and_store(known, header, found)
                except _PatientsMoved:
                    continue
            raise InvalidConversion("the patients of the message changed with every attempt")
        except Refusal as refusal:
            return await self._refused(known, header, refusal)

    def _read(self, known: KnownMessage, header: Header) -> Read:
        policy = self._policy
        admission.admit(header, processing_ids=policy.processing_ids)
        codec = admission.codec(header, known.body, default_charset=policy.default_charset)
        surroundings = context(
            header,
            # The time of receipt: a message processed again is judged as it was the first time.
            now=moment(known.received),
            zone=policy.zone,
            codes=self._codes,
            identifier_systems=policy.identifier_systems,
        )
        return read_message(known.body, header, codec, surroundings)

    async def _convert_and_store(self, known: KnownMessage, header: Header, found: Read) -> Answer:
        ids = await self._database.look_up(lambda c: patients_of(c, found))
        conversion = convert_message(found, ids)

        def job(connection: Connection) -> Answer:
            if patients_of(connection, found) != ids:
                raise _PatientsMoved
            recorded = record(
                connection,
                found,
                conversion,
                ids,
                message_id=known.id,
                received=moment(known.received),
                now=self._now(),
                held=self._held,
            )
            answer = self._acknowledge(header, "AA", recorded.warnings, known.id)
            outcome = Outcome(
                state="processed",
                acknowledgment=answer,
                finished=microseconds(self._now()),
                warnings=[each.as_json() for each in recorded.warnings],
                account=conversion.account.as_json(),
                superseded=recorded.superseded,
            )
            messages.finish(connection, known.id, outcome)
            return Answer(answer, "AA", known.id)

        return await self._database.write(job)

    async def _refused(self, known: KnownMessage, header: Header, refusal: Refusal) -> Answer:
        answer = self._acknowledge(header, refusal.acknowledgment, refusal.problems, known.id)
        outcome = self._outcome("rejected", answer, refusal.problems)
        await self._database.write(lambda c: messages.finish(c, known.id, outcome))
        _LOG.warning(
            "hl7v2 message rejected",
            extra={
                "state": "rejected",
                "error": refusal.problems[0].code,
                "control_id": header.control_id,
            },
        )
        return Answer(answer, refusal.acknowledgment, known.id)

    async def _failed(self, known: KnownMessage, error: BaseException) -> Answer:
        """Answer AR for a fault of ours: the message is kept and may be sent again."""
        _LOG.error(
            "hl7v2 message failed",
            exc_info=error,
            extra={"state": "failed", "error": type(error).__name__},
        )
        header = read_header(known.body, default_charset=self._policy.default_charset)
        detail = f": {error}" if isinstance(error, InvalidConversion) else ""
        problem = Problem("207", f"{type(error).__name__} while the message was converted{detail}")
        answer = self._acknowledge(header, "AR", [problem], known.id)
        outcome = self._outcome("failed", answer, [problem])
        await self._database.write(lambda c: messages.finish(c, known.id, outcome))
        return Answer(answer, "AR", known.id, may_be_repeated=True)

    def _unavailable(self, header: Header, message_id: str) -> Answer:
        problem = Problem("207", "the message could not be stored; send it again later")
        answer = self._acknowledge(header, "AR", [problem], message_id)
        return Answer(answer, "AR", message_id, may_be_repeated=True)

    def _outcome(
        self, state: messages.State, answer: bytes, problems: Sequence[Problem]
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
        problems: Sequence[Problem],
        message_id: str,
    ) -> bytes:
        at = self._now().astimezone(self._policy.zone)
        return acknowledge(header, code, problems, at=at, control_id=message_id)


def _stored(
    message: NewMessage, state: messages.State = "received", answer: bytes | None = None
) -> KnownMessage:
    return KnownMessage(message.id, message.received, state, message.sha256, message.body, answer)


def _keep(connection: Connection, message: NewMessage, outcome: Outcome) -> None:
    if messages.find(connection, message.key) is None:
        messages.insert_message(connection, message)
        messages.finish(connection, message.id, outcome)
