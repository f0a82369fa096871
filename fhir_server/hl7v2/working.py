"""One stored message becomes resources, or is refused with reasons; both in one transaction."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from fhir_server.hl7v2 import admission
from fhir_server.hl7v2.acknowledgment import acknowledge, code_of
from fhir_server.hl7v2.held_profiles import HeldProfiles
from fhir_server.hl7v2.mapping.accounting import refused_account
from fhir_server.hl7v2.mapping.context import context
from fhir_server.hl7v2.mapping.conversion import Read
from fhir_server.hl7v2.modes import doubts
from fhir_server.hl7v2.policy import Sending
from fhir_server.hl7v2.problems import Acknowledgment, Problem, Refusal
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
from fhir_server.store.hl7v2_messages import KnownMessage, Outcome
from fhir_server.store.resources import microseconds, moment

_LOG = logging.getLogger(__name__)

# A patient may be created over FHIR between the look-up and the write; then it is done again.
_ATTEMPTS: Final = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """An acknowledgment and the message that it answers.

    `may_be_repeated`: the fault was ours (condition 207); the same bytes may be sent again.
    `versions`: how many versions of resources were made just now; `is_repeated`: the message had
    come before.
    """

    acknowledgment: bytes
    code: Acknowledgment
    message_id: str
    may_be_repeated: bool = False
    versions: int = 0
    is_repeated: bool = False


class _PatientsMoved(Exception):
    """The patients of a message are other ones than when it was converted."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Processes stored messages.

    `held` are the profiles that what messages become is held to; `on_outcome` is told of each
    outcome, with the message as it was before and its type (for metrics).
    """

    database: Database
    now: Callable[[], datetime]
    held: HeldProfiles | None = None
    on_outcome: Callable[[KnownMessage, str, Outcome], None] = lambda _known, _type, _outcome: None

    async def current(self, known: KnownMessage) -> KnownMessage:
        """Return the message as it is stored now."""
        return await self.database.look_up(lambda c: messages.get(c, known.id)) or known

    async def process(self, known: KnownMessage, sending: Sending) -> Answer:
        """Return the acknowledgment of a processed message; FhirError where the store is away.

        Whatever goes wrong otherwise is recorded as a failure of ours.
        """
        work = asyncio.ensure_future(self._process(known, sending))
        await asyncio.wait([work])
        error = work.exception()
        if error is None:
            return work.result()
        if isinstance(error, FhirError):
            raise error
        return await self._failed(known, sending, error)

    def unavailable(self, known: KnownMessage, sending: Sending) -> Answer:
        """Return the answer to a message that cannot be processed as long as the store is away."""
        problem = Problem("207", "the message could not be stored; send it again later")
        answer = self._acknowledge(known, sending, "AR", [problem])
        return Answer(answer, "AR", known.id, may_be_repeated=True)

    async def _process(self, known: KnownMessage, sending: Sending) -> Answer:
        try:
            found = self._read(known, sending)
            for _ in range(_ATTEMPTS):
                try:
                    return await self._convert_and_store(known, sending, found)
                except _PatientsMoved:
                    continue
            raise InvalidConversion("the patients of the message changed with every attempt")
        except Refusal as refusal:
            return await self._refused(known, sending, refusal)

    def _read(self, known: KnownMessage, sending: Sending) -> Read:
        header, policy = sending.header, sending.policy
        sending.admit()
        codec = admission.codec(header, known.body, default_charset=policy.default_charset)
        surroundings = context(
            header,
            # The time of receipt: a message processed again is judged as it was the first time.
            now=moment(known.received),
            zone=policy.zone,
            codes=sending.codes,
            identifier_systems=policy.identifier_systems,
        )
        surroundings.remarks.extend(doubts(header))
        return read_message(known.body, header, codec, surroundings)

    async def _convert_and_store(
        self, known: KnownMessage, sending: Sending, found: Read
    ) -> Answer:
        ids = await self.database.look_up(lambda c: patients_of(c, found))
        conversion = convert_message(found, ids)

        def job(connection: Connection) -> tuple[bytes, Outcome]:
            if patients_of(connection, found) != ids:
                raise _PatientsMoved
            recorded = record(
                connection,
                found,
                conversion,
                ids,
                message_id=known.id,
                received=moment(known.received),
                now=self.now(),
                held=self.held,
            )
            answer = self._acknowledge(known, sending, "AA", recorded.warnings)
            outcome = Outcome(
                state="processed",
                acknowledgment=_unless_sent(known, answer),
                finished=microseconds(self.now()),
                warnings=[each.as_json() for each in recorded.warnings],
                account=conversion.account.as_json(),
                superseded=recorded.superseded,
                versions=recorded.versions,
            )
            messages.finish(connection, known.id, outcome)
            return answer, outcome

        answer, outcome = await self.database.write(job)
        self.on_outcome(known, sending.header.type, outcome)
        return Answer(answer, "AA", known.id, versions=outcome.versions)

    async def _refused(self, known: KnownMessage, sending: Sending, refusal: Refusal) -> Answer:
        code = refusal.acknowledgment
        answer = self._acknowledge(known, sending, code, refusal.problems)
        await self._finish(known, sending, "rejected", answer, refusal.problems)
        _LOG.warning(
            "hl7v2 message rejected",
            extra={
                "state": "rejected",
                "error": refusal.problems[0].code,
                "control_id": sending.header.control_id,
            },
        )
        return Answer(answer, code, known.id)

    async def _failed(self, known: KnownMessage, sending: Sending, error: BaseException) -> Answer:
        """Answer AR for a fault of ours: the message is kept and may be sent again."""
        _LOG.error(
            "hl7v2 message failed",
            exc_info=error,
            extra={"state": "failed", "error": type(error).__name__},
        )
        detail = f": {error}" if isinstance(error, InvalidConversion) else ""
        problem = Problem("207", f"{type(error).__name__} while the message was converted{detail}")
        answer = self._acknowledge(known, sending, "AR", [problem])
        await self._finish(known, sending, "failed", answer, [problem])
        return Answer(answer, "AR", known.id, may_be_repeated=True)

    async def _finish(
        self,
        known: KnownMessage,
        sending: Sending,
        state: messages.State,
        answer: bytes,
        problems: Sequence[Problem],
    ) -> None:
        if known.state == "processed":
            # Processed again: what it said the first time is in the record, and stays there.
            return
        outcome = Outcome(
            state=state,
            acknowledgment=_unless_sent(known, answer),
            finished=microseconds(self.now()),
            errors=[each.as_json() for each in problems],
            account=refused_account(known.body, sending.header).as_json(),
        )
        await self.database.write(lambda c: messages.finish(c, known.id, outcome))
        self.on_outcome(known, sending.header.type, outcome)

    def _acknowledge(
        self,
        known: KnownMessage,
        sending: Sending,
        code: Acknowledgment,
        problems: Sequence[Problem],
    ) -> bytes:
        return acknowledge(
            sending.header,
            code,
            problems,
            # The time of receipt, not of this answer: each resend gets the same bytes.
            at=moment(known.received).astimezone(sending.policy.zone),
            control_id=known.id,
            enhanced=sending.mode.enhanced,
        )


def outcome_of(known: KnownMessage) -> Answer | None:
    """Return the acknowledgment of a message that has its outcome, None where it is still due."""
    if known.state in ("received", "failed") or known.acknowledgment is None:
        return None
    return Answer(known.acknowledgment, code_of(known.acknowledgment), known.id)


def _unless_sent(known: KnownMessage, answer: bytes) -> bytes | None:
    """Return the acknowledgment to keep: the one that a sender has got already stays.

    The AR of a failure of ours is no last word: the next attempt has its own.
    """
    sent = known.acknowledgment
    if sent is None or (known.state == "failed" and code_of(sent) == "AR"):
        return answer
    return None
