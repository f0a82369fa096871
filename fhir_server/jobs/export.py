"""An export: the state of the store at its horizon, written as NDJSON files.

Source: http://hl7.org/fhir/uv/bulkdata/export.html (Bulk Data Access IG).
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from fhir_server.jobs.files import JobFolder, LineFiles
from fhir_server.jobs.groups import GroupReader, Members
from fhir_server.jobs.requests import ExportRequest, OutputFile, Result, Role
from fhir_server.r4.codec import encode
from fhir_server.r4.outcome import Issue, operation_outcome
from fhir_server.r4.resource_types import STORED_TYPES
from fhir_server.store import export_walk
from fhir_server.store.access import Access
from fhir_server.store.compartment_walk import Compartments, has_compartment
from fhir_server.store.database import Database
from fhir_server.store.export_walk import Candidates, Selection
from fhir_server.store.resources import Stored, moment

# Told how many resources were looked at, of how many.
Progress = Callable[[int, int], None]


class Cancelled(Exception):
    """The job was cancelled, or the server stops."""


@dataclass(slots=True)
class Export:
    """One export while it is worked on, in a thread of its own."""

    database: Database
    request: ExportRequest
    horizon: int
    folder: JobFolder
    progress: Progress
    stop: threading.Event
    largest_file: int = 256 << 20
    _done: int = 0
    _files: list[OutputFile] = field(default_factory=list)

    def run(self) -> Result:
        """Write every file, publish them together and return what they hold.

        Cancelled as soon as `stop` is set; OSError where the disk is full.
        """
        self.folder.clear()
        selection, remarks = self.database.read_now(self._select)
        found = {type: self._candidates(type, selection) for type in self._types()}
        total = sum(len(live.rids) + len(gone.rids) for live, gone in found.values())
        self.progress(0, total)
        for type, (live, gone) in found.items():
            self._write_live(type, live, selection, total)
            self._write_deleted(type, gone, selection, total)
        self._write_remarks((*self.request.remarks, *remarks))
        self.folder.publish(iter([file.name for file in self._files]))
        return Result(files=tuple(self._files))

    def _types(self) -> tuple[str, ...]:
        asked = self.request.types or STORED_TYPES
        if self.request.level == "system":
            return asked
        return tuple(type for type in asked if has_compartment(type))

    def _select(self, connection: Connection) -> tuple[Selection, list[str]]:
        request = self.request
        access = Access(None if request.access is None else frozenset(request.access))
        compartments, remarks = None, []
        if request.level != "system":
            patients = None if request.patients is None else frozenset(request.patients)
            if request.group is not None:
                members = self._members(connection, request.group, access)
                remarks = members.remarks
                inside = frozenset(members.patients)
                if patients is not None:
                    outside = sorted(patients - inside)
                    remarks += [
                        f"Patient/{id} is not in the Group; not exported." for id in outside
                    ]
                patients = inside if patients is None else patients & inside
            compartments = Compartments(patients, request.base_url)
        selection = Selection(self.horizon, request.since, compartments, request.base_url, access)
        return selection, remarks

    def _members(self, connection: Connection, group: str, access: Access) -> Members:
        reader = GroupReader(
            connection=connection,
            base_url=self.request.base_url,
            zone=self.database.zone,
            now=moment(self.horizon),
            access=access,
        )
        return reader.members(group)

    def _candidates(self, type: str, selection: Selection) -> tuple[Candidates, Candidates]:
        self._check_stop()
        return self.database.read_now(
            lambda c: (
                export_walk.live(c, type, selection),
                export_walk.deleted(c, type, selection),
            )
        )

    def _write_live(self, type: str, found: Candidates, selection: Selection, total: int) -> None:
        lines = LineFiles(self.folder, type, largest=self.largest_file)
        for stored in self._states(type, found, selection, total):
            if not stored.deleted:
                lines.add(stored.body)
        self._keep(lines, type, "output")

    def _write_deleted(
        self, type: str, found: Candidates, selection: Selection, total: int
    ) -> None:
        """Write a transaction Bundle of one DELETE a line, as the IG's "Deleted" asks for."""
        lines = LineFiles(self.folder, f"{type}.deleted", largest=self.largest_file)
        for stored in self._states(type, found, selection, total):
            if stored.deleted:
                entry = {"request": {"method": "DELETE", "url": f"{type}/{stored.id}"}}
                bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
                lines.add(encode(bundle))
        self._keep(lines, "Bundle", "deleted")

    def _write_remarks(self, remarks: tuple[str, ...]) -> None:
        lines = LineFiles(self.folder, "OperationOutcome.errors", largest=self.largest_file)
        for text in remarks:
            lines.add(encode(operation_outcome([Issue("warning", "incomplete", text)])))
        self._keep(lines, "OperationOutcome", "error")

    def _states(
        self, type: str, found: Candidates, selection: Selection, total: int
    ) -> Iterator[Stored]:
        """Yield the states at the horizon, a batch in one snapshot after the other."""
        for rids in found.batches():
            self._check_stop()
            read = partial(_batch, type=type, rids=rids, found=found, selection=selection)
            yield from self.database.read_now(read)
            self._done += len(rids)
            self.progress(self._done, total)

    def _keep(self, lines: LineFiles, type: str, role: Role) -> None:
        lines.close()
        self._files += [OutputFile(name, type, n, role) for name, n in lines.counts.items()]

    def _check_stop(self) -> None:
        if self.stop.is_set():
            raise Cancelled


def _batch(
    connection: Connection,
    *,
    type: str,
    rids: list[int],
    found: Candidates,
    selection: Selection,
) -> list[Stored]:
    return list(export_walk.states(connection, type, rids, found.late, selection))
