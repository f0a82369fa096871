"""A message's drafts into the store, in one transaction: newer content wins, whatever the order.

Each resource that a message wrote has an origin: the times and the step of life of that message.
A draft that is older is not stored; the message lists it as superseded. Content that is already
there makes no new version, so that processing a message again changes nothing.
"""

from dataclasses import dataclass, field
from datetime import datetime

from msgspec import structs
from sqlalchemy import Connection

from fhir_server.hl7v2.held_profiles import HeldProfiles
from fhir_server.hl7v2.mapping.drafts import Draft
from fhir_server.hl7v2.meeting import Account, joined, told
from fhir_server.hl7v2.problems import Problem
from fhir_server.hl7v2.stated import Stated, combined, from_text, to_text
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.store import hl7v2_unmapped as unmapped
from fhir_server.store import resources
from fhir_server.store.hl7v2_messages import Origin
from fhir_server.store.hl7v2_origins import Origins


@dataclass(slots=True)
class Recording:
    """One message being stored.

    `targets` are the resources that now hold what it says, with the segments that each is of;
    `versions` counts what was written, `results` are its Observations as they are stored now, each
    with whether there was one before.
    """

    connection: Connection
    message_id: str
    now: datetime
    origins: Origins
    targets: dict[str, tuple[Segment, ...]] = field(default_factory=dict)
    superseded: list[str] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    held: HeldProfiles | None = None
    versions: int = 0
    results: list[tuple[JsonObject, bool]] = field(default_factory=list)

    def add(self, draft: Draft) -> None:
        """Store a draft; what is stored and newer stays, and the draft counts as superseded.

        A resource that was deleted over FHIR since a message wrote it comes back with newer
        content only.
        """
        type, id = draft.resource["resourceType"], draft.resource["id"]
        new = told(draft, self.message_id)
        known = self.origins.get(type, id)
        existing = self.read(type, id)
        both = new
        if known is not None and existing is not None:
            there = Account(existing, known)
            # Processed again, a message tells its content anew, unless somebody wrote over it.
            again = there.stamp == new.stamp and _is_own(known, existing)
            both = joined(new, there) if again else joined(there, new)
        elif known is not None and new.stamp <= Account({}, known).stamp:
            self.superseded.append(draft.reference)
            return
        self.write(both.resource, existing, both.by)
        if both.by.message == self.message_id or (
            draft.merge == "keep-value" and both.by.stated == new.by.stated
        ):
            self.target(draft.reference, draft.sources)
        else:
            self.superseded.append(draft.reference)

    def join(self, type: str, kept: str, other: str) -> None:
        """Make one resource of two that were taken for two people's; `other` is deleted."""
        accounts = [
            Account(resource, known)
            for id in (kept, other)
            if (resource := self.read(type, id)) is not None
            and (known := self.origins.get(type, id)) is not None
        ]
        if len(accounts) == 2:
            both = joined(*accounts)
            version = self.put(both.resource, accounts[0].resource)
            self.origins.set(type, kept, structs.replace(both.by, version=version))
            resources.delete(self.connection, type, other, now=self.now)
            self.versions += 1
            self.origins.drop(type, other)
            unmapped.forget(self.connection, other)

    def refer(self, changed: JsonObject, existing: JsonObject) -> None:
        """Store a resource that refers to others now; whose content it is stays.

        It stays a message's, at its age, or that of somebody who wrote it over FHIR since.
        """
        type, id = existing["resourceType"], existing["id"]
        known = self.origins.get(type, id)
        version = self.put(changed, existing)
        if known is not None and _is_own(known, existing):
            self.origins.set(type, id, structs.replace(known, version=version))

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
        if self.origins.is_absent(type, id):
            return None
        try:
            return decode(resources.read(self.connection, type, id).body)
        except (NotFound, Gone):
            return None

    def is_known(self, type: str, id: str) -> bool:
        """Whether a message made that resource."""
        return self.origins.get(type, id) is not None

    def write(self, resource: JsonObject, existing: JsonObject | None, by: Origin) -> None:
        """Store a resource unless it is there already, and that it is of the origin `by`."""
        if resource["resourceType"] == unmapped.TYPE:
            self.results.append((resource, existing is not None))
        value = structs.replace(by, version=self.put(resource, existing))
        self.origins.set(resource["resourceType"], resource["id"], value)

    def put(self, resource: JsonObject, existing: JsonObject | None) -> int:
        """Store a resource unless it is there already; return its version."""
        if existing is not None and _content(resource) == _content(existing):
            return int(existing["meta"]["versionId"])
        if self.held is not None:
            # Here and not on the draft: what is stored may be merged of two.
            resource, doubts = self.held.checked(resource)
            self.warnings += doubts
        self.versions += 1
        if self.origins.is_absent(resource["resourceType"], resource["id"]):
            return resources.add(self.connection, resource, now=self.now, method="PUT").version
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
            self.versions += 1
            return
        if not self.versions:
            # It changed nothing: whose content is where by now, later messages have recorded.
            return
        now = {target["reference"] for target in resource["target"]}
        before = [each for each in existing["target"] if each["reference"] not in now]
        whole = {**resource, "target": [*resource["target"], *before]}
        if _targets(whole) != _targets(existing):
            resources.put(self.connection, whole, now=self.now)
            self.versions += 1


def _is_own(known: Origin, existing: JsonObject) -> bool:
    """Whether the stored version is the one that a message wrote."""
    return known.version == int(existing["meta"]["versionId"])


def _content(resource: JsonObject) -> JsonObject:
    return {name: value for name, value in resource.items() if name != "meta"}


def _targets(provenance: JsonObject) -> set[str]:
    return {str(target) for target in provenance["target"]}


def _stated(existing: JsonObject, known: Origin) -> Stated:
    return Stated(existing, (known.sent, known.message), from_text(known.stated))
