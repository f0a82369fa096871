"""The messages of a stream into the intake, many at once and in order, and what became of them.

A batch is no transaction: each message stands for itself, and one that is refused holds up no
other. That a batch is not whole (BTS-1, FTS-1) is reported; what came of it is taken.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from fhir_server.hl7v2.batches import (
    BatchReader,
    Closed,
    Event,
    Found,
    Opened,
    Wrong,
    declared,
    header_field,
)
from fhir_server.hl7v2.working import Answer

# In flight at once, in messages and in bytes: enough to share each commit.
_AT_ONCE: Final = 256
_BYTES_AT_ONCE: Final = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """A message or a fault that the intake has dealt with; `number` counts both from 1.

    `answer` None: bytes that get none, kept in quarantine.
    """

    number: int
    event: Found | Wrong
    answer: Answer | None

    @property
    def is_accepted(self) -> bool:
        """Whether it is in the record, or kept for it."""
        return self.answer is not None and self.answer.code in ("AA", "CA")


Step: TypeAlias = Taken | Opened | Closed
Take: TypeAlias = Callable[[Found], Awaitable[Answer]]
Keep: TypeAlias = Callable[[Wrong], Awaitable[Answer | None]]


async def take_all(
    chunks: Iterable[bytes], reader: BatchReader, take: Take, keep: Keep
) -> AsyncIterator[Step]:
    """Yield what is in a stream in its order, each message once it has been dealt with."""
    waiting: deque[tuple[Event, asyncio.Task[Answer | None] | None, int]] = deque()
    size = 0
    number = 0
    try:
        for event in _events(chunks, reader):
            task = None
            if isinstance(event, (Found, Wrong)):
                number += 1
                size += len(event.content)
                task = asyncio.ensure_future(_dealt_with(event, take, keep))
            waiting.append((event, task, number))
            while waiting and (len(waiting) > _AT_ONCE or size > _BYTES_AT_ONCE):
                step = await _next(waiting)
                size -= len(step.event.content) if isinstance(step, Taken) else 0
                yield step
        while waiting:
            yield await _next(waiting)
    finally:
        # Broken off: what is on its way is dealt with.
        left = [task for _, task, _ in waiting if task is not None]
        if left:
            await asyncio.wait(left)


def _events(chunks: Iterable[bytes], reader: BatchReader) -> Iterator[Event]:
    for chunk in chunks:
        yield from reader.feed(chunk)
    yield from reader.finish()


async def _dealt_with(event: Found | Wrong, take: Take, keep: Keep) -> Answer | None:
    return await (take(event) if isinstance(event, Found) else keep(event))


async def _next(
    waiting: deque[tuple[Event, "asyncio.Task[Answer | None] | None", int]],
) -> Step:
    event, task, number = waiting[0]
    if isinstance(event, (Opened, Closed)):
        waiting.popleft()
        return event
    answer = None if task is None else await asyncio.shield(task)
    waiting.popleft()
    return Taken(number, event, answer)


@dataclass(slots=True)
class Batch:
    """One batch, or the bare messages that stand in none (`header` None), and what it holds.

    `declared` is BTS-1, None where there is no trailer or it says nothing.
    """

    header: bytes | None
    messages: int = 0
    accepted: int = 0
    repeated: int = 0
    faults: int = 0
    declared: int | None = None
    is_closed: bool = False

    @property
    def control_id(self) -> str:
        """BHS-11."""
        text = header_field(self.header or b"", 11)
        return text.decode("utf-8", errors="replace")

    @property
    def is_whole(self) -> bool:
        """Whether as many messages came as it says, and it has an end where it has a beginning."""
        if self.header is None:
            return self.declared is None or self.declared == self.messages
        return self.is_closed and self.declared in (None, self.messages)


@dataclass(slots=True)
class Batches:
    """The batches of a stream as they pass; `file` is whether one is open, `declared` FTS-1."""

    every: list[Batch] = field(default_factory=list)
    file: bytes | None = None
    declared: int | None = None
    is_closed: bool = False

    def add(self, step: Step) -> None:
        """Note one step of the stream."""
        if isinstance(step, Taken):
            self._add_message(step)
        elif isinstance(step, Opened):
            if step.name == "FHS":
                self.file = step.line
            else:
                self.every.append(Batch(step.line))
        elif step.name == "BTS":
            batch = self._open()
            batch.declared, batch.is_closed = declared(step.line), True
        else:
            self.declared, self.is_closed = declared(step.line), True

    @property
    def is_whole(self) -> bool:
        """Whether all that was said to be there is there."""
        file_is_whole = self.declared in (None, self.opened) and (
            self.file is None or self.is_closed
        )
        return file_is_whole and all(batch.is_whole for batch in self.every)

    @property
    def opened(self) -> int:
        """How many batches there were."""
        return sum(batch.header is not None for batch in self.every)

    def _open(self) -> Batch:
        if not self.every or self.every[-1].is_closed:
            self.every.append(Batch(None))
        return self.every[-1]

    def _add_message(self, step: Taken) -> None:
        batch = self._open()
        if isinstance(step.event, Wrong):
            batch.faults += 1
            return
        batch.messages += 1
        batch.accepted += step.is_accepted
        batch.repeated += step.answer is not None and step.answer.is_repeated
