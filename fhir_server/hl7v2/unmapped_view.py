"""Local codes without a mapping, as JSON and as a ConceptMap that a person fills in."""

from collections.abc import Sequence
from typing import Any

from fhir_server.store.hl7v2_unmapped import UnmappedCode
from fhir_server.store.resources import moment
from terminology.codings import LOINC


def code_json(code: UnmappedCode) -> dict[str, Any]:
    """Return a code as JSON."""
    return {
        "sender": code.sender,
        "system": code.system,
        "code": code.code,
        "display": code.display,
        "results": code.results,
        "since": moment(code.since).isoformat(timespec="milliseconds"),
    }


def concept_map(codes: Sequence[UnmappedCode]) -> dict[str, Any]:
    """Return a ConceptMap (FHIR R4) of the codes, a group for each system.

    It is a draft whose targets are to be written: `terminology.local_codes` takes it once each
    target has a LOINC code, and a person has set the status to active. A result that came without
    a code or a system cannot be mapped and is left out.
    """
    groups: dict[str, list[dict[str, Any]]] = {}
    seen: set[tuple[str, str]] = set()
    for each in codes:
        key = (each.system, each.code)
        if not all(key) or key in seen:
            continue
        seen.add(key)
        named = {"display": each.display} if each.display else {}
        target = {"code": "", "display": "", "equivalence": "equivalent"}
        groups.setdefault(each.system, []).append({"code": each.code, **named, "target": [target]})
    return {
        "resourceType": "ConceptMap",
        "status": "draft",
        "group": [
            {"source": system, "target": LOINC, "element": elements}
            for system, elements in groups.items()
        ],
    }
