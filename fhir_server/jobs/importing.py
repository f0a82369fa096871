"""An import: NDJSON read in parts, each line checked as a write over HTTP is, each part one write.

How far it has come is committed together with what it stored, so that an import that was cut off
goes on at the part where it was, and no line is stored twice or passed over.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from sqlalchemy import Connection

from fhir_server.jobs.export import Cancelled
from fhir_server.jobs.files import JobFolder, close_synced, open_private
from fhir_server.jobs.ndjson import Line, Part, PartSize, Place, read_part
from fhir_server.jobs.requests import ImportCount, ImportRequest, ImportSource, OutputFile, Result
from fhir_server.r4.codec import JsonObject, decode, encode
from fhir_server.r4.outcome import BadRequest, FhirError, Issue, operation_outcome
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.store.bulk_writes import Fate, put_changed
from fhir_server.store.database import Database

# Raises what refuses a resource, as a write over HTTP would.
Check = Callable[[JsonObject], None]


class SourceChanged(Exception):
    """A file of the import is not the one that it was at the kick-off; says which."""


class Progress(msgspec.Struct, frozen=True):
    """How far an import has come; `errors` is the size in bytes of the current error file."""

    source: int = 0
    offset: int = 0
    lines: int = 0
    errors: int = 0
    refused: tuple[int, ...] = ()
    counts: tuple[ImportCount, ...] = ()


PROGRESS: Final = msgspec.json.Decoder(Progress)


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is not stored, and why."""

    line: int
    issues: tuple[Issue, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A part of a source, each line of it a valid resource or a refusal."""

    part: Part
    valid: tuple[JsonObject, ...]
    refused: tuple[Refused, ...]


@dataclass(slots=True)
class Import:
    """One import while it is worked on.

    `keep` records the progress inside the transaction of each part; `threads` read and check,
    so that the event loop is free; `size` bounds how long one part holds the writer.
    """

    database: Database
    request: ImportRequest
    folder: JobFolder
    check: Check
    clock: Callable[[], datetime]
    keep: Callable[[Connection, Progress], None]
    threads: Executor
    stop: threading.Event = field(default_factory=threading.Event)
    size: PartSize = field(default_factory=PartSize)
    tell: Callable[[Progress], None] = lambda _: None
    refusals: Callable[[ImportSource, Refused], None] = lambda _source, _refused: None

    async def run(self, start: Progress) -> Result:
        """Store every line from `start` on and return the counts; Cancelled where it is stopped.

        SourceChanged where a file has changed since the kick-off, OSError where it is gone.
        """
        self.folder.make()
        loop = asyncio.get_running_loop()
        progress = start
        while progress.source < len(self.request.sources):
            source = self.request.sources[progress.source]
            if self.stop.is_set():
                raise Cancelled
            prepared = await loop.run_in_executor(self.threads, self._prepare, source, progress)
            progress = await self._store(source, prepared, progress)
            self.tell(progress)
        return await loop.run_in_executor(self.threads, self._finish, progress)

    def _prepare(self, source: ImportSource, progress: Progress) -> Prepared:
        check_unchanged(source)
        place = Place(progress.offset, progress.lines)
        part = read_part(Path(source.path), place, self.size)
        valid: list[JsonObject] = []
        refused: list[Refused] = []
        for line in part.lines:
            try:
                valid.append(self._resource(line, source))
            except FhirError as refusal:
                refused.append(Refused(line.number, refusal.issues))
        self._write_refused(source, refused, progress)
        return Prepared(part, tuple(valid), tuple(refused))

    def _resource(self, line: Line, source: ImportSource) -> JsonObject:
        if line.body is None:
            text = f"The line is longer than {self.size.longest} bytes."
            raise BadRequest("too-long", text)
        resource = decode(line.body, unique_keys=True)
        type = resource.get("resourceType")
        if type not in STORED_TYPES:
            raise BadRequest("structure", "resourceType names no resource type of R4.")
        if type == "Subscription":
            # Nothing would watch for it, and its headers' secrets would be there to read.
            raise BadRequest("not-supported", "Subscriptions are not imported; post each one.")
        if source.type is not None and type != source.type:
            raise BadRequest("invalid", f"The line is a {type}, the import says {source.type}.")
        if "id" not in resource:
            # Under an id of our own, an import that is run again would store everything twice.
            raise BadRequest("required", "A resource to import needs its id.", f"{type}.id")
        self.check(resource)
        return resource

    def _write_refused(
        self, source: ImportSource, refused: list[Refused], progress: Progress
    ) -> None:
        """Write the refusals behind those that are committed; what a crash left there is cut."""
        if not refused and not progress.errors:
            return
        with open_private(self._errors_of(progress.source), append=True) as file:
            file.truncate(progress.errors)
            file.seek(progress.errors)
            for one in refused:
                file.write(encode(_outcome(source, one)) + b"\n")
            close_synced(file)

    def _errors_of(self, source: int) -> Path:
        return self.folder.part(_errors_name(source))

    async def _store(
        self, source: ImportSource, prepared: Prepared, progress: Progress
    ) -> Progress:
        written = self._errors_of(progress.source)
        errors = written.stat().st_size if prepared.refused else progress.errors

        def job(connection: Connection) -> Progress:
            now = self.clock()
            fates = [
                (resource["resourceType"], put_changed(connection, resource, now=now))
                for resource in prepared.valid
            ]
            after = _after(source, prepared, progress, fates, errors)
            self.keep(connection, after)
            return after

        after = await self.database.write(job)
        for refused in prepared.refused:
            self.refusals(source, refused)
        return after

    def _finish(self, progress: Progress) -> Result:
        files = tuple(
            OutputFile(_errors_name(index), "OperationOutcome", count, "error", source.name)
            for index, source in enumerate(self.request.sources)
            if (count := _at(progress.refused, index))
        )
        there = [file.name for file in files if self.folder.part(file.name).exists()]
        self.folder.publish(iter(there))
        return Result(files=files, counts=progress.counts)


def check_unchanged(source: ImportSource) -> None:
    """Refuse (SourceChanged) a file that is not as it was when the import was asked for."""
    found = Path(source.path).stat()
    if (found.st_size, found.st_mtime_ns) != (source.size, source.modified):
        raise SourceChanged(f"{source.name} has changed since the import was asked for.")


def _after(
    source: ImportSource,
    prepared: Prepared,
    before: Progress,
    fates: list[tuple[str, Fate]],
    errors: int,
) -> Progress:
    following = prepared.part.following
    refused = [*before.refused, *([0] * (before.source + 1 - len(before.refused)))]
    refused[before.source] += len(prepared.refused)
    counts = _counted(before.counts, source.name, fates)
    if prepared.part.at_end:
        return Progress(before.source + 1, 0, 0, 0, tuple(refused), counts)
    return Progress(
        before.source, following.offset, following.lines, errors, tuple(refused), counts
    )


def _counted(
    counts: tuple[ImportCount, ...], source: str, fates: list[tuple[str, Fate]]
) -> tuple[ImportCount, ...]:
    found = Counter(fates)
    known = {(count.source, count.type): count for count in counts}
    for type in sorted({type for type, _fate in fates}):
        old = known.get((source, type), ImportCount(source, type, 0, 0, 0))
        known[source, type] = ImportCount(
            source,
            type,
            old.created + found[type, "created"],
            old.updated + found[type, "updated"],
            old.unchanged + found[type, "unchanged"],
        )
    return tuple(known.values())


def _outcome(source: ImportSource, refused: Refused) -> JsonObject:
    place = f"{source.name}, line {refused.line}: "
    return operation_outcome(
        Issue(issue.severity, issue.code, place + issue.diagnostics, issue.expression)
        for issue in refused.issues
    )


def _errors_name(source: int) -> str:
    return f"OperationOutcome.errors.{source + 1}.ndjson"


def _at(counts: tuple[int, ...], index: int) -> int:
    return counts[index] if index < len(counts) else 0
