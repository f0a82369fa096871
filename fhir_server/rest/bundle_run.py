"""A batch or transaction from the body to its operations, and the operations on the store."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, check_duplicate_keys, decode
from fhir_server.r4.outcome import BadRequest, FhirError, InvalidResource, Issue, NotFound
from fhir_server.r4.validation import validate
from fhir_server.rest.bundle_entries import Operation, read_entry
from fhir_server.rest.bundle_outcomes import Done, Failed
from fhir_server.rest.bundle_references import identities, rewritten
from fhir_server.rest.content import Preferences
from fhir_server.rest.errors import within
from fhir_server.rest.incoming import check_resource
from fhir_server.rest.search_bundle import search_bundle
from fhir_server.rest.search_request import parse_search
from fhir_server.rest.search_terms import Place
from fhir_server.rest.services import FhirLimits
from fhir_server.store import resources
from fhir_server.store.identity import new_id
from fhir_server.store.search import search
from fhir_server.store.writer import savepoint

# R4 http.html#trules: DELETE, POST, PUT, then GET, whatever the order of the entries.
_ORDER = {"delete": 0, "create": 1, "update": 2, "read": 3, "vread": 3, "search": 3}


@dataclass(frozen=True, slots=True)
class BundleRun:
    """The circumstances in which a Bundle's operations are prepared and carried out."""

    now: datetime
    place: Place
    limits: FhirLimits
    preferences: Preferences

    def prepare(self, body: bytes) -> tuple[str, tuple[Operation | Failed, ...]]:
        """Return the Bundle's type and its operations, resources valid, references rewritten.

        In a transaction every problem is a FhirError; in a batch it is that entry's `Failed`.
        """
        bundle = decode(body)
        check_duplicate_keys(body)
        type, entries = self._envelope(bundle)
        if type == "transaction":
            read = [read_entry(e, i, base_url=self.place.base_url) for i, e in enumerate(entries)]
            return type, self._transaction([self._identified(operation) for operation in read])
        return type, tuple(self._batch_entry(entry, i) for i, entry in enumerate(entries))

    def run_transaction(
        self, connection: Connection, operations: Sequence[Operation]
    ) -> tuple[Done, ...]:
        """Carry out all operations in the order of R4, or raise with nothing kept."""
        done: dict[int, Done] = {}
        for operation in sorted(operations, key=lambda o: _ORDER[o.kind]):
            try:
                done[operation.index] = self._run(connection, operation)
            except FhirError as error:
                raise within(error, operation.place) from error
        return tuple(done[operation.index] for operation in operations)

    def run_batch(
        self, connection: Connection, entries: Sequence[Operation | Failed]
    ) -> tuple[Done | Failed, ...]:
        """Carry out each operation by itself, in the order of the entries."""
        return tuple(
            entry if isinstance(entry, Failed) else self._run_alone(connection, entry)
            for entry in entries
        )

    def run_reads(
        self, connection: Connection, entries: Sequence[Operation | Failed]
    ) -> tuple[Done | Failed, ...]:
        """Carry out a batch that only reads, on a connection that cannot write."""
        return tuple(
            entry if isinstance(entry, Failed) else self._attempt(connection, entry)
            for entry in entries
        )

    def _envelope(self, bundle: JsonObject) -> tuple[str, list[JsonObject]]:
        if bundle.get("resourceType") != "Bundle":
            raise BadRequest("structure", "POST to the FHIR base takes a Bundle.")
        type = bundle.get("type")
        if type not in ("batch", "transaction"):
            text = "POST to the FHIR base takes a Bundle of type batch or transaction."
            raise BadRequest("value", text, "Bundle.type")
        entries = bundle.get("entry", [])
        if isinstance(entries, list) and len(entries) > self.limits.bundle_entries:
            text = f"The Bundle has {len(entries)} entries, up to {self.limits.bundle_entries} are taken."
            raise FhirError(413, Issue("error", "too-long", text, ("Bundle.entry",)))
        errors = [i for i in validate(_without_resources(bundle)) if i.severity != "warning"]
        if errors:
            raise InvalidResource(errors)
        return type, entries

    def _identified(self, operation: Operation) -> Operation:
        """Return a create with the id that it will be stored under, others as they are."""
        if operation.kind != "create":
            return operation
        return replace(operation, id=new_id(self.now))

    def _transaction(self, operations: Sequence[Operation]) -> tuple[Operation, ...]:
        known = identities(operations)
        return tuple(self._checked(operation, known) for operation in operations)

    def _batch_entry(self, entry: JsonObject, index: int) -> Operation | Failed:
        try:
            read = read_entry(entry, index, base_url=self.place.base_url)
            return self._checked(self._identified(read), {})
        except FhirError as error:
            return Failed(error)

    def _checked(self, operation: Operation, known: dict[str, str]) -> Operation:
        if operation.resource is None:
            return operation
        resource = {**rewritten(operation, known), "id": operation.id}
        try:
            check_resource(resource, now=self.now)
        except FhirError as error:
            raise within(error, operation.place) from error
        return replace(operation, resource=resource)

    def _run_alone(self, connection: Connection, operation: Operation) -> Done | Failed:
        try:
            with savepoint(connection):
                return self._run(connection, operation)
        except FhirError as error:
            return Failed(within(error, operation.place))

    def _attempt(self, connection: Connection, operation: Operation) -> Done | Failed:
        try:
            return self._run(connection, operation)
        except FhirError as error:
            return Failed(within(error, operation.place))

    def _run(self, connection: Connection, operation: Operation) -> Done:
        type, id = operation.type, operation.id
        if operation.resource is not None:
            stored = resources.put(
                connection,
                operation.resource,
                now=self.now,
                expected_version=operation.version,
            )
            return Done(operation, stored)
        if id is None:
            return Done(operation, searchset=self._search(connection, operation))
        if operation.kind == "delete":
            return self._delete(connection, operation, id)
        if operation.kind == "vread" and operation.version is not None:
            found = resources.read_version(connection, type, id, operation.version)
            return Done(operation, found)
        return Done(operation, resources.read(connection, type, id))

    def _delete(self, connection: Connection, operation: Operation, id: str) -> Done:
        try:
            stored = resources.delete(
                connection,
                operation.type,
                id,
                now=self.now,
                expected_version=operation.version,
            )
        except NotFound:
            return Done(operation)
        return Done(operation, stored)

    def _search(self, connection: Connection, operation: Operation) -> bytes:
        asked = parse_search(
            operation.type,
            operation.pairs,
            lenient=self.preferences.lenient,
            place=self.place,
            limits=self.limits,
        )
        page = search(connection, operation.type, asked.query)
        return search_bundle(self.place.base_url, operation.type, asked, page)


def _without_resources(bundle: JsonObject) -> JsonObject:
    """Return the Bundle itself: resources are checked one by one, with their own outcome."""
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        return bundle
    bare = [
        {key: value for key, value in entry.items() if key != "resource"}
        if isinstance(entry, dict) and "request" in entry
        else entry
        for entry in entries
    ]
    return {**bundle, "entry": bare}
