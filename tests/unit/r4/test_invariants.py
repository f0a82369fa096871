"""Every invariant that R4 publishes is kept, or it is said where and why not."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fhir_server.r4.codec import decode
from fhir_server.r4.definitions import definitions
from fhir_server.r4.findings import Findings
from fhir_server.r4.invariants import invariants_of
from fhir_server.r4.outcome import Issue
from fhir_server.r4.structure import structure
from tests.unit.r4.conformance_examples import CONFORMANCE_EXAMPLES
from tests.unit.r4.datatype_examples import DATATYPE_EXAMPLES
from tests.unit.r4.invariant_example import Example
from tests.unit.r4.resource_examples import RESOURCE_EXAMPLES

OFFICIAL: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("official_constraints.json").read_text(encoding="utf-8")
)
# Kept by another part of the validator, or on the element that holds the one it is published on.
ELSEWHERE = {
    ("Element", "ele-1"): "empty objects and elements with an id only are refused by the walk",
    ("DomainResource", "dom-2"): "structure._contained refuses it where it stands",
    ("Narrative.div", "txt-1"): "narrative.py reads the markup",
    ("Narrative.div", "txt-2"): "narrative.py reads the markup",
    ("Reference", "ref-1"): "datatype_checks.reference knows the contained ids",
    ("SimpleQuantity", "sqty-1"): "SimpleQuantity has no comparator in the table of structures",
    ("ElementDefinition.max", "eld-3"): "kept on ElementDefinition",
    ("Organization.address", "org-2"): "kept on Organization",
    ("Organization.telecom", "org-3"): "kept on Organization",
    ("RiskAssessment.prediction.probability[x]", "ras-1"): "kept on RiskAssessment.prediction",
    ("StructureDefinition.differential", "sdf-8a"): "kept on StructureDefinition, which has type",
    ("StructureDefinition.snapshot", "sdf-8"): "kept on StructureDefinition, which has type",
    ("StructureDefinition.snapshot.element", "sdf-10"): "kept on StructureDefinition.snapshot",
    ("TestScript.metadata", "tst-4"): "kept on TestScript.metadata.capability, as its text says",
    ("ElementDefinition", "eld-11"): "its published expression holds for every element",
    ("EvidenceVariable.characteristic", "evv-1"): "no rule of R4: the package took it from R5",
    ("SubscriptionStatus", "sst-1"): "no type of R4: the package took it from R4B",
}
ALL = (*RESOURCE_EXAMPLES, *DATATYPE_EXAMPLES, *CONFORMANCE_EXAMPLES)


def _rules(owner: str) -> set[str]:
    if owner == "DomainResource":
        return {rule.key for rule in invariants_of("", holds_resources=True)}
    return {rule.key for rule in invariants_of(owner, holds_resources=False)}


@pytest.mark.parametrize("owner", sorted(OFFICIAL))
def test_each_published_invariant_is_kept_or_answered_for(owner: str) -> None:
    missing = {key for key in OFFICIAL[owner] if (owner, key) not in ELSEWHERE} - _rules(owner)
    assert not missing


def test_each_answer_is_about_a_published_invariant() -> None:
    published = {(owner, key) for owner, keys in OFFICIAL.items() for key in keys}
    assert set(ELSEWHERE) <= published


# Rules that no example can show alone.
_NEVER_ALONE = {
    # Whatever breaks it breaks drt-1 too.
    ("Duration", "qty-3"),
    # Both elements that it asks for one of are required.
    ("TestScript.metadata.capability", "tst-4"),
}


def test_each_rule_has_an_example() -> None:
    shown = {(example.structure, example.key) for example in ALL}
    rules = {(name, key) for name in definitions().names for key in _rules(name)}
    assert len(rules) > 190
    assert rules - shown == _NEVER_ALONE


def _issues(name: str, node: dict[str, Any]) -> list[Issue]:
    findings = Findings(in_transaction=False)
    findings.contained = frozenset({"in"})
    structure(name).walk(decode(json.dumps(node).encode()), (None, name, None), findings)
    return findings.issues


@pytest.mark.parametrize("example", ALL, ids=lambda e: f"{e.structure}-{e.key}")
def test_invariant_example(example: Example) -> None:
    assert _issues(example.structure, example.sound) == []
    issues = _issues(example.structure, example.broken)
    assert {issue.code for issue in issues} == {"invariant"}
    found = {issue.diagnostics.rpartition("(")[2].removesuffix(").") for issue in issues}
    assert found == {example.key, *example.also}
