"""References by what they point to: a paired resource, or a party by its number and name.

This server names people, organisations, places and analysers in logical references; the other
engine stores a Practitioner, a PractitionerRole, an Organization, a Location or a Device for each.
Both are the same statement.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from fhir_server.hl7v2.mapping.names import full_name
from fhir_server.r4.codec import JsonObject

# What is no resource of ours by design: named by a reference with identifier and display.
PARTIES: Final = frozenset(
    ("Device", "Location", "Organization", "Practitioner", "PractitionerRole")
)
# Stands for a target that has no partner on the other side.
UNPAIRED: Final = "(no partner)"
MISSING: Final = "(no such resource)"


def by_reference(resources: Iterable[JsonObject]) -> dict[str, JsonObject]:
    """Return resources by `Type/id`."""
    return {f"{each['resourceType']}/{each['id']}": each for each in resources}


def resolved(value: Any, pairs: Mapping[str, str], known: Mapping[str, JsonObject]) -> Any:
    """Return a value in which each reference says what it points to.

    `pairs` maps `Type/id` to the name that both sides share; `known` are the side's resources.
    """
    if isinstance(value, list):
        return [resolved(each, pairs, known) for each in value]
    if not isinstance(value, dict):
        return value
    target = value.get("reference")
    if isinstance(target, str):
        return _target(target, pairs, known)
    return {name: resolved(each, pairs, known) for name, each in value.items()}


def _target(target: str, pairs: Mapping[str, str], known: Mapping[str, JsonObject]) -> JsonObject:
    if target in pairs:
        return {"reference": pairs[target]}
    resource = known.get(target)
    if resource is None:
        return {"reference": f"{target.partition('/')[0]} {MISSING}"}
    if resource["resourceType"] not in PARTIES:
        return {"reference": f"{resource['resourceType']} {UNPAIRED}"}
    return _named(resource, known)


def _named(resource: JsonObject, known: Mapping[str, JsonObject]) -> JsonObject:
    """Return the party that a stored resource is, as a logical reference says it."""
    if resource["resourceType"] == "PractitionerRole":
        inner = resource.get("practitioner") or resource.get("organization") or {}
        found = known.get(str(inner.get("reference", "")))
        return {"reference": f"PractitionerRole {MISSING}"} if found is None else _named(found, {})
    identifiers = resource.get("identifier") or [{}]
    number = {name: identifiers[0][name] for name in ("system", "value") if name in identifiers[0]}
    name = resource.get("name", "")
    display = _display(name[0]) if isinstance(name, list) and name else name
    found = {"type": resource["resourceType"], "identifier": number, "display": display}
    return {name: value for name, value in found.items() if value}


def _display(name: Mapping[str, Any]) -> str:
    return str(
        full_name(
            family=name.get("family", ""),
            given=list(name.get("given", ())),
            prefix=" ".join(name.get("prefix", ())),
            suffix=" ".join(name.get("suffix", ())),
        )
        or name.get("text", "")
    )
