"""R4 lets any element hold an extension in the place of its value: an answer or a refusal follows,
never a failure, and what lacks its value is never taken for something else.
"""

from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_server.r4.outcome import FhirError
from fhir_server.r4.validation import validate
from terminology.service.code_checks import ValidateCode
from terminology.service.code_findings import Coded
from terminology.service.code_system import ListedCodeSystem
from terminology.service.expand import Expand, expand
from terminology.service.library import code_system, supplemented
from terminology.service.lookup import Lookup, lookup
from terminology.service.membership import Membership
from terminology.service.translate import Translate, translate
from terminology.service.validate_code import validate_code
from terminology.service.value_set import Composition
from terminology.service.versions import Versions
from tests.unit.terminology.code_systems import URL, Shelf, lab, supplement
from tests.unit.terminology.test_expand import SETS, value_set
from tests.unit.terminology.test_translate import LAB

NOW = datetime(2026, 11, 28, tzinfo=UTC)
ABSENT = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}
INNER = value_set({"system": URL, "concept": [{"code": "TC", "display": "胆固醇"}]}, name="inner")
SET = value_set(
    {"system": URL, "version": "2026.9", "filter": [
        {"property": "concept", "op": "is-a", "value": "TC"},
        {"property": "unit", "op": "exists", "value": "true"}]},
    {"system": URL, "concept": [
        {"code": "TG", "display": "TG", "designation": [{"language": "en", "value": "TG"}]}]},
    {"valueSet": [f"{SETS}/inner"]},
    compose={"inactive": False, "exclude": [{"system": URL, "concept": [{"code": "LDL"}]}]},
    version="1",
)  # fmt: skip
EXPANDED = {
    "resourceType": "ValueSet",
    "url": f"{SETS}/expanded",
    "status": "active",
    "expansion": {
        "timestamp": "2026-11-28",
        "total": 1,
        "contains": [{"system": URL, "code": "TC", "display": "TC", "abstract": False}],
    },
}


def absent(value: Any) -> Iterator[Any]:
    """Copies of a resource, each with one primitive that is an extension only."""
    if isinstance(value, list):
        for place, each in enumerate(value):
            for changed in absent(each):
                yield [*value[:place], changed, *value[place + 1 :]]
    if isinstance(value, dict):
        for name, each in value.items():
            rest = {key: other for key, other in value.items() if key != name}
            if isinstance(each, dict | list):
                for changed in absent(each):
                    yield {**value, name: changed}
                if isinstance(each, list) and not isinstance(each[0], dict | list):
                    yield {**rest, name: [None, *each[1:]], f"_{name}": [ABSENT]}
            elif name != "resourceType":
                yield {**rest, f"_{name}": ABSENT}


def valid(resource: Any) -> list[Any]:
    found = [deepcopy(each) for each in absent(resource)]
    return [each for each in found if all(i.severity != "error" for i in validate(each))]


def answers(*held: Any, sets: tuple[Any, ...] = (SET, EXPANDED)) -> None:
    """Ask everything of a library; FhirError is an answer."""
    library = Shelf(*held, *sets, INNER)
    coded = Coded("TC", URL, display="Total cholesterol")
    for resource in sets:
        for is_strict in (True, False):
            composition = Composition(library, Versions(), is_strict=is_strict)
            try:
                if is_strict:
                    expand(composition, resource, Expand(include_designations=True), now=NOW)
                else:
                    validate_code(
                        Membership(composition, library, resource), ValidateCode((coded,))
                    )
            except FhirError as error:
                assert error.status in (404, 422)
    try:
        system = code_system(library, URL, None)
        system, _ = supplemented(library, system, (f"{URL}-texts",))
        lookup(system, Lookup("TC"))
    except FhirError as error:
        assert error.status in (404, 422)


@pytest.mark.parametrize("resource", [SET, EXPANDED])
def test_of_value_sets(resource: Any) -> None:
    changed = valid(resource)
    assert len(changed) > 5
    for each in changed:
        answers(lab(), supplement(), sets=(each,))


def test_of_code_systems_and_supplements() -> None:
    changed = valid(lab())
    assert len(changed) > 20
    for each in changed:
        answers(each, supplement())
    for each in valid(supplement()):
        answers(lab(), each)


def test_of_concept_maps() -> None:
    changed = valid(LAB)
    assert len(changed) > 5
    codes = tuple(
        (group["source"], "", element["code"])
        for group in LAB["group"]
        for element in group["element"]
    )
    for each in changed:
        for reverse in (False, True):
            translate([each], Translate(codes=codes, reverse=reverse))


def test_a_concept_without_a_code_does_not_hide_those_below_it() -> None:
    heading = {"_code": ABSENT, "display": "血脂", "concept": [{"code": "TC"}]}
    system = ListedCodeSystem(lab(concept=[heading]))
    assert [each.code for each in system] == ["TC"]
