"""The door to validation: is this JSON a resource as R4 4.0.1 defines it?

Checked against HL7's own definitions: elements and their cardinality, JSON types, primitive
formats and the calendar, choices, empty values, nulls, primitive extensions, contained and
bundled resources, required bindings, reference targets, narrative, and the invariants listed in
`invariants.py`. Not checked: bindings that are not required.
Profiles are held where they are given.
"""

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.findings import EnoughFound, Findings
from fhir_server.r4.outcome import Issue
from fhir_server.r4.profile_packages import Publication
from fhir_server.r4.profiles import Profiles
from fhir_server.r4.structure import nested_resource

# Knows R4 itself only: whatever else a record claims, it warns of.
NO_PROFILES = Profiles(Publication())


def validate(
    resource: JsonObject,
    *,
    expected_type: str | None = None,
    profiles: Profiles | None = None,
    against: tuple[str, ...] = (),
) -> tuple[Issue, ...]:
    """Return what is wrong with `resource`, each with its expression; empty where it is valid.

    `expected_type` is the type that the request's URL names. With `profiles`, a valid resource is
    also held against those that it claims in `meta.profile` and those of `against`; then there may
    be warnings of what could not be checked. At most `findings.MAX_ISSUES` errors, in the order of
    the JSON. Never raises, whatever JSON it gets. Diagnostics may quote
    up to 40 characters of a faulty value: they are for the sender, not for a log.
    """
    type_name = resource.get("resourceType")
    root = type_name if isinstance(type_name, str) and type_name else "Resource"
    if expected_type is not None and isinstance(type_name, str) and type_name != expected_type:
        text = f"Got a {root[:40]} where the request names {expected_type}; send it to its own URL."
        return (Issue("error", "invalid", text, (root[:40],)),)
    is_transaction = type_name == "Bundle" and resource.get("type") == "transaction"
    findings = Findings(in_transaction=is_transaction)
    try:
        nested_resource(resource, (None, root, None), findings)
    except EnoughFound:
        pass
    except RecursionError:
        text = "Nesting is deeper than any R4 resource needs."
        findings.issues.insert(0, Issue("error", "structure", text, (root[:40],)))
    if profiles is None and not against:
        return tuple(findings.issues)
    if findings.issues:
        # A profile's rules rely on the form of what they read.
        text = "Profiles were not looked at: mend the errors against R4 itself first."
        return (*findings.issues, Issue("information", "informational", text, (root[:40],)))
    return (profiles or NO_PROFILES).check(resource, against=against)
