"""R4's own codes are known without being loaded, and what is stored goes before them."""

from typing import Any

import pytest

from fhir_server.r4.definitions import definitions
from fhir_server.r4.own_terminology import PACK, every_code_system, is_own, own_terminology
from terminology.service.built_in import WithBuiltIn
from terminology.service.code_system import ListedCodeSystem
from terminology.service.library import code_system, value_set
from terminology.service.value_set import Composition
from terminology.service.versions import Versions
from tests.unit.terminology.code_systems import Shelf

GENDER = "http://hl7.org/fhir/administrative-gender"
GENDER_SET = "http://hl7.org/fhir/ValueSet/administrative-gender"
EMPTY = WithBuiltIn(Shelf())


def codes_of(url: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    members = Composition(EMPTY, Versions()).members(value_set(EMPTY, url, Versions()))
    for system, _version, code in members:
        found.setdefault(system, set()).add(code)
    return found


def test_administrative_gender_has_its_codes_displays_and_definitions() -> None:
    assert codes_of(GENDER_SET) == {GENDER: {"male", "female", "other", "unknown"}}
    found = code_system(EMPTY, GENDER, "4.0.1").get("female")
    assert found is not None
    assert (found.display, found.definition) == ("Female", "Female.")


def test_the_required_bindings_of_r4_hold_the_codes_that_r4_published() -> None:
    """Two tables of one release, built from two packages, on the same codes."""
    checked = 0
    for url, published in definitions().value_sets.items():
        resource = own_terminology("ValueSet", url)
        if resource is None or not all(map(is_own, published)):
            continue
        # Codes that only group others are no codes of a binding.
        grouping = {
            (system, concept.code)
            for system in published
            for concept in code_system(EMPTY, system, None)
            if concept.is_abstract
        }
        found = {
            (system, code) for system, codes in codes_of(url).items() for code in codes
        } - grouping
        assert found == {(system, code) for system, some in published.items() for code in some}, url
        checked += 1
    assert checked > 150


@pytest.mark.parametrize("version", ["4.0.1", "5.0.0", "3.0.1", ""])
def test_what_is_stored_goes_before_it_in_whatever_version(version: str) -> None:
    own: dict[str, Any] = {
        "resourceType": "CodeSystem",
        "url": GENDER,
        "version": version,
        "status": "active",
        "content": "complete",
        "concept": [{"code": "male", "display": "男"}],
    }
    library = WithBuiltIn(Shelf(own, {"resourceType": "ValueSet", "url": GENDER_SET}))
    assert len(code_system(library, GENDER, None)) == 1
    assert value_set(library, GENDER_SET, Versions()) == {
        "resourceType": "ValueSet", "url": GENDER_SET,
    }  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "http://loinc.org",
        "http://snomed.info/sct",
        "http://hl7.org/fhir/sid/ex-icd-10-procedures",
        "http://hl7.org/fhir/CodeSystem/example",
        "http://hl7.org/fhir/nothing-of-that-name",
    ],
)
def test_codes_of_others_and_examples_are_not_built_in(url: str) -> None:
    assert own_terminology("CodeSystem", url) is None


def test_a_value_set_that_lists_codes_of_snomed_ct_is_not_built_in() -> None:
    assert own_terminology("ValueSet", "http://hl7.org/fhir/ValueSet/condition-severity") is None
    assert own_terminology("ValueSet", "http://hl7.org/fhir/ValueSet/condition-clinical")


def test_the_pack_is_small_and_every_code_system_in_it_has_its_codes() -> None:
    assert PACK.stat().st_size < 1_500_000
    held = [ListedCodeSystem(each) for each in every_code_system()]
    assert len(held) > 1000
    assert all(is_own(each.url) for each in held)
    assert all(len(each) > 0 for each in held if each.content == "complete")
