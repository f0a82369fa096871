"""`attending hl7v2 load FILE...`: batch files, or bare messages one after another."""

import argparse
import asyncio
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from fhir_server.commands.hl7v2_intake import Workplace, workplace
from fhir_server.commands.hl7v2_texts import answered
from fhir_server.commands.progress import Rate
from fhir_server.hl7v2.batch_intake import Batch, Batches, Taken, take_all
from fhir_server.hl7v2.batches import BatchReader, Found, Wrong
from fhir_server.hl7v2.refusals import Refused
from fhir_server.hl7v2.senders import Peer
from fhir_server.hl7v2.working import Answer
from fhir_server.settings import Settings
from fhir_server.text_catalogue import say

CHANNEL: Final = "file"
_CHUNK: Final = 256 * 1024
# So many in a row that could not be stored: the store is full or away, and so are the others.
_AWAY: Final = 100


def load(settings: Settings, options: argparse.Namespace) -> int:
    """Take every message of the files; 1 where one was refused or a batch is not whole.

    Files are read in parts, whatever their size. Run again, after a crash or not, it stores
    nothing twice: a message that is there gets the answer that it got.
    """

    def work() -> int:
        paths = [Path(name) for name in options.files]
        whole = sum(path.stat().st_size for path in paths)
        with workplace(settings, create=True, from_files_of=options.sender) as place:
            loading = _Loading(settings, place, Rate(whole))
            return asyncio.run(loading.run(paths))

    return answered(settings, work)


@dataclass(slots=True)
class _Loading:
    settings: Settings
    place: Workplace
    rate: Rate
    away: int = 0

    async def run(self, paths: Sequence[Path]) -> int:
        is_clean = True
        for path in paths:
            with path.open("rb") as file:
                is_clean &= await self._one(path, file)
        self.rate.end()
        return 0 if is_clean else 1

    async def _one(self, path: Path, file: BinaryIO) -> bool:
        intake, peer = self.place.intake, Peer(path.name)
        batches = Batches()
        is_clean = True

        async def take(found: Found) -> Answer:
            return await intake.outcome(found.content, channel=CHANNEL, peer=peer)

        async def keep(wrong: Wrong) -> None:
            await intake.fault(wrong.kind, wrong.content, channel=CHANNEL, peer=peer)

        reader = BatchReader(longest=intake.longest)
        async for step in take_all(self._chunks(file), reader, take, keep):
            batches.add(step)
            if isinstance(step, Taken):
                self.rate.count()
                is_clean &= self._told(path, step)
        for number, batch in enumerate(batches.every, start=1):
            self._report(path, number, batch)
        if not batches.is_whole:
            self._say("hl7v2.load-not-whole", file=path, batches=batches.opened,
                      declared="-" if batches.declared is None else batches.declared)  # fmt: skip
        return is_clean and batches.is_whole

    def _chunks(self, file: BinaryIO) -> Iterator[bytes]:
        while chunk := file.read(_CHUNK):
            self.rate.read(len(chunk))
            yield chunk

    def _told(self, path: Path, step: Taken) -> bool:
        """Name a message that was refused, with its place in the file; whether it was taken."""
        answer = step.answer
        if step.is_accepted:
            self.away = 0
            return True
        if answer is None:
            self._say("hl7v2.load-fault", file=path, offset=step.event.offset, number=step.number)
            return False
        self._say(
            "hl7v2.load-refused",
            file=path,
            offset=step.event.offset,
            number=step.number,
            code=answer.code,
            id=answer.message_id,
            why=_why(answer),
        )
        self.away = self.away + 1 if answer.may_be_repeated else 0
        if self.away >= _AWAY:
            raise Refused(503, "transient", "hl7v2.load-away", file=path)
        return False

    def _report(self, path: Path, number: int, batch: Batch) -> None:
        key = "hl7v2.load-bare" if batch.header is None else "hl7v2.load-batch"
        print(
            say(
                self.settings.language,
                key,
                file=path,
                number=number,
                id=batch.control_id,
                messages=batch.messages,
                accepted=batch.accepted,
                refused=batch.messages - batch.accepted + batch.faults,
                repeated=batch.repeated,
            )
        )
        if not batch.is_whole:
            declared = "-" if batch.declared is None else batch.declared
            self._say("hl7v2.load-count", file=path, number=number, declared=declared,
                      messages=batch.messages)  # fmt: skip

    def _say(self, key: str, **values: object) -> None:
        self.rate.clear()
        print(say(self.settings.language, key, **values), file=sys.stderr)


def _why(answer: Answer) -> str:
    """Return MSA-3 of an acknowledgment: our own text, never what stands in the message."""
    for line in answer.acknowledgment.split(b"\r"):
        if line.startswith(b"MSA"):
            fields = line.split(line[3:4])
            return fields[3].decode("latin-1") if len(fields) > 3 else ""
    return ""
