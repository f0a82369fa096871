"""Two accounts of one resource become one: the newer content, whichever of them comes first."""

from typing import Final

import msgspec
from msgspec import structs

from fhir_server.hl7v2 import finality
from fhir_server.hl7v2.mapping.drafts import Age, Draft
from fhir_server.hl7v2.stated import Stated, combined, from_text, stated, to_text
from fhir_server.r4.codec import JsonObject
from fhir_server.store.hl7v2_messages import Origin

# Older than any message: a result of which only its finality (OBX-11 = U) is known.
_NO_AGE: Final = Age(False, 0, 0, 0)


class Account(msgspec.Struct, frozen=True):
    """A resource as messages made it, and the message of its content."""

    resource: JsonObject
    by: Origin

    @property
    def stamp(self) -> tuple[Age, str]:
        """How new the content is; of one age the later arrival is newer (ids grow with time)."""
        by = self.by
        return Age(bool(by.settled), by.issued, by.sent, by.rank), by.message


def told(draft: Draft, message_id: str) -> Account:
    """Return what a draft tells of its resource."""
    if draft.merge == "visit":
        stamp = (draft.age.sent, message_id)
        return _account(stated(draft.resource, stamp, draft.ended), draft.identity)
    if draft.merge == "keep-value":
        said = finality.Finality(draft.age, message_id, draft.resource)
        by = _origin(_NO_AGE, "", draft.identity)
        return Account(draft.resource, structs.replace(by, stated=said.as_text()))
    return Account(draft.resource, _origin(draft.age, message_id, draft.identity))


def joined(first: Account, second: Account) -> Account:
    """Return one account of two; the id is that of `first`.

    Commutative but for the id, and again it changes nothing.
    """
    kind, id = first.resource["resourceType"], first.resource["id"]
    identity = first.by.identity or second.by.identity
    if kind == "Encounter":
        return _account(combined(_stated(first), _stated(second)), identity)
    newer, older = (first, second) if first.stamp >= second.stamp else (second, first)
    resource = newer.resource
    if kind == "DiagnosticReport":
        resource = _linked(resource, older.resource)
    final = _newer_finality(first.by.stated, second.by.stated)
    if final is not None and not newer.by.settled:
        # What is open is final now; where no value is known, only its finality and its place are.
        valued = resource if newer.by.message else finality.place(resource)
        resource = finality.finalised(valued, final.resource)
    by = structs.replace(newer.by, stated=final.as_text() if final else "", identity=identity)
    return Account({**resource, "id": id}, by)


def _newer_finality(first: str, second: str) -> finality.Finality | None:
    found = [each for text in (first, second) if (each := finality.from_text(text)) is not None]
    return max(found, key=lambda each: (each.age, each.message_id), default=None)


def _account(said: Stated, identity: str) -> Account:
    at, message = said.stamp
    by = Origin(True, at, at, 0, 0, message, to_text(said.others), identity)
    return Account(said.resource, by)


def _stated(of: Account) -> Stated:
    return Stated(of.resource, (of.by.sent, of.by.message), from_text(of.by.stated))


def _origin(age: Age, message_id: str, identity: str) -> Origin:
    return Origin(age.settled, age.issued, age.sent, age.rank, 0, message_id, identity=identity)


def _linked(report: JsonObject, other: JsonObject) -> JsonObject:
    """Return `report` with the results and specimens that only `other` lists behind its own.

    A correction sends one result of an order; the report keeps the others.
    """
    both = dict(report)
    for name in ("specimen", "result"):
        own = list(report.get(name, []))
        more = [each for each in other.get(name, []) if each not in own]
        if own or more:
            both[name] = own + more
    return both
