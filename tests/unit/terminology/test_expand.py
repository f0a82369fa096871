"""Which of a laboratory's codes a value set holds, and in which form they are answered."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.codec import JsonObject
from fhir_server.r4.outcome import BadRequest, FhirError
from fhir_server.r4.validation import validate
from terminology.service import expand as expanding
from terminology.service.expand import Expand, expand
from terminology.service.expansion_properties import OF_CODE
from terminology.service.value_set import Composition
from terminology.service.versions import Versions, read_versions
from tests.unit.terminology.code_systems import URL, Shelf, lab, supplement

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
SETS = "http://hospital.example.cn/ValueSet"
ALL = ["LIPID", "TC", "LDL", "HDL", "TG", "CKMB"]


def value_set(*include: JsonObject, name: str = "vs", **changed: Any) -> JsonObject:
    compose = {"include": list(include) or [{"system": URL}], **changed.pop("compose", {})}
    return {
        "resourceType": "ValueSet",
        "url": f"{SETS}/{name}",
        "status": "active",
        "compose": compose,
        **changed,
    }


def filtered(property: str, op: str, value: str) -> JsonObject:
    given: JsonObject = {"property": property, "value": value}
    if op in ("child-of", "descendent-leaf"):
        # An operator of R5: R4 has it as an extension.
        url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ValueSet"
        extension = {"url": f"{url}.compose.include.filter.op", "valueCode": op}
        return value_set({"system": URL, "filter": [given | {"_op": {"extension": [extension]}}]})
    return value_set({"system": URL, "filter": [given | {"op": op}]})


def expansion(
    resource: JsonObject,
    *held: JsonObject,
    versions: Versions | None = None,
    supplements: tuple[str, ...] = (),
    **asked: Any,
) -> JsonObject:
    library = Shelf(lab(), *held)
    composition = Composition(library, versions or Versions(), supplements)
    given = Expand(**{"exclude_nested": True, **asked})
    found = expand(composition, resource, given, now=NOW)
    assert validate(found) == ()
    result: JsonObject = found["expansion"]
    return result


def codes(expanded: JsonObject) -> list[str]:
    return [each["code"] for each in expanded.get("contains", ())]


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        (value_set(), ALL),
        (value_set({"system": URL, "concept": [{"code": "TG"}, {"code": "NONE"}]}), ["TG"]),
        (value_set(compose={"exclude": [{"system": URL, "concept": [{"code": "TC"}]}]}),
         ["LIPID", "LDL", "HDL", "TG", "CKMB"]),
        (value_set(compose={"inactive": False}), ALL[:-1]),
        (filtered("concept", "is-a", "TC"), ["TC", "LDL", "HDL"]),
        (filtered("concept", "descendent-of", "TC"), ["LDL", "HDL"]),
        (filtered("concept", "is-not-a", "TC"), ["LIPID", "TG", "CKMB"]),
        (filtered("concept", "generalizes", "LDL"), ["LIPID", "TC", "LDL"]),
        (filtered("concept", "child-of", "LIPID"), ["TC", "TG"]),
        (filtered("concept", "descendent-leaf", "LIPID"), ["LDL", "HDL", "TG"]),
        (filtered("unit", "=", "mmol/L"), ["TC"]),
        (filtered("unit", "exists", "true"), ["TC"]),
        (filtered("unit", "exists", "false"), ["LIPID", "LDL", "HDL", "TG", "CKMB"]),
        (filtered("code", "in", "TC, TG"), ["TC", "TG"]),
        (filtered("code", "not-in", "TC,TG"), ["LIPID", "LDL", "HDL", "CKMB"]),
        (filtered("code", "regex", "[LH]DL"), ["LDL", "HDL"]),
        (filtered("code", "regex", "DL"), []),
        (filtered("display", "regex", ".*胆固醇"), ["TC", "LDL", "HDL"]),
        (filtered("inactive", "=", "true"), ["CKMB"]),
        (filtered("parent", "=", "TC"), ["LDL", "HDL"]),
    ],
)  # fmt: skip
def test_the_codes_of_a_definition(resource, expected):
    found = expansion(resource)
    assert codes(found) == expected
    assert found["total"] == len(expected)


def test_a_value_set_of_value_sets_holds_what_all_of_a_part_hold():
    lipids = filtered("concept", "is-a", "LIPID") | {"url": f"{SETS}/lipids"}
    named = value_set({"system": URL, "concept": [{"code": "TG"}, {"code": "CKMB"}]}, name="two")
    both = value_set({"valueSet": [f"{SETS}/lipids", f"{SETS}/two"]})
    found = expansion(both, lipids, named)
    assert codes(found) == ["TG"]
    told = {(each["name"], each["valueUri"]) for each in found["parameter"]}
    assert ("used-valueset", f"{SETS}/two") in told
    assert ("used-codesystem", f"{URL}|2026.9") in told


@pytest.mark.parametrize(
    ("resource", "held", "status", "said"),
    [
        (value_set({"system": "http://loinc.org"}), [], 404, "could not be found"),
        (value_set({"valueSet": [f"{SETS}/none"]}), [], 404, "could not be found"),
        (value_set({"valueSet": [f"{SETS}/vs"]}), [value_set({"valueSet": [f"{SETS}/vs"]})],
         422, "built of itself"),
        (filtered("concept", "is-a", "NONE"), [], 422, "Unknown code 'NONE'"),
        (filtered("concept", "is-not-a", "NONE"), [], 422, "Unknown code 'NONE'"),
        (filtered("unit", "is-a", "TC"), [], 422, "of the property concept"),
        (filtered("code", "regex", "("), [], 422, "no regular expression"),
        (filtered("unit", "exists", "yes"), [], 422, "true or false"),
        (filtered("unit", "bigger", "1"), [], 422, "not supported"),
        (value_set({"version": "1"}), [], 422, "neither a system nor a value set"),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_refused_as_a_whole(resource, held, status, said):
    """Half of a value set would look like all of it."""
    with pytest.raises(FhirError, match=said) as refused:
        expansion(resource, *held)
    assert refused.value.status == status


def test_a_pattern_that_never_ends_elsewhere_ends_here():
    bad = lab(concept=[{"code": "a" * 40 + "!"}, {"code": "aaa"}])
    library = Shelf(bad)
    found = expand(
        Composition(library, Versions()), filtered("code", "regex", "((a+)+)+"), Expand(), now=NOW
    )
    assert codes(found["expansion"]) == ["aaa"]


def test_a_hierarchy_is_shown_as_one_unless_it_is_cut():
    nested = expansion(value_set(), exclude_nested=False)
    assert codes(nested) == ["LIPID", "CKMB"]
    lipid = nested["contains"][0]
    assert lipid["abstract"] is True
    assert codes(lipid) == ["TC", "TG"]
    assert codes(lipid["contains"][0]) == ["LDL", "HDL"]
    # A code whose parent is not in the value set hangs from the one above, or stands alone.
    leaves = filtered("concept", "descendent-leaf", "LIPID")
    assert codes(expansion(leaves, exclude_nested=False)) == ["LDL", "HDL", "TG"]
    assert codes(expansion(value_set(), exclude_nested=False, count=10)) == ALL


def test_codes_in_a_circle_are_not_left_out():
    circle = [
        {"code": "A", "property": [{"code": "parent", "valueCode": "B"}]},
        {"code": "B", "property": [{"code": "parent", "valueCode": "A"}]},
        {"code": "C"},
    ]
    library = Shelf(lab(concept=circle, property=[]))
    found = expand(Composition(library, Versions()), value_set(), Expand(), now=NOW)
    assert codes(found["expansion"]) == ["A", "B", "C"]


@given(st.integers(0, 8), st.integers(0, 8))
def test_pages_join_to_the_whole(offset, count):
    page = expansion(value_set(), offset=offset, count=count)
    assert codes(page) == ALL[offset : offset + count]
    assert (page["total"], page["offset"]) == (6, offset)


def test_only_active_codes_and_which_are_not():
    marked = {each["code"]: each for each in expansion(value_set())["contains"]}
    assert marked["CKMB"]["inactive"] is True
    assert "inactive" not in marked["TC"]
    assert codes(expansion(value_set(), active_only=True)) == ALL[:-1]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("胆固醇", ["TC", "LDL", "HDL"]),
        ("密度 胆固", ["LDL", "HDL"]),
        ("total chol", ["TC"]),
        ("CHOL", ["TC"]),
        ("holesterol", []),
        ("tg", ["TG"]),
    ],
)
def test_codes_are_found_by_what_is_typed(typed, expected):
    assert codes(expansion(value_set(), filter=typed)) == expected


def test_texts_in_the_language_of_who_asks_and_by_the_value_set_itself():
    own = {
        "code": "TG",
        "display": "TG(酶法)",
        "designation": [{"language": "en", "value": "Trigs"}],
    }
    resource = value_set({"system": URL, "concept": [own, {"code": "TC"}]})
    shown = [each["display"] for each in expansion(resource)["contains"]]
    assert shown == ["TG(酶法)", "总胆固醇"]
    english = expansion(resource, languages=("en",), include_designations=True)
    assert [each["display"] for each in english["contains"]] == ["Trigs", "Total cholesterol"]
    # The text that is shown is not told again, and the one in whose place it stands is.
    assert english["contains"][1]["designation"] == [{"language": "zh-CN", "value": "总胆固醇"}]
    none = expansion(resource, include_designations=True, designations=("fr",))
    assert all("designation" not in each for each in none["contains"])


def test_a_supplement_gives_its_texts_and_is_named():
    found = expansion(value_set(), supplement(), supplements=(f"{URL}-texts",), languages=("en",))
    shown = {each["code"]: each["display"] for each in found["contains"]}
    assert shown["TG"] == "Triglycerides"
    assert {"name": "used-supplement", "valueUri": f"{URL}-texts|1"} in found["parameter"]


def test_the_version_that_is_asked_for():
    newer = lab(version="2026.10", concept=[{"code": "TC2"}])
    assert codes(expansion(value_set(), newer)) == ["TC2"]
    older = {"default": {URL: "2026.9"}}
    assert codes(expansion(value_set(), newer, versions=Versions(**older))) == ALL
    fixed = value_set({"system": URL, "version": "2026.9"})
    assert codes(expansion(fixed, newer)) == ALL
    forced = Versions(forced={URL: "2026.10"})
    assert codes(expansion(fixed, newer, versions=forced)) == ["TC2"]
    with pytest.raises(FhirError, match="is not allowed for system"):
        expansion(fixed, newer, versions=Versions(checked={URL: "2026.10"}))
    both = value_set({"system": URL, "version": "2026.9"}, {"system": URL, "version": "2026.10"})
    versions = {each["code"]: each["version"] for each in expansion(both, newer)["contains"]}
    assert (versions["TC"], versions["TC2"]) == ("2026.9", "2026.10")


def test_a_version_without_a_system_is_refused():
    with pytest.raises(BadRequest, match=r"system\|version"):
        read_versions(["2026.9"], [], [])


def test_a_value_set_that_is_only_an_expansion():
    given = {"timestamp": "2026-11-28", "contains": [{"system": URL, "code": "TG"}]}
    only = {"resourceType": "ValueSet", "status": "active", "expansion": given}
    assert codes(expansion(only)) == ["TG"]
    with pytest.raises(FhirError, match="one page"):
        expansion({**only, "expansion": {**given, "total": 2}})
    with pytest.raises(FhirError, match="neither a definition"):
        expansion({"resourceType": "ValueSet", "status": "active"})


def test_more_codes_than_anybody_can_use_are_asked_for_by_page(monkeypatch):
    monkeypatch.setattr(expanding, "MOST_CODES", 5)
    with pytest.raises(FhirError, match="has 6 codes") as refused:
        expansion(value_set())
    assert refused.value.issues[0].code == "too-costly"
    assert len(codes(expansion(value_set(), count=5))) == 5


def _extension(name: str, kind: str, value: object) -> JsonObject:
    return {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", kind: value}


def properties(entry: JsonObject) -> dict[str, object]:
    found = {}
    for each in entry.get("extension", ()):
        if each["url"] == OF_CODE:
            parts = {part["url"]: part for part in each["extension"]}
            value = next(v for k, v in parts["value"].items() if k != "url")
            found[parts["code"]["valueCode"]] = value
    return found


def test_properties_that_are_asked_for_and_the_status_of_what_is_used_no_more():
    expanded = expansion(value_set(), properties=("unit", "definition"))
    found = {each["code"]: properties(each) for each in expanded["contains"]}
    assert found["TC"] == {"definition": "血清总胆固醇浓度", "unit": "mmol/L"}
    assert found["CKMB"] == {"status": "retired"}
    declared = {
        part["valueCode"]
        for each in expanded["extension"]
        for part in each["extension"]
        if part["url"] == "code"
    }
    assert declared == {"definition", "unit", "status"}


def test_the_order_and_label_that_a_value_set_gives_stand_for_the_code_systems_own():
    concept = {
        "code": "TC",
        "extension": [
            _extension("codesystem-conceptOrder", "valueInteger", 7),
            _extension("rendering-style", "valueString", "color: red"),
        ],
    }
    listed = {
        "code": "TC",
        "extension": [
            _extension("valueset-conceptOrder", "valueInteger", 1),
            _extension("valueset-label", "valueString", "a."),
            _extension("valueset-deprecated", "valueBoolean", True),
        ],
    }
    library = Shelf(lab(concept=[concept], property=[]))
    for include, expected in (
        ({"system": URL}, {"order": 7}),
        ({"system": URL, "concept": [listed]}, {"order": 1, "label": "a."}),
    ):
        resource = value_set(include)
        found = expand(Composition(library, Versions()), resource, Expand(), now=NOW)
        (entry,) = found["expansion"]["contains"]
        assert properties(entry) == expected
        urls = {each["url"].rpartition("/")[2] for each in entry["extension"]}
        assert "rendering-style" in urls
        assert ("valueset-deprecated" in urls) is ("concept" in include)
