"""Who is asking, as the store sees it: which patients' records may be read and written.

A restricted client sees the records of its patients and what is nobody's record (Organization,
Medication, ValueSet: `r4.compartments.is_shared`). A resource of a record that names no patient is
seen by nobody who is restricted. What cannot be seen is answered as if it were not there.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.compartments import is_record_of, is_shared, placing_parameters
from fhir_server.r4.outcome import FhirError, Issue, NotFound
from fhir_server.store import resources
from fhir_server.store.resources import Stored
from fhir_server.store.search import search
from fhir_server.store.search_query import (
    ChainTerm,
    Compartment,
    Criterion,
    HasTerm,
    SearchPage,
    SearchQuery,
    Test,
)


@dataclass(frozen=True, slots=True)
class Access:
    """The Patient ids whose records are open; None opens everything.

    `base_url` is this server's FHIR base: references that are written with it are its own.
    """

    patients: frozenset[str] | None = None
    base_url: str | None = None


class Forbidden(FhirError):
    """403: what would be written is not in a record that is open to the client."""

    def __init__(self, type: str) -> None:
        text = f"This {type} would lie outside the records that you may write to."
        super().__init__(403, Issue("error", "forbidden", text))


def sees(body: bytes, access: Access) -> bool:
    """Return whether a resource of this content may be seen; a version is `visible`'s matter."""
    if access.patients is None:
        return True
    resource = decode(body)
    return is_shared(resource["resourceType"]) or _is_open(resource, access)


def visible(connection: Connection, stored: Stored, access: Access) -> bool:
    """Return whether this version may be seen: its own content, and that of the newest version.

    A result that was filed under the wrong patient and then moved is not in the first one's record
    any more, in no version of it. A deletion has no content: the newest before it decides.
    """
    if access.patients is None:
        return True
    if not (stored.deleted or sees(stored.body, access)):
        return False
    return is_known(connection, stored.type, stored.id, access)


def is_known(connection: Connection, type: str, id: str, access: Access) -> bool:
    """Return whether the client may know that there is, or was, such a resource."""
    if access.patients is None:
        return True
    newest = resources.newest_content(connection, type, id)
    return newest is not None and sees(newest, access)


def check_known(connection: Connection, type: str, id: str, access: Access) -> None:
    """Raise NotFound (404) for what the client may not know of: the words for what is not there."""
    if not is_known(connection, type, id, access):
        raise NotFound(type, id)


def check_writable(connection: Connection, type: str, id: str, access: Access) -> None:
    """Refuse to write over what is not in an open record: 404 where it is not seen, 403 else.

    What was deleted counts by its newest content: nobody revives another patient's record.
    """
    if access.patients is None:
        return
    newest = resources.newest_content(connection, type, id)
    if newest is None:
        return
    if not sees(newest, access):
        raise NotFound(type, id)
    if not _is_open(decode(newest), access):
        raise Forbidden(type)


def check_content(resource: JsonObject, access: Access) -> None:
    """Refuse (403) to store `resource` where it does not lie in an open record.

    A Subscription lies in none: its client is told of open records only (docs/adr/0014), and who
    is restricted reads and changes none that is there.
    """
    if access.patients is None or resource["resourceType"] == "Subscription":
        return
    if not _is_open(resource, access):
        raise Forbidden(resource["resourceType"])


def search_visible(
    connection: Connection, type: str, query: SearchQuery, access: Access
) -> SearchPage:
    """Return a page of a search, of what may be seen; nothing else of a store counts or matches."""
    return search(connection, type, restricted(type, query, access))


def restricted(type: str, query: SearchQuery, access: Access) -> SearchQuery:
    """Return `query` with what may be seen as a further criterion, also within its chains."""
    if access.patients is None:
        return query
    return replace(query, criteria=_restricted(type, query.criteria, access))


def _restricted(type: str, tests: tuple[Test, ...], access: Access) -> tuple[Test, ...]:
    narrowed = tuple(_restricted_test(test, access) for test in tests)
    return narrowed if is_shared(type) else (*narrowed, _record_of(type, access))


def _restricted_test(test: Test, access: Access) -> Test:
    """Return the test that looks only at what may be seen on its way: a chain is no spy-hole."""
    if not isinstance(test, Criterion):
        return test
    terms = tuple(
        replace(term, tests=_restricted(term.type, term.tests, access))
        if isinstance(term, ChainTerm | HasTerm)
        else term
        for term in test.terms
    )
    return replace(test, terms=terms)


def _record_of(type: str, access: Access) -> Compartment:
    patients = tuple(sorted(access.patients or ()))
    names = ("_id",) if type == "Patient" else placing_parameters(type)
    return Compartment(names, patients, base_url=access.base_url)


def _is_open(resource: JsonObject, access: Access) -> bool:
    return is_record_of(resource, access.patients or (), base_url=access.base_url)
