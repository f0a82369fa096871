"""A message's drafts into the store, in one transaction: newer content wins, whatever the order.

Each resource that a message wrote has an origin: the times and the step of life of that message.
A draft that is older is not stored; the message lists it as superseded. Content that is already
there makes no new version, so that processing a message again changes nothing.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from fhir_server.hl7v2 import finality
from fhir_server.hl7v2.held_profiles import HeldProfiles
from fhir_server.hl7v2.mapping.drafts import Age, Draft
from fhir_server.hl7v2.problems import Problem
from fhir_server.hl7v2.stated import Stated, combined, from_text, stated, to_text
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.store import resources
from fhir_server.store.hl7v2_messages import Origin, origin, set_origin


@dataclass(slots=True)
class Recording:
    """One message being stored.

    `targets` are the resources that now hold what it says, with the segments that each is of.
    """

    connection: Connection
    message_id: str
    now: datetime
    targets: dict[str, tuple[Segment, ...]] = field(default_factory=dict)
    superseded: list[str] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    held: HeldProfiles | None = None

    def add(self, draft: Draft) -> None:
        """Store a draft unless what is there is newer."""
        type, id = draft.resource["resourceType"], draft.resource["id"]
        known = origin(self.connection, type, id)
        existing = self.read(type, id)
        if draft.merge == "visit":
            self._add_statement(draft, existing, known)
        elif draft.merge == "keep-value":
            self._add_finality(draft, existing, known)
        elif known is None or (existing is not None and not self._is_older(draft.age, known)):
            self._replace(draft, existing, known)
        else:
            self._keep_newer(draft, existing, known)

    def state(
        self, said: Stated, existing: JsonObject | None, known: Origin | None
    ) -> tuple[str, ...]:
        """Store of each element the newest statement: what is stored, or what a message says.

        `known` is None where no message wrote the resource. Returns the names that it changed.
        """
        both = said
        if existing is not None and known is not None:
            both = combined(_stated(existing, known), said)
        at, message = both.stamp
        by = Origin(True, at, at, 0, 0, message, to_text(both.others))
        self.write(both.resource, existing, by)
        before = existing or {}
        return tuple(name for name, value in both.resource.items() if before.get(name) != value)

    def read(self, type: str, id: str) -> JsonObject | None:
        """Return the stored resource, None where there is none or it was deleted."""
        try:
            return decode(resources.read(self.connection, type, id).body)
        except (NotFound, Gone):
            return None

    def is_known(self, type: str, id: str) -> bool:
        """Whether a message made that resource."""
        return origin(self.connection, type, id) is not None

    def write(self, resource: JsonObject, existing: JsonObject | None, by: Origin) -> None:
        """Store a resource unless it is there already, and that it is of the origin `by`."""
        value = replace(by, version=self.put(resource, existing))
        set_origin(self.connection, resource["resourceType"], resource["id"], value)

    def put(self, resource: JsonObject, existing: JsonObject | None) -> int:
        """Store a resource unless it is there already; return its version."""
        if existing is not None and _content(resource) == _content(existing):
            return int(existing["meta"]["versionId"])
        if self.held is not None:
            # Here and not on the draft: what is stored may be merged of two.
            resource, doubts = self.held.checked(resource)
            self.warnings += doubts
        return resources.put(self.connection, resource, now=self.now).version

    def target(self, reference: str, sources: tuple[Segment, ...]) -> None:
        """Say that a resource now holds what some segments of the message say."""
        own = self.targets.get(reference, ())
        self.targets[reference] = (*own, *(each for each in sources if each not in own))

    def add_provenance(self, resource: JsonObject) -> None:
        """Store the message's Provenance.

        A message that is processed again keeps the targets that newer ones have taken over since:
        it was their source.
        """
        existing = self.read("Provenance", resource["id"])
        if existing is None:
            resources.put(self.connection, resource, now=self.now)
            return
        now = {target["reference"] for target in resource["target"]}
        before = [each for each in existing["target"] if each["reference"] not in now]
        whole = {**resource, "target": [*resource["target"], *before]}
        if _targets(whole) != _targets(existing):
            resources.put(self.connection, whole, now=self.now)

    def _replace(self, draft: Draft, existing: JsonObject | None, known: Origin | None) -> None:
        resource = draft.resource
        if draft.merge == "report" and existing is not None:
            resource = _linked(resource, existing)
        told = "" if known is None else known.stated
        if told and draft.merge == "replace":
            resource = finality.applied(resource, told)
        self.write(resource, existing, replace(_origin(draft.age, self.message_id), stated=told))
        self.target(draft.reference, draft.sources)

    def _keep_newer(self, draft: Draft, existing: JsonObject | None, known: Origin) -> None:
        """List a draft as superseded; the newer report takes from it the results it refers to.

        A resource that was deleted over FHIR since a message wrote it comes back with newer
        content only.
        """
        if existing is None and (draft.age, self.message_id) > (_age(known), known.message):
            self._replace(draft, None, known)
            return
        self.superseded.append(draft.reference)
        if existing is not None and draft.merge == "report":
            self.write(_linked(existing, draft.resource), existing, known)

    def _add_statement(
        self, draft: Draft, existing: JsonObject | None, known: Origin | None
    ) -> None:
        """Store what a message says of a visit."""
        said = stated(draft.resource, (draft.age.sent, self.message_id), draft.ended)
        older = known is not None and said.stamp < (known.sent, known.message)
        if existing is None and older:
            self.superseded.append(draft.reference)
            return
        self.state(said, existing, known)
        if older:
            self.superseded.append(draft.reference)
        else:
            self.target(draft.reference, draft.sources)

    def _add_finality(
        self, draft: Draft, existing: JsonObject | None, known: Origin | None
    ) -> None:
        """Store that a result is final without a value of its own (OBX-11 = U)."""
        told = finality.Finality(draft.age, self.message_id, draft.resource)
        if known is None:
            # It has no value yet: whatever brings one is newer.
            by = replace(_origin(_NO_AGE, ""), stated=told.as_text())
            self.write(draft.resource, existing, by)
            self.target(draft.reference, draft.sources)
            return
        before = finality.from_text(known.stated)
        if existing is None or (before is not None and before > told):
            self.superseded.append(draft.reference)
            return
        resource = existing if known.settled else finality.finalised(existing, draft.resource)
        self.write(resource, existing, replace(known, stated=told.as_text()))
        self.target(draft.reference, draft.sources)

    def _is_older(self, age: Age, known: Origin) -> bool:
        """Whether a draft is older; of two of one age that of the message that came first."""
        return (age, self.message_id) < (_age(known), known.message)


_NO_AGE: Final = Age(False, 0, 0, 0)


def _content(resource: JsonObject) -> JsonObject:
    return {name: value for name, value in resource.items() if name != "meta"}


def _targets(provenance: JsonObject) -> set[str]:
    return {str(target) for target in provenance["target"]}


def _age(known: Origin) -> Age:
    return Age(bool(known.settled), known.issued, known.sent, known.rank)


def _origin(age: Age, message_id: str) -> Origin:
    return Origin(age.settled, age.issued, age.sent, age.rank, 0, message_id)


def _stated(existing: JsonObject, known: Origin) -> Stated:
    return Stated(existing, (known.sent, known.message), from_text(known.stated))


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
