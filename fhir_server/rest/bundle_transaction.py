"""The writes of a transaction in the order of R4, criteria and conditional references resolved.

Source: http://hl7.org/fhir/R4/http.html#trules: DELETE, POST, PUT and PATCH; identities that
criteria resolve to must not overlap; conditional references are resolved last, so that they may
mean what the same transaction writes.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec import structs
from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError
from fhir_server.rest import writes
from fhir_server.rest.bundle_operation import Operation
from fhir_server.rest.bundle_outcomes import Done
from fhir_server.rest.bundle_references import links_of, overlap, redirect
from fhir_server.rest.bundle_writes import write
from fhir_server.rest.context import Context
from fhir_server.rest.errors import within
from fhir_server.rest.matching import no_match, one_match
from fhir_server.store.resources import Stored

T = TypeVar("T")

_ORDER = {"create": 0, "update": 1, "patch": 1}


@dataclass(slots=True)
class Transaction:
    """The state of one transaction while it is carried out.

    `targets` are provisional identities that turned out to be others; `matched` the resources
    that conditional creates found, by entry; `written` who writes what.
    """

    connection: Connection
    context: Context
    targets: dict[str, str] = field(default_factory=dict)
    matched: dict[int, Stored] = field(default_factory=dict)
    written: dict[str, Operation] = field(default_factory=dict)

    def write_all(self, operations: Sequence[Operation]) -> Iterator[Done]:
        """Yield every write's outcome; raises FhirError led by the entry's place."""
        for operation in operations:
            if operation.kind == "delete":
                yield self._placed(operation, self._delete)
        changes = [operation for operation in operations if operation.kind in _ORDER]
        changes.sort(key=lambda o: _ORDER[o.kind])
        resolved = [self._placed(operation, self._resolved) for operation in changes]
        # Those that wait for a conditional reference come last: it may mean one of the others.
        for operation in sorted(resolved, key=lambda o: bool(o.pending)):
            yield self._placed(operation, self._write)

    def _placed(self, operation: Operation, step: Callable[[Operation], T]) -> T:
        try:
            return step(operation)
        except FhirError as error:
            raise within(error, operation.place) from error

    def _delete(self, operation: Operation) -> Done:
        done = write(self.connection, operation, self.context)
        if done.stored is not None:
            self._claim(done.stored.id, operation)
        return done

    def _resolved(self, operation: Operation) -> Operation:
        """Return the operation with the identity that its criteria give it."""
        criteria, id = operation.criteria, operation.id
        if criteria is None:
            self._claim(id, operation)
            return operation
        if operation.kind == "create":
            found = writes.matched(self.connection, criteria, self.context)
            if found is None:
                self._claim(id, operation)
            else:
                self.matched[operation.index] = found
                self._mean(operation, found.id)
            return structs.replace(operation, criteria=None)
        resource = operation.resource
        if resource is None:
            id = one_match(self.connection, criteria, self.context)
            if id is None:
                raise no_match(criteria, 404)
        else:
            guard = operation.guard
            id = writes.match_for_update(self.connection, resource, criteria, guard, self.context)
            resource = {**resource, "id": id}
        self._claim(id, operation)
        self._mean(operation, id)
        return structs.replace(operation, id=id, criteria=None, resource=resource)

    def _mean(self, operation: Operation, id: str) -> None:
        self.targets[f"{operation.type}/{operation.known_as}"] = f"{operation.type}/{id}"

    def _claim(self, id: str | None, operation: Operation) -> None:
        """Refuse (400) a second write of one resource."""
        target = f"{operation.type}/{id}"
        first = self.written.setdefault(target, operation)
        if first is not operation:
            raise overlap(target, first, operation)

    def _write(self, operation: Operation) -> Done:
        found = self.matched.get(operation.index)
        if found is not None:
            return Done(operation, found, resource=operation.resource)
        for placeholder, criteria in operation.pending:
            if placeholder not in self.targets:
                id = one_match(self.connection, criteria, self.context)
                if id is None:
                    raise no_match(criteria, 412)
                self.targets[placeholder] = f"{criteria.type}/{id}"
        if self.targets:
            for held in (operation.resource, operation.patch):
                if held is not None:
                    redirect(links_of(held), self.targets)
        return write(self.connection, operation, self.context)
