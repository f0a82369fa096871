"""Changes into events, in the transaction of the write that made them.

What is watched for is kept in memory and read anew where its revision has grown, which is looked
up once in each transaction that wrote a watched type: writers take turns, so nothing can change it
meanwhile. Without a Subscription that look-up is all that a write costs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from fhir_server.r4.outcome import FhirError
from fhir_server.store import resources
from fhir_server.store.access import Access, visible
from fhir_server.store.changes import Change
from fhir_server.subscriptions import events, records, resource
from fhir_server.subscriptions.filters import ReadSearch, cannot_match, matching
from fhir_server.subscriptions.policy import Policy
from fhir_server.subscriptions.records import Known
from fhir_server.subscriptions.states import in_error
from fhir_server.subscriptions.topics import TYPES


@dataclass(slots=True)
class Recorder:
    """The store's `Watcher`; `on_events` is called after a commit that holds new events."""

    read: ReadSearch
    policy: Policy
    clock: Callable[[], datetime]
    on_events: Callable[[], None] = lambda: None
    types: frozenset[str] = frozenset(TYPES)
    _checked: bool = False
    _revision: int = -1
    _watching: dict[str, list[Known]] = field(default_factory=dict)
    _counted: bool = False

    def begun(self) -> None:
        """Look up the revision once more: another server may have written."""
        self._checked = False

    def forget(self) -> None:
        """Read everything anew: a revision that was rolled back may be given out again."""
        self._checked, self._revision = False, -1

    def committed(self) -> None:
        """Wake whoever delivers."""
        if self._counted:
            self._counted = False
            self.on_events()

    def record(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Count the events that `changes` are, for each Subscription that they match."""
        self._refresh(connection)
        for type in dict.fromkeys(change.type for change in changes):
            watching = self._watching.get(type)
            if watching:
                self._record(connection, watching, [c for c in changes if c.type == type])

    def _refresh(self, connection: Connection) -> None:
        if self._checked:
            return
        revision = records.revision(connection)
        if revision != self._revision:
            self._watching = {}
            for known in records.watching(connection):
                self._watching.setdefault(known.terms.type, []).append(known)
        self._checked, self._revision = True, revision

    def _record(
        self, connection: Connection, watching: Sequence[Known], changes: Sequence[Change]
    ) -> None:
        bodies = [(change.id, _body(connection, change)) for change in changes]
        answers: dict[tuple[tuple[str, ...], Access], frozenset[str]] = {}
        for known in tuple(watching):
            filters, access = known.terms.filters, known.access
            if (filters, access) not in answers:
                asked = (id for id, body in bodies if not cannot_match(filters, body))
                ids = tuple(dict.fromkeys(asked))
                try:
                    answers[filters, access] = matching(
                        connection, known.terms.type, filters, ids, access, self.read
                    )
                except FhirError as error:
                    # It was understood when it was written: another version or other settings.
                    self._fail(connection, known, f"A filter cannot be read any more: {error}")
                    continue
            wanted = answers[filters, access]
            found = [
                change
                for change in changes
                if change.id in wanted and _may_see(connection, change, access)
            ]
            if found:
                self._count(connection, known, found)

    def _count(self, connection: Connection, known: Known, found: Sequence[Change]) -> None:
        last, delivered = records.count_events(connection, known.id, len(found))
        events.add(connection, known.id, found, last=last)
        self._counted = True
        if last - delivered > self.policy.most_events:
            self._fail(connection, known, f"More than {self.policy.most_events} events wait.")

    def _fail(self, connection: Connection, known: Known, reason: str) -> None:
        current = records.find(connection, known.id)
        if current is not None and current.progress.status in ("requested", "active"):
            now = self.clock()
            progress = in_error(current.progress, reason, now=resources.microseconds(now))
            resource.settle(connection, current, progress, now=now)


def _body(connection: Connection, change: Change) -> bytes:
    """Return the resource of a change: a deletion is told while it is still there."""
    return change.body or resources.read(connection, change.type, change.id).body


def _may_see(connection: Connection, change: Change, access: Access) -> bool:
    """Whether the client who subscribed may see the resource of a change."""
    if access.patients is None:
        return True
    return visible(connection, resources.read(connection, change.type, change.id), access)
