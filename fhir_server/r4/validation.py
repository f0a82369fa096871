"""The door to validation: is this JSON a resource as R4 4.0.1 defines it?

Checked against HL7's own definitions: elements and their cardinality, JSON types, primitive
formats and the calendar, choices, empty values, nulls, primitive extensions, contained and
bundled resources, required bindings, reference targets, narrative, and the invariants listed in
`invariants.py`. Not checked: profiles, other bindings than required ones, other invariants.
"""

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.findings import EnoughFound, Findings
from fhir_server.r4.outcome import Issue
from fhir_server.r4.structure import nested_resource


def validate(resource: JsonObject, *, expected_type: str | None = None) -> tuple[Issue, ...]:
    """Return what is wrong with `resource`, each with its expression; empty where it is valid.

    `expected_type` is the type that the request's URL names. At most `findings.MAX_ISSUES`
    issues, in the order of the JSON. Never raises, whatever JSON it gets. Diagnostics may quote
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
    return tuple(findings.issues)
