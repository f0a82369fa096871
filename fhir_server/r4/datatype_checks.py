"""What a datatype's own structure cannot say: the target of a Reference, the code of a concept."""

from collections.abc import Mapping
from typing import Any

from fhir_server.r4.element_checks import JsonObject, NodeCheck
from fhir_server.r4.findings import Findings, Path
from fhir_server.r4.references import conditional_reference, parse_reference


def bound_concept(walk: NodeCheck, systems: Mapping[str, frozenset[str]]) -> NodeCheck:
    """Return the check of a CodeableConcept that must hold a code of a value set."""
    wanted = "; ".join(f"{s}: {', '.join(sorted(codes)[:12])}" for s, codes in systems.items())

    def check(value: Any, path: Path, findings: Findings) -> None:
        before = len(findings.issues)
        walk(value, path, findings)
        if len(findings.issues) > before or not ("coding" in value or "text" in value):
            return
        if not any(
            coding.get("code") in systems.get(coding.get("system"), ())
            for coding in value.get("coding", ())
        ):
            findings.add(
                "code-invalid", f"No coding is of the required value set ({wanted}).", path
            )

    return check


def reference(walk: NodeCheck, targets: frozenset[str] | None) -> NodeCheck:
    """Return the check of a Reference: its form, its target's type, and whether `#id` exists."""

    def check(value: Any, path: Path, findings: Findings) -> None:
        walk(value, path, findings)
        text = value.get("reference") if type(value) is dict else None
        if type(text) is str and text:
            _check_target(text, value, targets, path, findings)

    return check


def _check_target(
    text: str,
    value: JsonObject,
    targets: frozenset[str] | None,
    path: Path,
    findings: Findings,
) -> None:
    try:
        found = parse_reference(text)
    except ValueError as error:
        conditional = conditional_reference(text) if findings.in_transaction else None
        if conditional is None:
            findings.add("value", f"{text[:40]!r} is no reference: {error}.", path, "reference")
            return
        target: str | None = conditional[0]
    else:
        if found.is_contained and found.id is not None and found.id not in findings.contained:
            missing = f"No contained resource has the id {found.id!r} (ref-1)."
            findings.add("invariant", missing, path, "reference")
        target = found.type
    if target is None:
        return
    if targets is not None and target not in targets:
        allowed = f"This element refers to {', '.join(sorted(targets))}, not to {target}."
        findings.add("value", allowed, path, "reference")
    declared = value.get("type")
    if type(declared) is str and declared.rpartition("/")[2] != target:
        findings.add("value", f"The reference is to {target}, see there.", path, "type")
