"""A message's drafts into the store, in one transaction: newer content wins, whatever the order.

Each resource that a message wrote has an origin: the times and the step of life of that message.
A draft that is older is not stored; the message lists it as superseded. Content that is already
there makes no new version, so that processing a message again changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from fhir_server.hl7v2 import patients
from fhir_server.hl7v2.held_profiles import HeldProfiles
from fhir_server.hl7v2.mapping.drafts import Age, Draft
from fhir_server.hl7v2.mapping.patient import PatientDraft
from fhir_server.hl7v2.problems import Problem
from fhir_server.hl7v2.tokenizer import Segment
from fhir_server.r4.codec import JsonObject, decode
from fhir_server.r4.outcome import Gone, NotFound
from fhir_server.store import hl7v2_unmapped as unmapped
from fhir_server.store import resources
from fhir_server.store.hl7v2_messages import Origin, came_later, origin, set_origin
from fhir_server.store.resources import microseconds
from fhir_server.store.same_patient import stored_patient

# The states that OBX-11 = U turns into final; any other stays as it is.
_OPEN: Final = frozenset(("registered", "preliminary", "unknown"))


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
    targets: dict[str, tuple[Segment, ...]] = field(default_factory=dict)
    superseded: list[str] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    held: HeldProfiles | None = None
    versions: int = 0
    results: list[tuple[JsonObject, bool]] = field(default_factory=list)

    def add_patients(
        self,
        drafts: Sequence[PatientDraft],
        ids: Sequence[str],
        age: Age,
        *,
        is_authority: bool = False,
    ) -> None:
        """Create the patients that are new; keep current those that messages made.

        A Patient that was written over FHIR belongs to that writer: results do not change it.
        `is_authority`: the message is about the person (ADT); what it says and is newer than
        that write replaces it, with a warning.
        """
        for draft, id in zip(drafts, ids, strict=True):
            self._add_patient(draft, id, age, is_authority)

    def keep(self, resource: JsonObject, sources: tuple[Segment, ...]) -> None:
        """Store a changed Patient whose age stays: what is new in it are links."""
        type, id = resource["resourceType"], resource["id"]
        existing = _read(self.connection, type, id)
        known = origin(self.connection, type, id)
        own = self.targets.get(f"{type}/{id}", ())
        self.targets[f"{type}/{id}"] = (*own, *(each for each in sources if each not in own))
        if existing is not None and known is not None and not _is_own(known, existing):
            # Written over FHIR since: it stays that writer's.
            self._put(resource, existing)
        else:
            by = known or Origin(True, 0, 0, 0, 0, self.message_id)
            self._write(resource, existing, by)

    def add(self, draft: Draft) -> None:
        """Store a draft unless what is there is newer."""
        type, id = draft.resource["resourceType"], draft.resource["id"]
        known = origin(self.connection, type, id)
        existing = _read(self.connection, type, id)
        if known is not None and (existing is None or self._is_newer(known, existing, draft)):
            self._keep_newer(draft, existing, known)
            return
        resource = draft.resource if existing is None else _met(draft, existing)
        self._write(resource, existing, _origin(draft.age, self.message_id))
        self.targets[draft.reference] = draft.sources

    def _is_newer(self, known: Origin, existing: JsonObject, draft: Draft) -> bool:
        """Whether what is stored is newer than a draft.

        Of two messages of the same age the one that came later wins, however often either is
        processed. What somebody wrote over FHIR since gives way to newer messages only.
        """
        if draft.age != _age(known):
            return draft.age < _age(known)
        if not _is_own(known, existing):
            return True
        return known.message != self.message_id and came_later(
            self.connection, known.message, self.message_id
        )

    def _keep_newer(self, draft: Draft, existing: JsonObject | None, known: Origin) -> None:
        """List a draft as superseded; the newer resource takes from it only what it refers to.

        A resource that was deleted over FHIR since a message wrote it comes back with newer
        content only.
        """
        if existing is None and draft.age > _age(known):
            self._write(draft.resource, None, _origin(draft.age, self.message_id))
            self.targets[draft.reference] = draft.sources
            return
        self.superseded.append(draft.reference)
        if existing is None:
            return
        if draft.merge == "report":
            self._write(_linked(existing, draft.resource), existing, known)
        elif draft.merge == "visit":
            self._write(_visited(existing, draft.resource), existing, known)
        elif draft.resource["resourceType"] == "Observation" and _lacks_value(existing):
            self._write(_finalised(draft.resource, existing), existing, known)

    def add_provenance(self, resource: JsonObject) -> None:
        """Store the message's Provenance.

        A message that is processed again keeps the targets that newer ones have taken over since:
        it was their source.
        """
        existing = _read(self.connection, "Provenance", resource["id"])
        if existing is None:
            resources.put(self.connection, resource, now=self.now)
            self.versions += 1
            return
        now = {target["reference"] for target in resource["target"]}
        before = [each for each in existing["target"] if each["reference"] not in now]
        whole = {**resource, "target": [*resource["target"], *before]}
        if _targets(whole) != _targets(existing):
            resources.put(self.connection, whole, now=self.now)
            self.versions += 1

    def _add_patient(self, draft: PatientDraft, id: str, age: Age, is_authority: bool) -> None:
        existing = stored_patient(self.connection, id)
        new = {"resourceType": "Patient", "id": id, **draft.resource}
        mine = _origin(age, self.message_id)
        if existing is None:
            self._write(new, None, mine)
            self.targets[f"Patient/{id}"] = draft.sources
            return
        self.warnings += patients.contradictions(draft, existing, is_authority=is_authority)
        known = origin(self.connection, "Patient", id)
        if known is None or not _is_own(known, existing):
            if not is_authority:
                return
            known = _written_over_fhir(existing)
            self._warn_of_changes(draft, existing, newer=age >= _age(known))
        newer = age >= _age(known)
        both = patients.merged(new, existing, draft_is_newer=newer, ended=draft.ended)
        self._write(both, existing, mine if newer else known)
        self.targets[f"Patient/{id}"] = draft.sources

    def _warn_of_changes(self, draft: PatientDraft, existing: JsonObject, *, newer: bool) -> None:
        """Say which elements of a Patient that somebody wrote over FHIR a message replaces."""
        changed = [
            name
            for name, value in draft.resource.items()
            if name not in ("resourceType", "identifier") and existing.get(name, value) != value
        ]
        if changed:
            done = "replaced" if newer else "kept, for the message is older:"
            text = f"the Patient was last written over FHIR; {done} {', '.join(changed)}"
            self.warnings.append(Problem("0", text, draft.location, "W"))

    def _write(self, resource: JsonObject, existing: JsonObject | None, by: Origin) -> None:
        if resource["resourceType"] == unmapped.TYPE:
            self.results.append((resource, existing is not None))
        value = replace(by, version=self._put(resource, existing))
        set_origin(self.connection, resource["resourceType"], resource["id"], value)

    def _put(self, resource: JsonObject, existing: JsonObject | None) -> int:
        """Store a resource unless it is there already; return its version."""
        if existing is not None and _same(resource, existing):
            return int(existing["meta"]["versionId"])
        if self.held is not None:
            # Here and not on the draft: what is stored may be merged of two.
            resource, doubts = self.held.checked(resource)
            self.warnings += doubts
        self.versions += 1
        return resources.put(self.connection, resource, now=self.now).version


def _read(connection: Connection, type: str, id: str) -> JsonObject | None:
    try:
        return decode(resources.read(connection, type, id).body)
    except (NotFound, Gone):
        return None


def _same(resource: JsonObject, existing: JsonObject) -> bool:
    return _content(resource) == _content(existing)


def _content(resource: JsonObject) -> JsonObject:
    return {name: value for name, value in resource.items() if name != "meta"}


def _targets(provenance: JsonObject) -> set[str]:
    return {str(target) for target in provenance["target"]}


def _age(known: Origin) -> Age:
    return Age(bool(known.settled), known.issued, known.sent, known.rank)


def _is_own(known: Origin, existing: JsonObject) -> bool:
    """Whether the stored version is the one that a message wrote."""
    return known.version == int(existing["meta"]["versionId"])


def _written_over_fhir(existing: JsonObject) -> Origin:
    """Return the age of a resource that no message wrote: the time of its last version."""
    written = microseconds(datetime.fromisoformat(existing["meta"]["lastUpdated"]))
    return Origin(True, written, written, 0, int(existing["meta"]["versionId"]), "")


def _origin(age: Age, message_id: str) -> Origin:
    return Origin(age.settled, age.issued, age.sent, age.rank, 0, message_id)


def _met(draft: Draft, existing: JsonObject) -> JsonObject:
    if draft.merge == "keep-value":
        if existing["status"] in _OPEN:
            return _finalised(existing, draft.resource)
        # A code that has been mapped since is the same code.
        return {**existing, "code": draft.resource["code"]}
    if draft.merge == "report":
        return _linked(draft.resource, existing)
    if draft.merge == "visit":
        return _visited(draft.resource, existing)
    return draft.resource


def _lacks_value(observation: JsonObject) -> bool:
    """Whether a final result came without value: OBX-11 = U before what it finalises."""
    has_value = any(name.startswith("value") or name == "component" for name in observation)
    return observation["status"] == "final" and not has_value


def _finalised(valued: JsonObject, status: JsonObject) -> JsonObject:
    """Return the result `valued` with what a bare change of status (OBX-11 = U) says of it."""
    dated = any(name.startswith("effective") for name in status)
    kept = {
        name: value
        for name, value in valued.items()
        if name != "meta" and not (dated and name.startswith("effective"))
    }
    return {**kept, **{name: value for name, value in status.items() if name != "meta"}}


def _visited(newer: JsonObject, older: JsonObject) -> JsonObject:
    """Return the visit `newer` with what only `older` states; a status that is told is kept."""
    both = {name: value for name, value in older.items() if name != "meta"} | newer
    if newer["status"] == "unknown":
        both["status"] = older["status"]
    period = {**older.get("period", {}), **newer.get("period", {})}
    return both | ({"period": period} if period else {})


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
