"""What is said of a laboratory's code: in which language, of which version, and what below what."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.r4.outcome import FhirError
from fhir_server.r4.validation import validate
from terminology.service.code_system import CodeSystem, ListedCodeSystem
from terminology.service.languages import wanted
from terminology.service.library import code_system, supplemented
from terminology.service.lookup import Lookup, lookup
from terminology.service.subsumption import subsumes
from terminology.service.versions import version_key
from tests.unit.terminology.code_systems import URL, Shelf, lab, supplement

LAB = ListedCodeSystem(lab())


def told(system: CodeSystem, code: str, **asked: Any) -> dict[str, list[Any]]:
    """The values of each parameter of a $lookup; a part group as a dict of its parts."""
    answer = lookup(system, Lookup(code, **asked))
    assert validate(answer) == ()
    found: dict[str, list[Any]] = {}
    for each in answer["parameter"]:
        found.setdefault(each["name"], []).append(_value(each))
    return found


def _value(parameter: dict[str, Any]) -> Any:
    if "part" in parameter:
        return {each["name"]: _value(each) for each in parameter["part"]}
    (value,) = (value for name, value in parameter.items() if name != "name")
    return value


def properties(found: dict[str, list[Any]]) -> list[tuple[str, Any]]:
    return [(each["code"], each["value"]) for each in found.get("property", [])]


def test_a_code_with_all_that_is_said_of_it():
    found = told(LAB, "TC")
    assert (found["name"], found["version"], found["display"]) == (
        ["HospitalLab"],
        ["2026.9"],
        ["总胆固醇"],
    )
    assert found["definition"] == ["血清总胆固醇浓度"]
    assert {"language": "en", "value": "Total cholesterol"} in found["designation"]
    assert properties(found) == [
        ("inactive", False),
        ("parent", "LIPID"),
        ("child", "LDL"),
        ("child", "HDL"),
        ("unit", "mmol/L"),
    ]


@pytest.mark.parametrize(
    ("languages", "shown"),
    [
        ((), "总胆固醇"),
        (("en",), "Total cholesterol"),
        (("en-US",), "Total cholesterol"),
        (("zh",), "总胆固醇"),
        (("de", "en"), "Total cholesterol"),
        (("de",), "总胆固醇"),
    ],
)
def test_it_is_shown_in_the_language_asked_for_where_it_is_there(languages, shown):
    assert told(LAB, "TC", languages=languages)["display"] == [shown]


def test_an_accept_language_is_an_order_of_preference():
    assert wanted("de;q=0.5, en-GB, zh;q=0.8, fr;q=0") == ("en-GB", "zh", "de")
    assert wanted(None) == ()


def test_only_what_is_asked_for():
    found = told(LAB, "TC", properties=("unit", "lang.en"))
    assert properties(found) == [("unit", "mmol/L")]
    assert [each["value"] for each in found["designation"]] == ["Total cholesterol"]
    assert "designation" not in told(LAB, "TC", properties=("unit",))


def test_a_retired_code_is_inactive_and_a_heading_is_no_test():
    assert ("inactive", True) in properties(told(LAB, "CKMB"))
    assert told(LAB, "LIPID")["abstract"] == [True]


def test_an_unknown_code_is_an_error_that_names_it_and_the_version():
    with pytest.raises(FhirError, match=r"'LP\(a\)'.*'2026.9'") as refused:
        lookup(LAB, Lookup("LP(a)"))
    assert refused.value.status == 404
    part = ListedCodeSystem(lab(content="fragment"))
    with pytest.raises(FhirError, match="the code may be valid"):
        lookup(part, Lookup("LP(a)"))


def test_case_tells_codes_apart_unless_the_code_system_says_otherwise():
    with pytest.raises(FhirError):
        lookup(LAB, Lookup("tc"))
    assert told(ListedCodeSystem(lab(caseSensitive=False)), "tc")["code"] == ["TC"]


def test_a_supplement_adds_texts_and_names_itself():
    library = Shelf(lab(), supplement(), supplement(version="2", concept=[]))
    system, used = supplemented(library, LAB, [f"{URL}-texts|1"])
    found = told(system, "TG", languages=("en",), supplements=used)
    assert found["display"] == ["Triglycerides"]
    assert found["used-supplement"] == [f"{URL}-texts|1"]
    assert found["designation"][-1]["source"] == f"{URL}-texts|1"
    assert system.get("NONE") is None
    assert told(LAB, "TG", languages=("en",))["display"] == ["甘油三酯"]
    assert supplemented(library, LAB, [f"{URL}-texts"])[1] == (f"{URL}-texts|2",)


@pytest.mark.parametrize(
    ("given", "canonical", "status"),
    [
        (supplement(), "http://hospital.example.cn/none", 404),
        (supplement(), f"{URL}-texts|3", 404),
        (supplement(supplements="http://loinc.org"), f"{URL}-texts", 422),
        (supplement(supplements=f"{URL}|2025"), f"{URL}-texts", 422),
    ],
)
def test_a_supplement_that_is_not_there_or_of_something_else_is_refused(given, canonical, status):
    with pytest.raises(FhirError) as refused:
        supplemented(Shelf(given), LAB, [canonical])
    assert refused.value.status == status


def test_the_newest_version_unless_one_is_named():
    library = Shelf(lab(), lab(version="2026.10"), lab(version="2025.12"))
    assert code_system(library, URL, None).version == "2026.10"
    assert code_system(library, URL, "2025.12").version == "2025.12"
    with pytest.raises(FhirError, match=r"'2024'.*2025.12 or 2026.9 or 2026.10"):
        code_system(library, URL, "2024")
    with pytest.raises(FhirError, match="could not be found"):
        code_system(library, "http://loinc.org", None)


def test_a_name_without_codes_is_not_a_code_system_without_the_code():
    with pytest.raises(FhirError, match="content=not-present"):
        code_system(Shelf(lab(content="not-present", concept=[])), URL, None)


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("TC", "TC", "equivalent"),
        ("LIPID", "LDL", "subsumes"),
        ("LDL", "LIPID", "subsumed-by"),
        ("LDL", "HDL", "not-subsumed"),
        ("CKMB", "TC", "not-subsumed"),
    ],
)
def test_what_is_a_kind_of_what(first, second, outcome):
    assert subsumes(LAB, first, second) == outcome


def test_a_part_is_not_a_kind_of_its_whole():
    parts = ListedCodeSystem(lab(hierarchyMeaning="part-of"))
    assert subsumes(parts, "TC", "TC") == "equivalent"
    with pytest.raises(FhirError, match="part-of") as refused:
        subsumes(parts, "LIPID", "LDL")
    assert refused.value.status == 422


def test_a_concept_may_stand_below_several():
    concepts = [
        {"code": "A"},
        {"code": "B"},
        {"code": "C", "property": [{"code": "parent", "valueCode": p} for p in ("A", "B", "X")]},
    ]
    system = ListedCodeSystem(lab(concept=concepts, property=[{"code": "parent", "type": "code"}]))
    assert system.ancestors("C") == {"A", "B"}
    assert subsumes(system, "B", "C") == "subsumes"


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_subsumption_is_an_order_whatever_the_links(links):
    concepts = [
        {
            "code": str(n),
            "property": [{"code": "parent", "valueCode": str(p)} for c, p in links if c == n],
        }
        for n in range(10)
    ]
    system = ListedCodeSystem(lab(concept=concepts, property=[]))
    for code in map(str, range(10)):
        for above in system.ancestors(code):
            assert code in system.descendants(above)
            assert system.ancestors(above) <= system.ancestors(code) | {code}


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=4), st.integers(1, 10**6))
def test_a_greater_number_is_a_newer_version(parts, more):
    older = ".".join(map(str, parts))
    newer = ".".join(map(str, [*parts[:-1], parts[-1] + more]))
    assert version_key(newer) > version_key(older)
