"""Messages into the store as they came: many in one write, each once, whatever came before.

What is stored is durable when `Registrar.register` returns; what a repeated message is answered
follows from the stored row alone, so that each resend gets the same bytes.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Generic, TypeVar

from sqlalchemy import Connection

from fhir_server.hl7v2.acknowledgment import acknowledge
from fhir_server.hl7v2.header import Header
from fhir_server.hl7v2.mapping.accounting import refused_account
from fhir_server.hl7v2.modes import Mode
from fhir_server.hl7v2.policy import Sending
from fhir_server.hl7v2.problems import Acknowledgment, Location, Problem, Refusal
from fhir_server.r4.outcome import FhirError
from fhir_server.store import hl7v2_messages as messages
from fhir_server.store.connections import StoreUnavailable
from fhir_server.store.database import Database
from fhir_server.store.hl7v2_arrivals import MOST_AT_ONCE, insert_messages
from fhir_server.store.hl7v2_keys import other_key
from fhir_server.store.hl7v2_messages import KnownMessage, NewMessage, Outcome
from fhir_server.store.resources import moment

T = TypeVar("T")

_CONTROL_ID: Final = Location("MSH", 1, 10)
_USED: Final = Problem(
    "205", "MSH-10 was used before by this sender for another message; send a new id", _CONTROL_ID
)
_KEPT: Final = Problem(
    "205", "the message is kept for a person to judge and is not processed", _CONTROL_ID
)


# How long a message waits for others to share its write.
_LONGEST_WAIT: Final = 0.001


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message on its way into the store; `read` tells how it is read.

    `problem` is why it goes to quarantine, `refusal` why its header is not for this server;
    `early` the acknowledgment of a message that is acknowledged once it is kept.
    """

    message: NewMessage
    read: Callable[[], Sending]
    mode: Mode
    problem: Problem | None = None
    refusal: Refusal | None = None
    early: bytes | None = None

    @property
    def sending(self) -> Sending:
        """How it is read."""
        return self.read()

    @property
    def is_answered(self) -> bool:
        """Whether its sender is answered, and may go on, once it is kept."""
        return self.early is not None or self.mode.enhanced

    @property
    def size(self) -> int:
        """The bytes that it takes while it waits."""
        return len(self.message.body)


def accepted(known: KnownMessage, arrival: Arrival) -> tuple[bytes, Acknowledgment]:
    """Return the acknowledgment of enhanced mode that a message is kept, or why it is not.

    HL7 v2.5.1 section 2.9.3.1: CR where MSH-9, MSH-11 or MSH-12 are not acceptable, CE where it
    cannot be accepted for another reason.
    """
    code: Acknowledgment = "CA"
    problems: tuple[Problem, ...] = ()
    if arrival.problem is not None:
        code, problems = "CE", (arrival.problem,)
    elif known.state == "quarantined":
        code, problems = "CE", (_KEPT,)
    elif arrival.refusal is not None:
        code = "CR" if arrival.refusal.acknowledgment == "AR" else "CE"
        problems = arrival.refusal.problems
    # Apart from that of the application, which carries the message's own id.
    control_id = f"C{known.id[1:]}"
    return _acknowledge(arrival, code, problems, known.received, control_id), code


def acknowledged(arrival: Arrival, code: Acknowledgment, problems: Iterable[Problem] = ()) -> bytes:
    """Return the acknowledgment of a message as it arrives."""
    message = arrival.message
    return _acknowledge(arrival, code, problems, message.received, message.id)


def _acknowledge(
    arrival: Arrival,
    code: Acknowledgment,
    problems: Iterable[Problem],
    received: int,
    control_id: str,
) -> bytes:
    sending = arrival.sending
    return acknowledge(
        sending.header,
        code,
        problems,
        # The time of receipt, not of this answer: each resend gets the same bytes.
        at=moment(received).astimezone(sending.policy.zone),
        control_id=control_id,
        enhanced=arrival.mode.enhanced,
    )


def register(connection: Connection, arrivals: Sequence[Arrival]) -> list[KnownMessage]:
    """Store new messages, and find those that repeat one (sender, MSH-10, bytes).

    Other bytes under a control id that the sender has used before are kept for a person to
    judge: which of the two is right cannot be told here.
    """
    known = register_new(connection, arrivals)
    return known or [_registered(connection, each) for each in arrivals]


def register_new(connection: Connection, arrivals: Sequence[Arrival]) -> list[KnownMessage] | None:
    """Store messages in one statement; None where some were there, or may not be stored so.

    Those that were not there are stored all the same.
    """
    if any(each.problem is not None for each in arrivals):
        return None
    added = insert_messages(connection, [(each.message, each.early) for each in arrivals])
    if added < len(arrivals):
        return None
    return [_stored(each.message, "received", each.early) for each in arrivals]


def _registered(connection: Connection, arrival: Arrival) -> KnownMessage:
    message = arrival.message
    if arrival.problem is not None:
        # Under a key of its own: nobody else may take a registered sender's control ids.
        return _quarantined(connection, arrival, "AR", arrival.problem)
    insert_messages(connection, [(message, arrival.early)])
    known = messages.find(connection, message.key)
    if known is None:
        raise LookupError("a message of this key was there and is not")
    if known.sha256 == message.sha256:
        return known
    return _quarantined(connection, arrival, "AE", _USED)


