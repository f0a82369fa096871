"""Results of a person with several records: known by any of them, filed under the survivor.

The patient is part of a resource's identity. What was sent under a number before its record was
merged has an id that follows from that record; a correction or a withdrawal that comes after the
merge, under the old number or the new one, must meet it and not stand beside it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import structs

from fhir_server.hl7v2.mapping.drafts import PATIENT, Draft
from fhir_server.hl7v2.mapping.identity import resource_id
from fhir_server.hl7v2.patients import Person
from fhir_server.r4.codec import JsonObject


def filed(
    drafts: Sequence[Draft], persons: Iterable[Person], is_known: Callable[[str, str], bool]
) -> Sequence[Draft]:
    """Return the drafts with the ids under which what they say is stored, and the survivor.

    Drafts are identified by `Person.record`; `is_known` (type, id) says whether a message made
    that resource. Of several the record's own comes first.
    """
    several = {each.record: each for each in persons if len(each.records) > 1}
    if not several:
        return drafts
    names = {f"Patient/{each.record}": f"Patient/{each.id}" for each in several.values()}
    for draft in drafts:
        person = several.get(draft.key[PATIENT])
        if person is not None:
            type, id = draft.resource["resourceType"], draft.resource["id"]
            names[draft.reference] = f"{type}/{_known_id(draft, person, is_known) or id}"
    return [_renamed(draft, names) for draft in drafts]


def with_references(value: Any, names: Mapping[str, str]) -> Any:
    """Return a piece of a resource whose references by the names of `names` are replaced."""
    if isinstance(value, dict):
        return {
            name: names.get(part, part)
            if name == "reference" and isinstance(part, str)
            else with_references(part, names)
            for name, part in value.items()
        }
    if isinstance(value, list):
        return [with_references(each, names) for each in value]
    return value


def _known_id(draft: Draft, person: Person, is_known: Callable[[str, str], bool]) -> str | None:
    type = draft.resource["resourceType"]
    keys = ((*draft.key[:PATIENT], id, *draft.key[PATIENT + 1 :]) for id in person.records)
    ids = (resource_id(type, *key) for key in keys)
    return next((id for id in ids if is_known(type, id)), None)


def _renamed(draft: Draft, names: Mapping[str, str]) -> Draft:
    id = names.get(draft.reference, draft.reference).partition("/")[2]
    resource: JsonObject = with_references(draft.resource, names)
    return structs.replace(draft, resource={**resource, "id": id})
