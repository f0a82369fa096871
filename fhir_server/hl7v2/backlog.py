"""Messages that are kept and not yet processed: bounded, each patient's in the order they came.

What is processed while nobody waits for it gives way to messages that arrive: those are
acknowledged soon, however many are waiting.
"""

import asyncio
import logging
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final, NamedTuple

from fhir_server.hl7v2.ordering import PatientOrder, patient_keys
from fhir_server.hl7v2.policy import Sending
from fhir_server.hl7v2.working import Answer, Worker, outcome_of
from fhir_server.r4.outcome import FhirError
from fhir_server.store.hl7v2_messages import KnownMessage

_LOG = logging.getLogger(__name__)

# Messages being converted at once: enough to share each commit, few enough to answer soon. Of
# those that nobody waits for so few that hardly anything stands before a message that arrives.
_AT_WORK: Final = 12
_UNHURRIED: Final = 2
# So many messages have their turn and are begun: if some wait for their patient's others, the
# next can go on. A task and the patients for each of thousands would cost their acknowledgments.
_AHEAD: Final = 16
# How long an acknowledged message waits for a store that does not answer, at most, each time.
_LONGEST_PAUSE: Final = 30.0
# A message that nobody waits for gives way while messages arrive and so many seconds after the
# last; one in ten parts of the time is for such messages all the same.
_LULL: Final = 0.002
_SHARE: Final = 9.0
# It begins to count so long after the first of them came: a short burst is acknowledged first.
_BEGINNING: Final = 0.25
# In so many turns of the event loop what has come to a socket is read and counted as arriving.
_TURNS: Final = 3


class Room:
    """So many messages, and so many bytes of them, are inside at once; the next waits outside."""

    def __init__(self, *, messages: int, size: int) -> None:
        self._most = messages
        self._largest = size
        self._inside = 0
        self._size = 0
        self._outside: deque[tuple[int, asyncio.Future[None]]] = deque()

    def has_entered(self, size: int) -> bool:
        """Take a place for a message of `size` bytes, if there is one and nobody waits for it."""
        if self._outside or not self._fits(size):
            return False
        self.enter_now(size)
        return True

    async def enter(self, size: int) -> None:
        """Wait for a place for a message of `size` bytes, in the order of asking."""
        if self.has_entered(size):
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._outside.append((size, future))
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.leave(size)
            raise

    def enter_now(self, size: int) -> None:
        """Take a place whether or not there is one."""
        self._inside += 1
        self._size += size

    def leave(self, size: int) -> None:
        """Give a place back; whoever fits now enters."""
        self._inside -= 1
        self._size -= size
        while self._outside:
            size, future = self._outside[0]
            if not future.cancelled():
                if not self._fits(size):
                    return
                self.enter_now(size)
                future.set_result(None)
            self._outside.popleft()

    def _fits(self, size: int) -> bool:
        # One alone always fits, however large.
        return not self._inside or (
            self._inside < self._most and self._size + size <= self._largest
        )


