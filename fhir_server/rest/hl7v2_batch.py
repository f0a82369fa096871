"""A batch of HL7v2 messages over HTTP: a batch of acknowledgments in the order of the messages.

Source: HL7 v2.5.1 section 2.10.3.4 (batch protocol): a batch is answered by a batch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from fhir_server.hl7v2.batch_intake import Batch, Batches, Step, Taken, take_all
from fhir_server.hl7v2.batches import BatchReader, Found, Opened, Wrong, header_field
from fhir_server.hl7v2.intake import Intake
from fhir_server.hl7v2.senders import Peer
from fhir_server.hl7v2.working import Answer

_CHUNK: Final = 64 * 1024


@dataclass(slots=True)
class BatchAnswer:
    """The acknowledgments of a batch as they are written, and what they come to."""

    at: datetime
    parts: list[bytes] = field(default_factory=list)
    batches: Batches = field(default_factory=Batches)
    answers: list[Answer | None] = field(default_factory=list)

    def add(self, step: Step) -> None:
        """Write the answer to one step of the stream."""
        if isinstance(step, Opened) and step.name == "BHS":
            self._close()
        self.batches.add(step)
        if isinstance(step, Taken):
            self.answers.append(step.answer)
            if step.answer is not None:
                self.parts.append(step.answer.acknowledgment)
        elif isinstance(step, Opened):
            self.parts.append(self._header(step))
        elif step.name == "BTS":
            self.parts.append(_trailer(self.batches.every[-1]))
        else:
            self.parts.append(b"FTS|%d\r" % self.batches.opened)

    def finish(self) -> bytes:
        """Return the whole answer; what the sender has left open is closed."""
        self._close()
        if self.batches.file is not None and not self.batches.is_closed:
            said = b"FTS|%d|no FTS came: the file may be cut off\r"
            self.parts.append(said % self.batches.opened)
        return b"".join(self.parts)

    def _close(self) -> None:
        """Close a batch of the answer whose trailer has not come."""
        last = self.batches.every[-1] if self.batches.every else None
        if last is not None and last.header is not None and not last.is_closed:
            self.parts.append(_trailer(last))

    @property
    def status(self) -> int:
        """503 where a message may be sent again, 422 where one was refused or is missing."""
        if any(each is not None and each.may_be_repeated for each in self.answers):
            return 503
        accepted = all(each is not None and each.code in ("AA", "CA") for each in self.answers)
        return 200 if accepted and self.answers and self.batches.is_whole else 422

    def _header(self, opened: Opened) -> bytes:
        """Return FHS or BHS of the answer: parties change places, the reference is their id."""
        line = opened.line
        mark = header_field(line, 1) or b"|"
        sent = self.at.strftime("%Y%m%d%H%M%S%z").encode()
        cells = [
            opened.name.encode(),
            header_field(line, 2) or b"^~\\&",
            *(header_field(line, number) for number in (5, 6, 3, 4)),
            sent,
            b"",
            b"",
            b"",
            b"",
            header_field(line, 11),
        ]
        return mark.join(cells).rstrip(mark) + b"\r"


def _trailer(batch: Batch) -> bytes:
    comments = []
    if not batch.is_closed:
        comments.append("no BTS came: the batch may be cut off")
    elif not batch.is_whole:
        comments.append(f"BTS-1 says {batch.declared}: {batch.messages} messages came")
    if batch.faults:
        comments.append(f"{batch.faults} parts are no message and are kept in quarantine")
    comment = f"|{'; '.join(comments)}" if comments else ""
    return f"BTS|{batch.messages}{comment}\r".encode()


async def take_batch(intake: Intake, body: bytes, *, channel: str, peer: Peer) -> BatchAnswer:
    """Take every message of a batch, in its order; each stands for itself."""
    answered = BatchAnswer(intake.local_time())

    async def take(found: Found) -> Answer:
        return await intake.answer(found.content, channel=channel, peer=peer)

    async def keep(wrong: Wrong) -> None:
        await intake.fault(wrong.kind, wrong.content, channel=channel, peer=peer)

    async for step in take_all(_chunks(body), BatchReader(longest=intake.longest), take, keep):
        answered.add(step)
    return answered


def _chunks(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), _CHUNK):
        yield body[start : start + _CHUNK]
