"""A laboratory's code in another code system, by the maps that somebody has accepted."""

from typing import Any

import pytest

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.validation import validate
from terminology.service.translate import Translate, translate
from tests.unit.terminology.code_systems import URL

LOINC = "http://loinc.org"


def concept_map(*elements: JsonObject, **group: Any) -> JsonObject:
    return {
        "resourceType": "ConceptMap",
        "url": "http://hospital.example.cn/ConceptMap/lab",
        "version": "3",
        "status": "active",
        "group": [{"source": URL, "target": LOINC, "element": list(elements), **group}],
    }


def mapped(code: str, *targets: tuple[str, str], **more: Any) -> JsonObject:
    listed = [
        {"code": target, "equivalence": equivalence, "comment": "reviewed", **more}
        for target, equivalence in targets
    ]
    return {"code": code, "target": listed}


LAB = concept_map(
    mapped("TC", ("14647-2", "equivalent")),
    mapped("LDL", ("69419-0", "narrower"), ("39469-2", "wider")),
    mapped("CKMB", ("2154-3", "disjoint")),
)


def told(code: str, found: JsonObject = LAB, **asked: Any) -> tuple[bool, list[tuple[str, str]]]:
    given = {"target_system": LOINC, **asked}
    system = LOINC if asked.get("reverse") else URL
    answer = translate([found] if found else [], Translate(((system, "", code),), **given))
    assert validate(answer) == ()
    first, *rest = answer["parameter"]
    matches = []
    for each in rest:
        if each["name"] == "match":
            parts = {part["name"]: part for part in each["part"]}
            concept = parts["concept"]["valueCoding"]
            matches.append((concept["code"], parts["equivalence"]["valueCode"]))
            assert parts["source"]["valueUri"] == "http://hospital.example.cn/ConceptMap/lab|3"
    return first["valueBoolean"], matches


def test_every_translation_with_how_near_it_is():
    assert told("TC") == (True, [("14647-2", "equivalent")])
    assert told("LDL") == (True, [("69419-0", "narrower"), ("39469-2", "wider")])


def test_what_is_known_to_be_something_else_is_no_translation():
    assert told("CKMB") == (False, [("2154-3", "disjoint")])


def test_a_code_that_is_not_mapped_has_none_and_a_word():
    answer = translate([LAB], Translate(((URL, "", "TG"),), LOINC))
    assert answer["parameter"][0]["valueBoolean"] is False
    assert answer["parameter"][1]["name"] == "message"
    nothing = translate([], Translate(((URL, "", "TG"),), LOINC))
    assert "No ConceptMap" in nothing["parameter"][1]["valueString"]


def test_the_other_way_round_narrower_is_wider():
    assert told("69419-0", reverse=True, target_system=URL) == (True, [("LDL", "wider")])
    assert told("14647-2", reverse=True, target_system="") == (True, [("TC", "equivalent")])


def test_another_system_is_not_translated():
    assert told("TC", target_system="http://snomed.info/sct") == (False, [])
    other = translate([LAB], Translate((("http://other.example.cn", "", "TC"),)))
    assert other["parameter"][0]["valueBoolean"] is False


def test_a_version_that_the_map_is_not_of_is_not_translated():
    dated = concept_map(mapped("TC", ("14647-2", "equivalent")), sourceVersion="2026.9")
    for version, result in (("", True), ("2026.9", True), ("2025.1", False)):
        answer = translate([dated], Translate(((URL, version, "TC"),)))
        assert answer["parameter"][0]["valueBoolean"] is result


@pytest.mark.parametrize(
    ("unmapped", "matches"),
    [
        ({"mode": "provided"}, [("TG", "relatedto")]),
        ({"mode": "fixed", "code": "LA0"}, [("LA0", "relatedto")]),
        ({"mode": "other-map", "url": "http://hospital.example.cn/other"}, []),
    ],
)
def test_what_a_map_says_of_codes_that_it_does_not_list(unmapped, matches):
    found = concept_map(mapped("TC", ("14647-2", "equivalent")), unmapped=unmapped)
    assert told("TG", found) == (bool(matches), matches)


def test_a_translation_that_hangs_on_something_else_waits_for_it():
    needs = [{"property": "http://hospital.example.cn/specimen", "value": "urine"}]
    found = concept_map(mapped("CREA", ("2161-8", "equivalent"), dependsOn=needs))
    assert told("CREA", found) == (False, [])
    answer = translate([found], Translate(((URL, "", "CREA"),)))
    assert "specimen = urine" in answer["parameter"][1]["valueString"]
    known = (("http://hospital.example.cn/specimen", "urine"),)
    assert told("CREA", found, dependencies=known) == (True, [("2161-8", "equivalent")])