class Backlog:
    """Processes kept messages; whoever asks for one that is being processed joins that work.

    `on_answer` is told of each acknowledgment that a sender gets only once it is processed.
    """

    def __init__(self, worker: Worker, room: Room, on_answer: Callable[[Answer], None]) -> None:
        self._worker = worker
        self._room = room
        self._on_answer = on_answer
        self._work = asyncio.Semaphore(_AT_WORK)
        self._unhurried = asyncio.Semaphore(_UNHURRIED)
        self._giving_way = asyncio.Lock()
        self._order = PatientOrder()
        self._running: dict[str, asyncio.Task[Answer]] = {}
        self._put_off: OrderedDict[str, _PutOff] = OrderedDict()
        self._stopping = False
        self._arriving = 0
        self._arrived = 0.0
        self._free = 0.0

    def __len__(self) -> int:
        return len(self._running) + len(self._put_off)

    def arrives(self) -> None:
        """A message comes in and is being stored: what nobody waits for gives way to it."""
        self._arriving += 1

    def has_arrived(self) -> None:
        """It is stored, or cannot be."""
        self._arriving -= 1
        self._arrived = time.monotonic()

    def begin(
        self,
        known: KnownMessage,
        sending: Sending,
        *,
        waited_for: bool,
        is_new: bool,
        again: bool = False,
    ) -> "asyncio.Task[Answer]":
        """Process a message that has a place in the room, and give the place back at the end.

        It is a task of its own: the sender may hang up, the message is processed all the same.
        `waited_for`: somebody waits for the outcome; `is_new`: it was stored just now, so nobody
        can have processed it; `again`: process it also where it has its outcome.
        """
        while self._put_off:
            # They came before: theirs is the turn before.
            self._begin_next()
        task = self._running.get(known.id)
        if task is not None:
            self._room.leave(len(known.body))
            return task
        return self._begin(known, sending, waited_for=waited_for, is_new=is_new, again=again)

    def put_off(self, known: KnownMessage, read: Callable[[], Sending], *, is_new: bool) -> None:
        """Process a message with a place in the room once there is time: nobody waits for it.

        `read` tells then how it is read. Until then it costs no more than its place in the row.
        """
        if known.id in self._running or known.id in self._put_off:
            self._room.leave(len(known.body))
            return
        if not len(self):
            self._free = max(self._free, time.monotonic() + _BEGINNING)
        self._put_off[known.id] = _PutOff(known, read, is_new)
        if len(self._running) < _AHEAD:
            self._begin_next()

    def _begin_next(self) -> None:
        _, (known, read, is_new) = self._put_off.popitem(last=False)
        self._begin(known, read(), waited_for=False, is_new=is_new, again=False)

    def _begin(
        self, known: KnownMessage, sending: Sending, *, waited_for: bool, is_new: bool, again: bool
    ) -> "asyncio.Task[Answer]":
        # Now, not when the task begins: turns follow the order of arrival.
        turn = self._order.turn(patient_keys(known.body, sending.header))

        async def work() -> Answer:
            try:
                async with turn, self._work if waited_for else self._unhurried:
                    if not waited_for:
                        await self._give_way()
                    began = time.monotonic()
                    answer = await self._processed(known, sending, is_new=is_new, again=again)
                    now = time.monotonic()
                    self._free = now + _SHARE * (now - began)
                    return answer
            finally:
                self._room.leave(len(known.body))
                del self._running[known.id]

        task = self._running[known.id] = asyncio.create_task(work())
        task.add_done_callback(self._go_on)
        return task

    def _go_on(self, ended: "asyncio.Task[Answer]") -> None:
        while not ended.cancelled() and self._put_off and len(self._running) < _AHEAD:
            self._begin_next()

    async def drain(self, seconds: float | None = None) -> bool:
        """Wait until all have their outcome, `seconds` at most; False where some have not.

        Those are kept, and taken up at the next start.
        """
        self._stopping = True
        until = None if seconds is None else time.monotonic() + seconds
        try:
            while len(self):
                if not self._running:
                    self._begin_next()
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    return False
                await asyncio.wait(list(self._running.values()), timeout=left)
            return True
        finally:
            # Whoever is left gives up waiting for a store that is closed next, or is not begun.
            self._stopping = bool(self._running)
            while self._put_off:
                _, put_off = self._put_off.popitem()
                self._room.leave(len(put_off.known.body))

    async def _give_way(self) -> None:
        """Wait as long as messages come in, but not for ever."""
        async with self._giving_way:
            while not self._stopping:
                # While a message was converted, nothing that came in was seen: it is looked for
                # first, or each conversion would seem to be a lull to the next.
                for _ in range(_TURNS):
                    await asyncio.sleep(0)
                lull = math.inf if self._arriving else self._arrived + _LULL
                left = min(lull, self._free) - time.monotonic()
                if left <= 0:
                    # One at a time: the others wait for its end, or for a lull.
                    self._free = math.inf
                    return
                await asyncio.sleep(min(left, _LULL))

    async def _processed(
        self, known: KnownMessage, sending: Sending, *, is_new: bool, again: bool
    ) -> Answer:
        """Process a message; one that is acknowledged already waits for a store that is away."""
        pause = 0.1
        while True:
            try:
                if not is_new:
                    # Its outcome may have been written while this one waited for its turn.
                    known = await self._worker.current(known)
                    done = None if again else outcome_of(known)
                    if done is not None:
                        return self._told(done)
                answer = await self._worker.process(known, sending)
            except FhirError as error:
                _LOG.error("hl7v2 message waits", extra={"reason": type(error).__name__})
                if not _is_promised(known, sending) or again or self._stopping:
                    return self._told(self._worker.unavailable(known, sending))
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return answer if known.acknowledgment is not None else self._told(answer)

    def _told(self, answer: Answer) -> Answer:
        self._on_answer(answer)
        return answer


class _PutOff(NamedTuple):
    known: KnownMessage
    read: Callable[[], Sending]
    is_new: bool


def _is_promised(known: KnownMessage, sending: Sending) -> bool:
    """Whether its sender has been told that the message is kept, and will not send it again."""
    return known.acknowledgment is not None or sending.mode.enhanced