def _quarantined(
    connection: Connection, arrival: Arrival, code: Acknowledgment, problem: Problem
) -> KnownMessage:
    message = arrival.message
    key = other_key(message.sender, message.control_id, message.sha256)
    known = messages.find(connection, key)
    if known is not None:
        return known
    message = replace(message, key=key)
    answer = acknowledged(arrival, code, [problem])
    outcome = Outcome(
        state="quarantined",
        acknowledgment=answer,
        finished=message.received,
        errors=[problem.as_json()],
        account=refused_account(message.body, arrival.sending.header).as_json(),
    )
    insert_messages(connection, [(message, None)])
    messages.finish(connection, message.id, outcome)
    return _stored(message, "quarantined", answer)


def keep(connection: Connection, message: NewMessage, outcome: Outcome, header: Header) -> bool:
    """Store bytes that are no message, once, with their outcome and account; whether it is new."""
    if not insert_messages(connection, [(message, None)]):
        return False
    account = refused_account(message.body, header).as_json()
    messages.finish(connection, message.id, replace(outcome, account=account))
    return True


def _stored(message: NewMessage, state: messages.State, answer: bytes | None) -> KnownMessage:
    return KnownMessage(
        id=message.id,
        received=message.received,
        sender=message.sender,
        state=state,
        sha256=message.sha256,
        body=message.body,
        acknowledgment=answer,
    )


class Registrar(Generic[T]):
    """Stores what arrives: what came while the last write was on its way shares the next.

    So does what those that were answered last send next, where it comes at once: half of what a
    write costs is not its messages, and senders would come to take turns in two halves. Where
    others write too, nobody is waited for.

    `settle` makes an answer of each, in the order in which they were stored, also of one for
    which nobody waits any more.
    """

    def __init__(
        self, database: Database, settle: Callable[[Arrival, KnownMessage | Exception], T]
    ) -> None:
        self._database = database
        self._settle = settle
        self._arrived: deque[_Waiting[T]] = deque()
        self._retrying: set[asyncio.Task[None]] = set()
        self._is_asked = False
        self._on_their_way = 0
        # So many messages are waited for, as long as there is a timer.
        self._expected = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def register(self, arrival: Arrival) -> "asyncio.Future[T]":
        """Return the answer to a message, once it is durable or cannot be."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = self._loop.create_future()
        self._arrived.append(_Waiting(arrival, future))
        if not self._is_asked and (
            not self._database.is_quiet
            or (not self._on_their_way and len(self._arrived) >= self._expected)
        ):
            self._ask()
        return future

    def _ask(self) -> None:
        self._expected = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._arrived and not self._is_asked:
            self._is_asked = True
            # Behind what else has come by now: it shares the write.
            asyncio.get_running_loop().call_soon(self._write)

    def _write(self) -> None:
        taken: list[_Waiting[T]] = []

        def take() -> list[Arrival]:
            # On the writer's thread: what comes from here on asks for a write of its own.
            self._is_asked = False
            with contextlib.suppress(IndexError):
                while True:
                    taken.append(self._arrived.popleft())
            return [each.arrival for each in taken]

        def alone(connection: Connection) -> list[KnownMessage] | None:
            arrivals = take()
            if len(arrivals) > MOST_AT_ONCE:
                return None
            return register_new(connection, arrivals)

        def settled(found: list[KnownMessage] | None, error: BaseException | None) -> None:
            if error is not None and not taken:  # the write did not come as far as this
                take()
            self._on_their_way -= 1
            try:
                self._written(taken, found or [], error)
            finally:
                self._expect(sum(each.arrival.is_answered for each in taken))

        self._on_their_way += 1
        try:
            self._database.submit(lambda c: register(c, take()), settled, alone=alone)
        except StoreUnavailable as error:
            settled(None, error)

    def _expect(self, answered: int) -> None:
        """Wait for those that have come, and for what those that were answered send next."""
        if self._is_asked or self._on_their_way:
            return
        self._expected = answered + len(self._arrived)
        if self._expected > len(self._arrived):
            self._timer = asyncio.get_running_loop().call_later(_LONGEST_WAIT, self._ask)
        else:
            self._ask()

    def _written(
        self,
        taken: "list[_Waiting[T]]",
        found: list[KnownMessage],
        error: BaseException | None,
    ) -> None:
        if error is None:
            for waiting, known in zip(taken, found, strict=True):
                self._answer(waiting, known)
        elif isinstance(error, FhirError):
            for waiting in taken:
                self._answer(waiting, error)
        else:
            # One of them cannot be stored; the others must not suffer from it.
            task = asyncio.create_task(self._write_apart(taken))
            self._retrying.add(task)
            task.add_done_callback(self._retrying.discard)

    async def _write_apart(self, taken: "list[_Waiting[T]]") -> None:
        for waiting in taken:
            work = asyncio.ensure_future(self._database.write(partial(_one, waiting.arrival)))
            await asyncio.wait([work])
            error = work.exception()
            if error is not None and not isinstance(error, Exception):
                raise error
            self._answer(waiting, error or work.result())

    def _answer(self, waiting: "_Waiting[T]", known: KnownMessage | Exception) -> None:
        answer = self._settle(waiting.arrival, known)
        if not waiting.future.cancelled():
            waiting.future.set_result(answer)


def _one(arrival: Arrival, connection: Connection) -> KnownMessage:
    (known,) = register(connection, [arrival])
    return known


@dataclass(frozen=True, slots=True)
class _Waiting(Generic[T]):
    arrival: Arrival
    future: "asyncio.Future[T]"
